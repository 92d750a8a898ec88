"""Fabric path objects, as the listener reports them, to strokes.

The listener (listener.js) turns the pen's points into the curves of Fabric's own pencil, and this module flattens them
to points again. The detour has two reasons: the ink that is read must agree with the canvas's pixel for pixel, and an
undo gives the objects back to the canvas, which takes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, cos, radians, sin, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import StrokesError, short_repr
from model.reading import Stroke
from model.vision.strokes import as_pen_width

MAX_COMMANDS = 20_000
"""Path commands of one drawing, all strokes together; hours of drawing stay below it."""

_NUMBERS = {"M": 2, "L": 2, "Q": 4, "C": 6}
_FABRIC_PEN = 1.0  # px, Fabric's default for objects without a stroke width
_TOLERANCE = 0.25  # px between a curve and its chords
_MAX_CHORDS = 16
_ORIGIN = {"left": 0.5, "top": 0.5, "center": 0.0, "right": -0.5, "bottom": -0.5}

Points = NDArray[np.float64]
Unchecked = Any
"""JSON from a browser, of any shape."""


def strokes_of(objects: Unchecked) -> list[Stroke]:
    """Read the strokes of a drawing.

    Args:
        objects: a list of Fabric path objects; anything else is refused.

    Returns:
        One (n, 2) float64 array for each path, canvas px, with curves flattened to chords and the object's own
        transform applied.

    Raises:
        StrokesError: an object is not a path of M, L, Q and C commands with finite numbers, or there are more than
            MAX_COMMANDS commands.
    """
    try:
        paths = [item["path"] for item in objects]
        commands = sum(map(len, paths))
        if commands > MAX_COMMANDS:
            message = f"The drawing is too long. Expected at most {MAX_COMMANDS} path commands. Received: {commands}."
            raise StrokesError(message)
        return [_placed(_flatten(path), item) for path, item in zip(paths, objects, strict=True)]
    except (TypeError, KeyError, IndexError, ValueError, OverflowError) as error:
        if isinstance(error, StrokesError):
            raise
        expected = "Expected Fabric paths of M, L, Q and C commands"
        raise StrokesError(f"The drawing cannot be read. {expected}. Received: {short_repr(objects):.80}.") from error


def pen_width_of(objects: Unchecked) -> float:
    """Return the widest pen of a drawing, canvas px, of objects that `strokes_of` can read.

    Raises:
        StrokesError: a pen width is not a positive, finite number.
    """
    return max((as_pen_width(item.get("strokeWidth", _FABRIC_PEN)) for item in objects), default=_FABRIC_PEN)


def is_sound(item: Unchecked) -> bool:
    """Return whether one object can be read."""
    try:
        strokes_of([item])
        pen_width_of([item])
    except StrokesError:
        return False
    return True


def _flatten(path: Sequence[Sequence[Any]]) -> Points:
    """Flatten a path to (n, 2) points: its first one, then the chord ends of every command."""
    start, curves = path[0], path[1:]
    if start[0] != "M" or any(len(command) != _NUMBERS[command[0]] + 1 for command in path):
        raise ValueError(path[0])
    first = _finite([start[1:]])
    if first.shape != (1, 2):
        raise ValueError(start)
    if not curves:
        return first
    ends = np.concatenate([first, _finite([command[-2:] for command in curves])])
    bezier = _finite([_cubic_controls(command, x, y) for command, (x, y) in zip(curves, ends, strict=False)])
    bezier = np.stack([ends[:-1], bezier[:, :2], bezier[:, 2:], ends[1:]], axis=1)
    return np.concatenate([first, _chords(bezier)])


def _cubic_controls(command: Sequence[Any], x: float, y: float) -> Sequence[float]:
    """Return the two inner control points of a command written as a cubic Bézier curve from (x, y)."""
    letter, *numbers = command
    if letter == "C":
        return numbers[:4]
    if letter == "Q":
        qx, qy, x1, y1 = numbers
        return x + (qx - x) * 2 / 3, y + (qy - y) * 2 / 3, x1 + (qx - x1) * 2 / 3, y1 + (qy - y1) * 2 / 3
    if letter == "L":
        x1, y1 = numbers
        return x + (x1 - x) / 3, y + (y1 - y) / 3, x1 + (x - x1) / 3, y1 + (y - y1) / 3
    raise ValueError(letter)


def _chords(bezier: NDArray[np.float64]) -> Points:
    """Return the chord ends of (n, 4, 2) cubics; each gets as many chords as the most curved one needs."""
    bend = np.abs(bezier[:, :2] - 2 * bezier[:, 1:3] + bezier[:, 2:]).max(initial=0)
    t = np.arange(1, (chords := min(max(ceil(sqrt(bend / _TOLERANCE)), 1), _MAX_CHORDS)) + 1) / chords
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    return np.asarray(np.einsum("tc,ncd->ntd", weights, bezier).reshape(-1, 2))


def _placed(points: Points, item: dict[str, Any]) -> Stroke:
    """Apply an object's transform: scale, mirror and rotate about the middle of its path, then translate."""
    if "left" not in item and "top" not in item:
        return points
    scale = np.array([item.get("scaleX", 1), item.get("scaleY", 1)])
    mirror = np.where([item.get("flipX", False), item.get("flipY", False)], -1, 1)
    low, high = points.min(axis=0), points.max(axis=0)
    angle = radians(item.get("angle", 0))
    turn = np.array([[cos(angle), sin(angle)], [-sin(angle), cos(angle)]])
    origin = np.array([_ORIGIN[item.get("originX", "center")], _ORIGIN[item.get("originY", "center")]])
    to_middle = origin * (high - low + item.get("strokeWidth", 0)) * scale @ turn
    middle = np.array([item["left"], item["top"]]) + to_middle
    return _finite((points - (low + high) / 2) * scale * mirror @ turn + middle)


def _finite(numbers: ArrayLike) -> NDArray[np.float64]:
    """Convert to float64; raise a ValueError for NaN and infinity."""
    array = np.asarray(numbers, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(array)
    return array
