"""`evaluate` and `report`: what they measure, write and keep, with a linear network and a few drawn digits."""

import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from model.__main__ import main
from model.classifiers import registry
from model.classifiers.report import keep_writers, load_report
from model.classifiers.saving import save
from model.data import statistics
from model.data.mnist import load_mnist
from model.errors import ArtifactError
from model.evaluation import measure as measuring
from model.evaluation import results
from model.evaluation.measure import draw_figures, keep, measure, measure_speed, rebuild, write_predictions
from model.evaluation.metrics import evaluate
from model.evaluation.results import load_data_statistics, load_diagnosis, load_evaluation
from tests.handwriting.drawn_mnist import write_drawn
from tests.handwriting.picture_files import SEVEN, encode, page
from tests.handwriting.reports import make_curve, make_data, make_report, make_test
from tests.handwriting.stroke_files import digit_file, non_digit_file

pytestmark = pytest.mark.slow

MODEL = Path(__file__).parents[2] / "model"
TEST_DIGITS = 60
NO_WRITERS = {"digits": {}, "left_out": {}, "non_digits": {}}
FIGURES = {"confusion.png", "errors.png", "reliability.png", "learning_curve.png"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp("data") / "drawn.npz", train=60, test=TEST_DIGITS)


@pytest.fixture(scope="module")
def linear(data):
    """Template matching: the weights of each digit are the mean of its frames."""
    train = load_mnist(data).whole
    templates = np.stack([train.frames[train.labels == digit].mean(axis=0).ravel() / 255 for digit in range(10)])
    frames = keras.Input((28, 28), dtype="uint8", name="frames")
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(frames))
    network = keras.Model(frames, layers.Dense(10, name="logits")(flat))
    network.get_layer("logits").set_weights([templates.T, -(templates**2).sum(axis=1) / 2])
    return network


def report_of(data):
    return make_report(data=make_data(sha256=load_mnist(data).sha256), test=make_test(errors=7), curve=make_curve(3))


@pytest.fixture(scope="module")
def saved(tmp_path_factory, linear, data):
    folder = tmp_path_factory.mktemp("saved")
    save(linear, report_of(data), folder)
    keep_writers(folder, "shipped", NO_WRITERS)
    return folder


@pytest.fixture
def weights(tmp_path, monkeypatch, saved):
    """Folder with the shipped model and one more; both are the linear one."""
    monkeypatch.setattr(registry, "_WEIGHTS", tmp_path)
    monkeypatch.setattr(statistics, "STATISTICS", tmp_path / "statistics.npz")
    for name in ("cnn", "mlp"):
        shutil.copytree(saved, registry.weights_folder(name))
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
    assert load_report(weights / "cnn")["test"] == make_test(errors=7)  # nothing is kept


def test_the_time_of_a_digit_is_the_median_of_single_frames(monkeypatch):
    clock = iter([0, 0.001, 1, 1.002, 2, 2.9])
    monkeypatch.setattr(measuring, "perf_counter", lambda: next(clock))
    shapes = []
    speed = measure_speed(lambda frames: shapes.append(frames.shape), np.zeros((3, 28, 28), np.uint8))
    assert shapes == [(1, 28, 28)] * 3
    assert (speed["ms_per_digit"], speed["n"]) == (pytest.approx(2), 3)
    assert "cores" in speed["hardware"]


def test_an_evaluation_is_kept_beside_the_weights(weights, data):
    mnist = load_mnist(data)
    evaluation = measure("mlp", weights / "mlp", mnist.test)
    keep(weights / "mlp", evaluation, mnist)
    read = load_evaluation("mlp")
    assert json.dumps(read.report) == json.dumps(evaluation.report)
    np.testing.assert_array_equal(read.predicted, evaluation.predicted)
    np.testing.assert_array_equal(read.labels, mnist.test.labels)
    assert load_report(weights / "mlp")["writers"] == {"shipped": NO_WRITERS}
    assert load_report(weights / "cnn")["test"] == make_test(errors=7)


def test_an_evaluation_of_other_digits_is_not_kept(weights, data, tmp_path):
    with np.load(data) as file:
        np.savez(tmp_path / "other.npz", **dict(file) | {"y_test": np.zeros(TEST_DIGITS, np.uint8)})
    before = sorted(path.name for path in weights.glob("**/*"))
    other = load_mnist(tmp_path / "other.npz")
    evaluation = measure("cnn", weights / "cnn", other.test)
    with pytest.raises(
        ArtifactError, match="is not kept. Expected data of sha256 .*Received: .*evaluate mnist, without --keep"
    ):
        keep(weights / "cnn", evaluation, other)
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


