"""Sums as children write them, fractions, and worksheets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model.data.pages.author import Author
from model.data.pages.contents import whole, words
from model.data.pages.sheet import Script
from model.data.pages.tables import hand_drawn


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the digits of a sum stand: the height of a digit, the distance of rows and columns, the ones' place; px."""

    height: float
    pitch: float
    step: float
    right: float
    top: float


def written_sum(author: Author) -> None:
    """Write additions and subtractions with carries and a drawn rule."""
    rng, sheet, (x0, _, _, _) = author.rng, author.sheet, author.sheet.area
    length, terms = int(rng.integers(1, 5)), int(rng.choice([2, 2, 2, 3]))
    columns = _columns(author, terms + 1, length + 2)
    width = columns.step * (length + 3)
    across = int(np.clip(sheet.size_wh[0] / width, 1, 4)) if rng.random() < 0.5 else 1
    first = sheet.lines
    for i in range(across):
        sheet.lines = first
        left = author.left(width) if across == 1 else x0 + i * width
        values = sorted((int(whole(rng, length)) for _ in range(terms)), reverse=True)
        _add_up(author, values, length, replace(columns, right=left + columns.step * (length + 1.5)))


def _columns(author: Author, rows: int, length: int) -> _Columns:
    rng, sheet = author.rng, author.sheet
    height = author.fits(rows + 2, length + 1.5)
    pitch, step = height * rng.uniform(1.15, 1.8), height * rng.uniform(0.75, 1.2)
    free = max(sheet.size_wh[1] - pitch * (rows + 1) - 0.5 * height, 1)
    top = sheet.area[1] + height * rng.uniform(0.5, 1.0) + rng.uniform(0, free)
    return _Columns(height, pitch, step, sheet.area[2] - step, top)


def _add_up(author: Author, values: list[int], length: int, columns: _Columns) -> None:
    rng = author.rng
    sign = "+-x×÷"[rng.choice(5, p=[0.5, 0.38, 0.05, 0.04, 0.03])]
    results = {"+": sum(values), "-": max(values[0] - sum(values[1:]), 0)}
    if rng.random() < 0.55:
        for row in (0, 1) if sign == "-" else (0,):
            _carry(author, length, row, columns)
    y = columns.top
    for i, value in enumerate(values):
        y = columns.top + i * columns.pitch
        _write_row(author, str(value), y, columns, sign if i == len(values) - 1 else "")
    y = _draw_rule(author, y, length, columns)
    if rng.random() < 0.92:
        _write_row(author, str(results.get(sign, int(whole(rng, length)))), y, columns)


def _carry(author: Author, length: int, row: int, columns: _Columns) -> None:
    """Write carries above a row, which belong to no line."""
    rng, sheet = author.rng, author.sheet
    script = author.script(columns.height * rng.uniform(0.35, 0.6))
    y = columns.top + row * columns.pitch - columns.height * rng.uniform(0.2, 0.55)
    for k in range(length + 1):
        if rng.random() < 0.35:
            x = columns.right - (k + rng.uniform(0.3, 0.9)) * columns.step
            sheet.write(str(rng.choice([1, 1, 1, 1, 2, 3])), (x, y), script, -1)


def _write_row(author: Author, text: str, y: float, columns: _Columns, sign: str = "") -> None:
    """Write digits each in its column, with a sign before them."""
    rng, sheet, script = author.rng, author.sheet, author.script(columns.height)
    line, number = sheet.next_line(), sheet.next_number()
    for k, digit in enumerate(text):
        composed = sheet.compose(digit, script)
        x = columns.right - (len(text) - 1 - k) * columns.step - composed.width / 2
        jitter = rng.normal(0, (0.06, 0.04)) * script.height
        sheet.place(composed, (x + jitter[0], y + jitter[1]), line, number)
    if sign:
        x = columns.right - (len(text) + rng.uniform(0.2, 0.8)) * columns.step
        sheet.write(sign, (x, y + rng.uniform(-0.3, 0.1) * columns.height), script, line)


