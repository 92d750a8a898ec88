"""Detect and remove ruled lines, squares and the boxes of forms; digits that they cross stay whole."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from model.reading import Ink
from model.vision.components import Components, connected_components
from model.vision.sizes import pen_width, typical_height

_Mask = NDArray[np.bool_]
_Indices = NDArray[np.int64]
_Pixels = tuple[_Indices, _Indices]  # rows and columns
_Segment = NDArray[np.int64]
"""x0, y0, x1, y1 in px, both ends inside, x0 < x1."""

_SEARCH_SIDE = 800  # px; lines are found on a copy of this size, and followed on the picture
_PASSES = 3  # a page of squares has more lines than one pass finds
_SEGMENTS = 50  # at most, followed at a time, the longest ones; pages have up to 40, textures hundreds
_MIN_SPAN = 0.4  # of the picture's side; shorter segments are not ruled lines
_MAX_SLOPE = 0.27  # 15 degrees
_MAX_GAP = 0.015  # of the line's length; a longer gap ends it, as between the bases of digits in a row
_MAX_THICKNESS = 0.05  # of the line's length
_CLEAR = 0.25  # of the line's length, at least, is not covered by digits that stand on it
_CROSSED = 1.7  # times the line's own thickness; thicker places are crossed by something else
_DARK = 1.25  # times the line's median darkness; a pen runs along darker places
_CRUMB = 4  # times the line's thickness; smaller remains of what touched it are noise
_HOLLOW = 0.35  # of a form's box, at most, is ink
_SMALLEST_BOX = 16  # px


class _Runs(NamedTuple):
    """Ink as runs from top to bottom.

    Attributes:
        mask: (h, w) bool, True where there is ink.
        tops: (h, w) int16, the first row of the run that a pixel of ink belongs to.
        bottoms: (h, w) int16, the row below that run.
    """

    mask: _Mask
    tops: NDArray[np.int16]
    bottoms: NDArray[np.int16]


def remove_ruled_lines(ink: Ink) -> Ink:
    """Erase long straight lines, except where something crosses them.

    Long thin segments (Matas et al. 2000, the progressive probabilistic Hough transform) are followed column by column;
    ink on the line that is no thicker than the line itself is erased (staff removal by run length, as Dalitz et al.
    2008 compare). A line counts only if it is long beside the writing that remains without it, which spares the bar of
    a 7 that fills the picture.

    Args:
        ink: (h, w) uint8, 0 paper … 255 ink; it is not changed.

    Returns:
        (h, w) uint8 ink.
    """
    left = _without_boxes(ink)
    for _ in range(_PASSES):
        lines = _ruled_lines(left, is_ruled=left is not ink)
        if not lines:
            break
        left = _without_crumbs(_erase(left, lines), lines)
    return left


def _ruled_lines(ink: Ink, *, is_ruled: bool) -> list[_Pixels]:
    """Find ruled lines in one pass. Upright ones count only on a ruled page: alone they may be a 1."""
    flat = _lines(ink)
    upright = [(rows, columns) for columns, rows in _lines(np.ascontiguousarray(ink.T))] if flat or is_ruled else []
    height = _writing_height(_erase(ink, flat + upright)) if flat or upright else 0.0
    if height == 0:
        return []
    across = [line for line in flat if _is_long(line[1], height, ink.shape[1])]
    down = [line for line in upright if _is_long(line[0], height, ink.shape[0])]
    return across + down if across or is_ruled else []


def _without_boxes(ink: Ink) -> Ink:
    """Erase hollow rectangles that contain something, as the fields of a form do."""
    found = connected_components(ink)
    hollow = np.flatnonzero(found.areas <= _HOLLOW * found.sizes_wh.prod(axis=1)).tolist()
    boxes = [i for i in hollow if i and _is_box(found, i) and _is_filled(found, i)]
    return np.where(np.isin(found.labels, boxes), 0, ink).astype(np.uint8) if boxes else ink


def _is_box(found: Components, number: int) -> bool:
    """Test whether a component has ink along all four sides."""
    x0, y0, x1, y1 = found.boxes[number].tolist()
    own = found.labels[y0:y1, x0:x1] == number
    rim = max(min(own.shape) // 8, 1)
    sides = own[:rim].any(axis=0), own[-rim:].any(axis=0), own[:, :rim].any(axis=1), own[:, -rim:].any(axis=1)
    return min(own.shape) >= _SMALLEST_BOX and all(side.mean() > 0.9 for side in sides)


def _is_filled(found: Components, number: int) -> bool:
    """Test whether a component of a digit's height lies in a box."""
    inside = ((found.centers > found.boxes[number, :2]) & (found.centers < found.boxes[number, 2:])).all(axis=1)
    heights = found.sizes_wh[:, 1]
    return bool((inside & (heights >= 0.3 * heights[number]) & (heights < 0.95 * heights[number])).any())


def _lines(ink: Ink) -> list[_Pixels]:
    """Find the pixels of all lines that run along the rows."""
    segments = _segments(ink > 0)
    if not segments:
        return []
    runs = _vertical_runs(ink > 0)
    return [line for line in (_pixels_of_line(ink, runs, segment) for segment in segments) if len(line[0])]


def _erase(ink: Ink, lines: list[_Pixels]) -> Ink:
    left = ink.copy()
    for line in lines:
        left[line] = 0
    return left


def _without_crumbs(ink: Ink, lines: list[_Pixels]) -> Ink:
    """Erase small components that touched a line: its rough edges, and its crossings with others."""
    thickness = max(len(rows) / (1 + max(np.ptp(rows), np.ptp(columns))) for rows, columns in lines)
    found = connected_components(ink)
    gone = np.zeros(ink.shape, np.uint8)
    for line in lines:
        gone[line] = 1
    touched = np.unique(found.labels[cv2.dilate(gone, np.ones((3, 3), np.uint8)) > 0])
    is_crumb = np.zeros(len(found.areas), bool)
    is_crumb[touched] = found.sizes_wh[touched].max(axis=1) <= _CRUMB * thickness
    return np.where(is_crumb[found.labels], 0, ink).astype(np.uint8)


