"""Pages of handwriting drawn by the project's own code, and the effects of light, paper and cameras on them."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from tests.handwriting.digit_strokes import DIGITS

FIVE_IN_PIECES = [
    [(0.24, 0.1), (0.22, 0.45), (0.5, 0.38), (0.75, 0.55), (0.7, 0.85), (0.45, 1.0), (0.15, 0.92)],
    [(0.36, 0.0), (0.85, 0.0)],
]


@dataclass(frozen=True)
class Handwriting:
    """Sizes in px, gaps in heights, and the slope in px down per px to the right."""

    height: int = 60
    pen: int = 6
    ink: int = 40
    gap: float = 0.35
    slope: float = 0.0
    seed: int = 0
    fives_in_pieces: bool = False


def write(*lines, style=Handwriting(), paper=235, margin=0.7):
    """(h, w) uint8 page of the lines, each a string of digits and spaces; a tilde joins two digits."""
    rng = np.random.default_rng(style.seed)
    edge, pitch = round(margin * style.height), round(1.8 * style.height)
    width = max(round(len(line) * (0.7 + style.gap) * style.height) for line in lines) + 2 * edge
    rise = round(abs(style.slope) * width)
    gray = np.full((len(lines) * pitch + 2 * edge + rise, width), paper, np.uint8)
    for row, line in enumerate(lines):
        left = edge
        for mark in line:
            if mark in " ~":
                left += round(0.7 * style.height if mark == " " else 0.6 * style.pen - style.gap * style.height)
            else:
                top = edge + row * pitch + style.slope * left + (rise if style.slope < 0 else 0)
                left = _write_digit(gray, int(mark), (left, top), style, rng) + round(style.gap * style.height)
    return gray


def _write_digit(gray, label, corner, style, rng):
    """Write one digit with its leftmost ink at the corner; return the right end of its ink."""
    strokes = FIVE_IN_PIECES if label == 5 and style.fives_in_pieces else DIGITS[label]
    shape = np.array([[1, -rng.normal(0, 0.08)], [0, 1]]) * style.height * rng.uniform(0.92, 1.08)
    paths = [np.array(stroke) @ shape.T for stroke in strokes]
    left = min(path[:, 0].min() for path in paths)
    moved = [path - (left, 0) + corner for path in paths]
    for path in moved:
        cv2.polylines(gray, [np.rint(path * 16).astype(np.int32)], False, style.ink, style.pen, cv2.LINE_AA, shift=4)
    return round(max(path[:, 0].max() for path in moved))


def ruled(gray, every=48, level=150, slope=0.0, *, squares=False):
    """The page on ruled, or squared, paper; the darker of both is visible."""
    page = np.full_like(gray, 255)
    height, width = gray.shape
    for y in range(-width, height + width, every):
        cv2.line(page, (0, y), (width, round(y + slope * width)), level, 2, cv2.LINE_AA)
    for x in range(every // 2, width if squares else 0, every):
        cv2.line(page, (x, 0), (round(x - slope * height), height), level, 2, cv2.LINE_AA)
    return np.minimum(gray, page)


def in_boxes(digits, every=90):
    """Digits in the boxes of a form, each in its own."""
    cells = [write(digit, margin=0.3)[:110] for digit in digits]
    page = np.hstack([np.pad(cell, ((0, 0), (8, every)), constant_values=235)[:, :every] for cell in cells])
    page = np.pad(page, ((0, 0), (0, 1)), constant_values=235)
    for left, right in pairwise(range(0, page.shape[1], every)):
        cv2.rectangle(page, (left + 4, 6), (right - 4, page.shape[0] - 6), 60, 2)
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
    """Add the noise of a camera's sensor."""
    return (gray + np.random.default_rng(seed).normal(0, sigma, gray.shape)).clip(0, 255).astype(np.uint8)


def compressed(gray, quality=30):
    """Compress as JPEG and decode again."""
    return cv2.imdecode(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def on_dark_table(gray):
    """Show the table beyond the page in a corner."""
    page = gray.copy()
    height, width = page.shape
    cv2.fillPoly(page, [np.array([(width, height), (width, height * 3 // 4), (width * 3 // 4, height)])], 35)
    return page
