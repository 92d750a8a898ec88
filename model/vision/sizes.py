"""TODO model.vision.sizes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_HEIGHT = 8
"""px; lower marks cannot be told from noise."""


def typical_height(heights: NDArray[np.integer]) -> float:
    """Median weighted by the squares, so that a hundred specks do not outvote a digit; 0 if all are too low."""
    high = np.sort(heights[heights >= MIN_HEIGHT]).astype(np.int64)
    if not len(high):
        return 0.0
    weights = np.cumsum(high**2)
    return float(high[np.searchsorted(weights, weights[-1] / 2)])


def pen_width(mask: NDArray[np.bool_]) -> float:
    """Twice the ink's area by its outlines' length, px; 0 without ink."""
    outlines, _ = cv2.findContours(np.pad(mask, 1).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(outline, closed=True) for outline in outlines)
    return float(2 * np.count_nonzero(mask) / max(length, 1.0))