def _is_long(places: _Indices, height: float, width: int) -> bool:
    """Test whether a line is much longer than writing is high, or a little longer and from border to border."""
    length = int(np.ptp(places)) + 1
    return length >= 3 * height or (length >= 1.3 * height and length >= 0.95 * width)


def _segments(mask: _Mask) -> list[_Segment]:
    """Find long thin segments along the rows."""
    scale = min(_SEARCH_SIDE / max(mask.shape), 1.0)
    size_wh = max(round(mask.shape[1] * scale), 1), max(round(mask.shape[0] * scale), 1)
    small = cv2.resize(255 * mask.astype(np.uint8), size_wh, interpolation=cv2.INTER_AREA)
    small = (small > 64).astype(np.uint8)
    thickest = 2 * max(round(pen_width(small > 0)), 1)
    thin = small - cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    shortest = _MIN_SPAN * size_wh[0]
    found = cv2.HoughLinesP(
        thin, 1, np.pi / 360, max(int(shortest / 2), 10), minLineLength=shortest, maxLineGap=max(shortest / 4, 3)
    )
    if found is None:
        return []
    flat = [line for line in found.reshape(-1, 4) if abs(line[3] - line[1]) <= _MAX_SLOPE * abs(line[2] - line[0])]
    if len(flat) > _SEGMENTS:
        flat = sorted(flat, key=lambda line: -abs(line[2] - line[0]))[:_SEGMENTS]
    ends = [(*line[:2], *line[2:]) if line[0] < line[2] else (*line[2:], *line[:2]) for line in flat]
    return [np.asarray(np.multiply(line, 1 / scale).round(), np.int64) for line in ends]


def _pixels_of_line(ink: Ink, runs: _Runs, segment: _Segment) -> _Pixels:
    """Find the pixels of a line, except where something crosses it; none if it is broken or thick."""
    x0, y0, x1, y1 = segment.tolist()
    columns = np.arange(ink.shape[1])
    center = y0 + (columns - x0) * ((y1 - y0) / max(x1 - x0, 1))
    for degree in (1, 2, 3):  # pages curl, so each curve finds more of the line than the one before
        top, bottom = _nearest_runs(runs, columns, np.rint(center).astype(np.int64))
        thickness = bottom - top
        stretch = _longest_stretch(thickness > 0, max(_MAX_GAP * (x1 - x0), 2))
        usual = float(np.quantile(thickness[stretch], _CLEAR)) if stretch.any() else 0.0
        if stretch.sum() < (x1 - x0) / 2 or usual > _MAX_THICKNESS * stretch.sum():
            return np.empty(0, np.int64), np.empty(0, np.int64)
        own = stretch & (thickness <= _CROSSED * usual + 1)
        darkness = ink[((top + bottom) // 2).clip(0, len(ink) - 1), columns].astype(np.float64)
        own &= darkness <= _DARK * np.median(darkness[own]) + 5
        center = Polynomial.fit(columns[own], (top + bottom)[own] / 2, degree)(columns)
    counts = thickness[own]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(top[own], counts) + within, np.repeat(columns[own], counts)


def _longest_stretch(inked: _Mask, longest_gap: float) -> _Mask:
    """Find the inked columns of the longest stretch without a gap over `longest_gap` columns."""
    places = np.flatnonzero(inked)
    stretches = np.split(places, np.flatnonzero(np.diff(places) > longest_gap) + 1)
    longest = np.zeros_like(inked)
    longest[max(stretches, key=len)] = True
    return longest


def _vertical_runs(mask: _Mask) -> _Runs:
    """Find the run of ink, upwards and downwards, that each pixel belongs to."""
    rows = np.arange(len(mask), dtype=np.int16)[:, None]  # no side of a picture reaches 32,768 px
    tops = np.maximum.accumulate(np.where(mask, np.int16(0), rows + np.int16(1)), axis=0)
    ends = np.where(mask, np.int16(len(mask)), rows)[::-1]
    return _Runs(mask, tops, np.minimum.accumulate(ends, axis=0)[::-1])


def _nearest_runs(runs: _Runs, columns: _Indices, center: _Indices) -> tuple[_Indices, _Indices]:
    """Find the run of ink nearest to each column's center: tops and bottoms (half-open), equal if there is none."""
    height = len(runs.mask)
    reach = max(2, round(3 * max(runs.mask.shape) / _SEARCH_SIDE))
    rows = center + np.arange(-reach, reach + 1)[:, None]
    is_ink = runs.mask[rows.clip(0, height - 1), columns] & (rows >= 0) & (rows < height)
    nearest = np.where(is_ink, np.abs(rows - center), reach + 1).argmin(axis=0)
    near = rows[nearest, columns].clip(0, height - 1), columns
    far = 4 * reach  # longer runs are cut, since no line is so thick
    top, bottom = np.maximum(runs.tops[near], center - far), np.minimum(runs.bottoms[near], center + far + 1)
    is_near = is_ink.any(axis=0)
    return np.where(is_near, top, center), np.where(is_near, bottom, center)


def _writing_height(ink: Ink) -> float:
    """Typical height in px of all writing, without components that span the page if there are others; 0 for none."""
    sides = connected_components(ink).sizes_wh[1:]
    spans = (sides > np.multiply(0.7, ink.shape[::-1])).any(axis=1)
    return typical_height(sides[~spans, 1]) or typical_height(sides[:, 1])
