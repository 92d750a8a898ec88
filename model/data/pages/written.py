"""Pages of handwriting that this code writes, with the class of every pixel and the box of every symbol."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pages.author import random_author
from model.data.pages.camera import View, compress, expose, invert_part, light_up, obstruct, place_paper, resample
from model.data.pages.inks import DIGITS, InkSources
from model.data.pages.layouts import LAYOUTS, add_notes
from model.data.pages.papers import Medium, blank_paper, random_medium, rule_paper
from model.data.pages.sheet import PixelClass, Sheet, Symbol

__all__ = ["InkSources", "PixelClass", "Symbol", "WrittenPage", "write_page"]

_SMALLEST = 12  # px, height of a digit
_OVERSCAN = 0.12  # of the sides: how far paper reaches beyond the picture
_WHOLE = 0.6  # of a symbol's pixels, at least, are visible: else it is part of the surroundings


@dataclass(frozen=True, eq=False, slots=True)
class WrittenPage:
    """A page and all that is known about it.

    Attributes:
        image: (h, w, 3) uint8 RGB, as a camera, a scanner or a paint program gives it.
        classes: (h, w) uint8, a PixelClass.
        instances: (h, w) int32, 0 or 1 + index into `symbols`, for digits, signs and letters.
        symbols: all that can be seen.
        text: the numbers with their signs, from the top line to the bottom one, separated by spaces.
        layout: what kind of page it is, a key of LAYOUTS.
        medium: "screen", "scan", "photo" or "board".
    """

    image: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    instances: NDArray[np.int32]
    symbols: tuple[Symbol, ...]
    text: str
    layout: str
    medium: str


def write_page(
    rng: Generator, inks: InkSources, size_hw: tuple[int, int] | None = None, layout: str | None = None
) -> WrittenPage:
    """Write a page.

    Args:
        rng: random generator, which alone decides about the page.
        inks: where ink comes from.
        size_hw: of the picture; by default chosen at random.
        layout: a key of LAYOUTS; by default chosen at random.
    """
    weights = np.array([weight for _, weight in LAYOUTS.values()])
    layout = layout or str(rng.choice(list(LAYOUTS), p=weights / weights.sum()))
    medium = random_medium(rng)
    size = size_hw or _random_size(rng)
    view, sheet = _lay_out(size, medium, rng)
    low, high = np.log(_SMALLEST), np.log(0.75 * min(sheet.size_wh))
    unit = float(np.exp(low + max(high - low, 0) * rng.beta(1.3, 1.1)))
    ruling = rule_paper(sheet, unit, medium) if medium.name in ("photo", "scan") else None
    author = random_author(sheet, inks, medium, unit, ruling)
    add_notes(author)
    LAYOUTS[layout][0](author)
    image, classes, shown = place_paper(sheet, view)
    if medium.name != "screen" and rng.random() < 0.25:
        image, classes = obstruct(image, classes, shown, rng)
    if size_hw is None and rng.random() < 0.25:
        image, classes, shown = _crop(image, classes, shown, rng)
    symbols, instances = _visible(sheet.symbols, sheet.instances, shown, classes)
    smallest = min((symbol.box[3] - symbol.box[1] for symbol in symbols if symbol.label in DIGITS), default=20)
    image = _take(image, medium, smallest, rng)
    return WrittenPage(image, classes, instances, symbols, _text(symbols), layout, medium.name)


def _random_size(rng: Generator) -> tuple[int, int]:
    side = np.exp(rng.normal(np.log(620), 0.45))
    aspect = np.exp(rng.normal(0.2, 0.4))
    h, w = np.clip((side / np.sqrt(aspect), side * np.sqrt(aspect)), 48, 1600).astype(int).tolist()
    return h, w


def _lay_out(size_hw: tuple[int, int], medium: Medium, rng: Generator) -> tuple[View, Sheet]:
    """Choose how the paper lies: it fills the picture and more, or it is a slip on a desk."""
    h, w = size_hw
    if medium.name == "screen":
        return View(size_hw, (0, 0)), Sheet(blank_paper(medium, size_hw, rng), _inset((0, 0, w, h), 0.03), rng)
    turn = float(rng.normal(0, 1.5 if medium.name == "scan" else 2.5))
    tilt = 0.0 if medium.name == "scan" else abs(float(rng.normal(0, 0.02)))
    curl = abs(float(rng.normal(0, 0.006))) if rng.random() < 0.4 and medium.name == "photo" else 0.0
    if medium.name == "photo" and rng.random() < 0.2:
        ph, pw = round(h * rng.uniform(0.35, 0.95)), round(w * rng.uniform(0.45, 0.95))
        corner = -float(rng.uniform(0, w - pw)), -float(rng.uniform(0, h - ph))
        view = View(size_hw, corner, float(rng.normal(0, 5)), tilt, curl)
        return view, Sheet(blank_paper(medium, (ph, pw), rng), _inset((0, 0, pw, ph), 0.07), rng)
    dy, dx = round(_OVERSCAN * h) + 8, round(_OVERSCAN * w) + 8
    paper = blank_paper(medium, (h + 2 * dy, w + 2 * dx), rng)
    area = _inset((dx, dy, dx + w, dy + h), float(rng.uniform(0.01, 0.1)))
    return View(size_hw, (dx, dy), turn, tilt, curl), Sheet(paper, area, rng)


def _inset(box: tuple[int, int, int, int], share: float) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    margin = round(share * min(x1 - x0, y1 - y0))
    return x0 + margin, y0 + margin, x1 - margin, y1 - margin


def _crop(
    image: NDArray[np.uint8], classes: NDArray[np.uint8], instances: NDArray[np.uint16], rng: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint16]]:
    """Cut the picture closely around what is written."""
    x, y, w, h = cv2.boundingRect((instances > 0).astype(np.uint8))
    if min(w, h) < 8:
        return image, classes, instances
    left, top, right, bottom = (rng.uniform(0, 0.3, 4) * rng.integers(0, 2, 4) * min(w, h)).astype(int).tolist()
    region = np.s_[max(y - top, 0) : y + h + bottom, max(x - left, 0) : x + w + right]
    return image[region], classes[region], instances[region]


def _visible(
    written: list[Symbol], before: NDArray[np.uint16], after: NDArray[np.uint16], classes: NDArray[np.uint8]
) -> tuple[tuple[Symbol, ...], NDArray[np.int32]]:
    """Find the boxes of the symbols that are visible and number them; cut ones become part of the surroundings."""
    n = len(written) + 1
    drawn, left = np.bincount(before.ravel(), minlength=n), np.bincount(after.ravel(), minlength=n)
    is_whole = (left > _WHOLE * 0.7 * drawn) & (left > 0)  # paper that is farther away is smaller
    is_whole &= _away_from_edges(after, n) | (left > 0.9 * drawn)
    is_whole[0] = False
    classes[~is_whole[after] & (after > 0)] = PixelClass.OTHER
    new = np.where(is_whole, np.cumsum(is_whole), 0).astype(np.int32)
    instances = new[after]
    boxes = _boxes(instances, int(is_whole.sum()))
    kept = [symbol for symbol, whole in zip(written, is_whole[1:], strict=True) if whole]
    return tuple(replace(symbol, box=box) for symbol, box in zip(kept, boxes, strict=True)), instances


def _away_from_edges(instances: NDArray[np.uint16], n: int) -> NDArray[np.bool_]:
    edge = np.concatenate([instances[0], instances[-1], instances[:, 0], instances[:, -1]])
    return np.bincount(edge, minlength=n) == 0


def _boxes(instances: NDArray[np.int32], count: int) -> list[tuple[int, int, int, int]]:
    ys, xs = np.nonzero(instances)
    index = instances[ys, xs]
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(1, count + 1))
    if not count:
        return []
    ends = [function.reduceat(axis[order], starts) for function in (np.minimum, np.maximum) for axis in (xs, ys)]
    x0, y0, x1, y1 = (end.tolist() for end in ends)
    return [(a, b, c + 1, d + 1) for a, b, c, d in zip(x0, y0, x1, y1, strict=True)]


def _take(image: NDArray[np.uint8], medium: Medium, smallest: float, rng: Generator) -> NDArray[np.uint8]:
    """Take or scan the picture; a screen's is taken as it is."""
    quality = int(rng.integers(35, 96))
    if rng.random() < 0.03:
        image = invert_part(image, rng)
    if medium.name == "screen":
        if rng.random() < 0.25:
            image = resample(image, smallest / rng.uniform(12, 34), rng)
        return compress(image, quality) if rng.random() < 0.4 else np.ascontiguousarray(image)
    if medium.name != "scan":
        image = light_up(image, rng)
    image = expose(image, smallest, rng)
    return compress(image, quality) if rng.random() < 0.8 else image


def _text(symbols: tuple[Symbol, ...]) -> str:
    """Join digits and signs of each number that is not crossed out; what holds no digit is left out."""
    numbers: dict[int, dict[int, str]] = defaultdict(lambda: defaultdict(str))
    for symbol in symbols:
        if symbol.line >= 0 and symbol.label != "letter" and not symbol.crossed_out:
            numbers[symbol.line][symbol.number] += symbol.label
    lines = [[text for text in numbers[line].values() if any(map(str.isdigit, text))] for line in sorted(numbers)]
    return "\n".join(" ".join(line) for line in lines if line)
