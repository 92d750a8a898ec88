"""What the network is shown in training: digits by many hands, and what is no digit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.mnist import LabeledFrames
from model.data.pen_strokes import Drawing
from model.data.stroke_templates import DIGIT_TEMPLATES, sample_strokes
from model.reading import Frame
from model.training.augmentation import augment, augment_strokes, sample_non_digit

NOT_DIGITS = 4
"""One frame that is no digit, to so many that are."""

_ALLOGRAPHS = 6  # one allograph, to so many digits of MNIST
_VIEWS = 2  # of every drawn digit in an epoch
_LABEL_SMOOTHING = 0.02

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]
"""(n, 28, 28) frames and (n, 10) targets."""


@dataclass(frozen=True, eq=False, slots=True)
class TrainingSampler:
    """All that an epoch shows: MNIST's digits, our own allographs, and drawings from ink files.

    Attributes:
        mnist: frames.
        digits: drawings of digits; may be empty.
        others: drawings of other characters; may be empty.
        is_plain: MNIST's digits are shown as they are, and nothing else.
    """

    mnist: LabeledFrames
    digits: list[Drawing]
    others: list[Drawing]
    is_plain: bool = False

    @classmethod
    def of(cls, mnist: LabeledFrames, drawings: list[Drawing]) -> TrainingSampler:
        """Sort the drawings."""
        digits = [drawing for drawing in drawings if drawing.label is not None]
        return cls(mnist, digits, [drawing for drawing in drawings if drawing.label is None])

    @classmethod
    def plain(cls, mnist: LabeledFrames) -> TrainingSampler:
        """MNIST's digits as they are."""
        return cls(mnist, [], [], is_plain=True)

    def __len__(self) -> int:
        """Digits in an epoch."""
        return len(self.mnist) + self._allographs + _VIEWS * len(self.digits)

    def batches(self, seed: int, epoch: int, size: int, augmentation: float) -> Iterator[Batch]:
        """Endless batches from the given epoch on; seed and epoch alone decide what they hold.

        Args:
            seed: of the run.
            epoch: the first one.
            size: digits in a batch, to which a share that is no digit is added.
            augmentation: how far it goes at most, 0-1.
        """
        while True:
            rng = np.random.default_rng((seed, epoch))
            order = rng.permutation(len(self))
            for start in range(0, len(order), size):
                yield self._batch(order[start : start + size], rng, augmentation)
            epoch += 1

    def draw_other(self, rng: Generator, augmentation: float) -> Frame:
        """Frame of something that is no digit."""
        return sample_non_digit(self.mnist.frames, self.others, rng, augmentation)

    @property
    def _allographs(self) -> int:
        return 0 if self.is_plain else ceil(len(self.mnist) / _ALLOGRAPHS)

    def _batch(self, indices: NDArray[np.intp], rng: Generator, augmentation: float) -> Batch:
        """Digits with smoothed targets, and frames that are no digits with even ones.

        Even targets teach the network not to know (entropic open-set loss, Dhamija, Günther and Boult 2018).
        """
        if self.is_plain:
            return self.mnist.frames[indices], np.eye(10, dtype=np.float32)[self.mnist.labels[indices]]
        digits = [self._digit(int(index), rng, augmentation) for index in indices]
        others = [self.draw_other(rng, augmentation) for _ in range(ceil(len(digits) / NOT_DIGITS))]
        targets = np.full((len(digits) + len(others), 10), 0.1, np.float32)
        labels = [label for _, label in digits]
        targets[: len(digits)] = _LABEL_SMOOTHING / 10 + (1 - _LABEL_SMOOTHING) * np.eye(10)[labels]
        return np.stack([frame for frame, _ in digits] + others), targets

    def _digit(self, index: int, rng: Generator, augmentation: float) -> tuple[Frame, int]:
        if index < len(self.mnist):
            return augment(self.mnist.frames[index], rng, augmentation), int(self.mnist.labels[index])
        index -= len(self.mnist)
        if index < self._allographs:
            return augment_strokes(sample_strokes(DIGIT_TEMPLATES[index % 10], rng), rng, augmentation), index % 10
        drawing = self.digits[(index - self._allographs) % len(self.digits)]
        assert drawing.label is not None, "only digits are kept here"
        return augment_strokes(drawing.strokes, rng, augmentation), drawing.label
