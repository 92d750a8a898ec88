"""Accuracy on the drawings of writers that the network was not trained on, placed on a canvas as on the Draw page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.classifiers.report import DigitWriters, WritersMetrics
from model.data.pen_strokes import Drawing, load_drawings, load_pen_strokes
from model.errors import DatasetError
from model.evaluation.metrics import auroc, expected_calibration_error, log_loss, macro_f1, selective_accuracy
from model.files import sha256_of
from model.reader import Reader
from model.reading import Predict, Stroke, softmax
from model.vision.framing import FRAME_SIDE
from model.vision.strokes import fit, ink_strokes

_CANVAS = 320  # px
_MIN_DIGITS = 40  # of a writer: the accuracy on fewer varies too much to call somebody the worst writer
_MIN_PROBABILITY = 1e-12  # keeps the log loss finite


class Prediction(NamedTuple):
    """How one drawing is read.

    Attributes:
        label: 0-9, or -1 for nothing.
        probabilities: (10,) float64.
        accepted: whether the confidence is at or above the threshold.
    """

    label: int
    probabilities: NDArray[np.float64]
    accepted: bool


NOTHING = Prediction(-1, np.zeros(10), accepted=False)
"""Nothing was read."""
ReadDrawing = Callable[[list[Stroke], float], Prediction]
"""Strokes and pen width, both in canvas px -> prediction."""
Subset = Literal["digits", "left_out"]


@dataclass(frozen=True, eq=False, slots=True)
class _Predictions:
    """How n drawings are read: (n,) labels, (n, 10) probabilities, (n,) accepted."""

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    accepted: NDArray[np.bool_]

    @property
    def confidence(self) -> NDArray[np.float64]:
        return np.asarray(self.probabilities.max(axis=1))


def measure_writers(
    read: ReadDrawing, strokes: Path, non_digits: Path | None = None, trained_on: Collection[str] = ()
) -> WritersMetrics:
    """Read every drawing in a folder of digits, and in a folder of non-digits if there is one.

    Args:
        read: reads one drawing.
        strokes: folder of *.jsonl files of pen strokes of digits.
        non_digits: folder of *.jsonl files of other characters. Those that look like digits are left out.
        trained_on: sha256 of files that the network was trained on. The writers of such a file that training held out
            are measured separately, too.

    Returns:
        By file name, under `digits` and under `left_out` (held-out writers of files that training used): `n`,
        `writers`, `accuracy`, `worst_writer` (least accuracy of a writer with 40 digits or more), `coverage`,
        `selective_accuracy`, `macro_f1`, `log_loss` (nats), `ece` (15 bins) and, if there are non-digits, `auroc`
        (against all of them); under `non_digits`: `n` and `false_accept_rate`.

    Raises:
        DatasetError: a folder holds no file of pen strokes, or one cannot be read or holds nothing to measure.
    """
    others = {path.stem: _read_all(read, _non_digits(path)) for path in _files(non_digits)} if non_digits else {}
    confidences = [predictions.confidence for predictions in others.values()]
    metrics: WritersMetrics = {"digits": {}, "left_out": {}, "non_digits": {}}
    for name, predictions in others.items():
        rate = float(predictions.accepted.mean())
        metrics["non_digits"][name] = {"n": len(predictions.labels), "false_accept_rate": rate}
    for path in _files(strokes):
        for subset, drawings in _digits(path, trained_on).items():
            predictions = _read_all(read, drawings)
            row = _measure_digits(drawings, predictions)
            if confidences:
                row["auroc"] = auroc(predictions.confidence, np.concatenate(confidences))
            metrics[subset][path.stem] = row
    return metrics


def reader_of(reader: Reader) -> ReadDrawing:
    """Read drawings of one digit with a Reader; one that is read as a number counts as refused."""

    def read(strokes: list[Stroke], pen_width: float) -> Prediction:
        digits = reader.read_drawing(strokes, pen_width).digits
        if len(digits) != 1:
            return NOTHING
        return Prediction(digits[0].label, digits[0].probabilities, digits[0].accepted)

    return read


def baseline_reader(predict: Predict) -> ReadDrawing:
    """Read drawings as most apps do: shrink the whole canvas to 28x28, and accept every prediction."""

    def read(strokes: list[Stroke], pen_width: float) -> Prediction:
        canvas = ink_strokes(strokes, pen_width, (_CANVAS, _CANVAS))
        small = cv2.resize(canvas, (FRAME_SIDE, FRAME_SIDE), interpolation=cv2.INTER_AREA)
        probabilities = softmax(predict(small[None]))[0]
        return Prediction(int(probabilities.argmax()), probabilities, accepted=True)

    return read


def place(strokes: Sequence[Stroke], rng: Generator) -> tuple[list[Stroke], float]:
    """Put a drawing on the canvas at a random size and position, with a random pen width.

    Args:
        strokes: (n, 2) paths in any scale, y down.
        rng: random numbers for size, position and pen width.

    Returns:
        Strokes within the 320 px wide canvas, in px, and the pen width, 6-28 px.
    """
    pen_width = float(rng.uniform(6, 28))
    fitted = fit(strokes, rng.uniform(0.25, 0.9) * (_CANVAS - pen_width))
    free = _CANVAS - pen_width - np.concatenate(fitted).max(axis=0)
    corner = pen_width / 2 + rng.uniform(0, 1, 2) * free
    return [stroke + corner for stroke in fitted], pen_width


def _files(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise DatasetError(f"There are no stroke files. Expected *.jsonl in a folder. Received: {folder}.")
    return paths


def _digits(path: Path, trained_on: Collection[str]) -> dict[Subset, list[Drawing]]:
    """Load all digits of a file and, if training used the file, those of the writers that it held out."""
    digits = [drawing for drawing in load_drawings(path) if drawing.label is not None]
    subsets: dict[Subset, list[Drawing]] = {"digits": _not_empty(digits, "labels 0-9", path)}
    if sha256_of(path) in trained_on:
        left_out = [drawing for drawing in load_pen_strokes([path]).held_out if drawing.label is not None]
        if left_out:
            subsets["left_out"] = left_out
    return subsets


def _non_digits(path: Path) -> list[Drawing]:
    others = [drawing for drawing in load_drawings(path) if drawing.label is None and not drawing.looks_like_digit]
    return _not_empty(others, "other labels than 0-9", path)


def _not_empty(drawings: list[Drawing], expected: str, path: Path) -> list[Drawing]:
    if not drawings:
        raise DatasetError(f"There is nothing to measure. Expected {expected}. Received: {path}, without any.")
    return drawings


def _read_all(read: ReadDrawing, drawings: Sequence[Drawing]) -> _Predictions:
    rng = np.random.default_rng(0)
    labels, probabilities, accepted = zip(*(read(*place(drawing.strokes, rng)) for drawing in drawings), strict=True)
    return _Predictions(np.array(labels), np.stack(probabilities), np.array(accepted))


def _measure_digits(drawings: Sequence[Drawing], predictions: _Predictions) -> DigitWriters:
    labels = np.array([drawing.label for drawing in drawings])
    correct = predictions.labels == labels
    by_writer = defaultdict(list)
    for drawing, is_correct in zip(drawings, correct, strict=True):
        by_writer[drawing.writer].append(is_correct)
    accuracies = [float(np.mean(digits)) for digits in by_writer.values() if len(digits) >= _MIN_DIGITS]
    return {
        "n": len(drawings),
        "writers": len(by_writer),
        "accuracy": float(correct.mean()),
        "worst_writer": min(accuracies, default=None),
        "coverage": float(predictions.accepted.mean()),
        "selective_accuracy": selective_accuracy(correct, predictions.accepted),
        "macro_f1": macro_f1(predictions.labels, labels),
        "log_loss": log_loss(np.log(predictions.probabilities.clip(_MIN_PROBABILITY)), labels),
        "ece": expected_calibration_error(predictions.confidence, correct),
    }
