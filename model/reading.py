"""What the reader answers: a Reading of lines of digits, and the array types that pass between modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.uint8]
"""(h, w) uint8, 0 paper … 255 ink."""
Frame = NDArray[np.uint8]
"""(28, 28) uint8, 0 paper … 255 ink, framed as MNIST frames its digits."""
Stroke = NDArray[np.float64]
"""(n, 2) float64, one pen-down path: x to the right and y down, in canvas pixels."""
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the original picture; x1 and y1 are outside (half-open)."""
Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(n, 28, 28) uint8 frames -> (n, 10) float32 calibrated logits."""


class Finding(StrEnum):
    """Why a drawing or a glyph is, or is not, answered with a digit."""

    DIGIT = "digit"
    NOTHING = "nothing drawn"
    TOO_LITTLE_INK = "too little ink"
    UNSURE = "not sure enough"
    MORE_THAN_ONE = "more than one digit"
    NOT_A_DIGIT = "does not look like a digit"
    BETWEEN = "between two digits"


@dataclass(frozen=True, eq=False, slots=True)
class Digit:
    """One glyph and what the classifier reads in it.

    Attributes:
        label: 0-9, the likeliest digit.
        confidence: 0-1, calibrated probability that `label` is right; equals `probabilities[label]`.
        accepted: confidence is at or above the threshold shipped with the classifier: one for drawings, which may be
            anything, and a lower one for what stands in a line of digits.
        probabilities: (10,) float64, one for each digit; they sum to 1. Even probabilities mean «not a digit».
        box: x0, y0, x1, y1, half-open, in pixels of the original picture or of the canvas.
        frame: (28, 28) uint8, 0 paper … 255 ink, what the network sees.
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
        """Why the digit is accepted or not: two digits share the probability, one has most of it, or none has."""
        if self.accepted:
            return Finding.DIGIT
        second = float(self.probabilities[self.runner_up])
        if second >= SHARE and self.confidence + second >= BETWEEN_TWO:
            return Finding.BETWEEN
        return Finding.UNSURE if self.confidence >= LONE else Finding.NOT_A_DIGIT


BETWEEN_TWO, SHARE = 0.8, 0.2
"""Two digits that hold this much of the probability together, and this each, are what a doubt is between."""
LONE = 0.5
"""One digit that holds this much of the probability is a guess worth telling, though not accepted."""


@dataclass(frozen=True, slots=True)
class Line:
    """Digits that stand on one line of the page, left to right."""

    digits: tuple[Digit, ...]

    @property
    def text(self) -> str:
        """One character a digit: its label, or `?` where it is not accepted."""
        return "".join(str(digit.label) if digit.accepted else "?" for digit in self.digits)


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of a drawing or a picture, top to bottom.

    `finding` says what the whole was: DIGIT where at least one digit is accepted, else why none is.
    """

    lines: tuple[Line, ...]
    finding: Finding

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(self)

    @property
    def text(self) -> str:
        """The lines' texts, joined by newlines; empty if there is nothing to read."""
        return "\n".join(line.text for line in self.lines)

    def __iter__(self) -> Iterator[Digit]:
        for line in self.lines:
            yield from line.digits


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, k) logits -> (n, k) float64 probabilities; each row sums to 1."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
