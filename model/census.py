"""What MNIST looks like, in numbers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.dataset import Mnist, Samples
from model.framing import FRAME_SIDE
from model.reading import Frame
from model.stored import Statistics

_QUANTILES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
_WIDTHS = np.arange(0, 8.25, 0.25)  # px; edges of the bins
_ENLARGED = 4  # times, before a stroke's width is measured, so that its edge lies between pixels


def summarize(mnist: Mnist) -> Statistics:
    """Count and measure the digits; all but the test set's counts is of the whole training set."""
    digits = mnist.whole
    intensity = np.bincount(digits.frames.ravel(), minlength=256)
    own = [_own(digits, digit) for digit in range(10)]
    widths = [np.array([measure_pen(frame) for frame in frames]) for frames in own]
    return Statistics(
        train_counts=_counts(digits),
        test_counts=_counts(mnist.test),
        mean=np.stack([np.rint(frames.mean(axis=0)).astype(np.uint8) for frames in own]),
        spread=np.stack([np.rint(frames.std(axis=0)).astype(np.uint8) for frames in own]),
        quantiles=_QUANTILES,
        ink_share=np.stack([np.quantile(frames.mean(axis=(1, 2)) / 255, _QUANTILES) for frames in own]),
        stroke_width=np.stack([np.histogram(width.clip(max=_WIDTHS[-1]), _WIDTHS)[0] for width in widths]),
        stroke_edges=_WIDTHS,
        intensity=intensity,
        facts=_facts(mnist, intensity) | {"stroke_width": float(np.median(np.concatenate(widths)))},
    )


def measure_pen(frame: Frame) -> float:
    """Width of a digit's strokes in px of the frame: twice the distance of their middle from the paper; 0 for none."""
    large = cv2.resize(frame, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_LINEAR)
    distance = cv2.distanceTransform((large > 127).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    middle = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    return float(2 * np.median(distance[middle]) / _ENLARGED) if middle.any() else 0.0


def _counts(digits: Samples) -> NDArray[np.int64]:
    return np.bincount(digits.labels, minlength=10)


def _own(digits: Samples, digit: int) -> NDArray[np.uint8]:
    """The frames of one digit; a blank one if there is none."""
    frames = digits.frames[digits.labels == digit]
    return frames if len(frames) else np.zeros((1, *frames.shape[1:]), np.uint8)


def _facts(mnist: Mnist, intensity: NDArray[np.int64]) -> dict[str, Any]:
    shares, values = intensity / intensity.sum(), np.arange(256)
    mean = float(shares @ values)
    return {
        "train": len(mnist.train) + len(mnist.held_out),
        "test": len(mnist.test),
        "pixels": FRAME_SIDE**2,
        "mean": mean,
        "std": float(np.sqrt(shares @ (values - mean) ** 2)),
        "paper": float(shares[0]),
        "sha256": mnist.sha256,
    }
