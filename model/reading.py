"""The reader's result, a Reading of lines of digits; and the array types that pass between modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.uint8]
"""(h, w) uint8, 0 paper … 255 ink."""
Frame = NDArray[np.uint8]
"""(28, 28) uint8, 0 paper … 255 ink, framed as MNIST frames its digits."""
Stroke = NDArray[np.float64]
"""(n, 2) float64, one pen-down path: x to the right and y down, in canvas pixels."""
PenPath = NDArray[np.float32]
"""(64, 8) float32, the stroke network's input: points along all strokes, with direction and pen-ups."""
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the original picture; x1 and y1 are outside (half-open)."""
Predict = Callable[[NDArray[Any]], NDArray[np.float32]]
"""(n, 28, 28) uint8 frames, or (n, 64, 8) float32 paths of the pen -> (n, 10) float32 calibrated logits."""


_BOTH_OF_TWO, _EACH_OF_TWO = 0.8, 0.2  # probability, at least, of two digits together and each, to be «between two»
_MIN_GUESS = 0.5  # probability of a digit that is not accepted, but more than «not a digit»


class Finding(StrEnum):
    """Why a drawing or a glyph is recognized as a digit, or is not."""

    DIGIT = "digit"
    NOTHING = "nothing drawn"
    TOO_LITTLE_INK = "too little ink"
    UNSURE = "not sure enough"
    NOT_A_DIGIT = "does not look like a digit"
    BETWEEN = "between two digits"


@dataclass(frozen=True, eq=False, slots=True)
class Digit:
    """One recognized glyph.

    Attributes:
        label: 0-9, the likeliest digit.
        confidence: 0-1, calibrated probability that `label` is right; equals `probabilities[label]`.
        accepted: confidence is at or above a threshold of the classifier: one for drawings, which may be anything, and
            another for glyphs in a line of digits.
        probabilities: (10,) float64, one for each digit; they sum to 1. Even probabilities mean «not a digit».
        box: xyxy half-open, px of the original picture or of the canvas.
        frame: (28, 28) uint8, 0 paper … 255 ink, the network's input.
    """

    label: int
    confidence: float
    accepted: bool
    probabilities: NDArray[np.float64]
    box: Box
    frame: Frame

    @property
    def runner_up(self) -> int:
        """The second likeliest digit, 0-9."""
        return int(np.argsort(self.probabilities)[-2])

    @property
    def finding(self) -> Finding:
        """Why the digit is accepted or not: one digit has most of the probability, two share it, or none has much."""
        if self.accepted:
            return Finding.DIGIT
        second = float(self.probabilities[self.runner_up])
        if second >= _EACH_OF_TWO and self.confidence + second >= _BOTH_OF_TWO:
            return Finding.BETWEEN
        return Finding.UNSURE if self.confidence >= _MIN_GUESS else Finding.NOT_A_DIGIT


@dataclass(frozen=True, slots=True)
class Line:
    """The digits of one line of the page, from left to right."""

    digits: tuple[Digit, ...]

    @property
    def text(self) -> str:
        """One character per digit: its label, or `?` if it is not accepted."""
        return "".join(str(digit.label) if digit.accepted else "?" for digit in self.digits)


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of a drawing or a picture, from top to bottom.

    Attributes:
        lines: none is empty.
        finding: DIGIT if at least one digit is accepted, else why none is.
    """

    lines: tuple[Line, ...]
    finding: Finding

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(self)

    @property
    def text(self) -> str:
        """The lines' texts, joined by newlines; empty without lines."""
        return "\n".join(line.text for line in self.lines)

    def __iter__(self) -> Iterator[Digit]:
        for line in self.lines:
            yield from line.digits


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Convert (n, k) logits to (n, k) float64 probabilities; each row sums to 1."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
