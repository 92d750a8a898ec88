"""Glyph ink to ink of MNIST's contrast and pen width."""

from __future__ import annotations

import cv2
import numpy as np

from model.reading import Ink
from model.vision.sizes import pen_width

_GLYPH_SIDE = 100  # px
_PEN = 12  # px on _GLYPH_SIDE; MNIST's median, by `pen_width` too, is 11


def even_pen(ink: Ink) -> Ink:
    """Give a glyph strokes of full contrast that are no thinner than MNIST's.

    Pencils are faint, and pens of paint programs far thinner than MNIST's 0.10 to 0.24 of the digit's size. The darker
    half of the ink is saturated, and the strokes are dilated to MNIST's median width. Fat pens stay as they are, since
    thinning would not open a loop that they have closed.

    Args:
        ink: (h, w) uint8, the tight ink of one glyph, with a pixel above 0; it is not changed.

    Returns:
        uint8 ink with the longest side of the glyph at 100 px, and a margin for the dilation.
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
