"""The pen's path as the stroke network sees it: points evenly along all strokes, with direction and pen-ups.

A path has the same size, place and number of points for every pen and tablet. It keeps the order of the strokes and the
direction of each, which are a matter of school and habit: training shuffles both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.reading import PenPath, Stroke

PATH_POINTS = 64
PATH_CHANNELS = 8
"""x, y, cosine and sine of the direction, cosine and sine of twice the direction, pen-down, pen-up."""
PEN_DOWN = 6
"""The channel that is 1 where the pen comes down."""

_LEAST_SHARE = 0.06  # of the whole length is added to every stroke: a dot has points too
_TINY = 1e-9


def path_of(strokes: Sequence[Stroke]) -> PenPath:
    """Convert a drawing to the stroke network's input.

    Args:
        strokes: (n, 2) paths in any scale, y down; at least one, and none empty. They are not changed.

    Returns:
        (PATH_POINTS, PATH_CHANNELS) float32. x and y are -1 to 1 in the square around the drawing; the direction is
        that from the point before to the point after, and doubled it is the same whichever way the stroke was drawn;
        pen-down and pen-up are 1 at the first and the last point of each stroke, else 0.
    """
    points, order = resample(*joined(strokes), PATH_POINTS)
    path: PenPath = features(points[None], order[None])[0]
    return path


def joined(strokes: Sequence[Stroke]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the (m, 2) points of all strokes, and the (m,) number of the stroke that each belongs to, from 0."""
    at_least_two = [stroke if len(stroke) > 1 else stroke.repeat(2, axis=0) for stroke in strokes]
    return np.concatenate(at_least_two), np.repeat(np.arange(len(strokes)), [len(stroke) for stroke in at_least_two])


def resample(
    points: NDArray[np.float64], order: NDArray[np.intp], n: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Take `n` points at even distances along the ink; pen-ups have no length.

    Args:
        points: (m, 2), of at least one stroke.
        order: (m,) number of each point's stroke, not decreasing. A stroke of one point is left out.
        n: points to return.

    Returns:
        (n, 2) points, and the (n,) numbers of their strokes.
    """
    steps = np.diff(points, axis=0)
    is_ink = order[1:] == order[:-1]
    lengths = np.sqrt((steps * steps).sum(axis=1)) * is_ink
    share = _LEAST_SHARE * lengths.sum() + _TINY
    lengths += is_ink * share / np.maximum(np.bincount(order[1:], is_ink), 1)[order[1:]]
    along = np.concatenate([[0.0], lengths.cumsum()])
    places = (np.arange(n) + 0.5) * (along[-1] / n)
    before = np.minimum(np.searchsorted(along, places, side="right") - 1, len(steps) - 1)
    part = (places - along[before]) / np.maximum(lengths[before], _TINY / len(points))
    return points[before] + steps[before] * part[:, None], order[before]


def features(points: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float32]:
    """Compute the (b, n, PATH_CHANNELS) float32 channels of resampled paths.

    Args:
        points: (b, n, 2) in any scale.
        order: (b, n) number of each point's stroke.
    """
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    centered = (points - (low + high) / 2) * (2 / np.maximum((high - low).max(axis=2, keepdims=True), _TINY))
    edges = np.ones((len(order), order.shape[1] + 1), bool)
    edges[:, 1:-1] = order[:, 1:] != order[:, :-1]
    first, last = edges[:, :-1], edges[:, 1:]
    chords = np.zeros_like(centered)
    chords[:, :-1] += np.where(last[:, :-1, None], centered[:, :-1], centered[:, 1:])
    chords[:, -1] += centered[:, -1]
    chords[:, 1:] -= np.where(first[:, 1:, None], centered[:, 1:], centered[:, :-1])
    chords[:, 0] -= centered[:, 0]
    cos, sin = np.moveaxis(chords / np.maximum(np.sqrt((chords * chords).sum(axis=2, keepdims=True)), 1e-6), 2, 0)
    channels = [*np.moveaxis(centered, 2, 0), cos, sin, cos * cos - sin * sin, 2 * cos * sin, first, last]
    return np.stack(channels, axis=2, dtype=np.float32, casting="unsafe")
