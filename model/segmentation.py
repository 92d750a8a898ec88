"""Page ink to glyphs in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import cv2
import numpy as np
from numpy.typing import NDArray

from model.framing import ink_box
from model.images import Gray, photo_ink
from model.reading import Box, Ink

MAX_GLYPHS = 1_000
"""A page with more is texture or noise, not writing; the work stays bounded."""
MIN_HEIGHT = 5
"""px; lower marks cannot be told from noise."""

# Parts of the typical glyph's height:
_SPECK = 0.3  # a lower glyph is dirt, a dot or a dash
_LARGEST = 3.0  # a higher or wider one is the edge of the page or a rule
_PIECE = 0.6  # a lower one may be a piece of its neighbor
_GAP = 0.25  # between pieces of one digit
_JOINED = 1.3  # of a digit put together

_OVERLAP = 0.3  # of the smaller side: pieces stand above each other, glyphs on one line beside each other

_Boxes = NDArray[np.int64]
_Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Glyph:
    """The ink of what may be one digit, cut out of its page.

    Attributes:
        box: xyxy half-open, px of the page.
        ink: (h, w) uint8 of the box's size, with nothing of its neighbors in it.
    """

    box: Box
    ink: Ink


def find_glyphs(ink: Ink) -> list[list[Glyph]]:
    """Find the digits of a page that do not touch each other.

    A glyph is a connected component, or several where low pieces stand close above or below, as the bar of a 5 does.
    What is much smaller or larger than the typical glyph is dropped.

    Args:
        ink: (h, w) uint8, 0 paper … 255 ink.

    Returns:
        Glyphs line by line, top to bottom, and from left to right within a line; no line is empty.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > 0).astype(np.uint8), connectivity=8)
    boxes = np.hstack([stats[1:, :2], stats[1:, :2] + stats[1:, 2:4]]).astype(np.int64)
    typical = _typical_height(boxes, ink.shape)
    sides = _sides(boxes).max(axis=1)
    candidates = np.flatnonzero((sides >= _SPECK * typical) & (sides <= _LARGEST * typical))
    if typical == 0 or len(candidates) > MAX_GLYPHS:
        return []
    groups = [candidates[group] for group in _join_pieces(boxes[candidates], typical)]
    glyphs = [_cut(ink, labels, boxes[group], group + 1) for group in groups]
    return _lines([glyph for glyph in glyphs if len(glyph.ink) >= _SPECK * typical])


def glyph_in_box(gray: Gray, box: Box) -> Glyph | None:
    """The ink that a box drawn by hand means.

    Paper and light are judged with the surroundings. Of the components that cross the box's edge only the one with
    most ink in it is meant: the others are neighbors.

    Args:
        gray: (h, w) uint8, 0 black … 255 white.
        box: xyxy half-open, px of `gray`; what lies outside the picture is cut off.

    Returns:
        The ink in the box as one glyph with its tight box; None if there is none.
    """
    height, width = gray.shape
    x0, x1 = np.clip((box[0], box[2]), 0, width).tolist()
    y0, y1 = np.clip((box[1], box[3]), 0, height).tolist()
    if x0 >= x1 or y0 >= y1:
        return None
    margin = max(x1 - x0, y1 - y0)
    left, top = max(x0 - margin, 0), max(y0 - margin, 0)
    ink = photo_ink(gray[top : y1 + margin, left : x1 + margin])
    inside = _without_neighbors(ink, (x0 - left, y0 - top, x1 - left, y1 - top))
    tight = ink_box(inside)
    if tight is None:
        return None
    a, b, c, d = tight
    return Glyph((x0 + a, y0 + b, x0 + c, y0 + d), inside[b:d, a:c])


def _without_neighbors(ink: Ink, box: Box) -> Ink:
    """The box's ink without what reaches in from outside, unless that is the most of it."""
    count, labels = cv2.connectedComponents((ink > 0).astype(np.uint8), connectivity=8)
    x0, y0, x1, y1 = box
    inside = labels[y0:y1, x0:x1]
    whole, here = np.bincount(labels.ravel(), minlength=count), np.bincount(inside.ravel(), minlength=count)
    kept = whole == here
    here[0] = 0
    kept[here.argmax()] = True
    return np.where(kept[inside], ink[y0:y1, x0:x1], 0).astype(np.uint8)


def _sides(boxes: _Boxes) -> _Boxes:
    """(n, 2) widths and heights."""
    return boxes[:, 2:] - boxes[:, :2]


def _typical_height(boxes: _Boxes, shape: tuple[int, ...]) -> float:
    """Weighted median of the heights; 0 if all are too low.

    Weighted by their squares, so that a hundred specks do not outvote a digit. Page edges and shadows come in from the
    border: what touches it counts only if nothing else is there.
    """
    height, width = shape
    high = boxes[_sides(boxes)[:, 1] >= MIN_HEIGHT]
    inside = high[(high > 0).all(axis=1) & (high[:, 2] < width) & (high[:, 3] < height)]
    heights = np.sort(_sides(inside if len(inside) else high)[:, 1])
    if not len(heights):
        return 0.0
    weights = np.cumsum(heights**2)
    return float(heights[np.searchsorted(weights, weights[-1] / 2)])


def _join_pieces(boxes: _Boxes, typical: float) -> list[_Indices]:
    """Indices of the boxes that make up one glyph each."""
    shared = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    joined = np.maximum(boxes[:, None, 3], boxes[None, :, 3]) - np.minimum(boxes[:, None, 1], boxes[None, :, 1])
    widths, heights = _sides(boxes).T
    linked = (
        (shared[..., 0] >= _OVERLAP * np.minimum.outer(widths, widths))
        & (shared[..., 1] >= -_GAP * typical)
        & (np.minimum.outer(heights, heights) <= _PIECE * typical)
        & (joined <= np.maximum(_JOINED * typical, np.maximum.outer(heights, heights)))
    )
    np.fill_diagonal(linked, True)
    return _connected(linked)


def _connected(linked: NDArray[np.bool_]) -> list[_Indices]:
    """Groups of indices that are linked with each other, directly or by others."""
    names = np.arange(len(linked))
    while True:
        renamed = np.where(linked, names, len(names)).min(axis=1, initial=len(names))
        if (renamed == names).all():
            return [np.flatnonzero(names == name) for name in np.unique(names)]
        names = renamed


def _cut(ink: Ink, labels: NDArray[np.int32], boxes: _Boxes, own: _Indices) -> Glyph:
    """The glyph of the components `own`, with everything else in its box erased."""
    x0, y0 = boxes[:, :2].min(axis=0).tolist()
    x1, y1 = boxes[:, 2:].max(axis=0).tolist()
    mine = np.isin(labels[y0:y1, x0:x1], own)
    return Glyph((x0, y0, x1, y1), np.where(mine, ink[y0:y1, x0:x1], 0).astype(np.uint8))


def _lines(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """From left to right, each glyph joins the line whose last glyph it stands beside, so that lines may slope."""
    lines: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=attrgetter("box")):
        beside = max(lines, key=lambda line: _beside(line[-1], glyph), default=[])
        if beside and _beside(beside[-1], glyph) >= _OVERLAP:
            beside.append(glyph)
        else:
            lines.append([glyph])
    return sorted(lines, key=lambda line: np.mean([glyph.box[1] + glyph.box[3] for glyph in line]))


def _beside(one: Glyph, other: Glyph) -> float:
    """Vertical overlap as part of the lower one's height; negative if they are apart."""
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return shared / min(len(one.ink), len(other.ink))
