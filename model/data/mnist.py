"""MNIST, from the Keras cache or from a file; ink files; and what training holds out of both."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.errors import DatasetError
from model.files import checked_archive

LABEL_ERRORS = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729)
"""Indices of the 15 test digits whose label most of five human raters dispute (Northcutt, Athalye and Mueller 2021,
Pervasive label errors in test sets; labelerrors.com)."""


HELD_OUT_SHARE = 12
"""One training digit in so many (5,000 of MNIST) chooses the epoch and calibrates; no network is trained on it."""
_SPLIT_SEED = 0  # the same for every run, so that runs can be compared on what they held out
_MEMBERS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True, eq=False, slots=True)
class LabeledFrames:
    """Frames with their labels.

    Attributes:
        frames: (n, 28, 28) uint8, 0 paper … 255 ink.
        labels: (n,) uint8, 0-9.
    """

    frames: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | NDArray[np.intp]) -> LabeledFrames:
        return LabeledFrames(self.frames[index], self.labels[index])


@dataclass(frozen=True, eq=False, slots=True)
class Mnist:
    """MNIST (LeCun, Cortes and Burges; CC BY-SA 3.0): 60,000 training and 10,000 test digits.

    Attributes:
        train: the digits to train on.
        held_out: one in HELD_OUT_SHARE digits of the training set, drawn once and for all.
        test: the test set.
        sha256: checksum of the four arrays' bytes, in the order of the Keras file.
    """

    train: LabeledFrames
    held_out: LabeledFrames
    test: LabeledFrames
    sha256: str

    @property
    def whole(self) -> LabeledFrames:
        """All training digits, those held out among them, in the order of the Keras file."""
        parts = self.held_out, self.train
        place = np.argsort(_order(sum(map(len, parts))))
        frames, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("frames", "labels"))
        return LabeledFrames(frames, labels)[place]


def _order(n: int) -> NDArray[np.intp]:
    """The order in which n training digits are split: those that are held out come first."""
    return np.random.default_rng(_SPLIT_SEED).permutation(n)


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
    order = _order(len(y_train))
    train = LabeledFrames(x_train, y_train)
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    held_out, rest = np.split(order, [len(order) // HELD_OUT_SHARE])
    return Mnist(train[rest], train[held_out], LabeledFrames(x_test, y_test), digest)


def mnist_path() -> Path | None:
    """The file that MNIST is read from at once: the one that `MNIST_NPZ` names, else Keras's cache if it is there."""
    if os.environ.get("MNIST_NPZ"):
        return Path(os.environ["MNIST_NPZ"])
    home = Path.home()
    usual = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
    cached = Path(os.environ.get("KERAS_HOME", usual)) / "datasets" / "mnist.npz"
    return cached if cached.is_file() else None


def read_part(path: Path, part: Literal["train", "test"]) -> LabeledFrames:
    """Read the training set, whole, or the test set from an .npz in the Keras layout, in the file's own order.

    Raises:
        DatasetError: it cannot be read, or is not MNIST's layout.
    """
    frames, labels = _read(path, (f"x_{part}", f"y_{part}"))
    _check_part(frames, labels)
    return LabeledFrames(frames, labels)


def _read(path: Path, members: Sequence[str] = _MEMBERS) -> list[NDArray[np.uint8]]:
    try:
        with path.open("rb") as stream, np.load(checked_archive(stream), allow_pickle=False) as file:
            return [file[member] for member in members]
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        message = f"MNIST cannot be read. Expected an .npz with {', '.join(members)}. Received: {path} ({error})."
        raise DatasetError(message) from error


def _download() -> list[NDArray[np.uint8]]:
    from keras.datasets import mnist

    try:
        with redirect_stdout(sys.stderr):  # where Keras's progress bar does not mix with what a command prints
            train, test = mnist.load_data()
    except Exception as error:  # Keras raises whatever its download raises
        raise DatasetError(
            "MNIST cannot be downloaded. Expected a connection, or a file that MNIST_NPZ or --data names. "
            f"Received: {str(error) or type(error).__name__}."
        ) from error
    return [*train, *test]


def _check(arrays: list[NDArray[np.uint8]]) -> None:
    x_train, y_train, x_test, y_test = arrays
    _check_part(x_train, y_train)
    _check_part(x_test, y_test)
    if len(y_train) < HELD_OUT_SHARE or not len(y_test):
        raise DatasetError(
            f"Too few digits. Expected at least {HELD_OUT_SHARE} to train on and 1 to test. "
            f"Received: {len(y_train)} and {len(y_test)}."
        )


def _check_part(frames: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    is_label = labels.ndim == 1 and labels.dtype.kind in "ui" and bool(((labels >= 0) & (labels <= 9)).all())
    if not is_label or frames.shape != (len(labels), 28, 28) or frames.dtype != np.uint8:
        raise DatasetError(
            "These are not MNIST's arrays. Expected (n, 28, 28) uint8 frames and n whole labels 0-9. "
            f"Received: {frames.shape} {frames.dtype} and {labels.shape} {labels.dtype}."
        )
