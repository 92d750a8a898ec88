"""Exports: each format comes back as it was, and nothing is left of what does not."""

import keras
import numpy as np
import pytest

from model.__main__ import _FORMATS, main
from model.classifiers import exporters
from model.classifiers.architectures import build_average, build_cnn, build_fourier, build_softmax, build_strokes
from model.classifiers.exporters import FORMATS, ParitySet, export
from model.classifiers.networks import load_network
from model.classifiers.registry import Input
from model.classifiers.saving import save
from model.errors import ExportError
from model.reader import WEIGHTS
from tests.handwriting.reports import make_report

pytestmark = pytest.mark.slow

EXACT = [form for form in FORMATS if form != "tflite"]
NETWORKS = {
    "softmax": build_softmax,
    "svm": lambda: build_fourier(8, 64),
    "cnn": build_cnn,
    "ensemble": lambda: build_average([build_softmax(), build_softmax()]),
    "strokes": build_strokes,
}


@pytest.fixture(scope="module")
def drawn():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_NPZ", "none.npz")
        return {kind: ParitySet.load(kind) for kind in Input}


@pytest.fixture(autouse=True)
def _without_mnist(drawn, monkeypatch):
    """Digits are drawn, and drawn once."""
    monkeypatch.setattr(ParitySet, "load", drawn.get)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return build_softmax()


def output_of(folder, form):
    return folder / f"digits{FORMATS[form].suffixes[0]}"


@pytest.mark.parametrize("form", EXACT)
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_comes_back_as_it_was(name, form, tmp_path):
    keras.utils.set_random_seed(1)
    (comparison,) = export(NETWORKS[name](), form, output_of(tmp_path, form))
    assert comparison.changed == 0
    assert comparison.max_logit_error < 1e-4
    assert (comparison.n, comparison.samples) == (1000, "drawn digits")
    assert {path.name for path in tmp_path.iterdir()} == {f"digits{suffix}" for suffix in FORMATS[form].suffixes}


def test_tensorflow_lite_comes_in_floats_and_in_eight_bits(tmp_path):
    floats, integers = export(load_network(WEIGHTS), "tflite", tmp_path / "digits.tflite")
    assert floats.max_logit_error < 1e-3
    assert floats.accuracy_loss == 0
    assert integers.path.name == "digits-int8.tflite"
    assert integers.size < floats.size / 3
    assert abs(integers.accuracy_loss) <= 0.01
    assert integers.max_logit_error > 0
    assert "points lost" in str(integers)
    assert floats.size == (tmp_path / "digits.tflite").stat().st_size


