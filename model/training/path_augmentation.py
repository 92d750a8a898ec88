"""Augmentation of pen paths, many at once, and paths of random non-digits.

The order of strokes and the direction of each are a matter of school and habit, and a pen that skips or drags joins and
cuts strokes: most paths are shuffled, reversed, cut or joined, so that the network does not rely on any of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.reading import Stroke
from model.vision.pen_path import PATH_POINTS, features, joined, resample
from model.vision.strokes import fit

_POINTS = 128  # of a path while it is augmented, twice as many as the network sees
_SHUFFLED_SHARE = 0.6  # of the paths have their strokes in random order, each in a random direction
_WAVES = 4  # that bend a drawing
# Labels of digits that turned by 180° or 90°, or mirrored, are none.
_NOT_UPSIDE_DOWN, _NOT_LYING, _NOT_MIRRORED = (3, 4, 7), (1, 2, 3, 4, 5, 7, 8), (3, 4, 6, 7, 9)
# Cumulative shares of non-digits: from drawings, from templates, two digits at once, digits turned or mirrored, halves
# of two digits; the rest are scribbles and lines. Without drawings their share goes to the templates.
_UP_TO_DRAWINGS, _UP_TO_TEMPLATES, _UP_TO_TWO_DIGITS, _UP_TO_TURNED, _UP_TO_HALVES = 0.5, 0.64, 0.78, 0.88, 0.93


OnePath = tuple[NDArray[np.float64], NDArray[np.intp]]
"""(128, 2) points of a drawing, and the (128,) numbers of their strokes."""


@dataclass(frozen=True, eq=False, slots=True)
class DensePaths:
    """Drawings as paths of equally many points.

    Attributes:
        points: (n, 128, 2) float64, y down; fresh from strokes, the longest side is 2 and the middle is (0, 0).
        order: (n, 128) number of each point's stroke, from 0, not decreasing.
    """

    points: NDArray[np.float64]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, drawings: Sequence[Sequence[Stroke]]) -> DensePaths:
        """Resample drawings, each of at least one stroke."""
        paths = [resample(*joined(fit(strokes, 2.0)), _POINTS) for strokes in drawings]
        points = np.array([path for path, _ in paths]).reshape(-1, _POINTS, 2)
        middle = (points.min(axis=1, keepdims=True) + points.max(axis=1, keepdims=True)) / 2
        return cls(points - middle, np.array([order for _, order in paths], np.intp).reshape(-1, _POINTS))

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: NDArray[np.intp] | slice) -> DensePaths:
        return DensePaths(self.points[index], self.order[index])

    def __add__(self, other: DensePaths) -> DensePaths:
        return DensePaths(np.concatenate([self.points, other.points]), np.concatenate([self.order, other.order]))

    def strokes(self, index: int) -> list[Stroke]:
        """Return the strokes of one drawing."""
        return np.split(self.points[index], np.flatnonzero(np.diff(self.order[index])) + 1)

    def features(self) -> NDArray[np.float32]:
        """Compute the (n, 64, 8) float32 inputs of the stroke network."""
        paths = [resample(points, order, PATH_POINTS) for points, order in zip(self.points, self.order, strict=True)]
        return features(np.array([path for path, _ in paths]), np.array([order for _, order in paths]))


def augment_paths(paths: DensePaths, rng: Generator, max_strength: float = 1.0) -> DensePaths:
    """Change drawings as other writers and tablets might: bend, slant, move, cut, join, shake, shuffle, reverse.

    Args:
        paths: are not changed.
        rng: random generator.
        max_strength: how strongly drawings are changed at most, 0-1. Order and direction change at any strength.
    """
    strength = rng.uniform(0, max_strength, len(paths))
    points = _bend(paths.points, strength, rng)
    moves = rng.normal(0, 0.05, (len(paths), paths.order.max() + 1, 2)) * strength[:, None, None]
    points += np.take_along_axis(moves, paths.order[..., None], axis=1)
    order = _cut_and_join(paths.order, max_strength, rng)
    return _shuffle(DensePaths(_shake(points, max_strength, rng), order), rng)


def _bend(points: NDArray[np.float64], strength: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
    """Bend drawings by waves, and turn, slant and stretch them."""
    n = len(points)
    for _ in range(_WAVES):
        phases = points @ rng.normal(0, 2.2, (n, 2, 1)) + rng.uniform(0, 2 * np.pi, (n, 1, 1))
        points = points + np.sin(phases) * rng.normal(0, 0.055, (n, 1, 2)) * strength[:, None, None]
    turn, slant, stretch = rng.uniform(-1, 1, (3, n)) * strength * np.array([[0.3], [0.4], [0.35]])
    cos, sin, zero = np.cos(turn), np.sin(turn), np.zeros(n)
    rotate = np.stack([np.stack([cos, -sin], axis=1), np.stack([sin, cos], axis=1)], axis=1)  # (n, 2, 2)
    shear = np.stack([np.stack([np.exp(stretch), slant], axis=1), np.stack([zero, np.exp(-stretch)], axis=1)], axis=1)
    return np.asarray(points @ (rotate @ shear).transpose(0, 2, 1))


def _cut_and_join(order: NDArray[np.intp], max_strength: float, rng: Generator) -> NDArray[np.intp]:
    """Cut a stroke of some drawings in two, and join all strokes of a few."""
    n, m = order.shape
    cut = rng.integers(m // 8, m - m // 8, n)
    is_cut, is_joined = rng.random((2, n)) < np.array([[0.15], [0.06]]) * max_strength
    order = order + ((np.arange(m) >= cut[:, None]) & is_cut[:, None])
    return np.where(is_joined[:, None], 0, order)


def _shake(points: NDArray[np.float64], max_strength: float, rng: Generator) -> NDArray[np.float64]:
    """Add the tremor of a hand to some drawings, and the coarse grid of a tablet to others."""
    n = len(points)
    noise = rng.normal(0, 1, points.shape)
    noise = (noise + np.roll(noise, 1, axis=1) + np.roll(noise, 2, axis=1)) / np.sqrt(3)
    tremor = (rng.random(n) < 0.4) * rng.uniform(0, 0.03, n) * max_strength
    grid = np.maximum((rng.random(n) < 0.2) * rng.uniform(0.02, 0.12, n) * max_strength, 1e-4)[:, None, None]
    return np.asarray(np.round((points + noise * tremor[:, None, None]) / grid) * grid)


def _shuffle(paths: DensePaths, rng: Generator) -> DensePaths:
    """Put the strokes of most drawings in random order, each in a random direction."""
    n, m = paths.order.shape
    most = int(paths.order.max()) + 1
    is_shuffled = rng.random((n, 1)) < _SHUFFLED_SHARE
    ranks = np.where(is_shuffled, rng.random((n, most)).argsort(axis=1), np.arange(most))
    is_reversed = (rng.random((n, most)) < 0.5) & is_shuffled
    rank, backward = (np.take_along_axis(of, paths.order, axis=1) for of in (ranks, is_reversed))
    along = np.arange(m) / m
    sequence = (rank + np.where(backward, 1 - 1 / m - along, along)).argsort(axis=1, kind="stable")
    order = np.take_along_axis(rank, sequence, axis=1)
    return DensePaths(np.take_along_axis(paths.points, sequence[..., None], axis=1), order)


@dataclass(frozen=True, eq=False, slots=True)
class NonDigits:
    """Makes paths of random non-digits.

    Attributes:
        digits: of which near misses are made.
        labels: (n,) their labels, 0-9.
        drawings: of other characters, perhaps none.
        templates: letters and signs from this project's templates.
    """

    digits: DensePaths
    labels: NDArray[np.intp]
    drawings: DensePaths
    templates: DensePaths

    def sample(self, n: int, rng: Generator) -> DensePaths:
        """Make `n` non-digits, not augmented yet."""
        paths = [self._one(rng) for _ in range(n)]
        points = np.array([path for path, _ in paths]).reshape(-1, _POINTS, 2)
        return DensePaths(points, np.array([order for _, order in paths], np.intp).reshape(-1, _POINTS))

    def _one(self, rng: Generator) -> OnePath:
        kind = rng.uniform()
        if kind < _UP_TO_DRAWINGS and len(self.drawings):
            return _any_of(self.drawings, rng)
        if kind < _UP_TO_TEMPLATES:
            return _any_of(self.templates, rng)
        if kind < _UP_TO_TWO_DIGITS:
            return _two_at_once(_any_of(self.digits, rng), _any_of(self.digits, rng), rng)
        if kind < _UP_TO_TURNED:
            return self._turned(rng)
        if kind < _UP_TO_HALVES:
            return _halves(_any_of(self.digits, rng)[0], _any_of(self.digits, rng)[0])
        return _scribble(rng) if rng.uniform() < 0.5 else _lines(rng)

    def _turned(self, rng: Generator) -> OnePath:
        """Turn a digit by 180° or 90°, or mirror it, where that makes no other digit of it."""
        kind = int(rng.integers(3))
        among = np.flatnonzero(np.isin(self.labels, (_NOT_UPSIDE_DOWN, _NOT_LYING, _NOT_MIRRORED)[kind]))
        index = rng.choice(among)
        points, order = self.digits.points[index], self.digits.order[index]
        if kind == 0:
            return -points, order
        mirror = np.array([-1, 1])
        return (points * mirror, order) if kind == 2 else (points[:, ::-1] * mirror * rng.choice([-1, 1]), order)


def _any_of(paths: DensePaths, rng: Generator) -> OnePath:
    index = int(rng.integers(len(paths)))
    return paths.points[index], paths.order[index]


def _two_at_once(one: OnePath, other: OnePath, rng: Generator) -> OnePath:
    """Draw two digits, side by side or on top of each other."""
    right = rng.uniform(0.5, 2.6) if rng.uniform() < 0.5 else rng.uniform(0, 0.5)
    down = rng.normal(0, 0.25) + (rng.uniform() < 0.2) * rng.uniform(-1.5, 1.5)
    points = np.concatenate([one[0][::2], other[0][::2] * rng.uniform(0.5, 1.3) + (right, down)])
    return points, np.concatenate([one[1][::2], other[1][::2] + one[1].max() + 1])


def _halves(one: NDArray[np.float64], other: NDArray[np.float64]) -> OnePath:
    """Join the first half of one digit's path to the second half of another's."""
    first, second = one[: _POINTS // 2], other[_POINTS // 2 :]
    return np.concatenate([first, second - second[0] + first[-1]]), np.zeros(_POINTS, np.intp)


def _scribble(rng: Generator) -> OnePath:
    """Draw one path through 7 to 19 random points, back and forth or from left to right."""
    corners = rng.uniform(-1, 1, (rng.integers(7, 20), 2)) * rng.uniform(0.4, 1, 2)
    if rng.uniform() < 0.5:
        corners[:, 0].sort()
    steps = np.linspace(0, len(corners) - 1, _POINTS)
    path = np.stack([np.interp(steps, np.arange(len(corners)), axis) for axis in corners.T], axis=1)
    return path, np.zeros(_POINTS, np.intp)


def _lines(rng: Generator) -> OnePath:
    """Draw two bars one above the other, or two to six lines across each other."""
    ends = rng.uniform(-1, 1, (rng.integers(2, 7), 2, 2))
    if len(ends) == 2 and rng.uniform() < 0.6:
        ends[:, :, 0] = (-1, 1)
        ends[:, 1, 1] = ends[:, 0, 1] + rng.normal(0, 0.1, 2)
    order = np.sort(np.arange(_POINTS) % len(ends))
    along = (np.arange(_POINTS) - np.searchsorted(order, order)) / (np.bincount(order)[order] - 1)
    return ends[order, 0] + (ends[order, 1] - ends[order, 0]) * along[:, None], order
