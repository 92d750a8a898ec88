"""MNIST, from the Keras cache or from a file; ink files; and what training holds out of both."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.artifacts import sha256_of
from model.errors import DatasetError, StrokesError
from model.reading import Stroke
from model.strokes import as_strokes

HELD_OUT_SHARE = 12
"""One training digit in so many (5,000 of MNIST) chooses the epoch and calibrates; no network is trained on it."""
_SPLIT_SEED = 0  # the same for every run, so that runs can be compared on what they held out
_WRITERS_HELD_OUT = 6  # one writer of an ink file in so many
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

    @property
    def whole(self) -> Samples:
        """All training digits, those held out among them, in the order of the Keras file."""
        parts = self.held_out, self.train
        place = np.argsort(_order(sum(map(len, parts))))
        frames, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("frames", "labels"))
        return Samples(frames, labels)[place]


def _order(n: int) -> NDArray[np.intp]:
    """The order in which n training digits are split: those that are held out come first."""
    return np.random.default_rng(_SPLIT_SEED).permutation(n)


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """One character written on a tablet.

    Attributes:
        strokes: (n, 2) float64 paths, y down, in any scale.
        label: 0-9, or None if it is no digit.
        writer: who wrote it.
        looks_like_digit: it is none, but written like one, so that nobody can be blamed for reading it as one.
    """

    strokes: list[Stroke]
    label: int | None
    writer: str
    looks_like_digit: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Ink:
    """Drawings to train on, and those of the writers that training holds out.

    Attributes:
        train: drawings of digits and of other characters.
        held_out: likewise, of other writers.
        files: sha256 of every file they come from, by its name.
    """

    train: list[Drawing]
    held_out: list[Drawing]
    files: dict[str, str]


def load_ink(paths: Sequence[Path]) -> Ink:
    """Load ink files to train on; one writer in six of each is held out, unless one person wrote all of it.

    Raises:
        DatasetError: two files have the same name, by which the report tells them apart; or see `load_drawings`.
    """
    if len({path.name for path in paths}) < len(paths):
        raise DatasetError(
            "The report tells ink files apart by name. Expected different names. "
            f"Received: {', '.join(map(str, paths))}."
        )
    train, held_out = [], []
    for path in paths:
        drawings = [drawing for drawing in load_drawings(path) if not drawing.looks_like_digit]
        writers = sorted({drawing.writer for drawing in drawings})
        aside = set(writers[::_WRITERS_HELD_OUT] if len(writers) > 1 else ())
        train += [drawing for drawing in drawings if drawing.writer not in aside]
        held_out += [drawing for drawing in drawings if drawing.writer in aside]
    return Ink(train, held_out, {path.name: sha256_of(path) for path in paths})


def load_drawings(path: Path) -> list[Drawing]:
    """Load an ink file: one JSON object a line, with `label`, `writer` and `strokes`, a list of [[x, y], …].

    A whole number 0-9 is a digit; a text (a letter's name, say) is the label of what is none.

    Raises:
        DatasetError: the file cannot be read, a line has another form, or there is none.
    """
    drawings: list[Drawing] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                drawings.append(_drawing(json.loads(line)))
    except (OSError, ValueError, KeyError, TypeError, StrokesError) as error:
        raise DatasetError(
            "The strokes cannot be read. Expected JSON with label, writer and strokes in every line. "
            f"Received: {path}, line {len(drawings) + 1} ({error!r:.120})."
        ) from error
    if not drawings:
        raise DatasetError(f"There are no strokes. Expected at least one line. Received: {path}, which is empty.")
    return drawings


def _drawing(row: dict[str, Any]) -> Drawing:
    strokes = as_strokes(row["strokes"])
    if not strokes:
        raise ValueError("no strokes")
    return Drawing(strokes, _digit(row["label"]), str(row["writer"]), bool(row.get("looks_like_digit", False)))


def _digit(label: object) -> int | None:
    """0-9, or None if the label is a name; numbers that are no digits are a mistake, and so are digits as text."""
    if isinstance(label, str) and not label.isdecimal():
        return None
    if isinstance(label, int) and 0 <= label <= 9:
        return label
    raise ValueError(f"label {label!r}, which is neither a whole number 0-9 nor a name")


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
    train = Samples(x_train, y_train)
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    held_out, rest = np.split(order, [len(order) // HELD_OUT_SHARE])
    return Mnist(train[rest], train[held_out], Samples(x_test, y_test), digest)


def mnist_path() -> Path | None:
    """The file that MNIST is read from at once: the one that `MNIST_NPZ` names, else Keras's cache if it is there."""
    if os.environ.get("MNIST_NPZ"):
        return Path(os.environ["MNIST_NPZ"])
    home = Path.home()
    usual = (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
    cached = Path(os.environ.get("KERAS_HOME", usual)) / "datasets" / "mnist.npz"
    return cached if cached.is_file() else None


def read_part(path: Path, part: Literal["train", "test"]) -> Samples:
    """Read the training set, whole, or the test set from an .npz in the Keras layout, in the file's own order.

    Raises:
        DatasetError: it cannot be read, or is not MNIST's layout.
    """
    frames, labels = _read(path, (f"x_{part}", f"y_{part}"))
    _check_part(frames, labels)
    return Samples(frames, labels)


def _read(path: Path, members: Sequence[str] = _MEMBERS) -> list[NDArray[np.uint8]]:
    try:
        with path.open("rb") as stream, np.load(checked_archive(stream), allow_pickle=False) as file:
            return [file[member] for member in members]
    except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        message = f"MNIST cannot be read. Expected an .npz with {', '.join(members)}. Received: {path} ({error})."
        raise DatasetError(message) from error


def checked_archive(stream: IO[bytes]) -> IO[bytes]:
    """A file that is an archive, from its start; of another one NumPy would say that it can be loaded unsafely.

    Raises:
        ValueError: it is none.
    """
    if not zipfile.is_zipfile(stream):
        raise ValueError("no archive of arrays")
    stream.seek(0)
    return stream


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
