"""Batches of training frames: augmented digits of MNIST, of stroke templates and of pen strokes, and non-digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.mnist import LabeledFrames
from model.data.pen_strokes import Drawing
from model.data.stroke_templates import DIGIT_TEMPLATES, sample_strokes
from model.reading import Frame, Stroke
from model.training.augmentation import augment, augment_strokes, sample_non_digit

DIGITS_PER_NON_DIGIT = 4
"""For every four digits of a batch one non-digit is added."""

_MNIST_PER_TEMPLATE = 6  # digits of MNIST in an epoch for each digit written from a stroke template
_VIEWS = 2  # times that each drawn digit is shown in an epoch, augmented differently
_LABEL_SMOOTHING = 0.02

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""(n, 28, 28) frames, 0 paper … 255 ink, and (n, 10) target probabilities."""


class LabeledStrokes(NamedTuple):
    """A drawn digit: (n, 2) paths, y down, in any scale, and its label 0-9."""

    strokes: list[Stroke]
    label: int


@dataclass(frozen=True, eq=False, slots=True)
class TrainingSampler:
    """All that an epoch shows: MNIST's digits, digits written from stroke templates, drawn digits, and non-digits.

    Attributes:
        mnist: digits as frames.
        digits: digits as pen strokes; may be empty.
        non_digits: pen strokes of other characters; may be empty.
        is_plain: MNIST's digits are shown as they are, and nothing else.
    """

    mnist: LabeledFrames
    digits: list[LabeledStrokes]
    non_digits: list[list[Stroke]]
    is_plain: bool = False

    @classmethod
    def augmented(cls, mnist: LabeledFrames, drawings: list[Drawing]) -> TrainingSampler:
        """Sample augmented digits of MNIST and of drawings, and non-digits."""
        digits = [LabeledStrokes(drawing.strokes, drawing.label) for drawing in drawings if drawing.label is not None]
        return cls(mnist, digits, [drawing.strokes for drawing in drawings if drawing.label is None])

    @classmethod
    def plain(cls, mnist: LabeledFrames) -> TrainingSampler:
        """Sample MNIST's digits as they are."""
        return cls(mnist, [], [], is_plain=True)

    def __len__(self) -> int:
        """Digits in an epoch; non-digits are not counted."""
        return len(self.mnist) + self._template_digits + _VIEWS * len(self.digits)

    def batches(self, seed: int, epoch: int, size: int, augmentation: float) -> Iterator[Batch]:
        """Yield batches without end; seed and epoch alone decide what they hold.

        Args:
            seed: of the run.
            epoch: the first one, from 0.
            size: digits in a batch; non-digits are added to them.
            augmentation: how strongly frames are changed at most, 0-1.
        """
        for indices, rng in shuffled(len(self), seed, epoch, size):
            yield self._batch(indices, rng, augmentation)

    def sample_non_digit(self, rng: Generator, augmentation: float) -> Frame:
        """Make the frame of a random non-digit."""
        return sample_non_digit(self.mnist.frames, self.non_digits, rng, augmentation)

    @property
    def _template_digits(self) -> int:
        return 0 if self.is_plain else ceil(len(self.mnist) / _MNIST_PER_TEMPLATE)

    def _batch(self, indices: NDArray[np.intp], rng: Generator, augmentation: float) -> Batch:
        """Digits, then non-digits, with their targets."""
        if self.is_plain:
            return self.mnist.frames[indices], np.eye(10, dtype=np.float32)[self.mnist.labels[indices]]
        digits = [self._digit(int(index), rng, augmentation) for index in indices]
        non_digits = [self.sample_non_digit(rng, augmentation) for _ in range(ceil(len(digits) / DIGITS_PER_NON_DIGIT))]
        targets = open_set_targets([label for _, label in digits], len(non_digits))
        return np.stack([frame for frame, _ in digits] + non_digits), targets

    def _digit(self, index: int, rng: Generator, augmentation: float) -> tuple[Frame, int]:
        """Frame and label of a digit of the epoch: first MNIST's, then the templates', then the drawn ones."""
        if index < len(self.mnist):
            return augment(self.mnist.frames[index], rng, augmentation), int(self.mnist.labels[index])
        index -= len(self.mnist)
        if index < self._template_digits:
            return augment_strokes(sample_strokes(DIGIT_TEMPLATES[index % 10], rng), rng, augmentation), index % 10
        strokes, label = self.digits[(index - self._template_digits) % len(self.digits)]
        return augment_strokes(strokes, rng, augmentation), label


def shuffled(count: int, seed: int, epoch: int, size: int) -> Iterator[tuple[NDArray[np.intp], Generator]]:
    """Yield the indices of each batch without end, shuffled for every epoch, and the epoch's random numbers.

    Args:
        count: digits in an epoch.
        seed: of the run; it and the epoch alone decide the order.
        epoch: the first one, from 0.
        size: digits in a batch; the last one of an epoch may be smaller.
    """
    while True:
        rng = np.random.default_rng((seed, epoch))
        order = rng.permutation(count)
        for start in range(0, count, size):
            yield order[start : start + size], rng
        epoch += 1


def open_set_targets(labels: Sequence[int] | NDArray[np.integer], non_digits: int) -> NDArray[np.float32]:
    """Return smoothed targets for digits, then the same target for all ten digits for non-digits.

    Uniform targets make the network unsure of non-digits (entropic open-set loss, Dhamija, Günther and Boult 2018).

    Args:
        labels: (n,) 0-9, of the digits.
        non_digits: how many come after them.

    Returns:
        (n + non_digits, 10) float32, each row sums to 1.
    """
    targets = np.full((len(labels) + non_digits, 10), 0.1, np.float32)
    targets[: len(labels)] = _LABEL_SMOOTHING / 10 + (1 - _LABEL_SMOOTHING) * np.eye(10)[labels]
    return targets
