"""MNIST and ink files, and what is refused as such."""

import json

import numpy as np
import pytest

from model.data import mnist
from model.data.mnist import HELD_OUT_SHARE, load_mnist
from model.data.pen_strokes import load_drawings, load_pen_strokes
from model.errors import DatasetError
from tests.handwriting.stroke_files import digit_file, others_file


def arrays(n_train=120, n_test=20):
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (n_train, 28, 28), np.uint8),
        "y_train": np.arange(n_train, dtype=np.uint8) % 10,
        "x_test": rng.integers(0, 256, (n_test, 28, 28), np.uint8),
        "y_test": np.arange(n_test, dtype=np.uint8) % 10,
    }


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        path = tmp_path / "mnist.npz"
        np.savez(path, **{name: array for name, array in (arrays() | changes).items() if array is not None})
        return path

    return write


def test_training_and_held_out_digits_share_none(write):
    mnist = load_mnist(write())
    frames = [frame.tobytes() for frame in np.concatenate([mnist.train.frames, mnist.held_out.frames])]
    assert len(mnist.held_out) == 120 // HELD_OUT_SHARE
    assert len(set(frames)) == 120
    assert set(frames) == {frame.tobytes() for frame in arrays()["x_train"]}


def test_labels_stay_with_their_frames(write):
    mnist = load_mnist(write())
    truth = {frame.tobytes(): label for frame, label in zip(arrays()["x_train"], arrays()["y_train"], strict=True)}
    for samples in (mnist.train, mnist.held_out):
        assert all(truth[f.tobytes()] == label for f, label in zip(samples.frames, samples.labels, strict=True))


def test_the_whole_training_set_is_in_the_order_of_the_file(write):
    whole = load_mnist(write()).whole
    np.testing.assert_array_equal(whole.frames, arrays()["x_train"])
    np.testing.assert_array_equal(whole.labels, arrays()["y_train"])


def test_split_and_checksum_depend_on_the_data_alone(write):
    first, second = load_mnist(write()), load_mnist(write())
    np.testing.assert_array_equal(first.held_out.frames, second.held_out.frames)
    assert first.sha256 == second.sha256
    assert load_mnist(write(y_test=np.zeros(20, np.uint8))).sha256 != first.sha256


def test_the_environment_names_the_file(write, monkeypatch):
    monkeypatch.setenv("MNIST_NPZ", str(write()))
    assert len(load_mnist().test) == 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "MNIST cannot be read. Expected an .npz with x_train"),
        ({"x_train": np.zeros((120, 28, 27), np.uint8)}, r"not MNIST's arrays. Expected .* Received: \(120, 28, 27\)"),
        ({"x_train": np.zeros((120, 28, 28))}, "Received: .* float64"),
        ({"y_train": np.full(120, 10, np.uint8)}, "labels 0-9"),
        ({"y_train": np.full(120, -1)}, "labels 0-9"),
        ({"y_train": np.full(120, np.nan)}, "labels 0-9"),
        ({"y_train": np.full(120, "7")}, "labels 0-9"),
        ({"y_train": np.uint8(7)}, "labels 0-9"),
        ({"y_train": np.zeros((120, 1), np.uint8)}, "labels 0-9"),
        ({"y_train": np.zeros(119, np.uint8)}, "n whole labels"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8), "y_test": np.zeros(0, np.uint8)}, "Too few digits"),
    ],
)
def test_other_arrays_are_refused(write, changes, message):
    with pytest.raises(DatasetError, match=message):
        load_mnist(write(**changes))


def test_a_single_array_is_refused(tmp_path):
    path = tmp_path / "mnist.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(DatasetError, match="MNIST cannot be read"):
        load_mnist(path)


