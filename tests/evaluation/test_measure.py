"""What `evaluate` and `report` measure and keep, on a linear network and a handful of drawn digits."""

import csv
import io
import json
import subprocess
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from model.__main__ import main
from model.classifiers import registry
from model.classifiers.report import keep_writers, load_report, save
from model.data import statistics
from model.data.mnist import load_mnist
from model.errors import ArtifactError
from model.evaluation import measure as measuring
from model.evaluation import results
from model.evaluation.measure import draw_figures, keep, measure, measure_speed, rebuild
from model.evaluation.metrics import evaluate
from model.evaluation.results import load_data_statistics, load_diagnosis, load_evaluation
from tests.handwriting.drawn_mnist import write_drawn
from tests.handwriting.reports import make_curve, make_data, make_report, make_test

TEST_DIGITS = 60
NO_WRITERS = {"digits": {}, "left_out": {}, "non_digits": {}}
FIGURES = {"confusion.png", "errors.png", "reliability.png", "learning_curve.png"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp("data") / "drawn.npz", train=60, test=TEST_DIGITS)


@pytest.fixture(scope="module")
def linear(data):
    """Template matching: the mean frame of every digit is what speaks for it."""
    train = load_mnist(data).whole
    templates = np.stack([train.frames[train.labels == digit].mean(axis=0).ravel() / 255 for digit in range(10)])
    frames = keras.Input((28, 28), dtype="uint8", name="frames")
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(frames))
    network = keras.Model(frames, layers.Dense(10, name="logits")(flat))
    network.get_layer("logits").set_weights([templates.T, -(templates**2).sum(axis=1) / 2])
    return network


def report_of(data):
    return make_report(data=make_data(sha256=load_mnist(data).sha256), test=make_test(errors=7), curve=make_curve(3))


@pytest.fixture
def weights(tmp_path, monkeypatch, linear, data):
    """The shipped model and one more, both the linear one."""
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path)
    monkeypatch.setattr(statistics, "STATISTICS", tmp_path / "statistics.npz")
    for name in ("cnn", "mlp"):
        save(linear, report_of(data), registry.weights_folder(name))
        keep_writers(registry.weights_folder(name), "shipped", NO_WRITERS)
    return tmp_path


def test_a_model_is_measured(weights, data, linear):
    test = load_mnist(data).test
    evaluation = measure("cnn", weights / "cnn", test)
    logits = linear(test.frames).numpy()
    np.testing.assert_array_equal(evaluation.predicted, logits.argmax(axis=1))
    measured, expected = evaluation.report["test"], evaluate(logits, test.labels, 0.5)
    assert measured["confusion"] == expected["confusion"]
    assert measured["log_loss"] == pytest.approx(expected["log_loss"], rel=1e-4)
    assert 0.5 < measured["accuracy"] < 1
    assert evaluation.size_bytes == (weights / "cnn" / "digits.keras").stat().st_size
    assert load_report(weights / "cnn")["test"] == make_test(errors=7)  # nothing is kept yet


def test_the_time_of_a_digit_is_the_median_of_single_frames(monkeypatch):
    clock = iter([0, 0.001, 1, 1.002, 2, 2.9])
    monkeypatch.setattr(measuring, "perf_counter", lambda: next(clock))
    shapes = []
    speed = measure_speed(lambda frames: shapes.append(frames.shape), np.zeros((3, 28, 28), np.uint8))
    assert shapes == [(1, 28, 28)] * 3
    assert (speed["ms_per_digit"], speed["n"]) == (pytest.approx(2), 3)
    assert "cores" in speed["hardware"]


def test_what_was_measured_is_kept_beside_the_weights(weights, data):
    mnist = load_mnist(data)
    evaluation = measure("mlp", weights / "mlp", mnist.test)
    keep(evaluation, mnist)
    read = load_evaluation("mlp")
    assert json.dumps(read.report) == json.dumps(evaluation.report)
    np.testing.assert_array_equal(read.predicted, evaluation.predicted)
    np.testing.assert_array_equal(read.labels, mnist.test.labels)
    assert load_report(weights / "mlp")["writers"] == {"shipped": NO_WRITERS}
    assert load_report(weights / "cnn")["test"] == make_test(errors=7)


