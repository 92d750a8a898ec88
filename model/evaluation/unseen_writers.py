"""How well hands are read that the network has never seen: drawings from ink files, put on a canvas as people do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.classifiers.report import Metrics
from model.data.pen_strokes import Drawing, load_drawings, load_pen_strokes
from model.errors import DatasetError
from model.evaluation.metrics import auroc, expected_calibration_error, log_loss, macro_f1
from model.files import sha256_of
from model.reader import Reader
from model.reading import Predict, Stroke, softmax
from model.vision.framing import FRAME_SIDE
from model.vision.strokes import fit, ink_strokes

_CANVAS = 320  # px
_FEWEST = 40  # digits of a writer, below which a worst writer would be an accident

_LEAST = 1e-12  # probability that the log loss tells from 0


class Answer(NamedTuple):
    """What is read in a drawing: 0-9 or -1 for none, (10,) float64 probabilities, and whether it is accepted."""

    label: int
    probabilities: NDArray[np.float64]
    accepted: bool


NONE = Answer(-1, np.zeros(10), accepted=False)
"""Nothing was read."""
Read = Callable[[list[Stroke], float], Answer]
"""Strokes in canvas px and the pen's width -> the answer."""


@dataclass(frozen=True, eq=False, slots=True)
class _Answers:
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    accepted: NDArray[np.bool_]

    @property
    def confidence(self) -> NDArray[np.float64]:
        return np.asarray(self.probabilities.max(axis=1))


def measure_writers(read: Read, ink: Path | None, not_digits: Path | None, trained_on: Collection[str] = ()) -> Metrics:
    """Read every drawing of two folders of ink files.

    Args:
        read: how a drawing is read.
        ink: folder of *.jsonl files of digits, or None.
        not_digits: folder of *.jsonl files of other characters, or None. Those that look like digits are left out.
        trained_on: sha256 of files. The writers that a training on one of them leaves out are measured by themselves
            too.

    Returns:
        By file name, under `digits` and under `left_out` (writers that training held out, of files it trained on): `n`,
        `writers`, `accuracy`, `worst_writer` (accuracy of the worst one with 40 digits or more), `coverage`,
        `selective_accuracy`, `macro_f1`, `log_loss` (nats), `ece` (15 bins) and `auroc` (against all non-digits); under
        `non_digits`: `n` and `false_accept_rate`.

    Raises:
        DatasetError: a folder holds no ink file, or one cannot be read.
    """
    others = {path.stem: _read_all(read, _others(path)) for path in _files(not_digits)}
    outside = [answers.confidence for answers in others.values()]
    metrics: Metrics = {"digits": {}, "left_out": {}, "non_digits": {}}
    for name, answers in others.items():
        rate = float(answers.accepted.mean())
        metrics["non_digits"][name] = {"n": len(answers.labels), "false_accept_rate": rate}
    for path in _files(ink):
        for subset, drawings in _digits(path, trained_on).items():
            answers = _read_all(read, drawings)
            metrics[subset][path.stem] = _measure_digits(drawings, answers)
            if outside:
                metrics[subset][path.stem]["auroc"] = auroc(answers.confidence, np.concatenate(outside))
    return metrics


def reader_of(reader: Reader) -> Read:
    """How our reader reads a drawing."""

    def read(strokes: list[Stroke], pen_width: float) -> Answer:
        digits = reader.read_drawing(strokes, pen_width).digits
        return Answer(digits[0].label, digits[0].probabilities, digits[0].accepted) if digits else NONE

    return read


def baseline_reader(predict: Predict) -> Read:
    """How most apps read a drawing: the whole canvas is shrunk to 28x28, and every answer is accepted."""

    def read(strokes: list[Stroke], pen_width: float) -> Answer:
        canvas = ink_strokes(strokes, pen_width, (_CANVAS, _CANVAS))
        small = cv2.resize(canvas, (FRAME_SIDE, FRAME_SIDE), interpolation=cv2.INTER_AREA)
        probabilities = softmax(predict(small[None]))[0]
        return Answer(int(probabilities.argmax()), probabilities, accepted=True)

    return read


def place(strokes: Sequence[Stroke], rng: Generator) -> tuple[list[Stroke], float]:
    """Put a drawing on the canvas at a random size and place, with a random pen: strokes in px, and the pen's width."""
    pen_width = float(rng.uniform(6, 28))
    fitted = fit(strokes, rng.uniform(0.25, 0.9) * (_CANVAS - pen_width))
    free = _CANVAS - pen_width - np.concatenate(fitted).max(axis=0)
    corner = pen_width / 2 + rng.uniform(0, 1, 2) * free
    return [stroke + corner for stroke in fitted], pen_width


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise DatasetError(f"There are no ink files. Expected *.jsonl in a folder. Received: {folder}.")
    return paths


def _digits(path: Path, trained_on: Collection[str]) -> dict[str, list[Drawing]]:
    """All digits of a file, and those of the writers that a training on it left out."""
    sets = {
        "digits": _some(path, "labels 0-9", [drawing for drawing in load_drawings(path) if drawing.label is not None])
    }
    if sha256_of(path) in trained_on:
        left_out = [drawing for drawing in load_pen_strokes([path]).held_out if drawing.label is not None]
        sets |= {"left_out": left_out} if left_out else {}
    return sets


def _others(path: Path) -> list[Drawing]:
    others = [drawing for drawing in load_drawings(path) if drawing.label is None and not drawing.looks_like_digit]
    return _some(path, "other labels than 0-9", others)


def _some(path: Path, expected: str, drawings: list[Drawing]) -> list[Drawing]:
    if not drawings:
        raise DatasetError(f"There is nothing to measure. Expected {expected}. Received: {path}, without any.")
    return drawings


def _read_all(read: Read, drawings: Sequence[Drawing]) -> _Answers:
    rng = np.random.default_rng(0)
    labels, probabilities, accepted = zip(*(read(*place(drawing.strokes, rng)) for drawing in drawings), strict=True)
    return _Answers(np.array(labels), np.stack(probabilities), np.array(accepted))


def _measure_digits(drawings: Sequence[Drawing], answers: _Answers) -> Metrics:
    labels = np.array([drawing.label for drawing in drawings])
    right = answers.labels == labels
    by_writer = defaultdict(list)
    for drawing, is_right in zip(drawings, right, strict=True):
        by_writer[drawing.writer].append(is_right)
    shares = [float(np.mean(rights)) for rights in by_writer.values() if len(rights) >= _FEWEST]
    return {
        "n": len(drawings),
        "writers": len(by_writer),
        "accuracy": float(right.mean()),
        "worst_writer": min(shares, default=None),
        "coverage": float(answers.accepted.mean()),
        "selective_accuracy": float(right[answers.accepted].mean()) if answers.accepted.any() else None,
        "macro_f1": macro_f1(answers.labels, labels),
        "log_loss": log_loss(np.log(answers.probabilities.clip(_LEAST)), labels),
        "ece": expected_calibration_error(answers.confidence, right),
    }
