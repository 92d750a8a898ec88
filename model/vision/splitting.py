"""Split the ink of touching digits where little ink holds them together."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model.reading import Ink
from model.vision.sizes import pen_width

_SIDE = 40  # px, the height at which seams are searched
_WIDEST = 10  # times as wide as high; nobody writes a wider number without lifting the pen
_CELL = 4  # px of width; one seam is tried in each
_BRIDGE = 1.7  # pen widths; a seam through more ink would open a loop, so two digits share a wall there
_SLANTED = 0.1  # of a pixel of ink for each step aside, so that upright seams win through blank paper

_Costs = NDArray[np.float32]


def split_touching(ink: Ink) -> NDArray[np.int64]:
    """Split ink that may be several touching digits.

    Digits are split along seams from top to bottom with the least ink (Avidan and Shamir 2007). Where every seam would
    open a loop, the split is straight, down the thickest wall, as between two zeros.

    Args:
        ink: (h, w) uint8, with a pixel above 0.

    Returns:
        (h, w) int64, the number of the part that each pixel belongs to, from left to right; all zeros if no split is
        worth trying.
    """
    height, width = ink.shape
    if not height / 3 < width < _WIDEST * height:
        return np.zeros(ink.shape, np.int64)
    size_wh = max(round(width * _SIDE / height), 3), _SIDE
    small = cv2.resize(ink, size_wh, interpolation=cv2.INTER_AREA if height > _SIDE else cv2.INTER_LINEAR)
    small = small.astype(np.float32) / float(small.max())
    seams = _seams(small)
    rows = (np.arange(height) * _SIDE // height).clip(0, _SIDE - 1)
    edges = (seams[:, rows] + 0.5) * (width / size_wh[0])
    return np.asarray((np.arange(width)[None, None, :] >= edges[:, :, None]).sum(axis=0))


def _seams(small: _Costs) -> NDArray[np.int64]:
    """Find k seams, as (k, 40) columns by row: the way of least ink in each cell, or straight down its wall."""
    middle = len(small) // 2
    up, down = _least_costs(small[: middle + 1]), _least_costs(small[middle:][::-1])
    cost, walls = up[-1] + down[-1] - small[middle], small.sum(axis=0)
    bridge = _BRIDGE * pen_width(small > 0.5)
    seams = []
    for start in range(0, len(cost), _CELL):
        cell = slice(start, start + _CELL)
        x, wall = start + int(cost[cell].argmin()), start + int(walls[cell].argmax())
        way = np.concatenate([_follow(up, x)[::-1], _follow(down, x)[1:]])
        seams.append(way if cost[x] <= bridge else np.full(len(small), wall))
    return np.stack(seams)


def _least_costs(cost: _Costs) -> _Costs:
    """Least cost of a way from the first row to each pixel, by steps straight or diagonally down."""
    total = cost.copy()
    for y in range(1, len(cost)):
        aside = np.pad(total[y - 1], 1, constant_values=np.inf)
        total[y] += np.minimum(aside[1:-1], np.minimum(aside[:-2], aside[2:]) + _SLANTED)
    return total


def _follow(total: _Costs, x: int) -> NDArray[np.int64]:
    """Trace the best way to column x of the last row: its columns, from the last row to the first."""
    way = [x]
    for row in total[-2::-1]:
        near = {x: 0.0, x - 1: _SLANTED, x + 1: _SLANTED}
        x = min((step for step in near if 0 <= step < len(row)), key=lambda step: row[step] + near[step])
        way.append(x)
    return np.array(way)
