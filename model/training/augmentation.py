"""Training frames like real hands draw them, from pixels or from strokes, and frames of what is not a digit.

Every augmented digit is framed again by MNIST's rule, so the network sees in training what the reader shows it.
Affine and elastic distortions follow Simard, Steinkraus and Platt 2003 (Best practices for convolutional neural
networks), here in one resampling; the pen's width changes by gray morphology.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pen_strokes import Drawing
from model.data.stroke_templates import NON_DIGIT_TEMPLATES, sample_strokes
from model.reading import Frame, Ink, Stroke
from model.vision.framing import FRAME_SIDE, frame_glyph, frame_of
from model.vision.strokes import extent, fit, ink_digit, ink_strokes

_SIDE = 64  # px of the canvas that a digit is distorted on, at twice the frame's scale
_PIXELS = np.stack(np.meshgrid(np.arange(_SIDE), np.arange(_SIDE)), axis=-1).astype(np.float32) - (_SIDE - 1) / 2
_WARPED, _INKED = 2, 5  # px of a distorted digit, and of an inked drawing, to one of the frame
_UNTOUCHED = 1 / 8
_TO_OWN, _TO_INK, _TO_PAIRS = 0.45, 0.63, 0.8  # cumulative, of what is no digit; without ink files more are pairs
_GRID = 5  # points of the coarse grid that strokes are bent on
_BALL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def augment(frame: Frame, rng: Generator, most: float = 1.0) -> Frame:
    """The same digit by another hand: slant, turn, proportions, elastic, pen, edges, shift, small erasures.

    How far slant, turn, proportions, elastic and pen go is drawn anew for every digit, from hardly to `most` (0-1); how
    often it is shifted or erased hangs on `most` alone, and its edges are soft or hard whatever the rest. One in eight
    stays as it is, so that MNIST itself stays well covered. What is no digit goes through the same, or its sharper
    edges give it away.
    """
    if rng.uniform() < _UNTOUCHED:
        return frame.copy()
    strength = rng.uniform(0, most)
    ink = _change_pen(_warp(frame, strength, rng), strength, rng)
    framing = frame_glyph(_change_edge(ink, _WARPED, rng))
    return frame.copy() if framing is None else _disturb(framing.frame, most, rng)


def augment_strokes(strokes: Sequence[Stroke], rng: Generator, most: float = 1.0) -> Frame:
    """Frame of a drawing as another hand would have drawn it: its strokes are bent and moved, then inked.

    Half of them are inked as the reader inks what is drawn on the pad, the others with a pen of any width and edge.

    Args:
        strokes: (n, 2) paths, y down, in any scale.
        rng: where all choices come from.
        most: how far it goes at most, 0-1.
    """
    strength = rng.uniform(0, most)
    bent = _bend(strokes, strength, rng)
    on_pad = rng.uniform() < 0.5
    ink = ink_digit(bent) if on_pad else _change_edge(_ink(bent, rng.uniform(7, 26)), _INKED, rng)
    return _disturb(frame_of(ink), most, rng)


def sample_non_digit(digits: NDArray[np.uint8], others: Sequence[Drawing], rng: Generator, most: float = 1.0) -> Frame:
    """Frame of what is no digit: letters and signs, scribbles, lines, blobs, two digits at once.

    Args:
        digits: (n, 28, 28) uint8, where the pairs are taken from.
        others: drawings of other characters, from ink files; may be empty.
        rng: where all choices come from.
        most: how far augmentation goes at most, 0-1.
    """
    kind = rng.uniform()
    if kind < _TO_OWN:
        return augment_strokes(sample_strokes(NON_DIGIT_TEMPLATES, rng), rng, most)
    if kind < _TO_INK and others:
        return augment_strokes(others[int(rng.integers(len(others)))].strokes, rng, most)
    if kind < _TO_PAIRS:
        return augment(frame_of(_pair(digits, rng)), rng, most)
    draw = (_tangle, _tangle, _sticks, _bar, _blob)[rng.integers(5)]
    return augment(frame_of(draw(rng)), rng, most)


def _bend(strokes: Sequence[Stroke], strength: float, rng: Generator) -> list[Stroke]:
    """Slant, turn, stretch and bend a drawing, and move its strokes against each other; 1 high or wide afterwards."""
    points = np.concatenate(strokes)
    points = (points - points.mean(axis=0)) / max(extent(strokes), 1e-6)
    coarse = rng.normal(0, 0.06 * strength, (_GRID, _GRID, 2)).astype(np.float32)
    places = ((points + 1) / 2 * (_GRID - 1)).astype(np.float32)
    points = points + cv2.remap(coarse, places[:, None], None, cv2.INTER_LINEAR)[:, 0]
    points = points @ _affine(strength, rng).T
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    return [stroke + rng.normal(0, 0.03 * strength, 2) for stroke in np.split(points, ends)]


def _affine(strength: float, rng: Generator) -> NDArray[np.float64]:
    """(2, 2) turn, slant and stretch."""
    turn, slant, stretch = strength * rng.uniform(-1, 1, 3) * (0.3, 0.35, 0.3)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(rotate @ np.array([[np.exp(stretch), slant], [0.0, np.exp(-stretch)]]))


def _warp(frame: Frame, strength: float, rng: Generator) -> Ink:
    """Distort a frame, onto a canvas of twice its scale with room around it."""
    affine = (_affine(strength, rng) / _WARPED).astype(np.float32)  # canvas px to frame px
    points = _PIXELS @ affine.T + np.float32((FRAME_SIDE - 1) / 2)
    coarse = rng.normal(0, strength * rng.uniform(0, 1.3), (rng.integers(4, 7), rng.integers(4, 7), 2))
    points += cv2.resize(coarse.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(frame, points, None, cv2.INTER_CUBIC))


def _change_pen(ink: Ink, strength: float, rng: Generator) -> Ink:
    """Widen or narrow the strokes by up to about 4 and 2 px of some 6, in fractions of a pixel."""
    amount = strength * rng.uniform(-1, 2)
    change = cv2.dilate if amount > 0 else cv2.erode
    for step in (min(abs(amount), 1.0), abs(amount) - 1.0):
        if step > 0:
            ink = cv2.addWeighted(ink, 1 - step, change(ink, _BALL), step, 0)
    return ink


def _change_edge(ink: Ink, scale: int, rng: Generator) -> Ink:
    """Soft or hard edges: from a small photo's blur to the hard ones that MNIST's digits lose when they are resampled.

    Args:
        ink: what is to be framed.
        scale: px of it to one of the frame, about.
        rng: where all choices come from.
    """
    if rng.uniform() < 0.4:
        ink = cv2.GaussianBlur(ink, (0, 0), scale * rng.uniform(0.25, 0.75))
    gain, middle = 4 ** rng.uniform(), ink.max() / 2
    return np.clip(middle + (ink - middle) * gain, 0, 255).astype(np.uint8)


def _disturb(frame: Frame, most: float, rng: Generator) -> Frame:
    """Now and then shift by a pixel or two, or erase a small patch."""
    frame = frame.copy()
    if rng.uniform() < 0.3 * most:
        down, right = rng.integers(-2, 3, 2)
        frame = cv2.warpAffine(frame, np.array([[1, 0, right], [0, 1, down]], np.float32), frame.shape[::-1])
    if rng.uniform() < 0.2 * most:
        row, column = rng.integers(4, 22, 2)
        height, width = rng.integers(2, 6, 2)
        frame[row : row + height, column : column + width] = 0
    return frame


def _ink(paths: Sequence[Stroke], pen_width: float) -> Ink:
    """Ink paths, their longest side at 100 px."""
    return ink_strokes([path + 14 for path in fit(paths, 100)], pen_width, (128, 128))


def _tangle(rng: Generator) -> Ink:
    """A scribble: one smooth path through many random points, to and fro or in waves, far longer than a digit's."""
    corners = rng.uniform(0, 1, (rng.integers(7, 24), 2)) * (rng.uniform(0.4, 1), rng.uniform(0.4, 1))
    if rng.uniform() < 0.5:
        along = rng.integers(2)
        corners[:, along].sort()
        corners[::2, 1 - along] *= 0.3
    steps = np.linspace(0, len(corners) - 1, 8 * len(corners))
    path = np.stack([np.interp(steps, np.arange(len(corners)), axis) for axis in corners.T], axis=1)
    window = rng.integers(1, 10)
    smooth = [np.convolve(axis, np.full(window, 1 / window), "valid") for axis in path.T]
    return _ink([np.stack(smooth, axis=1)], rng.uniform(5, 20))


