"""Sizes of writing: the typical height of marks, and the width of the pen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_HEIGHT = 8
"""px; lower marks cannot be distinguished from noise."""


def typical_height(heights: NDArray[np.integer], power: int = 2, lowest: int = MIN_HEIGHT) -> float:
    """Weighted median of heights in px.

    Args:
        heights: (n,) px.
        power: each height weighs as much as itself to this power. The squares let a digit outvote a hundred specks on a
            page; the heights themselves suffice on a line of glyphs.
        lowest: px; lower marks are left out.

    Returns:
        The height, 0 if all marks are too low.
    """
    high = np.sort(heights[heights >= lowest]).astype(np.int64)
    if not len(high):
        return 0.0
    weights = np.cumsum(high**power)
    return float(high[np.searchsorted(weights, weights[-1] / 2)])


def pen_width(mask: NDArray[np.bool_]) -> float:
    """Mean width of all strokes in px: twice the ink's area by the length of its outlines; 0 without ink.

    It is exact for strokes of one width, however thin, and measures small glyphs, whose few ridge pixels would not.
    """
    outlines, _ = cv2.findContours(np.pad(mask, 1).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(outline, closed=True) for outline in outlines)
    return float(2 * np.count_nonzero(mask) / max(length, 1.0))


def ridge_depths(mask: NDArray[np.bool_], mask_size: int = cv2.DIST_MASK_3) -> NDArray[np.float32]:
    """Distances in px from the middle of the strokes to the paper, one for each pixel of the ridge.

    Half the pen's width at every place: unlike `pen_width` it has a distribution, whose quantiles leave out wide but
    short places, a table's edge for instance.

    Args:
        mask: (h, w) bool, True where there is ink.
        mask_size: of the distance transform; cv2.DIST_MASK_5 is more exact than cv2.DIST_MASK_3.

    Returns:
        (n,) float32; empty without ink.
    """
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, mask_size)
    return np.asarray(depth[(depth > 0) & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)))])
