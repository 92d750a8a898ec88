"""Tables and forms: cells with printed or drawn lines, which digits may touch."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pages.author import Author
from model.data.pages.contents import signed, whole, words
from model.data.pages.inks import Pen
from model.data.pages.sheet import Script

Cell = tuple[float, float, float, float]
"""xyxy, px."""


def hand_drawn(
    start: tuple[float, float], end: tuple[float, float], size: float, rng: Generator
) -> NDArray[np.float64]:
    """(12, 2) line drawn by hand beside digits of `size` px: a little off at its ends, and wavy."""
    ends = np.array([start, end]) + rng.normal(0, 0.07 * size, (2, 2))
    along = np.linspace(0, 1, 12)[:, None]
    wave = np.cumsum(rng.normal(0, 0.012 * size, (12, 2)), axis=0)
    return np.asarray(ends[0] * (1 - along) + ends[1] * along + wave - along * wave[-1])


def table(author: Author) -> None:
    """Write a table with one number a cell; digits may touch the lines."""
    rng, sheet = author.rng, author.sheet
    longest = int(rng.integers(1, 6))
    height = min(author.fits(3, 3.5 * (longest + 0.5)), 0.3 * sheet.size_wh[1])
    xs, ys = _lattice(author, height, longest)
    if rng.random() < 0.9:
        _draw_grid(author, xs, ys)
    has_signs, empty = rng.random() < 0.2, float(rng.choice([0, 0, 0.1, 0.3]))
    script, align = author.script(height), float(rng.choice([0.0, 0.5, 0.5, 1.0]))
    first = 0
    if rng.random() < 0.15:
        first, header = 1, author.printed(0.6 * height)
        sheet.next_line()
        for left, right in pairwise(xs):
            _write_cell(author, words(rng, 1)[:6], (left, ys[0], right, ys[1]), header, align)
    for top, bottom in list(pairwise(ys))[first:]:
        sheet.next_line()
        for left, right in pairwise(xs):
            if rng.random() >= empty:
                text = signed(rng)[: longest + 1].strip() if has_signs else whole(rng, longest)
                _write_cell(author, text, (left, top, right, bottom), script, align)


def _lattice(author: Author, height: float, longest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose where the lines of a table are whose cells hold `longest` digits."""
    rng, (x0, y0, _, _), (w, h) = author.rng, author.sheet.area, author.sheet.size_wh
    row = height * rng.uniform(1.1, 2.2)
    cell = height * (0.85 * longest * rng.uniform(0.85, 1.3) + rng.uniform(0.2, 1.2))
    n_rows = int(np.clip(rng.integers(1, 18), 1, max(h // row, 1)))
    n_columns = int(np.clip(rng.integers(1, 12), 1, max(w // cell, 1)))
    widths = cell * np.where(rng.random(n_columns) < 0.2, rng.uniform(0.8, 1.6, n_columns), 1.0)
    left, top = rng.uniform(0, max(w - widths.sum(), 1)), rng.uniform(0, max(h - n_rows * row, 1))
    xs = x0 + left + np.concatenate([[0.0], np.cumsum(widths)])
    return xs, np.asarray(y0 + top + np.arange(n_rows + 1) * row, np.float64)


def _draw_grid(author: Author, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> None:
    """Draw the lines of a table, printed or by hand; those between rows or columns may be missing."""
    rng = author.rng
    row = float(np.diff(ys).min())
    by_hand = rng.random() < 0.35
    width = float(np.exp(rng.uniform(np.log(0.8), np.log(max(0.09 * row, 1.5)))))
    pen = Pen(width, author.medium.print_color, float(rng.uniform(0.45, 1)), is_smooth=author.pen.is_smooth)
    if by_hand:
        pen = replace(author.pen, width=max(author.pen.width * author.unit, 0.6))
    levels, columns = (axis[[0, -1]] if rng.random() < 0.1 else axis for axis in (ys, xs))
    size = row if by_hand else 0.0
    paths = [hand_drawn((xs[0], y), (xs[-1], y), size, rng) for y in levels]
    paths += [hand_drawn((x, ys[0]), (x, ys[-1]), size, rng) for x in columns]
    author.sheet.rule(paths, pen)


def _write_cell(author: Author, text: str, cell: Cell, script: Script, align: float) -> None:
    """Write into a cell of the line under way, smaller if the text would be far too wide."""
    x0, y0, x1, y1 = cell
    composed = author.sheet.compose(text, script)
    if composed.width > 1.1 * (x1 - x0):
        script = replace(script, height=max(script.height * (x1 - x0) / composed.width, 9))
        composed = author.sheet.compose(text, script)
    rng, margin = author.rng, 0.15 * script.height
    x = x0 + margin + (x1 - x0 - 2 * margin - composed.width) * align + rng.normal(0, 0.1) * script.height
    y = (y0 + y1 - script.height) / 2 + rng.normal(0, 0.12) * script.height
    author.sheet.place(composed, (x, y), author.sheet.lines - 1)


def form(author: Author) -> None:
    """Write numbers into the boxes of a form, a digit in each; the digits may touch the frame."""
    rng, sheet = author.rng, author.sheet
    n = int(rng.integers(2, 14))
    height = author.fits(1.5, 1.4 * n)
    side, tall = height * rng.uniform(1.05, 1.5), height * rng.uniform(1.05, 1.6)
    step = side + (height * rng.uniform(0.1, 0.4) if rng.random() < 0.3 else 0.0)
    pen = Pen(float(rng.uniform(0.7, max(0.07 * height, 1.2))), author.medium.print_color, float(rng.uniform(0.4, 1)))
    label, low, is_full = author.printed(0.5 * height), float(rng.uniform(0, 1)), rng.random() < 0.7
    for level in author.rows(1.9 * tall, int(rng.integers(1, 7))):
        top = level
        if rng.random() < 0.4:
            sheet.write(words(rng, 2), (sheet.area[0], top), label)
            top += 0.8 * height
        left = author.left(n * step)
        boxes = [(left + i * step, top, left + i * step + side, top + tall) for i in range(n)]
        sheet.rule([np.array([(a, b), (c, b), (c, d), (a, d), (a, b)]) for a, b, c, d in boxes], pen)
        _fill_in(author, boxes[: n if is_full else int(rng.integers(1, n + 1))], height, low)


def _fill_in(author: Author, boxes: list[Cell], height: float, low: float) -> None:
    """Write a digit into each box, at the top or, where `low` is 1, at the bottom."""
    rng, sheet, script = author.rng, author.sheet, author.script(height)
    line, number = sheet.next_line(), sheet.next_number()
    for x0, y0, x1, y1 in boxes:
        composed = sheet.compose(str(rng.integers(10)), script)
        x = (x0 + x1 - composed.width) / 2 + rng.normal(0, 0.06) * height
        y = y0 + (y1 - y0 - height) * low + rng.normal(0, 0.07) * height
        sheet.place(composed, (x, y), line, number)
