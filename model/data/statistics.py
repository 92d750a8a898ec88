"""Statistics of MNIST's digits: counts, mean frames, ink, stroke widths and intensities."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from model.data.mnist import LabeledFrames, Mnist
from model.files import Arrays, Layout, load_arrays, reporting_damage, save_arrays
from model.reading import Frame
from model.vision.framing import FRAME_SIDE
from model.vision.sizes import ridge_depths

STATISTICS = Path(__file__).with_name("statistics.npz")
"""The file that `make report` stores MNIST's statistics in."""


@dataclass(frozen=True, eq=False, slots=True)
class Statistics:
    """Statistics of MNIST's training digits; only `test_counts` is of the test digits. Rows are the digits 0-9.

    Attributes:
        train_counts: (10,) int64.
        test_counts: (10,) int64.
        mean: (10, 28, 28) uint8, the mean frame.
        spread: (10, 28, 28) uint8, the standard deviation of every pixel.
        quantiles: (k,) float64 in 0-1, which quantiles `ink_share` holds.
        ink_share: (10, k) float64 in 0-1, quantiles of the share of ink in a frame (its mean value by 255).
        stroke_width: (10, bins) int64, digits in each bin of stroke width.
        stroke_edges: (bins + 1,) float64, edges of the bins in px of the frame; the last bin also holds wider strokes.
        intensity: (256,) int64, pixels of each value 0-255.
        facts: headline numbers by name: `train`, `test`, `pixels` of a frame, `mean` and `std` of the pixels (0-255),
            `paper` (share of pixels that are 0), `stroke_width` (median, px) and `sha256` of the data.
    """

    train_counts: NDArray[np.int64]
    test_counts: NDArray[np.int64]
    mean: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    quantiles: NDArray[np.float64]
    ink_share: NDArray[np.float64]
    stroke_width: NDArray[np.int64]
    stroke_edges: NDArray[np.float64]
    intensity: NDArray[np.int64]
    facts: dict[str, Any]


_STATISTICS: Layout = {
    "train_counts": (np.int64, 1),
    "test_counts": (np.int64, 1),
    "mean": (np.uint8, 3),
    "spread": (np.uint8, 3),
    "quantiles": (np.float64, 1),
    "ink_share": (np.float64, 2),
    "stroke_width": (np.int64, 2),
    "stroke_edges": (np.float64, 1),
    "intensity": (np.int64, 1),
    "facts": (np.str_, 0),
}


def load_statistics(sha256: str) -> Statistics:
    """Read the statistics of the data set with this checksum.

    Raises:
        ArtifactError: the file is missing or damaged, or it describes another data set.
    """
    arrays = load_arrays(STATISTICS, sha256, _STATISTICS)
    with reporting_damage(STATISTICS, "facts as JSON"):
        facts = dict(json.loads(str(arrays.pop("facts"))))
    return Statistics(**arrays, facts=facts)


def save_statistics(statistics: Statistics) -> None:
    """Write the statistics of the data set."""
    arrays: Arrays = {name: getattr(statistics, name) for name in _STATISTICS}
    arrays["facts"] = np.array(json.dumps(statistics.facts))
    save_arrays(STATISTICS, statistics.facts["sha256"], arrays)


_QUANTILES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
_WIDTHS = np.arange(0, 8.25, 0.25)  # px; edges of the bins
_ENLARGED = 4  # times, so that a stroke's width is measured in fractions of a pixel


def measure_statistics(mnist: Mnist) -> Statistics:
    """Count and measure the digits of the whole training set, and count those of the test set."""
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
    """Median width of a digit's strokes in px of the frame; 0 for a blank one."""
    large = cv2.resize(frame, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_LINEAR)
    depths = ridge_depths(large > 127, cv2.DIST_MASK_5)
    return float(2 * np.median(depths) / _ENLARGED) if len(depths) else 0.0


def _counts(digits: LabeledFrames) -> NDArray[np.int64]:
    return np.bincount(digits.labels, minlength=10)


def _own(digits: LabeledFrames, digit: int) -> NDArray[np.uint8]:
    """Select the frames of one digit; a blank one if there is none."""
    frames = digits.frames[digits.labels == digit]
    return frames if len(frames) else np.zeros((1, *frames.shape[1:]), np.uint8)


def _facts(mnist: Mnist, intensity: NDArray[np.int64]) -> dict[str, Any]:
    shares, values = intensity / intensity.sum(), np.arange(256)
    mean = float(shares @ values)
    return {
        "train": len(mnist.whole),
        "test": len(mnist.test),
        "pixels": FRAME_SIDE**2,
        "mean": mean,
        "std": float(np.sqrt(shares @ (values - mean) ** 2)),
        "paper": float(shares[0]),
        "sha256": mnist.sha256,
    }
