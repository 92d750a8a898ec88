"""Strokes to ink: check them, scale them, and ink them with a pen that suits the digit's size.

MNIST's strokes are 0.10 to 0.24 of the digit's size (median 0.15). A thin mouse and a fat marker on the pad would
leave that range, so the pad's own pen decides nothing but the box of the drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import ArrayLike

from model.errors import StrokesError, short_repr
from model.reading import Box, Ink, Stroke

MAX_POINTS = 4_000
"""More points than this are thinned evenly, which bounds the work."""
MAX_STROKES = 500
MAX_COORDINATE = 100_000.0

_INK_SIDE = 200  # px, ten times the frame's core, so that resampling does the antialiasing
_PEN = 29  # px on _INK_SIDE, MNIST's median
_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws
_MIN_EXTENT = 1e-6  # px; keeps the scale of a single point finite


def as_strokes(strokes: Iterable[ArrayLike]) -> list[Stroke]:
    """Check strokes from outside and convert them to arrays.

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
        message = f"Strokes cannot be read. Expected a list of (n, 2) arrays. Received: {short_repr(strokes)}."
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
    except (TypeError, ValueError, OverflowError) as error:  # float() overflows at whole numbers beyond 1e308
        raise StrokesError(
            f"The pen width is no number. Expected px above 0. Received: {short_repr(pen_width)}."
        ) from error
    if not 0 < width <= MAX_COORDINATE:
        raise StrokesError(f"The pen width is out of range. Expected px above 0. Received: {width}.")
    return width


def extent(strokes: Sequence[Stroke]) -> float:
    """Longest side of the pen's path in px; 0 for a tap."""
    return float(np.ptp(np.concatenate(strokes), axis=0).max())


def fit(strokes: Sequence[Stroke], side: float) -> list[Stroke]:
    """Scale strokes to a longest side of `side` px, with the top left corner of their box at (0, 0).

    Args:
        strokes: (n, 2) paths in any scale, at least one; they are not changed.
        side: px.

    Returns:
        As many strokes, of which a single point lies at (0, 0).
    """
    corner = np.concatenate(strokes).min(axis=0)
    scale = side / max(extent(strokes), _MIN_EXTENT)
    return [(stroke - corner) * scale for stroke in strokes]


def side_by_side(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Group strokes whose horizontal extents overlap; the groups are in order from left to right."""
    return _groups_along(strokes, axis=0)


def lines_of(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Group strokes whose vertical extents overlap, directly or through others; the lines are in order downwards."""
    return _groups_along(strokes, axis=1)


def _groups_along(strokes: Sequence[Stroke], axis: int) -> list[list[Stroke]]:
    groups: list[list[Stroke]] = []
    reach = -np.inf
    for stroke in sorted(strokes, key=lambda stroke: float(stroke[:, axis].min())):
        if stroke[:, axis].min() > reach:
            groups.append([])
        groups[-1].append(stroke)
        reach = max(reach, float(stroke[:, axis].max()))
    return groups


def drawing_box(strokes: Sequence[Stroke], pen_width: float) -> Box:
    """Box of the drawing on the canvas in px: its path with half the pen's width around it."""
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
        (200, 200) uint8 with the longest side of the drawing at 200 px and a pen of 29 px; a tap gives one dot.
    """
    fitted = fit(strokes, _INK_SIDE - _PEN)
    margin = (_INK_SIDE - np.concatenate(fitted).max(axis=0)) / 2
    return ink_strokes([stroke + margin for stroke in fitted], _PEN, (_INK_SIDE, _INK_SIDE))


def _as_stroke(stroke: ArrayLike) -> Stroke:
    try:
        array = np.asarray(stroke, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:  # float64 overflows at whole numbers beyond 1e308
        message = f"A stroke cannot be read. Expected an (n, 2) array of numbers. Received: {short_repr(stroke)}."
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
    """Keep every k-th point and the last one of each stroke, so that at most about MAX_POINTS are left."""
    step = ceil(sum(map(len, strokes)) / MAX_POINTS)
    if step <= 1:
        return strokes
    return [np.concatenate([stroke[:-1:step], stroke[-1:]]) for stroke in strokes]
