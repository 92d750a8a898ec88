"""Ways to write a digit that MNIST hardly has, such as a crossed 7, a slashed 0, or a 1 with hook and foot.

MNIST was written in the United States. Each allograph here is a skeleton drawn for this project; training inks them
with random pens and jitters their points, so that the network meets the styles of other schools.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.random import Generator
from scipy.interpolate import CubicSpline

from model.dataset import Samples
from model.framing import frame_glyph
from model.reading import Frame, Stroke
from model.strokes import ink_strokes

# One line an allograph, " + " between its strokes; x,y in hundredths of its height, y down. A path runs smoothly
# through its points and turns sharply at those marked with an exclamation mark.
ALLOGRAPHS = {
    0: (
        "50,0 15,15 5,50 18,88 50,100 82,85 95,50 85,15 50,0",
        "62,5 30,2 8,35 12,80 50,100 88,80 92,35 70,8 48,6",
        "55,2 20,15 5,50 20,90 55,98 88,75 90,35 70,8 40,12 30,25",
        "50,0 15,15 5,50 18,88 50,100 82,85 95,50 85,15 50,0 + 82,12 20,88",
        "50,0 22,15 15,50 25,88 50,100 75,85 85,50 78,15 50,0 + 100,-8 0,108",
    ),
    1: (
        "50,0 50,100",
        "65,0 40,100",
        "25,30 55,0! 55,100",
        "5,45 55,0! 55,100",
        "20,25 40,18 55,0! 52,100",
        "25,25 55,0! 55,100 + 25,100 85,100",
        "10,30 50,0! 50,100 + 10,100 90,100",
        "50,0 50,100 + 25,100 75,100",
        "50,0 50,60 52,90 62,100 75,92",
    ),
    2: (
        "10,25 30,3 65,3 85,25 70,55 10,100! 92,100",
        "12,22 40,0 80,15 75,45 40,75 10,98! 30,90 60,100 95,92",
        "12,25 40,0 80,18 72,50 40,80 12,95 8,85 25,80 50,92 75,102 95,92",
        "10,5 85,5! 10,100! 90,100",
        "28,32 14,25 25,5 60,0 85,22 65,60 10,100! 92,98",
    ),
    3: (
        "12,15 45,0 80,18 65,42 35,47! 70,52 88,75 60,100 8,88",
        "10,0 85,0! 40,40! 80,52 85,80 50,102 8,90",
        "15,12 50,0 78,20 50,45 38,48 45,50 80,65 75,92 40,102 8,88",
        "15,15 50,0 75,20 50,45 30,52 32,42 50,48 85,68 65,98 10,92",
    ),
    4: (
        "20,0 10,55! 90,55 + 68,20 65,100",
        "15,5 12,50 40,58 75,50 + 80,0 75,100",
        "25,0 5,60! 95,58 + 70,-5 70,105",
        "70,0 5,65! 95,65 + 70,0 70,100",
        "65,100 65,0! 5,68! 98,68",
        "20,0 12,45 40,55 78,45! 80,5! 75,100",
        "45,0 10,60! 85,55 + 60,30 50,100",
    ),
    5: (
        "20,5 18,45! 55,38 88,60 78,92 40,102 8,90 + 20,5 88,3",
        "88,3 22,3! 18,45! 55,38 88,62 75,95 35,102 8,90",
        "85,5 35,3 20,30 45,45 80,60 75,92 35,102 8,92",
        "25,14 20,48! 55,42 85,62 75,95 40,102 8,92 + 32,0 95,-6",
        "85,0 15,0! 15,45! 75,45 85,75 60,100 5,100",
    ),
    6: (
        "75,2 35,25 10,65 25,98 65,98 80,72 60,52 25,62 14,80",
        "60,0 25,45 10,75 30,100 65,98 75,75 55,58 20,72",
        "80,15 60,0 25,25 8,65 30,100 70,95 80,68 50,50 15,68",
        "30,0 15,60 15,90 40,100 60,85 45,70 18,82",
    ),
    7: (
        "8,5 88,5! 40,100",
        "8,8 50,3 90,5! 60,45 45,100",
        "8,5 88,5! 40,100 + 28,52 82,48",
        "10,22 12,3! 88,3! 40,100",
        "10,20 12,5! 88,3! 50,55 42,100 + 25,55 80,50",
        "10,15 14,3 45,8 90,0! 55,50 45,100 + 20,50 80,50",
        "10,35 12,5! 88,5! 65,60 60,100",
    ),
    8: (
        "75,15 45,0 18,20 45,45 80,68 65,98 30,98 15,72 50,45 80,22 70,8",
        "50,0 22,20 48,45 78,22 50,0 + 48,45 15,72 48,100 85,72 48,45",
        "50,48 20,25 45,0 78,20 50,48 15,75 45,102 85,75 52,50",
        "80,5 40,5 20,25 80,70 50,100 18,78 75,30 88,10",
    ),
    9: (
        "80,20 50,0 18,22 35,48 72,38 82,15! 75,100",
        "80,20 45,0 15,25 35,50 75,35 82,10! 85,60 65,95 20,98",
        "80,15 40,2 15,28 40,50 78,30 80,5! 82,85 60,105 25,100 15,85",
        "75,25 50,0 20,22 45,48 75,25 + 78,2 72,100",
        "60,40 30,50 18,20 50,0 80,20 75,60 45,100",
    ),
}

_JITTER = 4.0  # hundredths of the height
_SIDE = 160


def draw_samples(n: int, rng: Generator) -> Samples:
    """`n` allographs, all digits equally often."""
    labels = np.arange(n, dtype=np.uint8) % 10
    return Samples(np.stack([draw_allograph(int(label), rng) for label in labels]), labels)


def draw_allograph(label: int, rng: Generator) -> Frame:
    """Frame of a digit in one of its allographs, with jittered points and a random pen.

    Args:
        label: 0-9.
        rng: where all choices come from.
    """
    skeleton = ALLOGRAPHS[label][rng.integers(len(ALLOGRAPHS[label]))]
    strokes = [_path(stroke, rng) for stroke in skeleton.split(" + ")]
    framing = frame_glyph(ink_strokes([stroke + 30 for stroke in strokes], rng.uniform(8, 22), (_SIDE, _SIDE)))
    assert framing is not None, "every allograph leaves ink"
    return framing.frame


def _path(stroke: str, rng: Generator) -> Stroke:
    """Jitter the points of a stroke and join them: smoothly, but for the corners."""
    words = stroke.split()
    points = np.array([word.rstrip("!").split(",") for word in words], np.float64)
    points += rng.normal(0, _JITTER, points.shape)
    corners = [i for i, word in enumerate(words) if word.endswith("!")]
    ends = [0, *corners, len(points) - 1]
    return np.concatenate([_smooth(points[a : b + 1]) for a, b in pairwise(ends)])


def _smooth(points: Stroke) -> Stroke:
    """A cubic spline through the points, by the length of their chords."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T) + 1e-3)])
    return np.asarray(CubicSpline(along, points, bc_type="natural")(np.linspace(0, along[-1], 6 * len(points))))
