"""Strokes to ink: the drawing is inked again from its vectors, with a pen that suits the digit's size.

MNIST's strokes are 0.10 to 0.24 of the digit's size (median 0.15). A thin mouse and a fat marker on the pad would
leave that range, so the pad's own pen decides nothing but the box of the drawing.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import ArrayLike

from model.errors import StrokesError
from model.reading import Box, Ink, Stroke

MAX_POINTS = 4_000
"""More points than this are thinned evenly: nobody draws them by hand, and the work stays bounded."""
MAX_STROKES = 500
MAX_COORDINATE = 100_000.0

_INK_SIDE = 200  # px, ten times the frame's core, so that resampling does the antialiasing
_PEN = 29  # px on _INK_SIDE: MNIST's median
_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws


def as_strokes(strokes: Iterable[ArrayLike]) -> list[Stroke]:
    """Check strokes from outside and bring them to arrays.

    Args:
        strokes: one (n, 2) array-like of finite numbers a stroke, canvas px, y down. Empty strokes are dropped.

    Returns:
        Strokes of at most MAX_POINTS points together.

    Raises:
        StrokesError: a stroke is no (n, 2) array of numbers, holds NaN, infinity or coordinates beyond
            ±MAX_COORDINATE, or there are more than MAX_STROKES strokes.
    """
    try:
        arrays = [_as_stroke(stroke) for stroke in strokes]
    except TypeError as error:
        message = f"Strokes cannot be read. Expected a list of (n, 2) arrays. Received: {reprlib.repr(strokes)}."
        raise StrokesError(message) from error
    arrays = [array for array in arrays if len(array)]
    if len(arrays) > MAX_STROKES:
        raise StrokesError(f"Too many strokes. Expected at most {MAX_STROKES}. Received: {len(arrays)}.")
    return _thin(arrays)


def as_pen_width(pen_width: float) -> float:
    """Check a pen width from outside.

    Raises:
        StrokesError: it is not a positive, finite number.
    """
    try:
        width = float(pen_width)
    except (TypeError, ValueError) as error:
        raise StrokesError(
            f"The pen width is no number. Expected px above 0. Received: {reprlib.repr(pen_width)}."
        ) from error
    if not 0 < width <= MAX_COORDINATE:
        raise StrokesError(f"The pen width is out of range. Expected px above 0. Received: {width}.")
    return width


def extent(strokes: Sequence[Stroke]) -> float:
    """Longest side of the pen's path in canvas px; 0 for a tap."""
    points = np.concatenate(strokes)
    return float(np.ptp(points, axis=0).max())


def side_by_side(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Group strokes that stand above or across each other; the groups stand clear of each other, from left to right."""
    groups: list[list[Stroke]] = []
    reach = -np.inf
    for stroke in sorted(strokes, key=lambda stroke: float(stroke[:, 0].min())):
        if stroke[:, 0].min() > reach:
            groups.append([])
        groups[-1].append(stroke)
        reach = max(reach, float(stroke[:, 0].max()))
    return groups


def drawing_box(strokes: Sequence[Stroke], pen_width: float) -> Box:
    """Box of the drawing as it stands on the canvas, half the pen around its path, in canvas px."""
    points, reach = np.concatenate(strokes), pen_width / 2
    (x0, y0), (x1, y1) = points.min(axis=0) - reach, points.max(axis=0) + reach
    return floor(x0), floor(y0), ceil(x1), ceil(y1)


def ink_strokes(strokes: Sequence[Stroke], pen_width: float, size_wh: tuple[int, int]) -> Ink:
    """Ink strokes with a round pen, as the canvas does, but without antialiasing.

    Args:
        strokes: px of the ink, y down, where the center of the first pixel is (0.5, 0.5). A single point is a dot.
        pen_width: px; OpenCV draws odd widths only, so an even one comes out a pixel wider or narrower.
        size_wh: width and height of the ink in px.

    Returns:
        (height, width) uint8, 0 paper or 255 ink.
    """
    width, height = size_wh
    ink = np.zeros((height, width), np.uint8)
    paths = [np.rint((np.vstack([stroke[:1], stroke]) - 0.5) * (1 << _SHIFT)).astype(np.int32) for stroke in strokes]
    thickness = max(round(pen_width) - 1, 1)  # OpenCV draws an even thickness one pixel wider
    cv2.polylines(ink, paths, False, 255, thickness, cv2.LINE_8, _SHIFT)
    return ink


def ink_digit(strokes: Sequence[Stroke]) -> Ink:
    """Ink one digit for framing, the same for every size, place and pen it was drawn with.

    Returns:
        (200, 200) uint8 with the longest side of the drawing at 200 px and a pen of 29 px; a mere tap gives one dot.
    """
    points = np.concatenate(strokes)
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    scale = (_INK_SIDE - _PEN) / max(float(span.max()), 1e-6)
    offset = (_INK_SIDE - span * scale) / 2
    return ink_strokes([(stroke - low) * scale + offset for stroke in strokes], _PEN, (_INK_SIDE, _INK_SIDE))


def _as_stroke(stroke: ArrayLike) -> Stroke:
    try:
        array = np.asarray(stroke, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = f"A stroke cannot be read. Expected an (n, 2) array of numbers. Received: {reprlib.repr(stroke)}."
        raise StrokesError(message) from error
    if array.size == 0:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise StrokesError(f"A stroke has the wrong shape. Expected (n, 2). Received: {array.shape}.")
    if not np.isfinite(array).all() or np.abs(array).max() > MAX_COORDINATE:
        raise StrokesError(
            f"A stroke leaves the canvas. Expected finite coordinates within ±{MAX_COORDINATE:.0f} px. "
            f"Received: {array[~(np.abs(array) <= MAX_COORDINATE)][0]}."
        )
    return array


def _thin(strokes: list[Stroke]) -> list[Stroke]:
    """Keep every k-th point and each stroke's last one, so that about MAX_POINTS are left at most."""
    step = ceil(sum(map(len, strokes)) / MAX_POINTS)
    if step <= 1:
        return strokes
    return [np.concatenate([stroke[:-1:step], stroke[-1:]]) for stroke in strokes]