def test_a_model_without_a_learning_curve_gets_no_figure_of_it(weights, data, tmp_path):
    mnist = load_mnist(data)
    evaluation = measure("cnn", weights / "cnn", mnist.test)
    evaluation.report["curve"] = []
    draw_figures(evaluation, mnist.test.frames, tmp_path / "figures")
    assert set(figures_in(tmp_path / "figures")) == FIGURES - {"learning_curve.png"}


def test_nothing_is_kept_in_a_report_without_the_checksum_of_its_data(weights, data):
    mnist = load_mnist(data)
    report = json.loads((weights / "cnn/report.json").read_text())
    del report["data"]
    (weights / "cnn/report.json").write_text(json.dumps(report))
    with pytest.raises(ArtifactError, match="is damaged. Expected the field data as report in"):
        measure("cnn", weights / "cnn", mnist.test)


def test_evaluate_writes_files_and_keeps_the_results(weights, data, tmp_path, capsys):
    files = ["--predictions", str(tmp_path / "p.csv"), "--figures", str(tmp_path / "figures")]
    assert main(["evaluate", "mnist", "--model", "mlp", "--data", str(data), "--keep", "--json", *files]) == 0
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


def test_evaluate_prints_the_metrics(weights, data, capsys):
    assert main(["evaluate", "mnist", "--data", str(data)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:6]] == ["accuracy", "errors", "log", "ECE", "accepted", "speed"]
    assert "ms a digit" in lines[5]


def test_a_download_s_progress_is_shown(weights, data, monkeypatch, capfd):
    def download(path):
        os.write(2, b"Downloading 12%")
        return load_mnist(data)

    monkeypatch.setattr("model.data.mnist.load_mnist", download)
    assert main(["evaluate", "mnist"]) == 0
    assert capfd.readouterr().err == "Downloading 12%"


