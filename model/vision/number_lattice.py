"""A number on the pad: which strokes are a digit, as the likeliest way to share them all among digits.

The lattice holds runs of strokes in reading order, each with the cost of reading it as one digit. It is searched by
dynamic programming, as in the over-segmentation of handwritten words (Bengio et al. 1995, LeRec).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np

from model.reading import Stroke

MAX_STROKES = 32
"""Of a number; a drawing of more is read as one digit or none, which bounds the work."""
_MAX_PARTS = 4  # strokes of one digit
_MAX_OVERLAP = 0.999  # keeps the cost of strokes that lie one above the other finite

Run = tuple[int, int]
"""Indices of consecutive strokes in reading order, half-open."""


def reading_order(strokes: Sequence[Stroke]) -> list[Stroke]:
    """Sort the strokes of a line by the middle of their horizontal extents."""
    return sorted(strokes, key=lambda stroke: float(stroke[:, 0].min() + stroke[:, 0].max()))


def runs_of(strokes: Sequence[Stroke]) -> list[Run]:
    """List the runs of up to four strokes that may be a digit."""
    count = len(strokes)
    return [(start, stop) for start in range(count) for stop in range(start + 1, min(start + _MAX_PARTS, count) + 1)]


def likeliest_runs(strokes: Sequence[Stroke], costs: dict[Run, float]) -> list[Run]:
    """Find the cheapest way to share all strokes among runs; they come from left to right.

    Neighbors that overlap horizontally are less likely to be two digits. With an overlap of the share s of the narrower
    one the cost of their border is -log(1 - s): nothing for digits side by side, and all but forbidding for a bar above
    its digit.

    Args:
        strokes: at least one, in reading order.
        costs: of each of `runs_of`, the negative log probability of its digit for each of its strokes, added up.
    """
    extents = {run: _extent(strokes[slice(*run)]) for run in costs}
    best: dict[Run, tuple[float, list[Run]]] = {}
    for run in sorted(costs, key=lambda run: run[1]):
        before = [other for other in best if other[1] == run[0]]
        ways = [(best[other][0] + _border(extents[other], extents[run]), best[other][1]) for other in before]
        cost, runs = min(ways, default=(0.0, []), key=lambda way: way[0])
        best[run] = cost + costs[run], [*runs, run]
    _, likeliest = min((way for run, way in best.items() if run[1] == len(strokes)), key=lambda way: way[0])
    return likeliest


def _extent(strokes: Sequence[Stroke]) -> tuple[float, float]:
    x = np.concatenate(strokes)[:, 0]
    return float(x.min()), float(x.max())


def _border(left: tuple[float, float], right: tuple[float, float]) -> float:
    overlap = min(left[1], right[1]) - max(left[0], right[0])
    narrower = min(left[1] - left[0], right[1] - right[0])
    if overlap < 0:
        return 0.0
    return -log(1 - min(overlap / narrower if narrower else 1.0, _MAX_OVERLAP))
