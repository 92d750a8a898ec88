"""How far digits can be disturbed before the network misreads them.

Disturbed frames are not framed anew: this is what the network alone withstands. In the app the framing takes size,
place and contrast out before the network sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from model.data.mnist import LabeledFrames
from model.reading import Frame, Predict
from model.vision.framing import CORE_SIDE, FRAME_SIDE


@dataclass(frozen=True, slots=True)
class Robustness:
    """Accuracy against one kind of disturbance.

    Attributes:
        name: what is disturbed, such as "rotation".
        unit: what `values` are counted in.
        values: how far it goes, ascending; the uncorrupted value is one of them.
        accuracies: 0-1, one for each value.
        n: test digits that each accuracy is measured on.
        breakdown_points: on either side the value nearest to the uncorrupted one at which too few digits are read right
            (`model.evaluation.robustness.MIN_ACCURACY`), ascending; that one itself if too few are right there; may be none.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    accuracies: tuple[float, ...]
    n: int
    breakdown_points: tuple[float, ...]


MIN_ACCURACY = 0.95
"""The network breaks where it reads less than this share right: more than one digit in twenty is wrong."""

_DIGITS = 2000  # of the test set at most, evenly spread over it: its second half is the harder one
_DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_BALL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def rotate(frame: Frame, degrees: float) -> Frame:
    """Turn around the frame's middle, counterclockwise."""
    middle = (FRAME_SIDE - 1) / 2
    return np.asarray(cv2.warpAffine(frame, cv2.getRotationMatrix2D((middle, middle), degrees, 1), frame.shape))


def resize(frame: Frame, side: float) -> Frame:
    """Make the ink `side` px high or wide that is 20 px so in MNIST's frames; what leaves the frame is cut."""
    scaled = round(FRAME_SIDE * side / CORE_SIDE)
    area = cv2.INTER_AREA if scaled < FRAME_SIDE else cv2.INTER_LINEAR
    margin = max(FRAME_SIDE - scaled, 0)
    sized = np.pad(cv2.resize(frame, (scaled, scaled), interpolation=area), (margin // 2, margin - margin // 2))
    start = (len(sized) - FRAME_SIDE) // 2
    return sized[start : start + FRAME_SIDE, start : start + FRAME_SIDE].copy()


def shift(frame: Frame, right: int, down: int) -> Frame:
    """Move by whole pixels; what leaves the frame is cut."""
    return np.asarray(cv2.warpAffine(frame, np.array([[1.0, 0, right], [0, 1, down]]), frame.shape))


def change_pen(frame: Frame, wider: float) -> Frame:
    """Make strokes so many px wider, or narrower where negative, by gray morphology on twice the scale."""
    ink = frame.repeat(2, axis=0).repeat(2, axis=1)
    change = cv2.dilate if wider > 0 else cv2.erode
    whole = int(abs(wider))
    ink = change(ink, _BALL, iterations=whole)
    part = abs(wider) - whole
    ink = cv2.addWeighted(ink, 1 - part, change(ink, _BALL), part, 0)
    return np.asarray(cv2.resize(ink, frame.shape, interpolation=cv2.INTER_AREA))


def add_noise(frame: Frame, deviation: float, seed: int) -> Frame:
    """Add normal noise of so many gray levels to every pixel."""
    noise = np.random.default_rng(seed).normal(0, deviation, frame.shape)
    return np.rint(frame + noise).clip(0, 255).astype(np.uint8)


def blur(frame: Frame, deviation: float) -> Frame:
    """Blur by a Gaussian of so many px."""
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), deviation)) if deviation else frame.copy()


def fade(frame: Frame, contrast: float) -> Frame:
    """Leave only so much of the ink's darkness, 0-1."""
    return np.rint(frame * contrast).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of disturbance: a frame, its place among the digits and a value -> the disturbed frame."""

    name: str
    unit: str
    uncorrupted: float
    values: tuple[float, ...]
    disturb: Callable[[Frame, int, float], Frame]


def _shift_in_turn(frame: Frame, index: int, by: float) -> Frame:
    right, down = _DIRECTIONS[index % len(_DIRECTIONS)]
    return shift(frame, round(right * by), round(down * by))


_KINDS = (
    _Kind("rotation", "degrees", 0, tuple(range(-60, 61, 10)), lambda frame, _, by: rotate(frame, by)),
    _Kind("size", "px, longest side", CORE_SIDE, tuple(range(6, 35, 2)), lambda frame, _, to: resize(frame, to)),
    _Kind("shift", "px, in all four directions", 0, tuple(range(9)), _shift_in_turn),
    _Kind(
        "pen width",
        "px, wider or narrower",
        0,
        (-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 5),
        lambda frame, _, by: change_pen(frame, by),
    ),
    _Kind("noise", "gray levels, standard deviation", 0, tuple(range(0, 51, 5)), lambda f, i, by: add_noise(f, by, i)),
    _Kind(
        "blur", "px, standard deviation", 0, (0, *(i / 4 for i in range(2, 9))), lambda frame, _, by: blur(frame, by)
    ),
    _Kind(
        "contrast",
        "of full contrast",
        1,
        (0.05, *(i / 10 for i in range(1, 11))),
        lambda frame, _, to: fade(frame, to),
    ),
)


def measure_robustness(predict: Predict, test: LabeledFrames) -> tuple[Robustness, ...]:
    """Accuracy on disturbed test digits, for rotation, size, shift, pen width, noise, blur and contrast.

    Args:
        predict: the network.
        test: digits; at most 2,000 of them, evenly spread, are disturbed.

    Returns:
        One curve for each kind, with its break-points: on either side the value nearest to the uncorrupted one at which
        accuracy is below MIN_ACCURACY.
    """
    some = test[:: ceil(len(test) / _DIGITS)]
    return tuple(_measure(kind, predict, some) for kind in _KINDS)


def _measure(kind: _Kind, predict: Predict, digits: LabeledFrames) -> Robustness:
    accuracies = []
    for value in kind.values:
        frames = np.stack([kind.disturb(frame, i, value) for i, frame in enumerate(digits.frames)])
        accuracies.append(float((predict(frames).argmax(axis=1) == digits.labels).mean()))
    values = tuple(map(float, kind.values))
    breaks_at = _breakdown_points(values, accuracies, kind.uncorrupted)
    return Robustness(kind.name, kind.unit, values, tuple(accuracies), len(digits), breaks_at)


def _breakdown_points(values: tuple[float, ...], accuracies: list[float], uncorrupted: float) -> tuple[float, ...]:
    broken = [value for value, accuracy in zip(values, accuracies, strict=True) if accuracy < MIN_ACCURACY]
    if uncorrupted in broken:
        return (uncorrupted,)
    below = [value for value in broken if value < uncorrupted]
    above = [value for value in broken if value > uncorrupted]
    return (*below[-1:], *above[:1])
