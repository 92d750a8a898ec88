"""Held-out sets: they choose a run's epoch, calibrate the network and set its thresholds; no network trains on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.classifiers.registry import MODELS
from model.classifiers.report import Assessment, Calibration, DataSection, HeldOutMetrics
from model.data.mnist import LabeledFrames, Mnist
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
    confidence: NDArray[np.floating], correct: NDArray[np.bool_], non_digits: NDArray[np.floating]
) -> float:
    """Choose the least threshold, 0.5 or more, with MIN_SELECTIVE_ACCURACY or more and MAX_FALSE_ACCEPT_RATE or less.

    Args:
        confidence: (n,) of digits.
        correct: (n,) whether they are read correctly.
        non_digits: (m,) confidence in non-digits; may be empty.

    Returns:
        0.5-1. If no threshold is enough, 1.0, which only full certainty reaches.
    """
    return max(choose_line_threshold(confidence, correct), _above_non_digits(non_digits))


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


def _above_non_digits(non_digits: NDArray[np.floating]) -> float:
    """The least threshold that at most MAX_FALSE_ACCEPT_RATE of the non-digits reach."""
    refused = np.sort(non_digits)[: len(non_digits) - int(MAX_FALSE_ACCEPT_RATE * len(non_digits))]
    return float(np.nextafter(refused[-1], 1.0)) if len(refused) else 0.0


class HeldOutSets:
    """Held-out MNIST, clean and augmented, drawings of held-out writers, and non-digits."""

    def __init__(self, mnist: Mnist, strokes: PenStrokes) -> None:
        self._mnist, self._strokes = mnist, strokes
        sampler = TrainingSampler.augmented(mnist.held_out, strokes.held_out)
        rng = np.random.default_rng(0)  # the same for every run, so that runs can be compared
        clean = sampler.mnist
        augmented = np.stack([augment(frame, rng, FINE_TUNING_AUGMENTATION) for frame in clean.frames])
        self._sets = {"held_out": clean, "held_out_augmented": LabeledFrames(augmented, clean.labels)}
        if sampler.digits:
            self._sets["held_out_strokes"] = _framed(sampler.digits)
        random = [sampler.sample_non_digit(rng, FINE_TUNING_AUGMENTATION) for _ in range(len(clean))]
        self._non_digits = np.stack(random + [_frame(drawing) for drawing in sampler.non_digits])

    def score(self, network: keras.Model) -> HeldOutMetrics:
        """Measure the accuracy on each set of digits, 0-1, and the mean of their shares of errors."""
        accuracies = {
            name: float((_logits(network, digits.frames).argmax(axis=1) == digits.labels).mean())
            for name, digits in self._sets.items()
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
        sets = [digits for name, digits in self._sets.items() if name != "held_out"]
        frames, labels = (np.concatenate([getattr(digits, name) for digits in sets]) for name in ("frames", "labels"))
        temperature = fit_temperature(_logits(network, frames), labels)
        last = network.get_layer("logits")
        last.set_weights([weights / temperature for weights in last.get_weights()])
        probabilities = softmax(_logits(network, frames))
        confidence = probabilities.max(axis=1)
        non_digits = softmax(_logits(network, self._non_digits)).max(axis=1)
        correct = probabilities.argmax(axis=1) == labels
        threshold = choose_threshold(confidence, correct, non_digits)
        return {
            "temperature": temperature,
            "threshold": threshold,
            "line_threshold": choose_line_threshold(confidence, correct),
            "digits_accepted": float((confidence >= threshold).mean()),
            "non_digits_accepted": float((non_digits >= threshold).mean()),
            "auroc": auroc(confidence, non_digits),
        }

    def assess(self, name: str, network: keras.Model) -> Assessment:
        """Score a network on the held-out sets, calibrate it in place, and measure it on the test set."""
        scores = self.score(network)
        calibration = self.calibrate(network)
        test = self._mnist.test
        return {
            "model": name,
            "parameters": network.count_params(),
            "data": self._data(name),
            "calibration": calibration,
            "held_out": scores,
            "test": evaluate(_logits(network, test.frames), test.labels, calibration["threshold"]),
        }

    def _data(self, name: str) -> DataSection:
        mnist, drawn = self._mnist, "; digits, letters and signs drawn by this project"
        drawn += "; the stroke files named here" if self._strokes.files else ""
        digits = sum(drawing.label is not None for drawing in self._strokes.train)
        return {
            "name": f"MNIST{drawn if MODELS[name].learns_from_strokes else ''}",
            "sha256": mnist.sha256,
            "strokes_sha256": self._strokes.files,
            "trained_on": len(mnist.train),
            "held_out": len(mnist.held_out),
            "stroke_digits": digits,
            "stroke_non_digits": len(self._strokes.train) - digits,
            "strokes_held_out": len(self._strokes.held_out),
        }


def _framed(drawings: list[LabeledStrokes]) -> LabeledFrames:
    labels = np.array([drawing.label for drawing in drawings], np.uint8)
    return LabeledFrames(np.stack([_frame(drawing.strokes) for drawing in drawings]), labels)


def _frame(strokes: list[Stroke]) -> Frame:
    """Frame a drawing as the reader does."""
    return frame_of(ink_digit(strokes))


def _logits(network: keras.Model, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(network.predict(frames, batch_size=512, verbose=0))
