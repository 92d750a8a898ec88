"""Ruled lines, squares and table borders out of the ink, with its stains, and the digits that they cross left whole."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from model.reading import Ink
from model.vision.sizes import pen_width, typical_height

_Mask = NDArray[np.bool_]
_Indices = NDArray[np.int64]
_Pixels = tuple[_Indices, _Indices]  # rows and columns
_Segment = NDArray[np.int64]
"""x0, y0, x1, y1 in px, both ends inside, x0 < x1."""
_SEARCH_SIDE = 800  # px; lines are found on a copy of this size, and followed on the picture
_SPAN = 0.4  # of the picture: a shorter segment is no ruling
_SLOPE = 0.27  # 15 degrees
_BROKEN = 0.015  # of its length: a longer gap ends a line, and parts the bases of digits that stand on none
_PASSES = 3  # a page of squares has more lines than are found at once
_DARK = 1.25  # times as dark as the line's median: there a pen runs along it
_HOLLOW = 0.35  # of a box is ink at most
_SMALLEST_BOX = 16  # px
_THIN = 0.05  # of its length: a thicker one is none
_CRUMB = 4  # of the line's thickness: a smaller rest of what touched it is noise
_THICK = 1.7  # of the line's own thickness: there something else crosses it
_CLEAR = 0.25  # of its length at least is not covered by digits that stand on it


def remove_ruled_lines(ink: Ink) -> Ink:
    """Erase long straight lines, but for the places where something crosses them.

    Long thin segments (Matas et al. 2000, the progressive probabilistic Hough transform) are followed column by column;
    where the ink on the line is no thicker than the line itself, it is the line's (staff removal by run length, as
    Dalitz et al. 2008 compare). A line is a ruling only beside the writing that is left without it: the bar of a 7
    that fills the picture is none.

    Args:
        ink: (h, w) uint8, 0 paper … 255 ink; it is not changed.

    Returns:
        (h, w) uint8 ink.
    """
    left = _without_boxes(ink)
    for _ in range(_PASSES):
        rulings = _rulings(left, is_ruled=left is not ink)
        if not rulings:
            break
        left = _without_crumbs(_erase(left, rulings), rulings)
    return left


def _rulings(ink: Ink, *, is_ruled: bool) -> list[_Pixels]:
    """The rulings that are found at once. Upright ones come with others: alone they may be a 1."""
    flat = _lines(ink)
    upright = [(rows, columns) for columns, rows in _lines(np.ascontiguousarray(ink.T))] if flat or is_ruled else []
    height = _writing_height(_erase(ink, flat + upright)) if flat or upright else 0.0
    if height == 0:
        return []
    across = [line for line in flat if _is_ruling(line[1], height, ink.shape[1])]
    down = [line for line in upright if _is_ruling(line[0], height, ink.shape[0])]
    return across + down if across or is_ruled else []


def _without_boxes(ink: Ink) -> Ink:
    """Without rectangles that hold something, as the fields of a form do."""
    _, labels, stats, centers = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
    boxes = [
        i
        for i in np.flatnonzero(stats[:, 4] <= _HOLLOW * stats[:, 2] * stats[:, 3])
        if i and _is_box(labels, int(i), stats)
    ]
    filled = [i for i in boxes if _holds_any(stats[i], centers, stats)]
    return np.where(np.isin(labels, filled), 0, ink).astype(np.uint8) if filled else ink


def _is_box(labels: NDArray[np.int32], number: int, stats: NDArray[np.int32]) -> bool:
    """Whether a component has ink along all four sides."""
    x, y, w, h = stats[number, :4].tolist()
    own = labels[y : y + h, x : x + w] == number
    rim = max(min(w, h) // 8, 1)
    sides = own[:rim].any(axis=0), own[-rim:].any(axis=0), own[:, :rim].any(axis=1), own[:, -rim:].any(axis=1)
    return min(h, w) >= _SMALLEST_BOX and all(side.mean() > 0.9 for side in sides)


def _holds_any(box: NDArray[np.int32], centers: NDArray[np.float64], stats: NDArray[np.int32]) -> bool:
    """Whether something that could be a digit lies in the box."""
    inside = ((centers > box[:2]) & (centers < box[:2] + box[2:4])).all(axis=1)
    heights = stats[:, 3]
    return bool((inside & (heights >= 0.3 * box[3]) & (heights < 0.95 * box[3])).any())


def _lines(ink: Ink) -> list[_Pixels]:
    """The pixels of all lines that run along the rows."""
    return [line for line in (_pixels_of_line(ink, segment) for segment in _segments(ink > 0)) if len(line[0])]


def _erase(ink: Ink, lines: list[_Pixels]) -> Ink:
    left = ink.copy()
    for line in lines:
        left[line] = 0
    return left


def _without_crumbs(ink: Ink, lines: list[_Pixels]) -> Ink:
    """Without the little pieces that touched a line: its own roughness, and where it crossed another."""
    thickness = max(len(rows) / (1 + max(np.ptp(rows), np.ptp(columns))) for rows, columns in lines)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
    gone = np.zeros(ink.shape, np.uint8)
    for line in lines:
        gone[line] = 1
    touched = np.unique(labels[cv2.dilate(gone, np.ones((3, 3), np.uint8)) > 0])
    is_crumb = np.zeros(len(stats), bool)
    is_crumb[touched] = stats[touched, 2:4].max(axis=1) <= _CRUMB * thickness
    return np.where(is_crumb[labels], 0, ink).astype(np.uint8)


def _is_ruling(places: _Indices, height: float, width: int) -> bool:
    """Much longer than writing is high, or a little longer and from border to border."""
    length = int(np.ptp(places)) + 1
    return length >= 3 * height or (length >= 1.3 * height and length >= 0.95 * width)


def _segments(mask: _Mask) -> list[_Segment]:
    """Long thin segments along the rows."""
    scale = min(_SEARCH_SIDE / max(mask.shape), 1.0)
    size_wh = max(round(mask.shape[1] * scale), 1), max(round(mask.shape[0] * scale), 1)
    small = cv2.resize(255 * mask.astype(np.uint8), size_wh, interpolation=cv2.INTER_AREA)
    small = (small > 64).astype(np.uint8)
    thickest = 2 * max(round(pen_width(small > 0)), 1)
    thin = small - cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    shortest = _SPAN * size_wh[0]
    found = cv2.HoughLinesP(
        thin, 1, np.pi / 360, max(int(shortest / 2), 10), minLineLength=shortest, maxLineGap=max(shortest / 4, 3)
    )
    if found is None:
        return []
    flat = [line for line in found.reshape(-1, 4) if abs(line[3] - line[1]) <= _SLOPE * abs(line[2] - line[0])]
    ends = [(*line[:2], *line[2:]) if line[0] < line[2] else (*line[2:], *line[:2]) for line in flat]
    return [np.asarray(np.multiply(line, 1 / scale).round(), np.int64) for line in ends]


def _pixels_of_line(ink: Ink, segment: _Segment) -> _Pixels:
    """The pixels of a line, without those of what crosses it; none if it is broken or thick."""
    x0, y0, x1, y1 = segment.tolist()
    columns = np.arange(ink.shape[1])
    center = y0 + (columns - x0) * ((y1 - y0) / max(x1 - x0, 1))
    for degree in (1, 2, 3):  # pages curl: each curve finds more of the line than the one before
        top, bottom = _run(ink > 0, columns, np.rint(center).astype(np.int64))
        thickness = bottom - top
        stretch = _longest_stretch(thickness > 0, max(_BROKEN * (x1 - x0), 2))
        usual = float(np.quantile(thickness[stretch], _CLEAR)) if stretch.any() else 0.0
        if stretch.sum() < (x1 - x0) / 2 or usual > _THIN * stretch.sum():
            return np.empty(0, np.int64), np.empty(0, np.int64)
        own = stretch & (thickness <= _THICK * usual + 1)
        darkness = ink[((top + bottom) // 2).clip(0, len(ink) - 1), columns].astype(np.float64)
        own &= darkness <= _DARK * np.median(darkness[own]) + 5
        center = Polynomial.fit(columns[own], (top + bottom)[own] / 2, degree)(columns)
    counts = thickness[own]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(top[own], counts) + within, np.repeat(columns[own], counts)


def _longest_stretch(inked: _Mask, longest_gap: float) -> _Mask:
    """The inked columns of the longest stretch that no longer gap parts."""
    places = np.flatnonzero(inked)
    stretches = np.split(places, np.flatnonzero(np.diff(places) > longest_gap) + 1)
    longest = np.zeros_like(inked)
    longest[max(stretches, key=len)] = True
    return longest


def _run(mask: _Mask, columns: _Indices, center: _Indices) -> tuple[_Indices, _Indices]:
    """Top and bottom (half-open) of the run of ink nearest to the center of each column; equal where there is none."""
    reach = max(2, round(3 * max(mask.shape) / _SEARCH_SIDE))
    far = 4 * reach  # a longer run is cut, and is no line's
    offsets = np.arange(-far, far + 1)[:, None]
    rows = center + offsets
    strip = mask[rows.clip(0, len(mask) - 1), columns] & (rows >= 0) & (rows < len(mask))
    distance = np.where(strip, np.abs(offsets), far)
    nearest = distance.argmin(axis=0)
    above = np.where(~strip & (offsets + far < nearest), offsets, -far - 1).max(axis=0) + 1
    below = np.where(~strip & (offsets + far > nearest), offsets, far + 1).min(axis=0)
    is_near = distance.min(axis=0) <= reach
    return center + above, center + np.where(is_near, below, above)


def _writing_height(ink: Ink) -> float:
    """Typical height of what is written, what spans the page left aside if there is more; 0 if nothing is."""
    stats = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)[2][1:]
    sides = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    spans = (sides > np.multiply(0.7, ink.shape[::-1])).any(axis=1)
    return typical_height(sides[~spans, 1]) or typical_height(sides[:, 1])
