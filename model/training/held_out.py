"""Held-out sets: they choose a run's epoch, calibrate the network and set its thresholds; no network trains on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifiers.registry import MODELS, Input
from model.classifiers.report import Assessment, Calibration, DataSection, HeldOutMetrics, Thresholds
from model.data.mnist import Mnist
from model.data.pen_strokes import PenStrokes
from model.evaluation.metrics import auroc, evaluate, log_loss
from model.reading import Frame, Stroke, softmax
from model.training.augmentation import augment
from model.training.batches import LabeledStrokes, TrainingSampler
from model.vision.framing import frame_of
from model.vision.strokes import ink_digit

if TYPE_CHECKING:
    import keras

MIN_SELECTIVE_ACCURACY = 0.995
"""The threshold is chosen so that at least this share of the accepted held-out digits is read correctly."""
MAX_FALSE_ACCEPT_RATE = 0.006
"""The threshold is chosen so that at most this share of the non-digits is accepted; of unseen kinds several times more
are."""

FINE_TUNING_AUGMENTATION = 0.4
"""Strength of the augmentation of held-out digits and of the last phase of training, 0-1: that of real writers."""


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Fit the temperature T for which softmax(logits / T) has the least log loss (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda log_t: log_loss(logits / np.exp(log_t), labels), bounds=(-2.5, 2.5))
    return float(np.exp(found.x))


def choose_threshold(
    confidence: NDArray[np.floating],
    correct: NDArray[np.bool_],
    non_digits: NDArray[np.floating],
    max_false_accept_rate: float = MAX_FALSE_ACCEPT_RATE,
) -> float:
    """Choose the least threshold, 0.5 or more, with MIN_SELECTIVE_ACCURACY or more and no more non-digits than given.

    Args:
        confidence: (n,) of digits.
        correct: (n,) whether they are read correctly.
        non_digits: (m,) confidence in non-digits; may be empty.
        max_false_accept_rate: share of the non-digits that may be accepted at most, 0-1.

    Returns:
        0.5-1. If no threshold is enough, 1.0, which only full certainty reaches.
    """
    return max(choose_line_threshold(confidence, correct), _above(non_digits, max_false_accept_rate))


def choose_line_threshold(confidence: NDArray[np.floating], correct: NDArray[np.bool_]) -> float:
    """Choose the least threshold, 0.5 or more, with MIN_SELECTIVE_ACCURACY or more, for glyphs known to be digits.

    Args:
        confidence: (n,) of digits.
        correct: (n,) whether they are read correctly.

    Returns:
        0.5-1; 0.5 if a lower one is enough. If none is, 1.0, which only full certainty reaches.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    selective_accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    is_last = np.diff(falling, append=-1.0) < 0  # of equal confidences, which a threshold accepts together
    good = np.flatnonzero(is_last & (selective_accuracy >= MIN_SELECTIVE_ACCURACY))
    return max(float(falling[good[-1]]), 0.5) if len(good) else 1.0


def _above(non_digits: NDArray[np.floating], rate: float) -> float:
    """The least threshold that at most this share of the non-digits reaches."""
    refused = np.sort(non_digits)[: len(non_digits) - int(rate * len(non_digits))]
    return float(np.nextafter(refused[-1], 1.0)) if len(refused) else 0.0


class Labeled(NamedTuple):
    """Digits as a network sees them, and their (n,) labels 0-9."""

    inputs: NDArray[Any]
    labels: NDArray[np.integer]


