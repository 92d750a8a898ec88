"""Gray page to ink: divide by the paper's brightness, threshold its noise, remove stains."""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from model.reading import Ink
from model.vision.decoding import MIN_CONTRAST, Gray, shrink
from model.vision.sizes import pen_width, ridge_depths

_SMALL_SIDE = 256  # px; paper and light vary slowly, so they are estimated on a small copy
_STAIN_DARKNESS = 0.35  # of clear ink's median; darker ink is never a stain
_STAIN_DISTANCE = 2.0  # pen widths; faint ink nearer to clear ink is part of its stroke
_DARKEST_PAPER = 64  # darker ground is not divided by its brightness, which would make its noise look like ink


def remove_paper(gray: Gray) -> tuple[Ink, float]:
    """Subtract the paper, of any brightness and unevenly lit, from writing that is dark on light or light on dark.

    The paper's brightness is a morphological closing of the picture, which fills everything narrower than its kernel
    (Serra 1982). Ink is the difference to it, relative to it; the paper's own noise is still in it.

    Args:
        gray: (h, w) uint8, h and w at least 1.

    Returns:
        (h, w) uint8 ink with the noise still in it, and a bound that the noise hardly exceeds, 0-255.
    """
    if not _is_dark_on_light(gray):
        gray = cv2.bitwise_not(gray)
    paper = _paper(gray)
    ink: Ink = cv2.divide(cv2.subtract(paper, gray), cv2.max(paper, _DARKEST_PAPER), scale=255.0)
    return ink, _noise(gray, paper)


def clear_ink(ink: Ink, noise: float) -> Ink:
    """Zero pixels no darker than the paper's noise, and components that are faint all over.

    The threshold is Otsu's (1979), kept by hysteresis (Canny 1986): faint ink counts only where it is connected to
    clear ink.

    Args:
        ink: (h, w) uint8 with noise, as `remove_paper` gives it; it is not changed.
        noise: 0-255, a bound that the noise hardly exceeds.

    Returns:
        (h, w) uint8 ink.
    """
    faint = max(noise, MIN_CONTRAST / 2)
    inked = ink > faint
    if not inked.any():
        return np.zeros_like(ink)
    threshold, _ = cv2.threshold(ink[inked], 0, 255, cv2.THRESH_OTSU)
    clear = ink > max(threshold, 2 * faint)
    count, pieces = cv2.connectedComponents(inked.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[pieces[clear]] = True
    return np.where(kept[pieces], ink, 0).astype(np.uint8)


def remove_stains(ink: Ink) -> Ink:
    """Zero faint ink that reaches far beyond clear ink: a cup's ring, or a crease, that a digit stands on.

    Ink that is only a little fainter than the strokes, or near them, stays, because pens and pencils leave pale places.

    Args:
        ink: (h, w) uint8 without ruled lines, which are found by their length: this would interrupt them. It is not
            changed.

    Returns:
        (h, w) uint8 ink.
    """
    inked = ink > 0
    if not inked.any():
        return ink.copy()
    threshold, _ = cv2.threshold(ink[inked], 0, 255, cv2.THRESH_OTSU)
    clear = ink > threshold
    if not clear.any():
        return ink.copy()
    distance = cv2.distanceTransform((~clear).astype(np.uint8), cv2.DIST_L2, 3)
    is_far = distance > _STAIN_DISTANCE * pen_width(clear)
    is_stain = is_far & (ink < _STAIN_DARKNESS * float(np.median(ink[clear])))
    return np.where(is_stain, 0, ink).astype(np.uint8)


def _is_dark_on_light(gray: Gray) -> bool:
    """Test whether the writing is darker than its ground.

    Ink is rarer than paper, so the skewness of the values about those of their surroundings has the ink's sign. The
    surroundings are wide enough for a fat digit that fills the picture, and narrow enough for uneven light.
    """
    small = shrink(gray, _SMALL_SIDE).astype(np.float32)
    ground = cv2.GaussianBlur(small, (0, 0), max(small.shape) / 6, borderType=cv2.BORDER_REFLECT)
    return bool(((small - ground) ** 3).sum() <= 0)


def _paper(gray: Gray) -> Gray:
    """Estimate the brightness of the paper under and around dark ink, as (h, w) uint8."""
    small = shrink(gray, _SMALL_SIDE)
    quiet = cv2.medianBlur(small, 3)  # a closing spreads single bright pixels
    widest = max(small.shape) // 4
    _, mask = cv2.threshold(cv2.subtract(_close(quiet, widest), small), 0, 255, cv2.THRESH_OTSU)
    # A kernel only as wide as the strokes need follows uneven light better than a wide one.
    paper = _close(quiet, min(3 * _usual_width(mask > 0), widest))
    if small.shape == gray.shape:
        return paper
    paper = cv2.erode(paper, np.ones((3, 3), np.uint8))  # enlarging blurs dark edges, which would then look like ink
    height, width = gray.shape
    return np.asarray(cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR))


def _usual_width(mask: NDArray[np.bool_]) -> int:
    """Width in px of three quarters of the strokes, by their length: a table's edge is wide, but short."""
    depths = ridge_depths(mask)
    return 2 * ceil(np.quantile(depths, 0.75)) if len(depths) else 1


def _close(gray: Gray, side: int) -> Gray:
    """Close with a square kernel of `side` px, or the next odd number."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side | 1, side | 1))
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, kernel))


def _noise(gray: Gray, paper: Gray) -> float:
    """Bound the paper's noise by four standard deviations, from the median absolute deviation; 0-255.

    Pixels brighter than the paper count too, since half of the noise would not show its spread.
    """
    step = ceil(max(gray.shape) / _SMALL_SIDE)
    here, ground = (values[::step, ::step].astype(np.float64) for values in (gray, paper))
    values = 255 * (ground - here) / np.maximum(ground, _DARKEST_PAPER)
    median = np.median(values)
    return float(median + 4 * 1.4826 * np.median(np.abs(values - median)))
