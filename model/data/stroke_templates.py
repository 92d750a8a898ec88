"""Characters drawn for this project, from templates of pen strokes: digits, and letters and signs that are not digits.

MNIST was written in the United States: it hardly has a crossed 7, a slashed 0, or a 1 with hook and foot. The templates
in stroke_templates.txt cover such ways to write a digit; their points are jittered each time. Letters and signs that
are written like a digit (O, I, l, S, Z, G, b, q, y and the like) are not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from model.data.mnist import LabeledFrames
from model.reading import Frame, Stroke
from model.vision.framing import frame_of
from model.vision.strokes import ink_strokes

_LINES = files("model.data").joinpath("stroke_templates.txt").read_text(encoding="utf-8").splitlines()
"""One template a line; the first lines describe the format."""


def _templates_of(label: str) -> tuple[str, ...]:
    return tuple(line.removeprefix(f"{label}: ") for line in _LINES if line.startswith(f"{label}: "))


DIGIT_TEMPLATES = {digit: _templates_of(str(digit)) for digit in range(10)}
"""Templates of each digit 0-9."""
NON_DIGIT_TEMPLATES = _templates_of("none")
"""Templates of letters and signs."""
SIGN_TEMPLATES = {sign: _templates_of(sign) for sign in "+-=.,/:%()x×÷·*±≠≤≥<>[]{}€$°!?;'"}
"""Templates of the signs that stand beside digits, in the place they have there."""

_JITTER = 4.0  # standard deviation of the points, in hundredths of the character's height
_SIDE, _MARGIN = 160, 30  # px of the canvas that digits, about 100 px high, are inked on


def draw_digits(n: int, rng: Generator) -> LabeledFrames:
    """Draw `n` digits, with all labels equally often."""
    labels = np.arange(n, dtype=np.uint8) % 10
    return LabeledFrames(np.stack([draw_digit(int(label), rng) for label in labels]), labels)


def draw_digit(label: int, rng: Generator) -> Frame:
    """Draw the frame of a digit from one of its templates, with a random pen.

    Args:
        label: 0-9.
        rng: random generator.
    """
    strokes = [stroke + _MARGIN for stroke in sample_strokes(DIGIT_TEMPLATES[label], rng)]
    return frame_of(ink_strokes(strokes, rng.uniform(8, 22), (_SIDE, _SIDE)))


def sample_strokes(templates: Sequence[str], rng: Generator) -> list[Stroke]:
    """Choose one of the templates and jitter its points.

    Returns:
        One (n, 2) float64 array per stroke, about 100 high, y down.
    """
    template = templates[int(rng.integers(len(templates)))]
    strokes = [_points(stroke) for stroke in template.split(" + ")]
    moved = [points + rng.normal(0, _JITTER, points.shape) for points in strokes]
    return [_path(stroke, points) for stroke, points in zip(template.split(" + "), moved, strict=True)]


@cache
def template_strokes(template: str) -> list[Stroke]:
    """Return a template's strokes as they are; not to be changed.

    Returns:
        One (n, 2) float64 array per stroke, about 100 high, y down.
    """
    return [_path(stroke, _points(stroke)) for stroke in template.split(" + ")]


def _points(stroke: str) -> Stroke:
    return np.array([word.rstrip("!").split(",") for word in stroke.split()], np.float64)


def _path(stroke: str, points: Stroke) -> Stroke:
    """Join the points of a stroke smoothly, except at its corners."""
    words = stroke.split()
    corners = [i for i, word in enumerate(words) if word.endswith("!")]
    ends = [0, *corners, len(points) - 1]
    return np.concatenate([_smooth(points[a : b + 1]) for a, b in pairwise(ends)])


def _smooth(points: Stroke) -> Stroke:
    """Interpolate with a cubic spline, parametrized by the length of the chords."""
    from scipy.interpolate import CubicSpline  # its import takes a second, which pages need not wait for

    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T) + 1e-3)])
    return np.asarray(CubicSpline(along, points, bc_type="natural")(np.linspace(0, along[-1], 6 * len(points))))
