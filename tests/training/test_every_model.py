"""Every model of the registry is trained by the one command, here on a few drawn digits."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorflow import make_ndarray

import train_model
from model.classifiers import architectures
from model.classifiers.architectures import build_average, build_cnn, build_softmax
from model.classifiers.registry import MODELS, ModelSpec
from model.classifiers.report import load_report, save_report
from model.classifiers.runtime import load_classifier
from model.classifiers.saving import save
from model.data.mnist import load_mnist
from model.data.pen_strokes import PenStrokes
from model.data.stroke_templates import draw_digits
from model.errors import ArtifactError, TrainingError
from model.reading import softmax
from model.training import ensemble, svm, trainer
from model.training.ensemble import combine, train_ensemble
from model.training.folder_lock import lock_folder
from model.training.trainer import RunFiles, Settings
from tests.handwriting.drawn_mnist import write_drawn
from tests.handwriting.reports import SETTINGS, make_curve, make_data, make_report, make_test

pytestmark = pytest.mark.slow

NO_STROKES = PenStrokes([], [], {})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp("data") / "drawn.npz", train=240, test=40)


def arguments(name, data, folder, *more):
    checkpoints = [] if name == "svm" else ["--checkpoints", str(folder / "ck")]
    return ["--model", name, "--data", str(data), "--output", str(folder / "out"), *checkpoints, *more]


def build_tiny():
    """The builder of a seventh model."""
    frames = keras.Input((28, 28), dtype="uint8")
    pixels = keras.layers.Reshape((28, 28, 1))(keras.layers.Rescaling(1 / 255)(frames))
    coarse = keras.layers.Flatten()(keras.layers.AveragePooling2D(4)(pixels))
    return keras.Model(frames, keras.layers.Dense(10, name="logits")(coarse), name="tiny")


TINY = ModelSpec(
    "tiny",
    "Tiny network",
    "One layer on a coarse picture.",
    builder="build_tiny",
    epochs=1,
    learns_from_strokes=True,
    refuses=("start-from",),
)


@pytest.fixture
def _seventh(monkeypatch):
    """Register a seventh model."""
    monkeypatch.setattr(architectures, "build_tiny", build_tiny, raising=False)
    monkeypatch.setitem(MODELS, "tiny", TINY)


@pytest.fixture
def _small(_seventh, monkeypatch):
    """Use fewer features, and an ensemble of two tiny networks."""
    monkeypatch.setattr(svm, "_FEATURES", 256)
    monkeypatch.setattr(ensemble, "train", partial(trainer.train, name="tiny"))
    monkeypatch.setitem(MODELS, "ensemble", replace(MODELS["ensemble"], members=2))


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("name", ["softmax", "svm", "mlp", "cnn3", "cnn", "ensemble"])
def test_one_command_trains_every_model(name, data, tmp_path):
    epochs = [] if name == "svm" else ["--epochs", "2"]
    assert train_model.main(arguments(name, data, tmp_path, *epochs, "--tensorboard", str(tmp_path / "tb"))) == 0
    report, test = load_report(tmp_path / "out"), load_mnist(data).test
    classifier = load_classifier(tmp_path / "out")
    assert (report["model"], report["settings"]["epochs"], len(report["curve"])) == (
        name,
        *([1, 1] if name == "svm" else [2, 2]),
    )
    assert {"accuracy", "held_out_accuracy", "held_out_errors", "seconds"} <= set(report["curve"][0])
    accuracy = (classifier.predict(test.frames).argmax(axis=1) == test.labels).mean()
    assert accuracy == report["test"]["accuracy"]
    logs = {path.parent.relative_to(tmp_path / "tb").parts[0] for path in (tmp_path / "tb").rglob("events.*")}
    assert logs == {name}


def test_tensorboard_shows_what_is_measured_of_every_epoch(data, tmp_path):
    options = ["--epochs", "2", "--tensorboard", str(tmp_path / "tb")]
    assert train_model.main(arguments("softmax", data, tmp_path, *options)) == 0
    events = EventAccumulator(str(tmp_path / "tb/softmax/train")).Reload()
    curve = load_report(tmp_path / "out")["curve"]
    assert set(events.Tags()["tensors"]) == {f"epoch_{name}" for name in ("learning_rate", *curve[0])}
    for name in curve[0]:
        steps = [(event.step, make_ndarray(event.tensor_proto)) for event in events.Tensors(f"epoch_{name}")]
        assert steps == [(i, pytest.approx(row[name])) for i, row in enumerate(curve)], name


def test_a_few_epochs_are_enough_to_learn(data, tmp_path):
    assert train_model.main(arguments("mlp", data, tmp_path, "--epochs", "12")) == 0
    report = load_report(tmp_path / "out")
    assert report["settings"] == {"epochs": 12, "batch_size": 64, "seed": 0, "bfloat16": False}
    assert report["test"]["accuracy"] > 0.6
    assert report["data"]["name"] == "MNIST"


@pytest.mark.usefixtures("_seventh")
@pytest.mark.parametrize("learns_from_strokes", [False, True])
def test_a_seventh_model_is_one_entry_and_its_builder(data, tmp_path, monkeypatch, learns_from_strokes):
    monkeypatch.setitem(MODELS, "tiny", replace(TINY, learns_from_strokes=learns_from_strokes))
    assert train_model.main(arguments("tiny", data, tmp_path)) == 0
    report = load_report(tmp_path / "out")
    assert (report["model"], report["parameters"], report["settings"]["epochs"]) == ("tiny", 500, 1)
    assert load_classifier(tmp_path / "out").threshold == report["calibration"]["threshold"]
    with pytest.raises(SystemExit, match="2"):
        train_model.main(arguments("tiny", data, tmp_path, "--start-from", "weights"))


def test_a_run_of_another_model_is_not_resumed(data, tmp_path, capsys):
    assert train_model.main(arguments("softmax", data, tmp_path, "--epochs", "1", "--batch-size", "128")) == 0
    again = arguments("mlp", data, tmp_path, "--epochs", "1", "--batch-size", "128", "--resume")
    assert train_model.main(again) == 2
    assert "is of another run. Expected {" in capsys.readouterr().err


@pytest.mark.usefixtures("_small")
def test_the_svm_holds_no_support_vectors(data):
    """The number of its weights does not grow with the number of digits."""
    mnist = load_mnist(data)
    few, all_digits = (svm._fourier(digits, 0).count_params() for digits in (mnist.train[:100], mnist.train))
    assert few == all_digits


def test_an_ensemble_is_the_geometric_mean_of_its_members():
    keras.utils.set_random_seed(0)
    members = [build_softmax(), build_softmax(), build_cnn()]
    frames = draw_digits(5, np.random.default_rng(0)).frames
    each = [softmax(member.predict(frames, verbose=0)) for member in members]
    mean = np.exp(np.mean(np.log(each), axis=0))
    together = softmax(build_average(members).predict(frames, verbose=0))
    np.testing.assert_allclose(together, mean / mean.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.fixture
def members(data, tmp_path):
    """Folders of two trained members."""
    mnist, folders = load_mnist(data), [tmp_path / "a", tmp_path / "b"]
    for seed, folder in enumerate(folders):
        keras.utils.set_random_seed(seed)
        report = make_report(
            data=make_data(sha256=mnist.sha256),
            settings=SETTINGS | {"seed": seed},
            seconds=10,
            test=make_test(errors=seed),
            curve=[row | {"loss": loss + seed} for row, loss in zip(make_curve(2), (2.0, 1.0), strict=True)],
        )
        save(build_softmax(), report, folder)
    return folders


def test_trained_networks_are_combined(members, data, tmp_path):
    network, report = combine(members, load_mnist(data), NO_STROKES)
    save(network, report, tmp_path / "out")
    assert load_classifier(tmp_path / "out").threshold == report["calibration"]["threshold"]
    assert (report["model"], report["seconds"]) == ("ensemble", 20)
    assert [member["settings"]["seed"] for member in report["members"]] == [0, 1]
    assert [row["loss"] for row in report["curve"]] == [2.5, 1.5]
    assert report["parameters"] == 2 * 7850 + 100


def test_members_that_were_not_trained_alike_have_no_common_curve(members, data):
    report = load_report(members[1])
    save_report(report | {"curve": report["curve"][:1]}, members[1])
    assert combine(members, load_mnist(data), NO_STROKES)[1]["curve"] == []


def test_members_trained_on_other_data_are_refused(members, data):
    report = load_report(members[1])
    report["data"]["strokes_sha256"] = {"writers.jsonl": "0" * 64}
    save_report(report, members[1])
    with pytest.raises(ArtifactError, match=r"trained on other data.* Expected .* Received: .*writers.jsonl"):
        combine(members, load_mnist(data), NO_STROKES)


def test_no_members_are_refused(data):
    with pytest.raises(ArtifactError, match="nothing to average. Expected folders .* Received: none"):
        combine([], load_mnist(data), NO_STROKES)


@pytest.fixture
def trained(monkeypatch):
    """Fake the training of members: the list of seeds that were trained; the second one is interrupted once."""
    seeds = []

    def train(mnist, strokes, settings, files):
        seeds.append(settings.seed)
        if len(seeds) == 2:
            files.checkpoints.mkdir()
            raise KeyboardInterrupt
        return build_softmax(), make_report(data=make_data(sha256=mnist.sha256), settings=settings.section(), curve=[])

    monkeypatch.setattr(ensemble, "train", train)
    return seeds


@pytest.mark.usefixtures("_small")
def test_an_ensemble_goes_on_after_an_interruption_and_is_not_thrown_away(trained, data, tmp_path):
    mnist, settings = load_mnist(data), Settings(epochs=1, seed=5)
    with pytest.raises(KeyboardInterrupt):
        train_ensemble(mnist, NO_STROKES, settings, RunFiles(tmp_path))
    with pytest.raises(ArtifactError, match="holds an unfinished run. Expected --resume.*1 of 2 members done"):
        train_ensemble(mnist, NO_STROKES, settings, RunFiles(tmp_path))
    _, report = train_ensemble(mnist, NO_STROKES, settings, RunFiles(tmp_path, resume=True))
    assert [member["settings"]["seed"] for member in report["members"]] == [5, 6]
    assert trained == [5, 6, 5, 6]
    with lock_folder(tmp_path), pytest.raises(TrainingError, match="is in use"):
        train_ensemble(mnist, NO_STROKES, settings, RunFiles(tmp_path))
    train_ensemble(mnist, NO_STROKES, settings, RunFiles(tmp_path))  # a finished one makes room


@pytest.mark.usefixtures("_small")
def test_an_ensemble_starts_where_one_ended_before_its_first_epoch(trained, data, tmp_path):
    with lock_folder(tmp_path / "member-1"):
        pass  # nothing but the lock file was written
    with pytest.raises(KeyboardInterrupt):  # in the second member
        train_ensemble(load_mnist(data), NO_STROKES, Settings(epochs=1), RunFiles(tmp_path))
    assert trained == [0, 1]