def _sticks(rng: Generator) -> Ink:
    """Four to eight straight strokes across each other, as in letters, stars and signs."""
    return _ink([rng.uniform(0, 1, (2, 2)) for _ in range(rng.integers(4, 9))], rng.uniform(5, 20))


def _bar(rng: Generator) -> Ink:
    """One or two lying strokes: dashes and equals signs, never steep enough for a 1."""
    bars = [np.array([[0, y], [1, y + rng.uniform(-0.2, 0.2)]]) for y in rng.uniform(0.2, 0.8, rng.integers(1, 3))]
    return _ink(bars, rng.uniform(5, 20))


def _blob(rng: Generator) -> Ink:
    """A filled patch: a dot, a smudge, a blackened box."""
    ink = np.zeros((128, 128), np.uint8)
    axes = rng.integers(25, 60, 2)
    if rng.uniform() < 0.5:
        cv2.ellipse(ink, (64, 64), axes.tolist(), rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(ink, (64 - axes).tolist(), (64 + axes).tolist(), 255, -1)
    return ink


def _pair(digits: NDArray[np.uint8], rng: Generator) -> Ink:
    """Two digits side by side, touching or not, as one glyph; or what a cut at the wrong place leaves of them."""
    left, right = digits[rng.integers(len(digits), size=2)]
    gap = int(rng.integers(14, 24))
    ink = np.zeros((FRAME_SIDE, FRAME_SIDE + gap), np.uint8)
    ink[:, :FRAME_SIDE] = left
    np.maximum(ink[:, gap:], right, out=ink[:, gap:])
    middle = (FRAME_SIDE + gap) // 2
    rest = ink[:, middle - 9 : middle + 9]
    if rng.uniform() < 0.25 and rest.any():  # between two slim digits there may be nothing
        ink = rest
    return cv2.resize(ink, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
