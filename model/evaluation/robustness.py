"""Accuracy of a network on corrupted digits, by kind and strength of the corruption.

Corrupted frames are not framed again, so this is the robustness of the network alone. In the app, framing normalizes
size, position and contrast before the network is asked.
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
    """Accuracy under one kind of corruption.

    Attributes:
        name: kind of corruption, such as "rotation".
        unit: unit of `values`.
        values: strengths of the corruption, ascending; one of them leaves a digit as it is.
        accuracies: 0-1, one for each value.
        n: number of test digits that each accuracy is measured on.
        breakdown_points: values at which accuracy first falls below MIN_ACCURACY, ascending: at most one on either side
            of the value that leaves a digit as it is, or that value alone if accuracy is too low there already.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    accuracies: tuple[float, ...]
    n: int
    breakdown_points: tuple[float, ...]


MIN_ACCURACY = 0.95
"""Accuracy below which the network counts as broken: more than one digit in twenty is misread."""

_DIGITS = 2000  # at most; evenly spread over the test set, whose second half is the harder one
_DIRECTIONS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_BALL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def measure_robustness(predict: Predict, test: LabeledFrames) -> tuple[Robustness, ...]:
    """Measure accuracy under rotation, size, shift, pen width, noise, blur and contrast.

    Args:
        predict: (n, 28, 28) uint8 frames -> (n, 10) logits.
        test: digits; at most 2,000 of them, evenly spread, are corrupted.

    Returns:
        One curve for each kind of corruption.
    """
    digits = test[:: ceil(len(test) / _DIGITS)]
    return tuple(_measure(corruption, predict, digits) for corruption in _CORRUPTIONS)


def rotate(frame: Frame, degrees: float) -> Frame:
    """Rotate counterclockwise around the center of the frame."""
    center = (FRAME_SIDE - 1) / 2
    return np.asarray(cv2.warpAffine(frame, cv2.getRotationMatrix2D((center, center), degrees, 1), frame.shape))


def resize(frame: Frame, side: float) -> Frame:
    """Scale a frame so that ink of 20 px, the longest side of MNIST's digits, becomes `side` px; crop the overhang."""
    scaled = round(FRAME_SIDE * side / CORE_SIDE)
    area = cv2.INTER_AREA if scaled < FRAME_SIDE else cv2.INTER_LINEAR
    margin = max(FRAME_SIDE - scaled, 0)
    sized = np.pad(cv2.resize(frame, (scaled, scaled), interpolation=area), (margin // 2, margin - margin // 2))
    start = (len(sized) - FRAME_SIDE) // 2
    return sized[start : start + FRAME_SIDE, start : start + FRAME_SIDE].copy()


def shift(frame: Frame, right: int, down: int) -> Frame:
    """Move by whole pixels; crop the overhang."""
    return np.asarray(cv2.warpAffine(frame, np.array([[1.0, 0, right], [0, 1, down]]), frame.shape))


def change_pen_width(frame: Frame, by: float) -> Frame:
    """Widen strokes by `by` px, or narrow them if it is negative, by gray morphology at twice the scale."""
    ink = frame.repeat(2, axis=0).repeat(2, axis=1)
    change = cv2.dilate if by > 0 else cv2.erode
    whole = int(abs(by))
    ink = change(ink, _BALL, iterations=whole)
    part = abs(by) - whole
    ink = cv2.addWeighted(ink, 1 - part, change(ink, _BALL), part, 0)
    return np.asarray(cv2.resize(ink, frame.shape, interpolation=cv2.INTER_AREA))


def add_noise(frame: Frame, deviation: float, seed: int) -> Frame:
    """Add normal noise to every pixel; `deviation` is its standard deviation in gray levels."""
    noise = np.random.default_rng(seed).normal(0, deviation, frame.shape)
    return np.rint(frame + noise).clip(0, 255).astype(np.uint8)


def blur(frame: Frame, deviation: float) -> Frame:
    """Blur with a Gaussian; `deviation` is its standard deviation in px."""
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), deviation)) if deviation else frame.copy()


def reduce_contrast(frame: Frame, contrast: float) -> Frame:
    """Multiply the ink by `contrast`, 0-1."""
    return np.rint(frame * contrast).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Corruption:
    """One kind of corruption.

    Attributes:
        name: of the kind.
        unit: unit of `values`.
        uncorrupted: the value that leaves a digit as it is.
        values: strengths to measure, ascending.
        corrupt: (frame, index of the digit, value) -> corrupted copy of the frame.
    """

    name: str
    unit: str
    uncorrupted: float
    values: tuple[float, ...]
    corrupt: Callable[[Frame, int, float], Frame]


def _shift_by_index(frame: Frame, index: int, by: float) -> Frame:
    """Shift right, down, left or up: the index of the digit chooses the direction."""
    right, down = _DIRECTIONS[index % len(_DIRECTIONS)]
    return shift(frame, round(right * by), round(down * by))


_CORRUPTIONS = (
    _Corruption("rotation", "degrees", 0, tuple(range(-60, 61, 10)), lambda frame, _, by: rotate(frame, by)),
    _Corruption("size", "px, longest side", CORE_SIDE, tuple(range(6, 35, 2)), lambda frame, _, to: resize(frame, to)),
    _Corruption("shift", "px, in all four directions", 0, tuple(range(9)), _shift_by_index),
    _Corruption(
        "pen width",
        "px, wider or narrower",
        0,
        (-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 5),
        lambda frame, _, by: change_pen_width(frame, by),
    ),
    _Corruption(
        "noise",
        "gray levels, standard deviation",
        0,
        tuple(range(0, 51, 5)),
        lambda frame, index, by: add_noise(frame, by, seed=index),
    ),
    _Corruption(
        "blur", "px, standard deviation", 0, (0, *(i / 4 for i in range(2, 9))), lambda frame, _, by: blur(frame, by)
    ),
    _Corruption(
        "contrast",
        "of full contrast",
        1,
        (0.05, *(i / 10 for i in range(1, 11))),
        lambda frame, _, to: reduce_contrast(frame, to),
    ),
)


def _measure(corruption: _Corruption, predict: Predict, digits: LabeledFrames) -> Robustness:
    accuracies = []
    for value in corruption.values:
        frames = np.stack([corruption.corrupt(frame, i, value) for i, frame in enumerate(digits.frames)])
        accuracies.append(float((predict(frames).argmax(axis=1) == digits.labels).mean()))
    values = tuple(map(float, corruption.values))
    points = _breakdown_points(values, accuracies, corruption.uncorrupted)
    return Robustness(corruption.name, corruption.unit, values, tuple(accuracies), len(digits), points)


def _breakdown_points(values: tuple[float, ...], accuracies: list[float], uncorrupted: float) -> tuple[float, ...]:
    broken = [value for value, accuracy in zip(values, accuracies, strict=True) if accuracy < MIN_ACCURACY]
    if uncorrupted in broken:
        return (uncorrupted,)
    below = [value for value in broken if value < uncorrupted]
    above = [value for value in broken if value > uncorrupted]
    return (*below[-1:], *above[:1])
