"""MNIST: from the file that MNIST_NPZ names, Keras's cache or its download; and the digits that training holds out."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
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
"""One of this number of training digits (5,000 of MNIST) is held out, to choose the epoch and to calibrate."""
_SPLIT_SEED = 0  # the same for every run, so that runs can be compared on their held-out digits
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


@dataclass(frozen=True, eq=False)
class Mnist:
    """MNIST's training and test digits, and which of the training digits are held out.

    Attributes:
        whole: all training digits, in the order of the file.
        order: (n,) a permutation of them, of which the first one in HELD_OUT_SHARE is held out.
        test: the test digits, in the order of the file.
        sha256: checksum of the bytes of x_train, y_train, x_test and y_test.
    """

    whole: LabeledFrames
    order: NDArray[np.intp]
    test: LabeledFrames
    sha256: str

    @cached_property
    def train(self) -> LabeledFrames:
        """The digits to train on."""
        return self.whole[self.order[len(self.order) // HELD_OUT_SHARE :]]

    @cached_property
    def held_out(self) -> LabeledFrames:
        """The training digits that no network is trained on."""
        return self.whole[self.order[: len(self.order) // HELD_OUT_SHARE]]


def load_mnist(path: Path | None = None) -> Mnist:
    """Load MNIST: 60,000 digits to train on and 10,000 to test, (28, 28) uint8 each, 0 paper … 255 ink.

    License: Yann LeCun and Corinna Cortes hold the copyright of MNIST, a derivative work of NIST's data sets, which is
    made available under the terms of the Creative Commons Attribution-Share Alike 3.0 license
    (https://creativecommons.org/licenses/by-sa/3.0/).

    Checksum of its arrays (`Mnist.sha256`): 06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16. Other
    data in MNIST's layout is loaded too; reports and stored results name the checksum of the data they were made from.

    Args:
        path: an .npz in the Keras layout; by default that of `mnist_path`, else Keras downloads it to its cache.

    Raises:
        DatasetError: the file cannot be read or downloaded, is not in MNIST's layout, or holds too few digits.
    """
    path = path or mnist_path()
    x_train, y_train, x_test, y_test = arrays = _read(path) if path else _download()
    _check(arrays)
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(y_train))
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    return Mnist(LabeledFrames(x_train, y_train), order, LabeledFrames(x_test, y_test), digest)


def mnist_path() -> Path | None:
    """Find the file that MNIST is read from: the one that `MNIST_NPZ` names, else Keras's cache if it is there."""
    if os.environ.get("MNIST_NPZ"):
        return Path(os.environ["MNIST_NPZ"])
    home = Path.home()
    usual = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"  # as Keras chooses its folder
    cached = Path(os.environ.get("KERAS_HOME", usual)) / "datasets" / "mnist.npz"
    return cached if cached.is_file() else None


def read_part(path: Path, part: Literal["train", "test"]) -> LabeledFrames:
    """Read only the training digits, or only the test digits, in the order of the file.

    Args:
        path: an .npz in the Keras layout, such as that of `mnist_path`.
        part: which of its two parts.

    Raises:
        DatasetError: the file cannot be read, or is not in MNIST's layout.
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
    try:
        from keras.datasets import mnist

        with redirect_stdout(sys.stderr):  # keeps Keras's progress bar out of a command's output
            train, test = mnist.load_data()
    except Exception as error:  # Keras lets the errors of its download through, and may not be installed
        raise DatasetError(
            "MNIST cannot be downloaded. Expected Keras and a connection, or a file that MNIST_NPZ or --data names. "
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