def test_json_holds_the_architecture_and_the_weights_are_beside_it(network, tmp_path):
    export(network, "json", tmp_path / "digits.json")
    again = keras.models.model_from_json((tmp_path / "digits.json").read_text())
    again.load_weights(tmp_path / "digits.weights.h5")
    for mine, theirs in zip(again.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_mnist_is_compared_on_where_it_is_available(drawn, tmp_path, monkeypatch):
    frames, labels = drawn[Input.FRAME].compared, drawn[Input.FRAME].labels
    np.savez(tmp_path / "some.npz", x_train=frames, y_train=labels, x_test=frames, y_test=labels)
    monkeypatch.undo()
    monkeypatch.setenv("MNIST_NPZ", str(tmp_path / "some.npz"))
    samples = ParitySet.load()
    assert (samples.name, len(samples.compared), len(samples.calibration)) == ("MNIST test digits", 1000, 300)


@pytest.mark.parametrize("form", ["json", "savedmodel"])
def test_an_export_that_reads_in_another_way_is_thrown_away(network, form, tmp_path, monkeypatch):
    def write(network, path, calibrating):
        ((file, predict),) = real.write(network, path, calibrating).items()
        return {file: lambda frames: predict(frames) + 0.1}

    real = FORMATS[form]
    monkeypatch.setitem(FORMATS, form, exporters.ExportFormat(real.suffixes, write))
    with pytest.raises(ExportError, match=r"reads in another way.* Expected logits within 0.001.* Received: "):
        export(network, form, output_of(tmp_path, form))
    assert not list(tmp_path.iterdir())


def test_eight_bits_that_cost_too_much_are_thrown_away(network, tmp_path, monkeypatch):
    def write(network, path, calibrating):
        path.write_bytes(b"")
        return {path: lambda frames: np.zeros((len(frames), 10), np.float32)}

    monkeypatch.setitem(FORMATS, "tflite", exporters.ExportFormat(("-int8.tflite",), write))
    monkeypatch.setattr(exporters, "_MAX_ACCURACY_LOSS", -1.0)
    with pytest.raises(ExportError, match="fewer right in eight-bit numbers. Received: .*points lost"):
        export(network, "tflite", tmp_path / "digits-int8.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["json", "savedmodel"])
@pytest.mark.parametrize("crash", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_crash_in_mid_export_leaves_nothing(network, form, crash, tmp_path, monkeypatch):
    def write(network, path, calibrating):
        real.write(network, path, calibrating)
        raise crash

    real = FORMATS[form]
    monkeypatch.setitem(FORMATS, form, exporters.ExportFormat(real.suffixes, write))
    with pytest.raises((ExportError, KeyboardInterrupt), match="Received: .*No space left|^$"):
        export(network, form, output_of(tmp_path, form))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["digits.h5", "digits", ".keras"])
def test_a_name_of_another_format_is_refused(network, name, tmp_path):
    with pytest.raises(ExportError, match=r"no name for the export. Expected .*digits.keras. Received: "):
        export(network, "keras", tmp_path / name)


@pytest.mark.parametrize("parent", ["none", "file"])
def test_a_missing_folder_is_refused(network, parent, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=rf"nowhere to export to. Expected a folder. Received: .*{parent}"):
        export(network, "keras", tmp_path / parent / "digits.keras")


@pytest.mark.parametrize(
    ("form", "there"), [("keras", "digits.keras"), ("json", "digits.weights.h5"), ("savedmodel", "digits")]
)
def test_nothing_is_replaced(network, form, there, tmp_path):
    (tmp_path / there).write_text("mine")
    with pytest.raises(ExportError, match=rf"Nothing is replaced. Expected .* Received: .*{there}, which exists"):
        export(network, form, output_of(tmp_path, form))
    assert (tmp_path / there).read_text() == "mine"


def test_the_command_offers_every_format():
    assert list(_FORMATS) == list(FORMATS)


@pytest.fixture
def shipped(network, tmp_path, monkeypatch):
    """A working folder, and a shipped model in another one."""
    save(network, make_report(), tmp_path / "weights")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr("model.__main__.weights_folder", lambda name: tmp_path / "weights")
    return tmp_path / "work"


def test_the_command_says_what_it_wrote(shipped, capsys):
    assert main(["export", "--format", "keras", "--model", "softmax"]) == 0
    assert capsys.readouterr().out.startswith("softmax.keras (0.05 MB): 0 of 1,000 drawn digits read differently")
    assert [path.name for path in shipped.iterdir()] == ["softmax.keras"]


def test_the_command_says_what_eight_bits_lose(shipped, capsys):
    assert main(["export", "--format", "tflite", "--model", "softmax"]) == 0
    floats, integers = capsys.readouterr().out.splitlines()
    assert floats.startswith("softmax.tflite (")
    assert integers.startswith("softmax-int8.tflite (")
    assert "points lost" in integers
    assert {path.name for path in shipped.iterdir()} == {"softmax.tflite", "softmax-int8.tflite"}


def test_the_command_refuses_bad_paths_in_one_line(shipped, capsys):
    assert main(["export", "--format", "h5", "--output", "none/digits.h5"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "There is nowhere to export to. Expected a folder. Received: none, which is none.\n"
    assert not list(shipped.iterdir())
