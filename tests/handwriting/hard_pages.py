"""Difficult pages with known digits: `python -m tests.handwriting.hard_pages` prints the accuracy on each kind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.random import Generator

from model.evaluation.photos import edit_distance
from model.reader import Reader
from tests.handwriting.digit_strokes import DIGITS, LETTERS, STYLES
from tests.handwriting.written_pages import compressed, noisy, on_dark_table, ruled, shadowed, vignetted

Strokes = list[np.ndarray]
"""One (n, 2) float array a stroke, y down; digits are about 1 high."""
Writer = Callable[[str, Generator], Strokes]
"""Draws the strokes of a character as one writer does."""


@dataclass(frozen=True)
class PageStyle:
    """How a page is written: sizes in px, gaps and the pen's width in heights of a digit, the slope in radians."""

    rows: tuple[str, ...]
    height: float = 50
    pen: float = 0.1
    gap: float = 0.25
    touching: float = 0.0
    slope: float = 0.0
    uneven: float = 0.06
    ink: int = 40
    paper: int = 225


def random_writer(rng: Generator) -> Writer:
    """A writer with a slant, a width, and one way to write each digit."""
    shape = np.array([[rng.uniform(0.75, 1.1), 0], [rng.normal(-0.1, 0.12), 1]])
    ways = {
        label: [DIGITS[int(label)], *(way for name, way in STYLES.items() if name[-1] == label)]
        for label in "0123456789"
    }
    habits = {label: way[rng.integers(len(way))] for label, way in ways.items()} | LETTERS

    def write(character: str, rng: Generator) -> Strokes:
        return [(np.array(stroke) + rng.normal(0, 0.012, (len(stroke), 2))) @ shape for stroke in habits[character]]

    return write


def numbers(rng: Generator, rows: int = 3, longest: int = 9) -> tuple[str, ...]:
    """Random rows of digits."""
    return tuple("".join(map(str, rng.integers(0, 10, rng.integers(3, longest + 1)))) for _ in range(rows))


def drawn(style: PageStyle, writer: Writer, rng: Generator) -> np.ndarray:
    """(h, w) uint8, the inked page; numbers are separated by spaces."""
    pen, margin = max(style.pen * style.height, 1.2), 0.8 * style.height
    paths, top = [], margin
    for row in style.rows:
        paths += [np.add(path, (margin, top)) for path in _row(row, style, writer, rng)]
        top += style.height * rng.uniform(1.6, 2.1)
    width = max(float(path[:, 0].max()) for path in paths)
    paths = [np.add(path, (0, style.slope * path[:, 0].mean() - min(style.slope * width, 0))) for path in paths]
    size = round(width + margin), round(top + abs(style.slope) * width + margin / 2)
    page = np.full(size[::-1], style.paper, np.uint8)
    for path in paths:
        points = np.rint(path * 16).astype(np.int32)
        cv2.polylines(page, [points], False, style.ink, max(round(pen), 1), cv2.LINE_AA, shift=4)
    return page


def _row(row: str, style: PageStyle, writer: Writer, rng: Generator) -> Strokes:
    """Paths of a row whose ink begins at x = 0, in px."""
    paths: Strokes = []
    right, is_apart = 0.0, True
    for character in row:
        if character == " ":
            right, is_apart = right + 0.9 * style.height, True
            continue
        size = style.height * rng.normal(1, style.uneven)
        glyph = [stroke * size for stroke in writer(character, rng)]
        shift = np.array([0, rng.normal(0, style.uneven * style.height)])
        if is_apart or rng.random() >= style.touching:
            shift[0] = right - min(path[:, 0].min() for path in glyph)
        else:
            shift[0] = _touch(paths, [np.add(path, (0, shift[1])) for path in glyph], right)
            shift[0] += style.pen * style.height * rng.uniform(0.2, 0.8)
        glyph = [path + shift for path in glyph]
        paths += glyph
        right = max(path[:, 0].max() for path in glyph) + style.height * (style.pen + style.gap * rng.uniform(0.6, 1.4))
        is_apart = False
    return paths


def _touch(paths: Strokes, glyph: Strokes, right: float) -> float:
    """Distance in px to move a glyph so that its strokes touch its left neighbor."""

    def dense(strokes: Strokes) -> np.ndarray:
        pieces = [np.linspace(a, b, 12) for path in strokes for a, b in pairwise(path)]
        return np.concatenate(pieces)

    left, own = dense(paths[-6:]), dense(glyph)
    level = np.abs(left[:, None, 1] - own[None, :, 1]) < 2
    space = np.where(level, own[None, :, 0] - left[:, None, 0], np.inf)
    return float(-space.min()) if np.isfinite(space.min()) else right - float(own[:, 0].min())


def blurred(gray: np.ndarray, sigma: float) -> np.ndarray:
    """Blur as by an unsteady camera or a bad focus."""
    return cv2.GaussianBlur(gray, (0, 0), sigma)


def turned(gray: np.ndarray, rng: Generator) -> np.ndarray:
    """Distort by a small perspective and rotation."""
    height, width = gray.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = corners + rng.uniform(-0.05, 0.05, (4, 2)) * (width, height)
    shape = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return cv2.warpPerspective(gray, shape, (width, height), borderMode=cv2.BORDER_REPLICATE)


def grainy(gray: np.ndarray, rng: Generator) -> np.ndarray:
    """Pencil on rough paper: strokes with pale spots."""
    grain = cv2.GaussianBlur(rng.normal(0, 1, gray.shape), (0, 0), 1.0)
    paper = float(np.median(gray))
    return (paper - (paper - gray) * np.clip(0.8 + 1.1 * grain, 0.25, 1)).clip(0, 255).astype(np.uint8)


