"""Loading and splitting MNIST, and files that are refused."""

import sys

import numpy as np
import pytest

from model.data.mnist import HELD_OUT_SHARE, load_mnist, mnist_path, read_part
from model.errors import DatasetError


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


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    """Have MNIST_NPZ name no file, and Keras's cache hold none; returns where the cache would hold it."""
    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path / "datasets" / "mnist.npz"


def test_the_cache_of_keras_is_read_without_keras(monkeypatch, empty_cache):
    empty_cache.parent.mkdir()
    np.savez(empty_cache, **arrays())
    monkeypatch.setitem(sys.modules, "keras.datasets", None)
    assert mnist_path() == empty_cache
    assert len(load_mnist().test) == len(read_part(mnist_path(), "test")) == 20


@pytest.mark.slow
def test_the_progress_of_the_download_goes_to_stderr(monkeypatch, capsys, empty_cache):
    def download():
        print("Downloading data from somewhere")
        a = arrays()
        return (a["x_train"], a["y_train"]), (a["x_test"], a["y_test"])

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


@pytest.mark.slow
def test_no_file_and_no_network(monkeypatch, empty_cache):
    def offline():
        raise OSError("no route to host")

    monkeypatch.setattr("keras.datasets.mnist.load_data", offline)
    with pytest.raises(DatasetError, match="cannot be downloaded. Expected Keras and .* no route to host"):
        load_mnist()


def test_checksum_of_the_docstring(mnist):
    assert mnist.sha256 in load_mnist.__doc__