def test_what_was_measured_on_other_digits_is_not_kept(weights, data, tmp_path):
    with np.load(data) as file:
        np.savez(tmp_path / "other.npz", **dict(file) | {"y_test": np.zeros(TEST_DIGITS, np.uint8)})
    before = sorted(path.name for path in weights.glob("**/*"))
    other = load_mnist(tmp_path / "other.npz")
    evaluation = measure("cnn", weights / "cnn", other.test)
    with pytest.raises(ArtifactError, match="is not kept. Expected data of sha256 .*Received: .*--weights"):
        keep(evaluation, other)
    assert sorted(path.name for path in weights.glob("**/*")) == sorted([*before])


def test_everything_is_rebuilt(weights, data):
    rebuilt = list(rebuild(load_mnist(data)))
    assert [line.split(":")[0] for line in rebuilt] == ["mlp", "cnn", "data set", "cnn"]
    assert "ms a digit" in rebuilt[0]
    assert len(load_evaluation("mlp").labels) == len(load_evaluation().labels) == TEST_DIGITS
    assert load_data_statistics().facts["train"] == 60
    assert len(load_diagnosis().embedding) == TEST_DIGITS


def figures_in(folder):
    return {path.name: cv2.imread(str(path)) for path in folder.iterdir()}


def test_figures_are_pictures(weights, data, tmp_path):
    mnist = load_mnist(data)
    paths = draw_figures(measure("cnn", weights / "cnn", mnist.test), mnist.test.frames, tmp_path / "new/figures")
    pictures = figures_in(tmp_path / "new/figures")
    assert {path.name for path in paths} == set(pictures) == FIGURES
    for name, picture in pictures.items():
        height, width = picture.shape[:2]
        assert 100 <= height <= 4000, name
        assert 400 <= width <= 4000, name
        assert picture.std() > 5, name


def test_what_has_no_curve_has_no_picture_of_one(weights, data, tmp_path):
    mnist = load_mnist(data)
    evaluation = measure("cnn", weights / "cnn", mnist.test)
    evaluation.report["curve"] = []
    draw_figures(evaluation, mnist.test.frames, tmp_path / "figures")
    assert set(figures_in(tmp_path / "figures")) == FIGURES - {"learning_curve.png"}


def test_a_report_that_does_not_tell_its_data_is_no_place_to_keep(weights, data):
    mnist = load_mnist(data)
    report = json.loads((weights / "cnn/report.json").read_text())
    del report["data"]
    (weights / "cnn/report.json").write_text(json.dumps(report))
    with pytest.raises(ArtifactError, match="is damaged. Expected the field data as report in"):
        measure("cnn", weights / "cnn", mnist.test)