def stained(gray: np.ndarray, rng: Generator) -> np.ndarray:
    """Add the ring of a cup, and dirt."""
    height, width = gray.shape
    stain = np.full_like(gray, 255)
    center = int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.2, 0.8) * height)
    cv2.circle(stain, center, height // 3, 205, max(height // 40, 2), cv2.LINE_AA)
    for x, y in rng.uniform(0, 1, (25, 2)) * (width, height):
        cv2.circle(stain, (int(x), int(y)), int(rng.integers(0, 3)), 90, -1)
    return np.minimum(gray, blurred(stain, 1))


def scaled(gray: np.ndarray, longest: float) -> np.ndarray:
    """Resize to a longest side of `longest` px."""
    scale = longest / max(gray.shape)
    return cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def page(
    case: str, seed: int, writer_of: Callable[[Generator], Writer] = random_writer
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Make a page of a kind: (h, w) uint8, and its rows of digits."""
    rng = np.random.default_rng([seed, *case.encode()])
    writer, style = writer_of(rng), PageStyle(numbers(rng), height=rng.uniform(35, 70), pen=rng.uniform(0.06, 0.14))
    style = replace(style, gap=rng.uniform(0.15, 0.4), slope=rng.normal(0, 0.01))
    style, finish = CASES[case](style, rng)
    gray = noisy(finish(drawn(style, writer, rng)), rng.uniform(1, 4), seed)
    return gray, tuple("".join(filter(str.isdigit, row)) for row in style.rows if any(map(str.isdigit, row)))


Finish = Callable[[np.ndarray], np.ndarray]


def _plain(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return style, lambda gray: gray


def _light(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    style = replace(style, paper=int(rng.integers(110, 230)), ink=int(rng.integers(20, 60)))
    shade = shadowed if rng.random() < 0.5 else vignetted
    return style, lambda gray: shade(gray, rng.uniform(0.3, 0.65))


def _pencil(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, ink=style.paper - int(rng.integers(45, 90)), pen=0.07), lambda gray: grainy(gray, rng)


def _ruled(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    every, level = round(style.height * rng.uniform(0.9, 1.6)), int(rng.integers(120, 195))
    return style, lambda gray: ruled(gray, every, level, rng.normal(0, 0.02))


def _squared(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    every, level = round(style.height * rng.uniform(0.45, 0.9)), int(rng.integers(150, 200))
    return style, lambda gray: ruled(gray, every, level, rng.normal(0, 0.01), squares=True)


def _tiny(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    style = replace(style, rows=numbers(rng, 1, 4))
    return style, lambda gray: compressed(scaled(gray, rng.uniform(90, 130)), 60)


def _camera(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    quality = int(rng.integers(25, 60))
    return style, lambda gray: compressed(noisy(blurred(turned(gray, rng), rng.uniform(0.8, 1.6)), 7), quality)


def _sloping(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, slope=rng.choice([-1, 1]) * rng.uniform(0.06, 0.14)), lambda gray: gray


def _uneven(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, uneven=0.16), lambda gray: gray


def _touching(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, touching=0.3), lambda gray: gray


def _joined(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, touching=1.0, rows=numbers(rng, 3, 5)), lambda gray: gray


def _marker(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, pen=rng.uniform(0.18, 0.24), gap=0.35), lambda gray: gray


def _fine(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, height=rng.uniform(60, 110), pen=0.025, ink=70), lambda gray: blurred(gray, 0.7)


def _dark(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return style, lambda gray: 255 - vignetted(gray, 0.3)


def _stained(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return style, lambda gray: on_dark_table(np.pad(stained(gray, rng), ((0, 60), (0, 90)), mode="edge"))


def _columns(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    rows = tuple(" ".join("".join(map(str, rng.integers(0, 10, 2))) for _ in range(3)) for _ in range(4))
    return replace(style, rows=rows), lambda gray: gray


def _full(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    return replace(style, rows=numbers(rng, 10, 11), height=rng.uniform(22, 32)), lambda gray: gray


def _ones(style: PageStyle, rng: Generator) -> tuple[PageStyle, Finish]:
    rows = tuple("".join(rng.choice(list("1170"), 6)) for _ in range(3))
    return replace(style, rows=rows), lambda gray: gray


CASES: dict[str, Callable[[PageStyle, Generator], tuple[PageStyle, Finish]]] = {
    "plain": _plain,
    "light": _light,
    "pencil": _pencil,
    "ruled": _ruled,
    "squared": _squared,
    "tiny": _tiny,
    "camera": _camera,
    "sloping": _sloping,
    "uneven": _uneven,
    "touching": _touching,
    "joined": _joined,
    "marker": _marker,
    "fine": _fine,
    "dark": _dark,
    "stained": _stained,
    "columns": _columns,
    "full": _full,
    "ones": _ones,
}
"""The kinds of difficult pages."""


def accuracy(reader: Reader, case: str, seeds: Sequence[int]) -> float:
    """Share of correct digits on the pages of some seeds: 1 - edits / digits."""
    wrong = total = 0
    for seed in seeds:
        gray, rows = page(case, seed)
        read = "".join(str(digit.label) for digit in reader.read_photo(gray).digits if digit.accepted)
        wrong, total = wrong + edit_distance(read, "".join(rows)), total + sum(map(len, rows))
    return 1 - wrong / total


if __name__ == "__main__":
    loaded = Reader.load()
    for name in CASES:
        sys.stdout.write(f"{name:10} {accuracy(loaded, name, range(30)):.1%}\n")
