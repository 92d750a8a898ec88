"""Batches for the stroke network: augmented paths of drawn digits, of digits from stroke templates, and non-digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pen_strokes import Drawing
from model.data.stroke_templates import DIGIT_TEMPLATES, NON_DIGIT_TEMPLATES, sample_strokes
from model.training.batches import open_set_targets, shuffled
from model.training.path_augmentation import DensePaths, NonDigits, augment_paths
from model.vision.strokes import side_by_side

DIGITS_PER_NON_DIGIT = 3
"""For every three digits of a batch one non-digit is added."""

_TEMPLATE_DIGITS, _TEMPLATE_NON_DIGITS = 6_000, 3_000  # drawn once for a run
_VIEWS = 2  # times that each drawn digit is shown in an epoch, augmented differently
_CLOSED = (0, 6, 8)
_SEED = 0  # of what is drawn from templates: the same for every run

PathBatch = tuple[NDArray[np.float32], NDArray[np.float32]]
"""(n, 64, 8) paths, and (n, 10) target probabilities."""


@dataclass(frozen=True, eq=False, slots=True)
class PathSampler:
    """All that an epoch shows: drawn digits, digits from stroke templates, and non-digits.

    Attributes:
        digits: paths, of which the drawn ones come first, each as often as it is shown.
        labels: (n,) 0-9.
        non_digits: makes what is added to the digits.
    """

    digits: DensePaths
    labels: NDArray[np.intp]
    non_digits: NonDigits
    is_plain = False

    @classmethod
    def augmented(cls, drawings: list[Drawing]) -> PathSampler:
        """Sample augmented digits of drawings and of templates, and non-digits."""
        rng = np.random.default_rng(_SEED)
        digits, labels = drawn_paths(drawings)
        written = np.arange(_TEMPLATE_DIGITS) % 10
        templates = DensePaths.of([sample_strokes(DIGIT_TEMPLATES[int(label)], rng) for label in written])
        signs = DensePaths.of([sample_strokes(NON_DIGIT_TEMPLATES, rng) for _ in range(_TEMPLATE_NON_DIGITS)])
        others = DensePaths.of([drawing.strokes for drawing in drawings if drawing.label is None])
        shown = [digits] * _VIEWS
        every, labels = sum(shown, templates), np.concatenate([written, *[labels] * _VIEWS])
        return cls(every, labels, NonDigits(every, labels, others, signs))

    def __len__(self) -> int:
        """Digits in an epoch; non-digits are not counted."""
        return len(self.digits)

    def batches(self, seed: int, epoch: int, size: int, augmentation: float) -> Iterator[PathBatch]:
        """Yield batches without end; seed and epoch alone decide what they hold.

        Args:
            seed: of the run.
            epoch: the first one, from 0.
            size: digits in a batch; non-digits are added to them.
            augmentation: how strongly paths are changed at most, 0-1.
        """
        for indices, rng in shuffled(len(self), seed, epoch, size):
            yield self._batch(indices, rng, augmentation)

    def _batch(self, indices: NDArray[np.intp], rng: Generator, augmentation: float) -> PathBatch:
        """Digits, then non-digits, with their targets."""
        others = self.non_digits.sample(-(-len(indices) // DIGITS_PER_NON_DIGIT), rng)
        paths = augment_paths(self.digits[indices] + others, rng, augmentation)
        return paths.features(), open_set_targets(self.labels[indices], len(others))


def drawn_paths(drawings: list[Drawing]) -> tuple[DensePaths, NDArray[np.intp]]:
    """Return the paths of the digits among drawings, and their labels.

    A 0, 6 or 8 whose strokes lie side by side is left out: tablets' files hold a few of «00» under the label 0.
    """
    one = [each for each in drawings if not (each.label in _CLOSED and len(side_by_side(each.strokes)) > 1)]
    digits = [(drawing.strokes, drawing.label) for drawing in one if drawing.label is not None]
    return DensePaths.of([strokes for strokes, _ in digits]), np.array([label for _, label in digits], np.intp)
