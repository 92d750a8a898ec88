"""What judges a trained network: held-out digits choose and calibrate it, the test set is used once, for the report."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from model.classifiers.registry import MODELS
from model.classifiers.report import Assessment, Calibration, DataSection, HeldOutMetrics
from model.data.mnist import LabeledFrames, Mnist
from model.data.pen_strokes import Drawing, PenStrokes
from model.evaluation.metrics import auroc, evaluate, log_loss
from model.reading import Frame, softmax
from model.training.augmentation import augment
from model.training.batches import TrainingSampler
from model.vision.framing import frame_of
from model.vision.strokes import ink_digit

MIN_SELECTIVE_ACCURACY = 0.995
"""The share of accepted digits that the shipped threshold is chosen to get right."""
MAX_FALSE_ACCEPT_RATE = 0.006
"""The share of newly drawn scribbles, letters and signs that it may accept; of unseen kinds, several times more are."""


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The temperature that calibrates logits best (Guo et al. 2017): softmax(logits / T) has the least log loss."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda log_t: log_loss(logits / np.exp(log_t), labels), bounds=(-2.5, 2.5))
    return float(np.exp(found.x))


def choose_threshold(confidence: NDArray[np.floating], right: NDArray[np.bool_], others: NDArray[np.floating]) -> float:
    """The least confidence, 0.5 or more, that keeps both promises, MIN_SELECTIVE_ACCURACY and MAX_FALSE_ACCEPT_RATE.

    Args:
        confidence: (n,) of digits.
        right: (n,) whether they are read right.
        others: (m,) confidence in what is no digit; may be empty.

    Returns:
        0.5-1. If no threshold gets there, 1.0, which only full certainty reaches.
    """
    return max(choose_line_threshold(confidence, right), _above_most(others))


def choose_line_threshold(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """The least confidence, 0.5 or more, that keeps the promise MIN_SELECTIVE_ACCURACY, for what is known to be a digit.

    Args:
        confidence: (n,) of digits.
        right: (n,) whether they are read right.

    Returns:
        0.5-1; 0.5 if a lower one keeps it. If none does, 1.0, which only full certainty reaches.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    is_last = np.diff(falling, append=-1.0) < 0  # of those with the same confidence, who are accepted together
    good = np.flatnonzero(is_last & (share_right >= MIN_SELECTIVE_ACCURACY))
    return max(float(falling[good[-1]]), 0.5) if len(good) else 1.0


def _above_most(others: NDArray[np.floating]) -> float:
    """The least threshold that at most MAX_FALSE_ACCEPT_RATE of them reach."""
    refused = np.sort(others)[: len(others) - int(MAX_FALSE_ACCEPT_RATE * len(others))]
    return float(np.nextafter(refused[-1], 1.0)) if len(refused) else 0.0


REFINING_AUGMENTATION = 0.4
"""How far the digits that judge are augmented, 0-1: closer to MNIST's own than in training, as far as hands go."""


class HeldOutSets:
    """Held-out digits as they are, augmented once as far as real hands go, and drawn; and what is no digit."""

    def __init__(self, mnist: Mnist, ink: PenStrokes) -> None:
        self._mnist, self._ink = mnist, ink
        lessons = TrainingSampler.of(mnist.held_out, ink.held_out)
        rng = np.random.default_rng(0)  # the same for every run, so that runs can be compared
        clean = lessons.mnist
        hands = np.stack([augment(frame, rng, REFINING_AUGMENTATION) for frame in clean.frames])
        self._sets = {"held_out": clean, "held_out_augmented": LabeledFrames(hands, clean.labels)}
        if lessons.digits:
            self._sets["held_out_strokes"] = _as_samples(lessons.digits)
        made = [lessons.draw_other(rng, REFINING_AUGMENTATION) for _ in range(len(clean))]
        self._not_digits = np.stack(made + [_frame(other) for other in lessons.others])

    def measure(self, network: keras.Model) -> HeldOutMetrics:
        """Accuracy on each set of held-out digits, and the mean share of errors."""
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
        """Fold the best temperature into the network's last layer, and choose the thresholds for what is accepted."""
        hands = [digits for name, digits in self._sets.items() if name != "held_out"]
        frames, labels = (np.concatenate([getattr(digits, name) for digits in hands]) for name in ("frames", "labels"))
        temperature = fit_temperature(_logits(network, frames), labels)
        last = network.get_layer("logits")
        last.set_weights([weights / temperature for weights in last.get_weights()])
        probabilities = softmax(_logits(network, frames))
        confidence = probabilities.max(axis=1)
        others = softmax(_logits(network, self._not_digits)).max(axis=1)
        right = probabilities.argmax(axis=1) == labels
        threshold = choose_threshold(confidence, right, others)
        return {
            "temperature": temperature,
            "threshold": threshold,
            "line_threshold": choose_line_threshold(confidence, right),
            "digits_accepted": float((confidence >= threshold).mean()),
            "non_digits_accepted": float((others >= threshold).mean()),
            "auroc": auroc(confidence, others),
        }

    def assess(self, name: str, network: keras.Model) -> Assessment:
        """Measure a network on the held-out sets, calibrate it in place, and measure it on the test set."""
        measured = self.measure(network)
        calibration = self.calibrate(network)
        test = self._mnist.test
        return {
            "model": name,
            "parameters": network.count_params(),
            "data": self._data(name),
            "calibration": calibration,
            "held_out": measured,
            "test": evaluate(_logits(network, test.frames), test.labels, calibration["threshold"]),
        }

    def _data(self, name: str) -> DataSection:
        mnist, drawn = self._mnist, "; digits, letters and signs drawn by this project"
        drawn += "; the ink files named here" if self._ink.files else ""
        digits = sum(drawing.label is not None for drawing in self._ink.train)
        return {
            "name": f"MNIST{drawn if MODELS[name].learns_from_strokes else ''}",
            "sha256": mnist.sha256,
            "strokes_sha256": self._ink.files,
            "trained_on": len(mnist.train),
            "held_out": len(mnist.held_out),
            "stroke_digits": digits,
            "stroke_non_digits": len(self._ink.train) - digits,
            "strokes_held_out": len(self._ink.held_out),
        }


def _as_samples(drawings: list[Drawing]) -> LabeledFrames:
    labels = np.array([drawing.label for drawing in drawings], np.uint8)
    return LabeledFrames(np.stack([_frame(drawing) for drawing in drawings]), labels)


def _frame(drawing: Drawing) -> Frame:
    """The frame that the reader makes of a drawing."""
    return frame_of(ink_digit(drawing.strokes))


def _logits(network: keras.Model, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(network.predict(frames, batch_size=512, verbose=0))
