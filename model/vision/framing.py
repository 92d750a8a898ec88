"""Glyph ink to the 28×28 frame, by the rule that MNIST was made with.

The rule is the one QMNIST reconstructed (Yadav and Bottou 2019, arXiv 1905.10498): a square crop around the ink,
area-resampled to 20×20, stretched to full contrast and pasted so that its center of mass lies in the middle of 28×28.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import cv2
import numpy as np

from model.reading import Box, Frame, Ink

FRAME_SIDE = 28
CORE_SIDE = 20
_MIN_CROP = 10


@dataclass(frozen=True, eq=False, slots=True)
class Framing:
    """A frame and the steps that led to it.

    Attributes:
        box: tight box of the ink, xyxy half-open, in pixels of the ink.
        core: (20, 20) uint8, the square crop around the box, resampled and stretched so that its maximum is 255.
        center: (cx, cy), center of mass of `core` in pixel indices.
        frame: (28, 28) uint8.
    """

    box: Box
    core: Ink
    center: tuple[float, float]
    frame: Frame


def ink_box(ink: Ink) -> Box | None:
    """Find the tight box of everything above 0, xyxy half-open; None for blank ink."""
    x, y, w, h = cv2.boundingRect(ink)
    return (x, y, x + w, y + h) if w else None


def frame_glyph(ink: Ink) -> Framing | None:
    """Frame the ink of one glyph as MNIST frames its digits.

    Args:
        ink: (h, w) uint8, 0 paper … 255 ink. Any size; it is not changed.

    Returns:
        The frame with its steps, or None if there is no ink.

    Raises:
        ValueError: `ink` is not a 2-D uint8 array.
    """
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise ValueError(f"Ink cannot be framed. Expected a (h, w) uint8 array. Received: {ink.shape} {ink.dtype}.")
    box = ink_box(ink) if ink.size else None
    if box is None:
        return None
    core = _core(_square(ink, box))
    center = _center_of_mass(core)
    return Framing(box, core, center, _paste(core, center))


def frame_of(ink: Ink) -> Frame:
    """Frame the ink of one glyph, and return only the frame.

    Raises:
        ValueError: `ink` is not a 2-D uint8 array, or has no pixel above 0.
    """
    framing = frame_glyph(ink)
    if framing is None:
        raise ValueError(f"Ink cannot be framed. Expected a pixel above 0. Received: {ink.shape}, all of them 0.")
    return framing.frame


def _square(ink: Ink, box: Box) -> Ink:
    """Crop a square around the box, at least 10 px a side; 0 beyond the ink's borders."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0, _MIN_CROP)
    square = np.zeros((side, side), np.uint8)
    top, left = (side - (y1 - y0)) // 2, (side - (x1 - x0)) // 2
    square[top : top + y1 - y0, left : left + x1 - x0] = ink[y0:y1, x0:x1]
    return square


def _core(square: Ink) -> Ink:
    """Double by pixel repetition up to 20 px or more, then area-resample to 20×20 at full contrast."""
    while len(square) < CORE_SIDE:
        square = square.repeat(2, axis=0).repeat(2, axis=1)
    small = cv2.resize(square.astype(np.float32), (CORE_SIDE, CORE_SIDE), interpolation=cv2.INTER_AREA)
    core: Ink = np.rint(small * (255.0 / small.max())).astype(np.uint8)
    return core


def _center_of_mass(core: Ink) -> tuple[float, float]:
    """Return x and y of the center of mass in pixel indices."""
    moments = cv2.moments(core)
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def _paste(core: Ink, center: tuple[float, float]) -> Frame:
    """Paste at column floor(14.5 - cx), row floor(14.5 - cy); cut the overhang."""
    left, top = (floor(14.5 - c) for c in center)
    frame = np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8)
    rows = slice(max(top, 0), min(top + CORE_SIDE, FRAME_SIDE))
    columns = slice(max(left, 0), min(left + CORE_SIDE, FRAME_SIDE))
    frame[rows, columns] = core[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return frame
