"""TODO model.vision.normalize."""

from __future__ import annotations

import cv2
import numpy as np

from model.reading import Ink
from model.vision.sizes import pen_width

_GLYPH_SIDE = 100  # px
_PEN = 12  # px on _GLYPH_SIDE: MNIST's median, measured in the same way, is 11


def even_pen(ink: Ink) -> Ink:
    """Bring a glyph to the ink MNIST has: strokes of full contrast, and no thinner than MNIST's.

    Pencils are faint, and pens of paint programs far thinner than MNIST's 0.10 to 0.24 of the digit's size. Fat pens
    stay: what they have closed cannot be opened again. Half of the ink is saturated, and the strokes are dilated to
    MNIST's median width, taking twice the ink's area by its outline's length as their width.

    Args:
        ink: (h, w) uint8, the tight ink of one glyph, with a mark in it.

    Returns:
        The glyph with its longest side at 100 px, and a margin for what the pen has gained.
    """
    height, width = ink.shape
    scale = _GLYPH_SIDE / max(ink.shape)
    size_wh = max(round(width * scale), 1), max(round(height * scale), 1)
    large = cv2.resize(ink, size_wh, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    strong = large > large.max() / 2
    even = cv2.convertScaleAbs(large, alpha=255 / float(np.median(large[strong])))
    missing = max(_PEN - round(pen_width(strong)), 0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing | 1, missing | 1))
    return np.asarray(cv2.dilate(np.pad(even, missing), kernel))
