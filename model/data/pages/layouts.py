"""What stands on a page: numbers in lines, columns, tables, forms, sums, expressions, and beside text; or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator

from model.data.pages.author import Author
from model.data.pages.contents import any_number, cursive, equation, signed, whole, words
from model.data.pages.inks import Pen
from model.data.pages.nothing import drawing, empty, letters_only, surroundings, text_only
from model.data.pages.sheet import Script
from model.data.pages.sums import fraction, long_multiplication, worksheet, written_sum
from model.data.pages.tables import form, hand_drawn, table


def single(author: Author) -> None:
    """Write one digit."""
    author.write_lines([str(author.rng.integers(10))], author.fits(1, 1))


def one_number(author: Author) -> None:
    """Write one number."""
    text = any_number(author.rng)
    author.write_lines([text], author.fits(1, len(text)))


def lines(author: Author) -> None:
    """Write lines of one or several numbers."""
    rng = author.rng
    per_line, longest, has_signs = int(rng.integers(1, 5)), int(rng.integers(1, 10)), rng.random() < 0.4
    texts = [
        " ".join(any_number(rng) if has_signs else whole(rng, longest) for _ in range(per_line))
        for _ in range(int(rng.integers(1, 10)))
    ]
    author.write_lines(texts, author.fits(min(len(texts), 3), max(map(len, texts))))


def column(author: Author) -> None:
    """Write a column of numbers, of one kind or of several, perhaps with a total below a line."""
    rng = author.rng
    make = (whole, signed, any_number)[rng.integers(3)]
    texts = [make(rng) for _ in range(int(rng.integers(3, 16)))]
    height = author.fits(min(len(texts), 6), max(map(len, texts)))
    x0, _, x1, y1 = author.write_lines(texts, height)
    if rng.random() < 0.25:
        pen = replace(author.pen, width=author.pen.width * height)
        level = y1 + rng.uniform(0.1, 0.3) * height
        author.sheet.rule([hand_drawn((x0, level), (x1, level), height, rng)] * int(rng.integers(1, 3)), pen)
        author.sheet.write(make(rng), (x0, level + rng.uniform(0.15, 0.5) * height), author.script(height))


def rows_of_digits(author: Author) -> None:
    """Write rows of digits, apart, as people do to try a reader."""
    rng = author.rng
    n, rows = int(rng.choice([3, 5, 6, 8, 10, 18])), int(rng.choice([1, 2, 2, 3, 5, 8, 14]))
    texts = [" ".join(map(str, rng.integers(0, 10, n))) for _ in range(rows)]
    if rng.random() < 0.35:  # a row a digit
        texts = [" ".join([str((i + 1) % 10)] * n) for i in range(rows)]
    elif rng.random() < 0.3:
        texts = [" ".join(map(str, rng.permutation(10)[:n])) for _ in range(rows)]
    author.write_lines(texts, author.fits(min(rows, 4), 1.5 * n))


def scattered(author: Author) -> None:
    """Write numbers here and there, at different sizes."""
    rng, (x0, y0, x1, y1) = author.rng, author.sheet.area
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(int(rng.integers(2, 14))):
        text = any_number(rng)
        script = author.script(author.fits(2, len(text)) * rng.uniform(0.6, 1))
        composed = author.sheet.compose(text, script)
        x, y = rng.uniform(x0, max(x1 - composed.width, x0 + 1)), rng.uniform(y0, max(y1 - script.height, y0 + 1))
        around = (
            x - script.height,
            y - 0.6 * script.height,
            x + composed.width + script.height,
            y + 1.6 * script.height,
        )
        if all(around[2] < a or c < around[0] or around[3] < b or d < around[1] for a, b, c, d in taken):
            taken.append(around)
            author.sheet.place(composed, (x, y))


def expressions(author: Author) -> None:
    """Write expressions, one a line."""
    texts = [equation(author.rng) for _ in range(int(author.rng.choice([1, 1, 1, 2, 3, 5])))]
    author.write_lines(texts, author.fits(len(texts), max(map(len, texts))))


def labeled(author: Author) -> None:
    """Write words beside numbers; the words may be printed."""
    rng, sheet = author.rng, author.sheet
    height, is_printed = author.fits(2, 12), rng.random() < 0.45
    script = author.script(height)
    label = author.printed(height * rng.uniform(0.4, 0.9)) if is_printed else script
    left = author.left(9 * height)
    tab, joins = left + height * rng.uniform(3, 6), not is_printed and rng.random() < 0.35
    for top in author.rows(height, int(rng.integers(1, 12))):
        line, down = sheet.next_line(), top + height - label.height
        end = sheet.write(_label(rng, joins=joins), (left, down), label, line)
        x = max(tab, end + 0.5 * height) if rng.random() < 0.8 else end + 0.6 * height
        end = sheet.write(any_number(rng), (x, top), script, line)
        if rng.random() < 0.25:
            sheet.write(words(rng, 1), (end + 0.5 * height, down), label, line)


def _label(rng: Generator, *, joins: bool) -> str | list[str]:
    if joins:
        return cursive(words(rng, int(rng.integers(1, 3))).split(), rng)
    return words(rng, int(rng.integers(1, 3))) + ":" * int(rng.random() < 0.3)


def crossed_out(author: Author) -> None:
    """Write numbers of which some are crossed out, and corrected beside them."""
    rng, sheet = author.rng, author.sheet
    height = author.fits(2, 12)
    script = author.script(height)
    for top in author.rows(height, int(rng.integers(1, 8))):
        line, x = sheet.next_line(), author.left(9 * height)
        for _ in range(int(rng.integers(1, 4))):
            first = len(sheet.symbols)
            end = sheet.write(whole(rng, 5), (x, top), script, line)
            if rng.random() < 0.45:
                _cross_out(author, first, (x, top, end, top + height))
            x = end + height * rng.uniform(0.6, 1.2)


def _cross_out(author: Author, first: int, box: tuple[float, float, float, float]) -> None:
    """Strike through, cross, or scribble over what stands in a box."""
    rng, (x0, y0, x1, y1) = author.rng, box
    height = y1 - y0
    middle, reach = (y0 + y1) / 2, height * rng.uniform(0.05, 0.4)
    match rng.integers(4):
        case 0 | 1:
            paths = [np.array([(x0 - reach, middle + rng.normal(0, 0.15) * height), (x1 + reach, middle)])]
            paths += [paths[0] + (0, 0.2 * height)] if rng.random() < 0.3 else []
        case 2:
            paths = [np.array([(x0, y0), (x1, y1)]), np.array([(x1, y0), (x0, y1)])][: int(rng.integers(1, 3))]
        case _:
            n = int(rng.integers(6, 18))
            xs = np.linspace(x0 - reach, x1 + reach, n) + rng.normal(0, 0.1 * height, n)
            paths = [np.column_stack([xs, np.where(np.arange(n) % 2, y0, y1) + rng.normal(0, 0.1 * height, n)])]
    author.sheet.cross_out(first, paths, author.pen, author.pen.width * height)


LAYOUTS: dict[str, tuple[Callable[[Author], None], float]] = {
    "single": (single, 4),
    "one_number": (one_number, 9),
    "lines": (lines, 12),
    "column": (column, 6),
    "rows_of_digits": (rows_of_digits, 8),
    "scattered": (scattered, 4),
    "expressions": (expressions, 13),
    "fraction": (fraction, 2),
    "table": (table, 15),
    "form": (form, 7),
    "written_sum": (written_sum, 8),
    "long_multiplication": (long_multiplication, 2),
    "labeled": (labeled, 8),
    "worksheet": (worksheet, 4),
    "crossed_out": (crossed_out, 4),
    "empty": (empty, 2),
    "text_only": (text_only, 8),
    "letters_only": (letters_only, 5),
    "drawing": (drawing, 2),
    "surroundings": (surroundings, 3),
}
"""What may stand on a page, and how often."""


_LAST_LINE = 10_000  # of a text below the rest


def add_notes(author: Author) -> None:
    """Print a caption, whose digits belong to its text, above or below the rest, or draw a frame around the page."""
    rng, sheet, (x0, y0, x1, y1) = author.rng, author.sheet, author.sheet.area
    height = float(np.clip(author.unit * rng.uniform(0.3, 0.8), 9, 40))
    if rng.random() < 0.08 and y1 - y0 > 8 * height:
        text = f"{words(rng, 2)} {whole(rng, 4)} {words(rng, int(rng.integers(0, 4)))}".strip()
        script: Script = author.printed(height)
        at_top = rng.random() < 0.6
        at = x0 + rng.uniform(0, 2) * height, y0 if at_top else y1 - height
        sheet.write(text, at, script, None if at_top else _LAST_LINE)
        sheet.area = (x0, round(y0 + 2 * height), x1, y1) if at_top else (x0, y0, x1, round(y1 - 2 * height))
    if rng.random() < 0.05:
        x0, y0, x1, y1 = sheet.area
        by_hand = rng.random() < 0.5
        pen = replace(author.pen, width=author.pen.width * author.unit) if by_hand else Pen(
            float(rng.uniform(0.8, 4)), author.medium.print_color
        )  # fmt: skip
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        size = author.unit if by_hand else 0.0
        sheet.rule([hand_drawn(a, b, size, rng) for a, b in pairwise(corners)], pen)
        margin = round(0.1 * min(x1 - x0, y1 - y0))
        sheet.area = x0 + margin, y0 + margin, x1 - margin, y1 - margin
