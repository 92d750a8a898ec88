"""Augmentation of frames and of pen strokes, and frames of random non-digits.

Every augmented digit is framed again by MNIST's rule, so that the network sees in training what the reader shows it.
Affine and elastic distortions follow Simard, Steinkraus and Platt 2003 (Best practices for convolutional neural
networks), here in one resampling; the pen's width changes by gray morphology.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.stroke_templates import NON_DIGIT_TEMPLATES, sample_strokes
from model.reading import Frame, Ink, Stroke
from model.vision.framing import FRAME_SIDE, frame_glyph, frame_of
from model.vision.strokes import extent, fit, ink_digit, ink_strokes

_SIDE = 64  # px of the canvas that a frame is distorted on, at twice the frame's scale
_PIXELS = np.stack(np.meshgrid(np.arange(_SIDE), np.arange(_SIDE)), axis=-1).astype(np.float32) - (_SIDE - 1) / 2
_WARP_SCALE, _INK_SCALE = 2, 5  # px of a distorted frame, and of an inked drawing, for one px of the final frame
_UNCHANGED_SHARE = 1 / 8
# Cumulative shares of non-digits: from templates, from pen strokes, two digits at once; the rest are scribbles, lines
# and blobs. Without pen strokes their share goes to two digits at once.
_UP_TO_TEMPLATES, _UP_TO_STROKES, _UP_TO_TWO_DIGITS = 0.45, 0.63, 0.8
_GRID = 5  # points on a side of the coarse grid of displacements by which strokes are bent
_DISK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def augment(frame: Frame, rng: Generator, max_strength: float = 1.0) -> Frame:
    """Change a frame as another writer might: slant, rotation, proportions, elastic, pen, edges, shift, erased patches.

    The strength of slant, rotation, proportions, elastic and pen is uniform in 0 … `max_strength` (0-1) for each frame.
    The probability of a shift or an erased patch is proportional to `max_strength`; edges change at any strength. One
    frame in eight is returned unchanged, to cover MNIST itself well. Non-digits are changed in the same way: else
    their sharper edges would tell the network what they are.
    """
    if rng.uniform() < _UNCHANGED_SHARE:
        return frame.copy()
    strength = rng.uniform(0, max_strength)
    ink = _change_pen_width(_warp(frame, strength, rng), strength, rng)
    framing = frame_glyph(_change_edges(ink, _WARP_SCALE, rng))
    return frame.copy() if framing is None else _shift_and_erase(framing.frame, max_strength, rng)


def augment_strokes(strokes: Sequence[Stroke], rng: Generator, max_strength: float = 1.0) -> Frame:
    """Frame a drawing as another writer might have drawn it: bend and move its strokes, then ink them.

    Half of the drawings are inked as the reader inks the pad's, the others with a pen of random width and edges.

    Args:
        strokes: (n, 2) paths, y down, in any scale.
        rng: random generator.
        max_strength: how strongly the drawing is changed at most, 0-1.
    """
    strength = rng.uniform(0, max_strength)
    bent = _bend(strokes, strength, rng)
    as_on_pad = rng.uniform() < 0.5
    ink = ink_digit(bent) if as_on_pad else _change_edges(_ink(bent, rng.uniform(7, 26)), _INK_SCALE, rng)
    return _shift_and_erase(frame_of(ink), max_strength, rng)


def sample_non_digit(
    digits: NDArray[np.uint8], non_digits: Sequence[Sequence[Stroke]], rng: Generator, max_strength: float = 1.0
) -> Frame:
    """Make the frame of a random non-digit: a letter or sign, a scribble, lines, a blob, two digits at once.

    Args:
        digits: (n, 28, 28) uint8, of which two at once are taken.
        non_digits: pen strokes of other characters; may be empty.
        rng: random generator.
        max_strength: how strongly the frame is augmented at most, 0-1.
    """
    kind = rng.uniform()
    if kind < _UP_TO_TEMPLATES:
        return augment_strokes(sample_strokes(NON_DIGIT_TEMPLATES, rng), rng, max_strength)
    if kind < _UP_TO_STROKES and non_digits:
        return augment_strokes(non_digits[int(rng.integers(len(non_digits)))], rng, max_strength)
    if kind < _UP_TO_TWO_DIGITS:
        return augment(frame_of(_two_digits(digits, rng)), rng, max_strength)
    draw = (_scribble, _scribble, _crossing_lines, _horizontal_bars, _blob)[rng.integers(5)]
    return augment(frame_of(draw(rng)), rng, max_strength)


def _bend(strokes: Sequence[Stroke], strength: float, rng: Generator) -> list[Stroke]:
    """Slant, rotate, stretch and bend a drawing, and move its strokes; its longest side is about 1 afterwards."""
    points = np.concatenate(strokes)
    points = (points - points.mean(axis=0)) / max(extent(strokes), 1e-6)
    coarse = rng.normal(0, 0.06 * strength, (_GRID, _GRID, 2)).astype(np.float32)
    places = ((points + 1) / 2 * (_GRID - 1)).astype(np.float32)
    points = points + cv2.remap(coarse, places[:, None], None, cv2.INTER_LINEAR)[:, 0]
    points = points @ _affine(strength, rng).T
    ends = np.cumsum([len(stroke) for stroke in strokes])[:-1]
    return [stroke + rng.normal(0, 0.03 * strength, 2) for stroke in np.split(points, ends)]


def _affine(strength: float, rng: Generator) -> NDArray[np.float64]:
    """(2, 2) rotation, slant and stretch."""
    turn, slant, stretch = strength * rng.uniform(-1, 1, 3) * (0.3, 0.35, 0.3)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(rotate @ np.array([[np.exp(stretch), slant], [0.0, np.exp(-stretch)]]))


def _warp(frame: Frame, strength: float, rng: Generator) -> Ink:
    """Distort a frame affinely and elastically; returns (64, 64) ink at twice the frame's scale, with a margin."""
    affine = (_affine(strength, rng) / _WARP_SCALE).astype(np.float32)  # canvas px to frame px
    points = _PIXELS @ affine.T + np.float32((FRAME_SIDE - 1) / 2)
    coarse = rng.normal(0, strength * rng.uniform(0, 1.3), (rng.integers(4, 7), rng.integers(4, 7), 2))
    points += cv2.resize(coarse.astype(np.float32), (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(frame, points, None, cv2.INTER_CUBIC))


def _change_pen_width(ink: Ink, strength: float, rng: Generator) -> Ink:
    """Widen strokes by up to 4 px or narrow them by up to 2 px, of some 6 px, in fractions of a pixel."""
    amount = strength * rng.uniform(-1, 2)
    change = cv2.dilate if amount > 0 else cv2.erode
    for step in (min(abs(amount), 1.0), abs(amount) - 1.0):
        if step > 0:
            ink = cv2.addWeighted(ink, 1 - step, change(ink, _DISK), step, 0)
    return ink


def _change_edges(ink: Ink, scale: int, rng: Generator) -> Ink:
    """Blur or sharpen edges: from a small photo's blur to the hard edges that MNIST's digits lose by resampling.

    Args:
        ink: (h, w) uint8, before it is framed.
        scale: px of the ink for one px of the frame, about.
        rng: random generator.
    """
    if rng.uniform() < 0.4:
        ink = cv2.GaussianBlur(ink, (0, 0), scale * rng.uniform(0.25, 0.75))
    gain, middle = 4 ** rng.uniform(), ink.max() / 2
    return np.clip(middle + (ink - middle) * gain, 0, 255).astype(np.uint8)


def _shift_and_erase(frame: Frame, max_strength: float, rng: Generator) -> Frame:
    """Shift three frames in ten by up to 2 px, and erase a small patch of two in ten; fewer below full strength."""
    frame = frame.copy()
    if rng.uniform() < 0.3 * max_strength:
        down, right = rng.integers(-2, 3, 2)
        frame = cv2.warpAffine(frame, np.array([[1, 0, right], [0, 1, down]], np.float32), frame.shape[::-1])
    if rng.uniform() < 0.2 * max_strength:
        row, column = rng.integers(4, 22, 2)
        height, width = rng.integers(2, 6, 2)
        frame[row : row + height, column : column + width] = 0
    return frame


def _ink(paths: Sequence[Stroke], pen_width: float) -> Ink:
    """Ink paths with their longest side at 100 px on a canvas of (128, 128)."""
    return ink_strokes([path + 14 for path in fit(paths, 100)], pen_width, (128, 128))


def _scribble(rng: Generator) -> Ink:
    """Draw one smooth path through 7 to 23 random points, back and forth or in waves: far longer than a digit's."""
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


def _crossing_lines(rng: Generator) -> Ink:
    """Draw four to eight straight lines across each other, as in letters, stars and signs."""
    return _ink([rng.uniform(0, 1, (2, 2)) for _ in range(rng.integers(4, 9))], rng.uniform(5, 20))


def _horizontal_bars(rng: Generator) -> Ink:
    """Draw one or two bars, as in dashes and equals signs, never steep enough for a 1."""
    bars = [np.array([[0, y], [1, y + rng.uniform(-0.2, 0.2)]]) for y in rng.uniform(0.2, 0.8, rng.integers(1, 3))]
    return _ink(bars, rng.uniform(5, 20))


def _blob(rng: Generator) -> Ink:
    """Draw a filled ellipse or rectangle: a dot, a stain, a filled box."""
    ink = np.zeros((128, 128), np.uint8)
    axes = rng.integers(25, 60, 2)
    if rng.uniform() < 0.5:
        cv2.ellipse(ink, (64, 64), axes.tolist(), rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(ink, (64 - axes).tolist(), (64 + axes).tolist(), 255, -1)
    return ink


def _two_digits(digits: NDArray[np.uint8], rng: Generator) -> Ink:
    """Join two digits, touching or not, to one glyph; of one in four keep only the middle, as a bad split would."""
    left, right = digits[rng.integers(len(digits), size=2)]
    gap = int(rng.integers(14, 24))
    ink = np.zeros((FRAME_SIDE, FRAME_SIDE + gap), np.uint8)
    ink[:, :FRAME_SIDE] = left
    np.maximum(ink[:, gap:], right, out=ink[:, gap:])
    middle = (FRAME_SIDE + gap) // 2
    rest = ink[:, middle - 9 : middle + 9]
    if rng.uniform() < 0.25 and rest.any():  # between two slim digits there may be no ink
        ink = rest
    return cv2.resize(ink, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