def _draw_rule(author: Author, y: float, length: int, columns: _Columns) -> float:
    """Draw the rule below the row at y, and return the next row's place."""
    rng, height = author.rng, columns.height
    below = y + height * rng.uniform(1.0, 1.3)
    start = columns.right - (length + rng.uniform(0.2, 1.5)) * columns.step, below
    end = columns.right + rng.uniform(0.5, 1.2) * columns.step, below
    twice = 2 if rng.random() < 0.15 else 1
    pen = replace(author.pen, width=author.pen.width * height)
    author.sheet.rule([hand_drawn(start, end, height, rng) for _ in range(twice)], pen)
    return below + height * rng.uniform(0.1, 0.45)


def long_multiplication(author: Author) -> None:
    """Write a long multiplication, with a row for each digit of the second factor."""
    rng = author.rng
    one, other = int(whole(rng, 4)), int(rng.integers(11, 1000))
    parts = [one * int(digit) * 10**k for k, digit in enumerate(reversed(str(other)))]
    length = len(str(one * other))
    columns = _columns(author, len(parts) + 3, length + 2)
    columns = replace(columns, right=author.left(columns.step * (length + 3)) + columns.step * (length + 1.5))
    _write_row(author, str(one), columns.top, columns)
    y = columns.top + columns.pitch
    _write_row(author, str(other), y, columns, "x×"[rng.integers(2)])
    y = _draw_rule(author, y, length, columns)
    for i, part in enumerate(parts):
        y += columns.pitch if i else 0
        _write_row(author, str(part), y, columns, "+" if i and rng.random() < 0.3 else "")
    _write_row(author, str(one * other), _draw_rule(author, y, length, columns), columns)


def fraction(author: Author) -> None:
    """Write fractions with a bar, with signs between."""
    rng, sheet = author.rng, author.sheet
    count = int(rng.integers(1, 4))
    height = author.fits(3, 4 * count)
    script, pen = author.script(height), replace(author.pen, width=author.pen.width * height)
    x, middle = author.left(4 * count * height), (sheet.area[1] + sheet.area[3]) / 2
    upper, between, lower = (sheet.next_line() for _ in range(3))
    for i in range(count):
        top, bottom = (whole(rng, 3) for _ in range(2))
        width = max(len(top), len(bottom)) * height * 0.9
        sheet.write(top, (x + rng.uniform(0, 0.3) * height, middle - 1.3 * height), script, upper)
        sheet.write(bottom, (x + rng.uniform(0, 0.3) * height, middle + 0.3 * height), script, lower)
        sheet.rule([hand_drawn((x, middle), (x + width, middle), height, rng)], pen)
        if i < count - 1 or rng.random() < 0.4:
            sheet.write("=+-×x"[rng.integers(5)], (x + width + 0.3 * height, middle - 0.5 * height), script, between)
        x += width + 1.4 * height


def worksheet(author: Author) -> None:
    """Print exercises, whose digits and signs are read, and write answers beside them."""
    rng, sheet, (x0, _, x1, _) = author.rng, author.sheet, author.sheet.area
    height = author.fits(4, 14)
    printed, script = author.printed(height * rng.uniform(0.5, 0.9), is_read=True), author.script(height)
    columns = max(int((x1 - x0) / (11 * height)), 1)
    rows = author.rows(1.3 * height, int(rng.integers(2, 11)))
    if rng.random() < 0.5:
        sheet.write(words(rng, int(rng.integers(1, 5))), (x0, rows.pop(0)), replace(printed, is_read=False))
    for top in rows:
        line = sheet.next_line()
        for k in range(columns):
            _exercise(author, (x0 + k * (x1 - x0) / columns, top), printed, script, line)


def _exercise(author: Author, place: tuple[float, float], printed: Script, script: Script, line: int) -> None:
    rng, sheet, (x, y), height = author.rng, author.sheet, place, script.height
    a, b = rng.integers(0, 100, 2)
    text = f"{a} {'+-×÷'[rng.integers(4)]} {b} ="
    end = sheet.write(text, (x, y + height - printed.height), printed, line)
    if rng.random() < 0.5:
        below = y + height * 1.1
        sheet.rule(
            [np.array([(end + 0.3 * height, below), (end + 2.5 * height, below)])], replace(printed.pen, width=1.2)
        )
    if rng.random() < 0.85:
        sheet.write(whole(rng, 3), (end + 0.6 * height, y), script, line)
