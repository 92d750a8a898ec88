"""What judges a trained network: held-out digits choose and calibrate it, the test set is used once, for the report."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.artifacts import Report, hardware
from model.augmentation import augment
from model.batches import Lessons
from model.dataset import Drawing, Ink, Mnist, Samples
from model.evaluation import auroc, choose_line_threshold, choose_threshold, evaluate, fit_temperature
from model.framing import frame_of
from model.reading import Frame, softmax
from model.registry import MODELS
from model.strokes import ink_digit

REFINING_AUGMENTATION = 0.4
"""How far the digits that judge are augmented, 0-1: closer to MNIST's own than in training, as far as hands go."""

_PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "scikit-learn")


class Judge:
    """Held-out digits as they are, augmented once as far as real hands go, and drawn; and what is no digit."""

    def __init__(self, mnist: Mnist, ink: Ink) -> None:
        self._mnist, self._ink = mnist, ink
        lessons = Lessons.of(mnist.held_out, ink.held_out)
        rng = np.random.default_rng(0)  # the same for every run, so that runs can be compared
        clean = lessons.mnist
        hands = np.stack([augment(frame, rng, REFINING_AUGMENTATION) for frame in clean.frames])
        self._sets = {"held_out": clean, "held_out_augmented": Samples(hands, clean.labels)}
        if lessons.digits:
            self._sets["held_out_ink"] = _as_samples(lessons.digits)
        made = [lessons.draw_other(rng, REFINING_AUGMENTATION) for _ in range(len(clean))]
        self._not_digits = np.stack(made + [_frame(other) for other in lessons.others])

    def measure(self, network: keras.Model) -> dict[str, float]:
        """Accuracy on each set of held-out digits, and the mean share of errors."""
        accuracies = {
            f"{name}_accuracy": float((_logits(network, digits.frames).argmax(axis=1) == digits.labels).mean())
            for name, digits in self._sets.items()
        }
        return accuracies | {"held_out_errors": 1 - sum(accuracies.values()) / len(accuracies)}

    def calibrate(self, network: keras.Model) -> dict[str, float]:
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
            "not_digits_accepted": float((others >= threshold).mean()),
            "auroc": auroc(confidence, others),
        }

    def report(
        self, name: str, network: keras.Model, settings: dict[str, Any], history: list[dict[str, float]]
    ) -> Report:
        """Calibrate the network, and write down what it is and how it does."""
        measured = self.measure(network)
        calibration = self.calibrate(network)
        test = self._mnist.test
        return {
            "model": name,
            "parameters": network.count_params(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "data": self._data(name),
            "settings": settings,
            "seconds": round(sum(row["seconds"] for row in history)),
            "hardware": hardware(),
            "versions": {package: version(package) for package in _PACKAGES} | {"python": platform.python_version()},
            "calibration": calibration,
            "held_out": measured,
            "test": evaluate(_logits(network, test.frames), test.labels, calibration["threshold"]),
            "curve": history,
        }

    def _data(self, name: str) -> dict[str, Any]:
        mnist, drawn = self._mnist, "; digits, letters and signs drawn by this project"
        drawn += "; the ink files named here" if self._ink.files else ""
        digits = sum(drawing.label is not None for drawing in self._ink.train)
        return {
            "name": f"MNIST{drawn if MODELS[name].hands else ''}",
            "sha256": mnist.sha256,
            "ink_sha256": self._ink.files,
            "trained_on": len(mnist.train),
            "held_out": len(mnist.held_out),
            "ink_digits": digits,
            "ink_others": len(self._ink.train) - digits,
            "ink_held_out": len(self._ink.held_out),
        }


def _as_samples(drawings: list[Drawing]) -> Samples:
    labels = np.array([drawing.label for drawing in drawings], np.uint8)
    return Samples(np.stack([_frame(drawing) for drawing in drawings]), labels)


def _frame(drawing: Drawing) -> Frame:
    """The frame that the reader makes of a drawing."""
    return frame_of(ink_digit(drawing.strokes))


def _logits(network: keras.Model, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(network.predict(frames, batch_size=512, verbose=0))