def test_the_download_does_not_mix_with_what_a_command_prints(monkeypatch, capsys):
    def download():
        print("Downloading data from somewhere")
        a = arrays()
        return (a["x_train"], a["y_train"]), (a["x_test"], a["y_test"])

    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.setattr("keras.datasets.mnist.load_data", download)
    assert len(load_mnist().test) == 20
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 half a zip", b"no zip at all"])
def test_files_that_are_no_npz_are_refused(tmp_path, content):
    path = tmp_path / "mnist.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match="MNIST cannot be read. Expected an .npz") as refusal:
        load_mnist(path)
    assert "pickle" not in str(refusal.value), "nobody should load such a file unsafely"


def test_no_file_and_no_network(monkeypatch):
    def offline():
        raise OSError("no route to host")

    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.setattr("keras.datasets.mnist.load_data", offline)
    with pytest.raises(DatasetError, match="cannot be downloaded. Expected a connection, or .* no route to host"):
        mnist.load_mnist()


def test_ink_files_are_split_by_writers(tmp_path):
    ink = load_pen_strokes([digit_file(tmp_path / "a.jsonl", writers=12), others_file(tmp_path / "b.jsonl", writers=6)])
    assert (len(ink.train), len(ink.held_out)) == (100 + 25, 20 + 5)
    assert {drawing.writer for drawing in ink.held_out} == {"writer-00", "writer-06"}
    assert {drawing.label for drawing in ink.held_out} == {None, *range(10)}
    assert set(ink.files) == {"a.jsonl", "b.jsonl"}
    assert all(len(checksum) == 64 for checksum in ink.files.values())


def test_what_one_person_wrote_is_trained_on(tmp_path):
    ink = load_pen_strokes([digit_file(tmp_path / "mine.jsonl", writers=1)])
    assert (len(ink.train), len(ink.held_out)) == (10, 0)


def test_no_ink_files_are_no_ink():
    ink = load_pen_strokes([])
    assert (ink.train, ink.held_out, ink.files) == ([], [], {})


def test_ink_files_of_the_same_name_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    paths = [digit_file(folder / "a.jsonl", writers=1) for folder in (tmp_path, tmp_path / "other")]
    with pytest.raises(DatasetError, match=r"Expected different names. Received: .*other/a.jsonl"):
        load_pen_strokes(paths)


def test_what_looks_like_a_digit_is_not_trained_on(tmp_path):
    path = tmp_path / "signs.jsonl"
    row = {"writer": "w", "strokes": [[[0, 0], [5, 9]]]}
    rows = [row | {"label": "O", "looks_like_digit": True}, row | {"label": "A"}, row | {"label": "B", "writer": "x"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [drawing.looks_like_digit for drawing in load_drawings(path)] == [True, False, False]
    ink = load_pen_strokes([path])
    assert len(ink.train + ink.held_out) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no JSON", "line 2"),
        ("{}", "line 2 .KeyError"),
        ("[1, 2]", "line 2 .TypeError"),
        ('{"label": 1, "writer": "w", "strokes": []}', "no strokes"),
        ('{"label": 1, "writer": "w", "strokes": [[[0, 0, 0]]]}', "wrong shape"),
        ('{"label": 1, "writer": "w", "strokes": [[[0, NaN]]]}', "finite"),
        ('{"label": "7", "writer": "w", "strokes": [[[0, 0], [5, 9]]]}', "label '7', which is neither"),
        ('{"label": 12, "writer": "w", "strokes": [[[0, 0], [5, 9]]]}', "label 12, which is neither"),
    ],
)
def test_malformed_ink_files_are_refused(tmp_path, line, message):
    path = digit_file(tmp_path / "a.jsonl", writers=1, each=1)
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    with pytest.raises(DatasetError, match=f"Expected JSON with label, writer and strokes .*{message}"):
        load_drawings(path)


def test_missing_and_empty_ink_files_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="The strokes cannot be read"):
        load_drawings(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DatasetError, match="There are no strokes. Expected at least one line"):
        load_drawings(tmp_path / "empty.jsonl")