def files_below(folder):
    """Content and time of the last change of every file, but Python's own caches."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


@pytest.fixture
def measured(data, tmp_path):
    """Arguments of the three commands, each for a small set."""
    (tmp_path / "strokes").mkdir()
    (tmp_path / "others").mkdir()
    digit_file(tmp_path / "strokes/club.jsonl", writers=2, each=10)
    non_digit_file(tmp_path / "others/letters.jsonl", writers=2, each=1)
    (tmp_path / "seven.png").write_bytes(encode(page([SEVEN])))
    (tmp_path / "notes.csv").write_text("file,label\nseven.png,7\n")
    return {
        "mnist": ["mnist", "--data", str(data)],
        "writers": ["writers", str(tmp_path / "strokes"), "--non-digits", str(tmp_path / "others")],
        "pictures": ["pictures", str(tmp_path)],
    }


@pytest.mark.parametrize("kind", ["mnist", "writers", "pictures"])
def test_evaluate_writes_nothing_without_keep(measured, kind):
    before = files_below(MODEL)
    assert MODEL / "weights/cnn/report.json" in before
    assert main(["evaluate", *measured[kind]]) == 0
    assert files_below(MODEL) == before


def test_evaluate_mnist_keeps_results_on_demand(weights, measured):
    assert main(["evaluate", *measured["mnist"], "--keep"]) == 0
    assert load_evaluation().report["test"]["n"] == TEST_DIGITS
    assert "speed" in load_report(weights / "cnn")
    assert "speed" not in load_report(weights / "mlp")


@pytest.mark.parametrize(("kind", "name"), [("writers", "club"), ("pictures", "notes")])
def test_evaluate_keeps_results_on_demand_by_name(weights, measured, kind, name):
    assert main(["evaluate", *measured[kind], "--model", "mlp", "--keep", "linear"]) == 0
    kept = load_report(weights / "cnn")
    assert name in (kept["writers"]["linear"]["digits"] if kind == "writers" else kept["pictures"]["linear"])
    assert kept["writers"]["shipped"] == NO_WRITERS
    assert "linear" not in str(load_report(weights / "mlp"))


def test_weights_in_any_folder_are_measured_and_nothing_is_kept(weights, data, capsys):
    before = files_below(weights)
    assert main(["evaluate", "mnist", "--weights", str(weights / "mlp"), "--data", str(data)]) == 0
    assert capsys.readouterr().out.startswith("accuracy")
    assert files_below(weights) == before


def test_results_of_weights_in_any_folder_are_kept_there(weights, data, tmp_path):
    shutil.copytree(weights / "cnn", tmp_path / "trained")
    before = files_below(weights / "cnn")
    assert main(["evaluate", "mnist", "--weights", str(tmp_path / "trained"), "--data", str(data), "--keep"]) == 0
    assert load_report(tmp_path / "trained")["test"]["n"] == TEST_DIGITS
    assert (tmp_path / "trained" / results.EVALUATION_FILE).is_file()
    assert files_below(weights / "cnn") == before


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("p.csv", lambda evaluation, frames, path: write_predictions(evaluation, path)),
        ("confusion.png", lambda evaluation, frames, path: draw_figures(evaluation, frames, path.parent)),
    ],
)
@pytest.mark.usefixtures("weights")
def test_a_full_disk_leaves_files_as_they_were(data, tmp_path, monkeypatch, name, write):
    path, test = tmp_path / name, load_mnist(data).test
    path.write_text("of the last run")
    evaluation = measure("cnn", registry.weights_folder("cnn"), test)

    def fill_disk(path, content, **_):
        with path.open("wb") as stream:
            stream.write(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_disk)
    monkeypatch.setattr(Path, "write_text", fill_disk)
    with pytest.raises(OSError, match="no space left"):
        write(evaluation, test.frames, path)
    assert path.read_text() == "of the last run"
    assert list(path.parent.glob(".half-*")) == []


def test_report_prints_a_line_for_each_part(monkeypatch, data, capsys):
    monkeypatch.setattr(measuring, "rebuild", lambda mnist: iter([f"{len(mnist.test)} digits", "all done"]))
    assert main(["report", "--data", str(data)]) == 0
    assert capsys.readouterr().out == f"{TEST_DIGITS} digits\nall done\n"


def test_missing_weights_are_reported_in_one_line(weights, data, capsys):
    assert main(["evaluate", "mnist", "--model", "softmax", "--data", str(data)]) == 2
    assert capsys.readouterr().err.startswith("The report is missing")


def test_a_file_that_cannot_be_written_is_reported_in_one_line(weights, data, tmp_path, capsys):
    assert main(["evaluate", "mnist", "--data", str(data), "--predictions", str(tmp_path / "no/such/folder.csv")]) == 2
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


def test_shipped_results_are_complete_and_small():
    """Every model with weights has its evaluation; all that pages load together stays far below 100 MB."""
    assert registry.SHIPPED in registry.available()
    parts = [*map(load_evaluation, registry.available()), load_diagnosis(), load_data_statistics()]
    arrays = [value for part in parts for name in part.__slots__ if hasattr(value := getattr(part, name), "nbytes")]
    assert sum(array.nbytes for array in arrays) < 100e6
    files = [registry.weights_folder(name) / results.EVALUATION_FILE for name in registry.available()]
    assert max(path.stat().st_size for path in files) < 250_000
    assert (registry.weights_folder("cnn") / results.DIAGNOSIS_FILE).stat().st_size < 2_000_000
    assert statistics.STATISTICS.stat().st_size < 200_000


def test_shipped_evaluations_agree_with_their_reports():
    for evaluation in map(load_evaluation, registry.available()):
        test, threshold = evaluation.report["test"], evaluation.report["calibration"]["threshold"]
        again = evaluate(np.log(evaluation.probabilities.clip(1e-30)), evaluation.labels, threshold)
        for figure in ("accuracy", "macro_f1", "log_loss", "ece"):
            assert again[figure] == pytest.approx(test[figure], abs=5e-5), (evaluation.name, figure)
        for figure in ("coverage", "selective_accuracy"):  # a digit at the threshold may fall on its other side
            assert again[figure] == pytest.approx(test[figure], abs=1e-3), (evaluation.name, figure)
        assert again["confusion"] == test["confusion"]
        assert evaluation.report["speed"]["ms_per_digit"] > 0


def test_shipped_results_are_of_mnist(mnist):
    diagnosis, evaluation = load_diagnosis(), load_evaluation()
    np.testing.assert_array_equal(evaluation.labels, mnist.test.labels)
    np.testing.assert_array_equal(diagnosis.frames, mnist.test.frames[diagnosis.indices])
    np.testing.assert_array_equal(diagnosis.neighbor_labels, mnist.whole.labels[diagnosis.neighbors])
    wrong = diagnosis.indices[: len(diagnosis.indices) - 60]
    assert set(wrong) == set(np.flatnonzero(~evaluation.correct))
    assert load_data_statistics().train_counts.tolist() == np.bincount(mnist.whole.labels).tolist()
