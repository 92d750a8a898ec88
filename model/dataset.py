"""MNIST, from the Keras cache or from a file, and the digits of it that training holds out."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import DatasetError

HELD_OUT_SHARE = 12
"""One training digit in so many (5,000 of MNIST) chooses the epoch and calibrates; no network is trained on it."""
_SPLIT_SEED = 0  # the same for every run, so that runs can be compared on what they held out
_MEMBERS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """Frames with their labels.

    Attributes:
        frames: (n, 28, 28) uint8, 0 paper … 255 ink.
        labels: (n,) uint8, 0-9.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | NDArray[np.intp]) -> Samples:
        return Samples(self.frames[index], self.labels[index])


@dataclass(frozen=True, eq=False, slots=True)
class Mnist:
    """MNIST (LeCun, Cortes and Burges; CC BY-SA 3.0): 60,000 training and 10,000 test digits.

    Attributes:
        train: the digits to train on.
        held_out: one in HELD_OUT_SHARE digits of the training set, drawn once and for all.
        test: the test set.
        sha256: checksum of the four arrays' bytes, in the order of the Keras file.
    """

    train: Samples
    held_out: Samples
    test: Samples
    sha256: str


def load_mnist(path: Path | None = None) -> Mnist:
    """Load MNIST.

    Args:
        path: an .npz in the Keras layout; by default the file that `MNIST_NPZ` names, else Keras's cache or download.

    Raises:
        DatasetError: it cannot be had, or is not MNIST's layout.
    """
    path = path or (Path(os.environ["MNIST_NPZ"]) if os.environ.get("MNIST_NPZ") else None)
    x_train, y_train, x_test, y_test = arrays = _read(path) if path else _download()
    _check(arrays)
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(y_train))
    train = Samples(x_train, y_train)
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    held_out, rest = np.split(order, [len(order) // HELD_OUT_SHARE])
    return Mnist(train[rest], train[held_out], Samples(x_test, y_test), digest)


def _read(path: Path) -> list[NDArray[np.uint8]]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return [file[member] for member in _MEMBERS]
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        message = f"MNIST cannot be read. Expected an .npz with {', '.join(_MEMBERS)}. Received: {path} ({error})."
        raise DatasetError(message) from error


def _download() -> list[NDArray[np.uint8]]:
    from keras.datasets import mnist

    try:
        with redirect_stdout(sys.stderr):  # where Keras's progress bar does not mix with what a command prints
            train, test = mnist.load_data()
    except Exception as error:  # Keras raises whatever its download raises
        raise DatasetError(
            "MNIST cannot be downloaded. Expected a network, or a file named by --data or MNIST_NPZ. "
            f"Received: {str(error) or type(error).__name__}."
        ) from error
    return [*train, *test]


def _check(arrays: list[NDArray[np.uint8]]) -> None:
    x_train, y_train, x_test, y_test = arrays
    for frames, labels in ((x_train, y_train), (x_test, y_test)):
        is_label = labels.ndim == 1 and labels.dtype.kind in "ui" and bool(((labels >= 0) & (labels <= 9)).all())
        if not is_label or frames.shape != (len(labels), 28, 28) or frames.dtype != np.uint8:
            raise DatasetError(
                "These are not MNIST's arrays. Expected (n, 28, 28) uint8 frames and n whole labels 0-9. "
                f"Received: {frames.shape} {frames.dtype} and {labels.shape} {labels.dtype}."
            )
    if len(y_train) < HELD_OUT_SHARE or not len(y_test):
        raise DatasetError(
            f"Too few digits. Expected at least {HELD_OUT_SHARE} to train on and 1 to test. "
            f"Received: {len(y_train)} and {len(y_test)}."
        )
