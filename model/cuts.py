"""Ink of touching digits to its parts, cut where little ink holds them together."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from model.reading import Ink

_SIDE = 40  # px, the height on which cuts are searched
_WIDEST = 10  # times as wide as high is no number that anybody writes in one go
_CELL = 6  # px; one cut is tried in each, where the ink is least: walls may have grown together in one thick stroke
_SLANTED = 0.1  # of a pixel of ink for each step aside: of two ways through nothing, the upright one

_Costs = NDArray[np.float32]


def cut(ink: Ink) -> NDArray[np.int64]:
    """Part the ink of what may be several touching digits.

    A cut is a seam from top to bottom that meets as little ink as it can (Avidan and Shamir 2007); of each
    cell of columns the cheapest is taken.

    Args:
        ink: (h, w) uint8, with a mark in it.

    Returns:
        (h, w) int64, the number of the part each pixel belongs to, from left to right; all zeros if no cut is
        worth trying.
    """
    height, width = ink.shape
    if not height / 3 < width < _WIDEST * height:
        return np.zeros(ink.shape, np.int64)
    size_wh = max(round(width * _SIDE / height), 3), _SIDE
    small = cv2.resize(ink, size_wh, interpolation=cv2.INTER_AREA if height > _SIDE else cv2.INTER_LINEAR)
    small = small.astype(np.float32) / float(small.max())
    middle = _SIDE // 2
    up, down = _seams(small[: middle + 1]), _seams(small[middle:][::-1])
    columns = _best_columns(up[-1] + down[-1] - small[middle])
    seams = np.stack([np.concatenate([_follow(up, x)[::-1], _follow(down, x)[1:]]) for x in columns])
    rows = (np.arange(height) * _SIDE // height).clip(0, _SIDE - 1)
    edges = (seams[:, rows] + 0.5) * (width / size_wh[0])
    return np.asarray((np.arange(width)[None, None, :] >= edges[:, :, None]).sum(axis=0))


def _seams(cost: _Costs) -> _Costs:
    """Least cost of a way from the first row to each pixel, by steps down or aslant."""
    total = cost.copy()
    for y in range(1, len(cost)):
        aside = np.pad(total[y - 1], 1, constant_values=np.inf)
        total[y] += np.minimum(aside[1:-1], np.minimum(aside[:-2], aside[2:]) + _SLANTED)
    return total


def _follow(total: _Costs, x: int) -> NDArray[np.int64]:
    """Columns of the best way to column x of the last row, from the last row to the first."""
    way = [x]
    for row in total[-2::-1]:
        near = {x: 0.0, x - 1: _SLANTED, x + 1: _SLANTED}
        x = min((step for step in near if 0 <= step < len(row)), key=lambda step: row[step] + near[step])
        way.append(x)
    return np.array(way)


def _best_columns(cost: _Costs) -> list[int]:
    """The cheapest column of each cell, from left to right."""
    edges = np.arange(0, len(cost) + _CELL, _CELL).clip(0, len(cost))
    cells = [(a, b) for a, b in pairwise(edges.tolist()) if b - a > 1]
    return [a + int(cost[a:b].argmin()) for a, b in cells]
