"""Pages of handwriting drawn by our own code, with what light, paper and cameras do to them."""

from itertools import pairwise

import cv2
import numpy as np

from tests.digit_strokes import DIGITS

PIECES = {
    5: [[(0.24, 0.1), (0.22, 0.45), (0.5, 0.38), (0.75, 0.55), (0.7, 0.85), (0.45, 1.0), (0.15, 0.92)]]
    + [[(0.36, 0.0), (0.85, 0.0)]]
}
"""Digits in pieces: the bar of the 5 stands apart."""


def write(*lines, height=60, pen=6, paper=235, ink=40, margin=0.7, gap=0.35, leading=0.8, slope=0.0, seed=0, pieces=()):
    """(h, w) uint8 page of the lines, each a string of digits and spaces; a tilde joins two digits.

    Args:
        height: px of a digit.
        gap: between digits, in heights; 0 makes neighbors touch.
        slope: of the lines, pixels down for each pixel to the right.
        pieces: digits to be written in pieces.
    """
    rng = np.random.default_rng(seed)
    edge, pitch = round(margin * height), round((1 + leading) * height)
    width = max(round(sum((0.7 + gap) * height for _ in line)) for line in lines) + 2 * edge
    rise = round(abs(slope) * width)
    gray = np.full((len(lines) * pitch + 2 * edge + rise, width), paper, np.uint8)
    for row, line in enumerate(lines):
        left = edge
        for mark in line:
            if mark in " ~":
                left += round(0.7 * height) if mark == " " else round(0.6 * pen) - round(gap * height)
                continue
            top = edge + row * pitch + slope * left + (rise if slope < 0 else 0)
            left = _write_digit(gray, int(mark), (left, top), height, pen, ink, rng, pieces) + round(gap * height)
    return gray


def _write_digit(gray, label, corner, height, pen, ink, rng, pieces):
    """Write one digit with its leftmost ink at the corner; the right end of its ink."""
    strokes = PIECES[label] if label in pieces else DIGITS[label]
    slant, size = rng.normal(0, 0.08), height * rng.uniform(0.92, 1.08)
    shape = np.array([[1, -slant], [0, 1]])
    paths = [np.array(stroke) @ shape.T * size for stroke in strokes]
    left = min(path[:, 0].min() for path in paths)
    moved = [path - (left, 0) + corner for path in paths]
    for path in moved:
        cv2.polylines(gray, [np.rint(path * 16).astype(np.int32)], False, int(ink), pen, cv2.LINE_AA, shift=4)
    return round(max(path[:, 0].max() for path in moved))


def ruled(gray, every=48, level=150, thickness=1, slope=0.0, squares=False):
    """The page on ruled, or squared, paper; the darker of both is seen."""
    page = np.full_like(gray, 255)
    height, width = gray.shape
    for y in range(-width, height + width, every):
        cv2.line(page, (0, y), (width, round(y + slope * width)), level, thickness, cv2.LINE_AA)
    for x in range(every // 2, width if squares else 0, every):
        cv2.line(page, (x, 0), (round(x - slope * height), height), level, thickness, cv2.LINE_AA)
    return np.minimum(gray, page)


def framed(gray, every):
    """Each cell of the page in a box, as forms have them."""
    page = gray.copy()
    for left, right in pairwise(range(0, gray.shape[1], every)):
        cv2.rectangle(page, (left + 4, 6), (right - 4, gray.shape[0] - 6), 60, 2)
    return page


def shadowed(gray, depth=0.5):
    """A soft shadow over the lower right half."""
    y, x = np.mgrid[0 : 1 : complex(gray.shape[0]), 0 : 1 : complex(gray.shape[1])]
    light = 1 - depth / (1 + np.exp(-(x + y - 1) * 25))
    return (gray * light).astype(np.uint8)


def vignetted(gray, depth=0.6):
    """Corners darker than the middle."""
    y, x = np.mgrid[-1 : 1 : complex(gray.shape[0]), -1 : 1 : complex(gray.shape[1])]
    return (gray * (1 - depth * (x**2 + y**2) / 2)).astype(np.uint8)


def noisy(gray, sigma=6, seed=0):
    """With the noise of a camera's sensor."""
    return (gray + np.random.default_rng(seed).normal(0, sigma, gray.shape)).clip(0, 255).astype(np.uint8)


def compressed(gray, quality=30):
    """As JPEG leaves it."""
    return cv2.imdecode(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def on_dark_table(gray):
    """The page's edge, and the table beyond it, in a corner."""
    page = gray.copy()
    height, width = page.shape
    cv2.fillPoly(page, [np.array([(width, height), (width, height * 3 // 4), (width * 3 // 4, height)])], 35)
    return page