def test_evaluate_writes_all_it_is_asked_for_and_keeps_it(weights, data, tmp_path, capsys):
    files = ["--predictions", str(tmp_path / "p.csv"), "--figures", str(tmp_path / "figures")]
    assert main(["evaluate", "--model", "mlp", "--data", str(data), "--json", *files]) == 0
    metrics = json.loads(capsys.readouterr().out)
    kept = load_evaluation("mlp")
    assert metrics == kept.report["test"] | {"speed": kept.report["speed"]}
    assert set(figures_in(tmp_path / "figures")) == FIGURES
    rows = list(csv.DictReader(io.StringIO((tmp_path / "p.csv").read_text())))
    assert [int(row["index"]) for row in rows] == list(range(TEST_DIGITS))
    assert [int(row["true"]) for row in rows] == kept.labels.tolist()
    assert [int(row["read"]) for row in rows] == kept.predicted.tolist()
    probabilities = np.array([[float(row[f"p{digit}"]) for digit in range(10)] for row in rows])
    np.testing.assert_allclose(probabilities, kept.probabilities, atol=1e-3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert [float(row["confidence"]) for row in rows] == probabilities.max(axis=1).tolist()
    assert len(rows[0]) == 14


def test_evaluate_says_it_in_words(weights, data, capsys):
    assert main(["evaluate", "--data", str(data)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:6]] == ["accuracy", "errors", "log", "ECE", "accepted", "speed"]
    assert "ms a digit" in lines[5]
    assert len(load_evaluation().labels) == TEST_DIGITS


def test_weights_in_any_folder_are_measured_and_nothing_is_kept(weights, data, capsys):
    before = {path: path.read_bytes() for path in weights.glob("**/*") if path.is_file()}
    assert main(["evaluate", "--weights", str(weights / "mlp"), "--data", str(data)]) == 0
    assert capsys.readouterr().out.startswith("accuracy")
    assert {path: path.read_bytes() for path in weights.glob("**/*") if path.is_file()} == before


def test_report_says_what_is_done(monkeypatch, data, capsys):
    monkeypatch.setattr(measuring, "rebuild", lambda mnist: iter([f"{len(mnist.test)} digits", "all done"]))
    assert main(["report", "--data", str(data)]) == 0
    assert capsys.readouterr().out == f"{TEST_DIGITS} digits\nall done\n"


@pytest.mark.parametrize(
    "arguments", [["--model", "perceptron"], ["--model", "mlp", "--weights", "somewhere"], ["--format", "csv"]]
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", *arguments])
    assert "usage" in capsys.readouterr().err


def test_a_model_that_is_not_there_is_said_in_one_line(weights, data, capsys):
    assert main(["evaluate", "--model", "softmax", "--data", str(data)]) == 2
    assert capsys.readouterr().err.startswith("The report is missing")


def test_a_file_that_cannot_be_written_is_said_in_one_line(weights, data, tmp_path, capsys):
    assert main(["evaluate", "--data", str(data), "--predictions", str(tmp_path / "no/such/folder.csv")]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "folder.csv" in err


def test_make_report_runs_the_command():
    makefile = Path(__file__).parents[2]
    shown = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "report"],
        cwd=makefile,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines()[-1].endswith("python -m model report")


def test_what_is_shipped_is_whole_and_small():
    """Every model that is there has its evaluation; all that pages load together stays far below 100 MB."""
    assert registry.SHIPPED in registry.available()
    parts = [*map(load_evaluation, registry.available()), load_diagnosis(), load_data_statistics()]
    arrays = [value for part in parts for name in part.__slots__ if hasattr(value := getattr(part, name), "nbytes")]
    assert sum(array.nbytes for array in arrays) < 100e6
    files = [registry.weights_folder(name) / results.EVALUATION_FILE for name in registry.available()]
    assert max(path.stat().st_size for path in files) < 250_000
    assert (registry.weights_folder("cnn") / results.DIAGNOSIS_FILE).stat().st_size < 2_000_000
    assert statistics.STATISTICS.stat().st_size < 200_000


def test_what_is_shipped_agrees_with_its_report():
    for evaluation in map(load_evaluation, registry.available()):
        test, threshold = evaluation.report["test"], evaluation.report["calibration"]["threshold"]
        again = evaluate(np.log(evaluation.probabilities.clip(1e-30)), evaluation.labels, threshold)
        for figure in ("accuracy", "macro_f1", "log_loss", "ece"):
            assert again[figure] == pytest.approx(test[figure], abs=5e-5), (evaluation.name, figure)
        for figure in ("coverage", "selective_accuracy"):  # a digit at the threshold may fall on its other side
            assert again[figure] == pytest.approx(test[figure], abs=1e-3), (evaluation.name, figure)
        assert again["confusion"] == test["confusion"]
        assert evaluation.report["speed"]["ms_per_digit"] > 0


def test_what_is_shipped_is_of_mnist(mnist):
    diagnosis, evaluation = load_diagnosis(), load_evaluation()
    np.testing.assert_array_equal(evaluation.labels, mnist.test.labels)
    np.testing.assert_array_equal(diagnosis.frames, mnist.test.frames[diagnosis.indices])
    np.testing.assert_array_equal(diagnosis.neighbor_labels, mnist.whole.labels[diagnosis.neighbors])
    wrong = diagnosis.indices[: len(diagnosis.indices) - 60]
    assert set(wrong) == set(np.flatnonzero(~evaluation.correct))
    assert load_data_statistics().train_counts.tolist() == np.bincount(mnist.whole.labels).tolist()