@dataclass(frozen=True, eq=False, slots=True)
class HeldOutSets:
    """Digits and non-digits that no network trains on, and the test set.

    Attributes:
        sets: digits to choose the epoch with, by name: `held_out` as they are, `held_out_augmented`, and perhaps
            `held_out_strokes`, drawings of held-out writers. All but the first calibrate as well.
        non_digits: as the network sees them.
        test: digits that decide nothing.
        data: the report's section on the data.
    """

    sets: dict[str, Labeled]
    non_digits: NDArray[Any]
    test: Labeled
    data: DataSection

    @classmethod
    def of_frames(cls, mnist: Mnist, strokes: PenStrokes, name: str) -> HeldOutSets:
        """Take held-out MNIST, clean and augmented, drawings of held-out writers, and non-digits; test on MNIST."""
        sampler = TrainingSampler.augmented(mnist.held_out, strokes.held_out)
        rng = np.random.default_rng(0)  # the same for every run, so that runs can be compared
        clean = sampler.mnist
        augmented = np.stack([augment(frame, rng, FINE_TUNING_AUGMENTATION) for frame in clean.frames])
        sets = {
            "held_out": Labeled(clean.frames, clean.labels),
            "held_out_augmented": Labeled(augmented, clean.labels),
        }
        if sampler.digits:
            sets["held_out_strokes"] = _framed(sampler.digits)
        random = [sampler.sample_non_digit(rng, FINE_TUNING_AUGMENTATION) for _ in range(len(clean))]
        non_digits = np.stack(random + [_frame(drawing) for drawing in sampler.non_digits])
        test = Labeled(mnist.test.frames, mnist.test.labels)
        return cls(sets, non_digits, test, data_section(mnist, strokes, name))

    def score(self, network: keras.Model) -> HeldOutMetrics:
        """Measure the accuracy on each set of digits, 0-1, and the mean of their shares of errors."""
        accuracies = {
            name: float((logits_of(network, digits.inputs).argmax(axis=1) == digits.labels).mean())
            for name, digits in self.sets.items()
        }
        metrics: HeldOutMetrics = {
            "held_out_accuracy": accuracies["held_out"],
            "held_out_augmented_accuracy": accuracies["held_out_augmented"],
            "held_out_errors": 1 - sum(accuracies.values()) / len(accuracies),
        }
        if "held_out_strokes" in accuracies:
            metrics["held_out_strokes_accuracy"] = accuracies["held_out_strokes"]
        return metrics

    def calibrate(self, network: keras.Model) -> Calibration:
        """Fold the best temperature into the network's last layer, and choose the thresholds.

        Returns:
            The temperature, both thresholds, and what they accept of the held-out digits and non-digits.
        """
        sets = [digits for name, digits in self.sets.items() if name != "held_out"]
        inputs, labels = (np.concatenate([getattr(digits, name) for digits in sets]) for name in Labeled._fields)
        temperature = fit_temperature(logits_of(network, inputs), labels)
        last = network.get_layer("logits")
        last.set_weights([weights / temperature for weights in last.get_weights()])
        probabilities, non_digits = (softmax(logits_of(network, some)) for some in (inputs, self.non_digits))
        return {"temperature": temperature, **choose_thresholds(probabilities, labels, non_digits)}

    def assess(self, name: str, network: keras.Model) -> Assessment:
        """Score a network on the held-out sets, calibrate it in place, and measure it on the test set."""
        scores = self.score(network)
        calibration = self.calibrate(network)
        return {
            "model": name,
            "parameters": network.count_params(),
            "data": self.data,
            "calibration": calibration,
            "held_out": scores,
            "test": evaluate(logits_of(network, self.test.inputs), self.test.labels, calibration["threshold"]),
        }


def choose_thresholds(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    non_digits: NDArray[np.floating],
    max_false_accept_rate: float = MAX_FALSE_ACCEPT_RATE,
) -> Thresholds:
    """Choose both thresholds, and measure what they accept.

    Args:
        probabilities: (n, 10) of held-out digits.
        labels: (n,) 0-9.
        non_digits: (m, 10) probabilities of non-digits.
        max_false_accept_rate: share of the non-digits that may be accepted at most, 0-1.
    """
    confidence, others = probabilities.max(axis=1), non_digits.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    threshold = choose_threshold(confidence, correct, others, max_false_accept_rate)
    return {
        "threshold": threshold,
        "line_threshold": choose_line_threshold(confidence, correct),
        "digits_accepted": float((confidence >= threshold).mean()),
        "non_digits_accepted": float((others >= threshold).mean()),
        "auroc": auroc(confidence, others),
    }


def data_section(mnist: Mnist, strokes: PenStrokes, name: str) -> DataSection:
    """Describe the data that a model was trained on."""
    spec = MODELS[name]
    on_mnist = spec.input is Input.FRAME
    sources = ["MNIST"] if on_mnist else []
    if spec.learns_from_strokes:
        sources += ["digits, letters and signs drawn by this project"]
        sources += ["the stroke files named here"] if strokes.files else []
    digits = sum(drawing.label is not None for drawing in strokes.train)
    return {
        "name": "; ".join(sources),
        "sha256": mnist.sha256,
        "strokes_sha256": strokes.files,
        "trained_on": len(mnist.train) if on_mnist else 0,
        "held_out": len(mnist.held_out) if on_mnist else 0,
        "stroke_digits": digits,
        "stroke_non_digits": len(strokes.train) - digits,
        "strokes_held_out": len(strokes.held_out),
    }


def _framed(drawings: list[LabeledStrokes]) -> Labeled:
    labels = np.array([drawing.label for drawing in drawings], np.uint8)
    return Labeled(np.stack([_frame(drawing.strokes) for drawing in drawings]), labels)


def _frame(strokes: list[Stroke]) -> Frame:
    """Frame a drawing as the reader does."""
    return frame_of(ink_digit(strokes))


def logits_of(network: keras.Model, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Compute (n, 10) logits in batches."""
    return np.asarray(network.predict(inputs, batch_size=512, verbose=0))
