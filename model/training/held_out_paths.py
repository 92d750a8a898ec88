"""Held-out sets of the stroke network, and the calibration of the pair that it reads drawings with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifiers.registry import SHIPPED, weights_folder
from model.classifiers.report import Assessment, Pair, load_report
from model.classifiers.runtime import load_classifier
from model.data.mnist import Mnist
from model.data.pen_strokes import Drawing, PenStrokes
from model.data.stroke_templates import DIGIT_TEMPLATES, sample_strokes
from model.reading import softmax
from model.training.held_out import (
    FINE_TUNING_AUGMENTATION,
    HeldOutSets,
    Labeled,
    choose_thresholds,
    data_section,
    logits_of,
)
from model.training.path_augmentation import DensePaths, augment_paths
from model.training.path_batches import PathSampler, drawn_paths
from model.vision.framing import frame_of
from model.vision.strokes import ink_digit

if TYPE_CHECKING:
    import keras

_DRAWN = 500  # digits from templates, held out, and as many to test on where there are no files of strokes
_RANDOM_NON_DIGITS = 1000  # where there are no files of non-digits
_MAX_FALSE_ACCEPT_RATE = 0.02  # of the non-digits by held-out writers, which are drawn to be read, unlike random ones
_VIEWS = 2  # of each held-out digit, augmented differently
_NON_DIGITS_WEIGHT = 0.05  # of the non-digits' loss in fitting the pair
_MAX_LOSS = 6.0  # nats that a digit costs at most in fitting the pair: about 1 % of the labels are wrong


class LabeledPaths(NamedTuple):
    """Drawn digits, and their (n,) labels 0-9."""

    paths: DensePaths
    labels: NDArray[np.intp]


@dataclass(frozen=True, eq=False)  # slots would break super() (Python 3.11)
class HeldOutPaths(HeldOutSets):
    """Drawings of held-out writers, as they are and augmented; every second writer is for the test.

    Attributes:
        digits: what `held_out_augmented` was made from.
        others: what `non_digits` were made from.
    """

    digits: LabeledPaths
    others: DensePaths

    @classmethod
    def of_paths(cls, mnist: Mnist, strokes: PenStrokes, name: str, sampler: PathSampler) -> HeldOutPaths:
        """Take the drawings of held-out writers, or digits from templates where there are none.

        Args:
            mnist: only for the report.
            strokes: with the held-out drawings.
            name: of the model.
            sampler: makes non-digits where there are none of held-out writers.
        """
        rng = np.random.default_rng(1)  # the same for every run; not that of the templates trained on
        chosen, tested = _by_writer(strokes.held_out)
        clean, test = (_digits(drawings, rng) for drawings in (chosen, tested))
        views = clean.paths[np.tile(np.arange(len(clean.labels)), _VIEWS)]
        digits = LabeledPaths(augment_paths(views, rng, FINE_TUNING_AUGMENTATION), np.tile(clean.labels, _VIEWS))
        others = DensePaths.of([drawing.strokes for drawing in chosen if drawing.label is None])
        if not len(others):
            others = augment_paths(sampler.non_digits.sample(_RANDOM_NON_DIGITS, rng), rng, FINE_TUNING_AUGMENTATION)
        sets = {
            "held_out": Labeled(clean.paths.features(), clean.labels),
            "held_out_augmented": Labeled(digits.paths.features(), digits.labels),
        }
        tests = Labeled(test.paths.features(), test.labels)
        return cls(sets, others.features(), tests, data_section(mnist, strokes, name), digits, others)

    def assess(self, name: str, network: keras.Model) -> Assessment:
        """Assess the network as others are, and fit the pair with the shipped one."""
        assessment = super().assess(name, network)
        folder = weights_folder(SHIPPED)
        frame_logits = load_classifier(folder).predict(_frames(self.digits.paths + self.others))
        path_logits = logits_of(network, (self.digits.paths + self.others).features())
        pair = fit_pair(frame_logits, path_logits, self.digits.labels)
        return {**assessment, "pair": {**pair, "weights_sha256": load_report(folder)["weights_sha256"]}}


def fit_pair(
    frame_logits: NDArray[np.floating], path_logits: NDArray[np.floating], labels: NDArray[np.integer]
) -> Pair:
    """Fit the weights of two networks' logits by the log loss, and choose the thresholds of their sum.

    Args:
        frame_logits: (n + m, 10) of n digits and m non-digits.
        path_logits: (n + m, 10) of the same.
        labels: (n,) 0-9; non-digits are to have the same probability for all digits.
    """
    from scipy.optimize import minimize

    n = len(labels)

    def loss(log_weights: NDArray[np.float64]) -> float:
        frame_weight, path_weight = np.exp(log_weights)
        logs = np.log(softmax(frame_weight * frame_logits + path_weight * path_logits).clip(1e-12))
        digits = -logs[np.arange(n), labels].clip(-_MAX_LOSS)
        return float(digits.mean() - _NON_DIGITS_WEIGHT * logs[n:].mean())

    frame_weight, path_weight = np.exp(minimize(loss, np.log([0.5, 0.5]), method="Nelder-Mead").x)
    probabilities = softmax(frame_weight * frame_logits + path_weight * path_logits)
    thresholds = choose_thresholds(probabilities[:n], labels, probabilities[n:], _MAX_FALSE_ACCEPT_RATE)
    return {"frame_weight": float(frame_weight), "path_weight": float(path_weight), **thresholds}


def _by_writer(drawings: list[Drawing]) -> tuple[list[Drawing], list[Drawing]]:
    """Part drawings by writer: every second one's are the second part."""
    second = set(sorted({drawing.writer for drawing in drawings})[1::2])
    chosen = [drawing for drawing in drawings if drawing.writer not in second]
    return chosen, [drawing for drawing in drawings if drawing.writer in second]


def _digits(drawings: list[Drawing], rng: np.random.Generator) -> LabeledPaths:
    """Take the digits of drawings, or, if there are none, draw some from templates."""
    if any(drawing.label is not None for drawing in drawings):
        return LabeledPaths(*drawn_paths(drawings))
    labels = np.arange(_DRAWN) % 10
    return LabeledPaths(DensePaths.of([sample_strokes(DIGIT_TEMPLATES[int(label)], rng) for label in labels]), labels)


def _frames(paths: DensePaths) -> NDArray[np.uint8]:
    """Frame drawings as the reader does."""
    return np.stack([frame_of(ink_digit(paths.strokes(i))) for i in range(len(paths))])
