"""What stands on a page: numbers in lines, columns, tables, forms, sums, expressions and text; or nothing to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.pages.inks import SCRIBBLE, Hand, InkSources, Pen, PrintedHand, random_hand
from model.data.pages.papers import Medium, Ruling, scenery
from model.data.pages.sheet import PixelClass, Placed, Script, Sheet

_WORDS = (
    "total sum price name date time kg km cm hours paid room page number count score test group class week Monday May "
    "milk bread eggs apples rent tax VAT each left right yes no ok average mean run trial sample Ohm volts depth width "
    "Summe Preis Datum Uhr Euro Stück Menge Betrag nom prix jours total kilo fecha precio hora suma nota tel fax street "
    "the of and to in is that for it with as was on be at by this had not are but from or have an they which one you"
).split()
_FOREIGN = "漢字日本語手書数学東京時間円月火水木金土春夏秋冬テストカナひらがなのをはこрусскийязыкстранавремяценаαβγδλμπσφω"


@dataclass(frozen=True, eq=False)
class Author:
    """Who writes on the sheet, with what, and how large.

    Attributes:
        sheet: the sheet.
        inks: where further ink comes from.
        medium: what the sheet is.
        hand: the handwriting.
        unit: the height of a digit that suits the sheet, px.
        gap: between characters, in heights.
        touching: share of characters that touch their left neighbor.
        ruling: the lines of the paper.
    """

    sheet: Sheet
    inks: InkSources
    medium: Medium
    hand: Hand
    unit: float
    gap: float
    touching: float
    ruling: Ruling | None

    @property
    def rng(self) -> Generator:
        """The sheet's random generator."""
        return self.sheet.rng

    @property
    def pen(self) -> Pen:
        """The writer's pen."""
        return self.hand.pen

    def script(self, height: float | None = None) -> Script:
        """Handwriting of digits of `height` px."""
        return Script(self.hand, self.unit if height is None else height, self.pen, self.gap, self.touching)

    def printed(self, height: float, *, is_read: bool = False) -> Script:
        """Printing of digits of `height` px, in a random font."""
        font = str(self.inks.fonts[int(self.rng.integers(len(self.inks.fonts)))])
        pen = Pen(0.12, self.medium.print_color, float(self.rng.uniform(0.7, 1)))
        hand = PrintedHand(font, int(self.rng.choice([300, 400, 500, 700, 800])), pen)
        return Script(hand, max(height, 6), pen, 0.0, 0.0, is_read=is_read)

    def fits(self, rows: float, columns: float) -> float:
        """Height of a digit, at most the unit, of which so many rows and columns fit."""
        w, h = self.sheet.size_wh
        return float(np.clip(min(h / (1.5 * rows), w / (0.95 * columns), self.unit), 9, None))

    def rows(self, height: float, most: int) -> list[float]:
        """Tops of at most `most` rows of digits, on the paper's lines if there are any and the writer heeds them."""
        rng, (_, y0, _, y1) = self.rng, self.sheet.area
        pitch = height * rng.uniform(1.25, 2.4)
        first = y0 + rng.uniform(0.05, 0.6) * height
        if self.ruling and rng.random() < 0.75:
            pitch = self.ruling.pitch * np.ceil(1.15 * height / self.ruling.pitch)
            lines = np.arange(self.ruling.first, y1 + pitch, self.ruling.pitch)
            first = float(lines[np.searchsorted(lines, y0 + height)]) - height * rng.uniform(0.95, 1.1)
        free = max(int((y1 - first - height) / pitch), 0) + 1
        skipped = rng.integers(0, max(free - most, 0) + 1) if rng.random() < 0.6 else 0
        return [float(first + (skipped + i) * pitch) for i in range(min(free, most))]

    def left(self, width: float) -> float:
        """Choose where a text of `width` px begins."""
        x0, _, x1, _ = self.sheet.area
        return float(x0 + max(x1 - x0 - width, 0) * self.rng.beta(1, 1.6))


# --- Contents ---------------------------------------------------------------------------------------------------------


def whole(rng: Generator, longest: int = 6) -> str:
    """A number with one to `longest` digits; zeros may lead."""
    return "".join(map(str, rng.integers(0, 10, rng.integers(1, longest + 1))))


def signed(rng: Generator) -> str:
    """A price, a date, a time, a phone number, a percentage, a negative or a decimal number."""
    n = [f"{k:02d}" for k in rng.integers(0, 100, 8)]
    dot = "." if rng.random() < 0.5 else ","
    day, month, year = rng.integers(1, 32), rng.integers(1, 13), rng.integers(1950, 2030)
    place = "/-."[rng.integers(3)]
    forms = (
        f"{int(n[0])}{dot}{n[1]}",
        f"{rng.integers(1, 1000)},{rng.integers(0, 1000):03d}",
        f"{day:02d}{place}{month:02d}{place}{year % 100:02d}",
        f"{day}{place}{month}{place}{year}",
        f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}",
        f"-{whole(rng, 3)}",
        f"-{int(n[0])}{dot}{n[1][0]}",
        f"{int(n[0])}%",
        f"{int(n[0])}{dot}{n[1][0]}%",
        f"0{n[0]}{'-/ '[rng.integers(3)]}{n[1]}{n[2]}{n[3]}",
        f"{n[0]}{n[1]}-{n[2]}{n[3]}",
        f"{n[0]}/{n[1]}",
        f"{int(n[0])}{dot}{n[1]} €",
        f"${int(n[0])}.{n[1]}",
    )
    return str(forms[rng.integers(len(forms))])


def number(rng: Generator) -> str:
    """A number, with or without signs."""
    return signed(rng) if rng.random() < 0.3 else whole(rng, 8)


def expression(rng: Generator, depth: int = 2) -> str:
    """An arithmetic expression with signs and parentheses."""
    operators = "+-×x÷/·*±"
    weights = np.array([5, 5, 2, 3, 1.5, 2, 0.7, 0.7, 0.7])
    terms = []
    for _ in range(int(rng.integers(1, 4))):
        simple = depth == 0 or rng.random() < 0.75
        terms.append(whole(rng, 4) if simple else f"({expression(rng, depth - 1)})")
        if simple and rng.random() < 0.06:
            terms[-1] += "²³⁴"[rng.integers(3)]
    space = " " if rng.random() < 0.5 else ""
    text = terms[0]
    for term in terms[1:]:
        text += space + operators[rng.choice(len(operators), p=weights / weights.sum())] + space + term
    return text


def equation(rng: Generator) -> str:
    """An expression, or two of them with a sign between."""
    text = expression(rng)
    if rng.random() < 0.6:
        sign = "==≠≤≥<>"[rng.integers(7)]
        minus = "-" if rng.random() < 0.3 else ""
        text += f"{' ' * rng.integers(2)}{sign}{' ' * rng.integers(2)}" + (
            minus + whole(rng, 5) if rng.random() < 0.85 else ""
        )
    return text


def words(rng: Generator, count: int) -> str:
    """Some words."""
    chosen = [str(_WORDS[int(rng.integers(len(_WORDS)))]) for _ in range(count)]
    return " ".join(word.capitalize() if rng.random() < 0.3 else word for word in chosen)


# --- Layouts ----------------------------------------------------------------------------------------------------------


def _in_lines(author: Author, texts: list[str], height: float) -> None:
    """Write a text a line, all from about the same left edge."""
    script = author.script(height)
    placed = [author.sheet.compose(text, script) for text in texts]
    width = max(_width(line) for line in placed)
    left, is_ragged = author.left(width), author.rng.random() < 0.3
    for text, line, top in zip(texts, placed, author.rows(height, len(texts)), strict=False):
        x = author.left(_width(line)) if is_ragged else left + author.rng.normal(0, 0.1) * height
        author.sheet.place(text, line, x, top, script)


def _width(placed: list[Placed]) -> float:
    return max((x + glyph.left + glyph.alpha.shape[1] for _, glyph, x, _ in placed), default=0.0)


def single(author: Author) -> None:
    """One digit."""
    _in_lines(author, [str(author.rng.integers(10))], author.fits(1, 1))


def one_number(author: Author) -> None:
    """One number."""
    text = number(author.rng)
    _in_lines(author, [text], author.fits(1, len(text)))


def lines(author: Author) -> None:
    """Lines of one or several numbers."""
    rng = author.rng
    per_line, longest = int(rng.integers(1, 5)), int(rng.integers(1, 10))
    make = (lambda: number(rng)) if rng.random() < 0.4 else (lambda: whole(rng, longest))
    texts = [" ".join(make() for _ in range(per_line)) for _ in range(int(rng.integers(1, 10)))]
    _in_lines(author, texts, author.fits(min(len(texts), 3), max(map(len, texts))))


def column(author: Author) -> None:
    """A column of numbers, of one kind or of several."""
    rng = author.rng
    make = (whole, signed, number)[rng.integers(3)]
    texts = [make(rng) for _ in range(int(rng.integers(3, 16)))]
    _in_lines(author, texts, author.fits(min(len(texts), 6), max(map(len, texts))))


def rows_of_digits(author: Author) -> None:
    """Rows of the ten digits, apart, as people write them to try a reader."""
    rng = author.rng
    n = int(rng.integers(3, 11))
    texts = [" ".join(str(k) for k in rng.permutation(10)[:n]) for _ in range(int(rng.integers(1, 9)))]
    if rng.random() < 0.3:
        texts = [" ".join([str(rng.integers(10))] * n) for _ in texts]
    _in_lines(author, texts, author.fits(min(len(texts), 2), 1.7 * n))


def scattered(author: Author) -> None:
    """Numbers here and there, at different sizes."""
    rng, (x0, y0, x1, y1) = author.rng, author.sheet.area
    boxes: list[tuple[float, float, float, float]] = []
    for _ in range(int(rng.integers(2, 14))):
        text = number(rng)
        script = author.script(author.fits(2, len(text)) * rng.uniform(0.6, 1))
        placed = author.sheet.compose(text, script)
        x, y = rng.uniform(x0, max(x1 - _width(placed), x0 + 1)), rng.uniform(y0, max(y1 - script.height, y0 + 1))
        box = x - script.height, y - 0.6 * script.height, x + _width(placed) + script.height, y + 1.6 * script.height
        if all(box[2] < a or c < box[0] or box[3] < b or d < box[1] for a, b, c, d in boxes):
            boxes.append(box)
            author.sheet.place(text, placed, x, y, script)


def expressions(author: Author) -> None:
    """Expressions, one a line."""
    texts = [equation(author.rng) for _ in range(int(author.rng.choice([1, 1, 1, 2, 3, 5])))]
    _in_lines(author, texts, author.fits(len(texts), max(map(len, texts))))


def _grid(author: Author, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> None:
    """Draw the lines of a table: printed, or drawn by hand; some may be missing."""
    rng, sheet = author.rng, author.sheet
    row = float(np.diff(ys).min())
    by_hand, frame_only = rng.random() < 0.35, rng.random() < 0.08
    width = float(np.exp(rng.uniform(np.log(0.8), np.log(max(0.09 * row, 1.5)))))
    pen = replace(author.pen, width=max(author.pen.width * author.unit, 0.6)) if by_hand else Pen(
        width, author.medium.print_color, float(rng.uniform(0.45, 1)), is_smooth=author.pen.is_smooth
    )  # fmt: skip
    keeps_rows, keeps_columns = (rng.random(2) < 0.93).tolist()
    ends = [ys[[0, -1]], xs[[0, -1]]]
    levels = [y for y in ys if keeps_rows and not frame_only or y in ends[0]]
    columns = [x for x in xs if keeps_columns and not frame_only or x in ends[1]]
    paths = [_path((xs[0], y), (xs[-1], y), row, rng, by_hand=by_hand) for y in levels]
    paths += [_path((x, ys[0]), (x, ys[-1]), row, rng, by_hand=by_hand) for x in columns]
    sheet.rule(paths, pen)


def _path(
    start: tuple[float, float], end: tuple[float, float], size: float, rng: Generator, *, by_hand: bool
) -> NDArray[np.float64]:
    """A straight line; one drawn by hand is a little off at its ends and wavy."""
    if not by_hand:
        return np.array([start, end], np.float64)
    ends = np.array([start, end]) + rng.normal(0, 0.07 * size, (2, 2))
    along = np.linspace(0, 1, 12)[:, None]
    wave = np.cumsum(rng.normal(0, 0.012 * size, (12, 2)), axis=0)
    return np.asarray(ends[0] * (1 - along) + ends[1] * along + wave - along * wave[-1])


def table(author: Author) -> None:
    """A table with grid lines, one number a cell; digits may touch the lines."""
    rng, sheet = author.rng, author.sheet
    x0, y0, x1, y1 = sheet.area
    w, h = sheet.size_wh
    longest = int(rng.integers(1, 6))
    height = min(author.fits(3, 3.5 * (longest + 0.5)), 0.3 * h)
    row = height * rng.uniform(1.1, 2.2)
    cell = height * (0.85 * longest * rng.uniform(0.85, 1.3) + rng.uniform(0.2, 1.2))
    n_rows = int(np.clip(rng.integers(1, 16), 1, max(h // row, 1)))
    n_columns = int(np.clip(rng.integers(1, 11), 1, max(w // cell, 1)))
    widths = cell * np.where(rng.random(n_columns) < 0.2, rng.uniform(0.8, 1.6, n_columns), 1.0)
    left, top = rng.uniform(0, max(w - widths.sum(), 1)), rng.uniform(0, max(h - n_rows * row, 1))
    xs, ys = x0 + left + np.concatenate([[0], np.cumsum(widths)]), y0 + top + np.arange(n_rows + 1) * row
    if rng.random() < 0.9:
        _grid(author, xs, ys)
    has_signs, empty, header = rng.random() < 0.2, rng.choice([0, 0, 0.1, 0.3]), rng.random() < 0.15
    script, align = author.script(height), rng.choice([0.0, 0.5, 0.5, 1.0])
    for i in range(n_rows):
        line = sheet.next_line()
        for j in range(n_columns):
            if rng.random() >= empty:
                text = signed(rng)[: longest + 1].strip() if has_signs else whole(rng, longest)
                cell_script = author.printed(0.6 * height) if header and i == 0 else script
                _in_cell(author, words(rng, 1)[:6] if header and i == 0 else text, (xs[j], ys[i], xs[j + 1], ys[i + 1]),
                         cell_script, align, line)  # fmt: skip


def _in_cell(
    author: Author, text: str, cell: tuple[float, float, float, float], script: Script, align: float, line: int
) -> None:
    """Write into a cell; smaller, if it would be far too wide."""
    x0, y0, x1, y1 = cell
    placed = author.sheet.compose(text, script)
    if _width(placed) > 1.1 * (x1 - x0):
        script = replace(script, height=max(script.height * (x1 - x0) / _width(placed), 8))
        placed = author.sheet.compose(text, script)
    rng, margin = author.rng, 0.15 * script.height
    x = x0 + margin + (x1 - x0 - 2 * margin - _width(placed)) * align + rng.normal(0, 0.1) * script.height
    y = (y0 + y1 - script.height) / 2 + rng.normal(0, 0.12) * script.height
    author.sheet.place(text, placed, x, y, script, line)


def form(author: Author) -> None:
    """Boxes of a form, a digit in each; the digits may touch the frame."""
    rng, sheet = author.rng, author.sheet
    x0, _, x1, y1 = sheet.area
    n = int(rng.integers(2, 14))
    height = author.fits(1.5, 1.4 * n)
    side, tall = height * rng.uniform(1.05, 1.5), height * rng.uniform(1.05, 1.6)
    apart = height * rng.uniform(0.1, 0.4) if rng.random() < 0.3 else 0.0
    pen = Pen(float(rng.uniform(0.7, max(0.07 * height, 1.2))), author.medium.print_color, float(rng.uniform(0.4, 1)))
    script, label = author.script(height), author.printed(0.5 * height)
    for top in author.rows(1.9 * tall, int(rng.integers(1, 7))):
        if rng.random() < 0.4:
            sheet.write(words(rng, 2), x0, top, label)
            top += 0.8 * height
        left = author.left(n * (side + apart))
        line, filled = sheet.next_line(), int(rng.integers(1, n + 1)) if rng.random() < 0.3 else n
        corners = [left + i * (side + apart) for i in range(n)]
        sheet.rule([np.array([(x, top), (x + side, top), (x + side, top + tall), (x, top + tall), (x, top)]) for x in corners], pen)
        low = rng.uniform(0, 1)
        digits = whole(rng, n)[:filled].ljust(filled, "0") if rng.random() < 0.3 else "".join(map(str, rng.integers(0, 10, filled)))
        number_before = sheet.numbers
        for x, digit in zip(corners, digits, strict=False):
            placed = sheet.compose(digit, script)
            y = top + (tall - height) * low + rng.normal(0, 0.07) * height
            sheet.numbers = number_before
            sheet.place(digit, placed, x + (side - _width(placed)) / 2 + rng.normal(0, 0.06) * height, y, script, line)


def written_sum(author: Author) -> None:
    """Additions and subtractions with carries and a drawn rule, as children write them."""
    rng, sheet = author.rng, author.sheet
    length, rows = int(rng.integers(1, 5)), int(rng.choice([2, 2, 2, 3]))
    height = author.fits(rows + 3.2, length + 3.5)
    pitch, step = height * rng.uniform(1.15, 1.8), height * rng.uniform(0.75, 1.2)
    across = max(int(sheet.size_wh[0] / (step * (length + 3))), 1) if rng.random() < 0.5 else 1
    x0, y0, _, _ = sheet.area
    top = y0 + height * rng.uniform(0.5, 1.2) + rng.uniform(0, max(sheet.size_wh[1] - pitch * (rows + 2) - height, 1))
    first = sheet.lines
    for i in range(min(across, 4)):
        sheet.lines = first
        left = author.left(step * (length + 3)) if across == 1 else x0 + i * step * (length + 3)
        _one_sum(author, left + step * (length + 1.5), top, (height, pitch, step), length, rows)


def _one_sum(
    author: Author, right: float, top: float, sizes: tuple[float, float, float], length: int, rows: int
) -> None:
    """Write a sum whose ones stand at x = right."""
    rng, sheet, (height, pitch, step) = author.rng, author.sheet, sizes
    sign = "+-x×÷"[rng.choice(5, p=[0.5, 0.35, 0.07, 0.05, 0.03])]
    values = sorted((int(whole(rng, length)) for _ in range(rows)), reverse=True)
    result = sum(values) if sign == "+" else max(values[0] - sum(values[1:]), 0) if sign == "-" else np.prod(values)
    script = author.script(height)
    if rng.random() < 0.55:  # carries
        small = author.script(height * rng.uniform(0.35, 0.6))
        for k in range(length + 1):
            if rng.random() < 0.4:
                sheet.write(str(rng.choice([1, 1, 1, 1, 2, 3])), right - (k + rng.uniform(0.2, 0.7)) * step, top - 0.5 * height, small, -1)
    for i, value in enumerate([*values, int(result)] if rng.random() < 0.92 else values):
        y = top + i * pitch + (height * rng.uniform(0.1, 0.5) if i >= rows else 0)
        line = sheet.next_line()
        if 0 < i < rows and (i == rows - 1 or rng.random() < 0.3):
            sheet.write(sign, right - (length + rng.uniform(0.8, 1.4)) * step, y, script, line)
        _in_columns(author, str(value), right, y, script, step, line)
        if i == rows - 1:
            below = y + height * rng.uniform(1.0, 1.25)
            pen = replace(author.pen, width=author.pen.width * height)
            ends = (right - (length + rng.uniform(0.2, 1.5)) * step, below), (right + rng.uniform(0.5, 1.2) * step, below)
            sheet.rule([_path(*ends, height, rng, by_hand=True)] * int(rng.choice([1, 1, 1, 1, 1, 2])), pen)


def _in_columns(author: Author, text: str, right: float, y: float, script: Script, step: float, line: int) -> None:
    """Write digits each in its column, the last one at x = right."""
    number = author.sheet.numbers
    for k, digit in enumerate(reversed(text)):
        author.sheet.numbers = number
        placed = author.sheet.compose(digit, script)
        x = right - k * step - _width(placed) / 2 + author.rng.normal(0, 0.06) * script.height
        author.sheet.place(digit, placed, x, y + author.rng.normal(0, 0.04) * script.height, script, line)


def labeled(author: Author) -> None:
    """Words beside numbers, written or printed."""
    rng, sheet = author.rng, author.sheet
    height, is_printed = author.fits(2, 12), rng.random() < 0.45
    script = author.script(height)
    label = author.printed(height * rng.uniform(0.4, 0.9)) if is_printed else replace(script, is_read=True)
    left = author.left(9 * height)
    tab, joined = left + height * rng.uniform(3, 6), rng.choice([0, 0, 1])
    for top in author.rows(height, int(rng.integers(1, 12))):
        line = sheet.next_line()
        word: str | list[str] = words(rng, int(rng.integers(1, 3))) + (":" if rng.random() < 0.3 else "")
        if not is_printed and rng.random() < joined:
            word = _cursive(word.rstrip(":").split(), rng)
        end = sheet.write(word, left, top + (height - label.height), label, line)
        x = max(tab, end + 0.5 * height) if rng.random() < 0.8 else end + 0.6 * height
        end = sheet.write(number(rng), x, top, script, line)
        if rng.random() < 0.25:
            sheet.write(words(rng, 1), end + 0.5 * height, top + (height - label.height), label, line)


def worksheet(author: Author) -> None:
    """Printed exercises, whose digits and signs are read, with written answers."""
    rng, sheet, (x0, _, x1, _) = author.rng, author.sheet, author.sheet.area
    height = author.fits(4, 14)
    printed, script = author.printed(height * rng.uniform(0.5, 0.9), is_read=True), author.script(height)
    columns = max(int((x1 - x0) / (11 * height)), 1)
    for i, top in enumerate(author.rows(1.3 * height, int(rng.integers(2, 11)))):
        if i == 0 and rng.random() < 0.5:
            sheet.write(words(rng, int(rng.integers(1, 5))), x0, top, replace(printed, is_read=False))
            continue
        line = sheet.next_line()
        for k in range(columns):
            a, b = rng.integers(0, 100, 2)
            text = f"{a} {'+-×÷'[rng.integers(4)]} {b} ="
            end = sheet.write(text, x0 + k * (x1 - x0) / columns, top + height - printed.height, printed, line)
            if rng.random() < 0.5:
                level = top + height * 1.1
                sheet.rule([np.array([(end + 0.3 * height, level), (end + 2.5 * height, level)])], replace(printed.pen, width=1.2))
            if rng.random() < 0.85:
                sheet.write(whole(rng, 3), end + 0.6 * height, top, script, line)


def crossed_out(author: Author) -> None:
    """Numbers of which some are crossed out, and corrected beside them."""
    rng, sheet = author.rng, author.sheet
    height = author.fits(2, 12)
    script = author.script(height)
    for top in author.rows(height, int(rng.integers(1, 8))):
        line, x = sheet.next_line(), author.left(9 * height)
        for _ in range(int(rng.integers(1, 4))):
            first = len(sheet.symbols)
            end = sheet.write(whole(rng, 5), x, top, script, line)
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


# --- Nothing to read --------------------------------------------------------------------------------------------------


def empty(author: Author) -> None:
    """Nothing but paper."""


def text_only(author: Author) -> None:
    """Words, written or printed, and letters of foreign scripts."""
    rng, sheet = author.rng, author.sheet
    height = author.fits(4, 14)
    is_printed = rng.random() < 0.5
    script = author.printed(height) if is_printed else replace(author.script(height), gap=author.gap * 0.5)
    count = max(int(sheet.size_wh[0] / height / 4), 1)
    is_foreign, joined = rng.random() < 0.35, rng.random() < 0.45
    if is_foreign and is_printed:
        script = replace(script, hand=replace(script.hand, font="uni"))  # type: ignore[type-var]
    for top in author.rows(height, int(rng.integers(1, 20))):
        text: str | list[str] = words(rng, int(rng.integers(1, count + 1)))
        if joined and not is_printed:
            text = _cursive(text.split(), rng)
        if is_foreign:
            text = _foreign(author, int(rng.integers(1, 3 * count + 1)), is_printed=is_printed)
        sheet.write(text, sheet.area[0] + rng.uniform(0, 2) * height, top, script)


def _cursive(text: list[str], rng: Generator) -> list[str]:
    """Take each word as one character, in joined letters or illegible."""
    scribbles = rng.random() < 0.3
    return [part for word in text for part in (SCRIBBLE if scribbles or len(word) < 2 else word, " ")]


def letters_only(author: Author) -> None:
    """A few letters or signs without any number."""
    rng = author.rng
    kinds = "abcdefghkmnpqrtuvwxyzABCDEFGHKMNPQRTUVWXY", "+-×÷=()/", "+-x/()", "<>≤≥=±[]{}*", "?!%€$&"
    some = kinds[rng.choice(5, p=[0.45, 0.25, 0.15, 0.08, 0.07])]
    n = int(rng.choice([1, 2, 4, 8, 15]))
    texts = [" ".join(some[k] for k in rng.integers(0, len(some), n)) for _ in range(int(rng.integers(1, 7)))]
    if rng.random() < 0.3:
        texts = [" ".join([text[0]] * n) for text in texts]
    _in_lines(author, texts, author.fits(min(len(texts), 3), 1.7 * n))


def surroundings(author: Author) -> None:
    """A picture of something else."""
    author.sheet.image[:] = scenery(author.sheet.classes.shape, author.rng)
    author.sheet.classes[:] = PixelClass.OTHER


def _foreign(author: Author, count: int, *, is_printed: bool) -> str | list[str]:
    rng = author.rng
    if is_printed:
        return "".join(_FOREIGN[int(rng.integers(len(_FOREIGN)))] for _ in range(count))
    names = [name for name in getattr(author.hand, "drawings", {}) if len(name) > 1]
    return [names[int(rng.integers(len(names)))] for _ in range(count)] if names else words(rng, count)


def drawing(author: Author) -> None:
    """Scribbles, waves, arrows, circles and polygons."""
    rng, (x0, y0, x1, y1) = author.rng, author.sheet.area
    pen = replace(author.pen, width=author.pen.width * author.unit)
    for _ in range(int(rng.integers(1, 9))):
        size = np.exp(rng.uniform(np.log(10), np.log(max(x1 - x0, y1 - y0, 20)))) / 2
        center = rng.uniform((x0, y0), (x1, y1))
        t = np.linspace(0, 1, 80)[:, None] * 2 * np.pi
        match rng.integers(4):
            case 0:
                path = np.hstack([np.cos(t) * rng.uniform(0.3, 1), np.sin(t) * rng.uniform(0.3, 1)])
            case 1:
                path = np.hstack([t / np.pi - 1, np.sin(t * rng.uniform(1, 9)) * rng.uniform(0.1, 0.6)])
            case 2:
                path = rng.uniform(-1, 1, (int(rng.integers(3, 8)), 2))
            case _:
                path = np.cumsum(np.cumsum(rng.normal(0, 0.02, (60, 2)), axis=0), axis=0)
        author.sheet.rule([path * size + center], pen, PixelClass.OTHER)


LAYOUTS: dict[str, tuple[Callable[[Author], None], float]] = {
    "single": (single, 4),
    "one_number": (one_number, 9),
    "lines": (lines, 13),
    "column": (column, 6),
    "rows_of_digits": (rows_of_digits, 7),
    "scattered": (scattered, 4),
    "expressions": (expressions, 13),
    "table": (table, 16),
    "form": (form, 7),
    "written_sum": (written_sum, 8),
    "labeled": (labeled, 8),
    "worksheet": (worksheet, 4),
    "crossed_out": (crossed_out, 4),
    "empty": (empty, 2),
    "text_only": (text_only, 7),
    "letters_only": (letters_only, 4),
    "drawing": (drawing, 2),
    "surroundings": (surroundings, 3),
}
"""What may stand on a page, and how often."""


def random_author(sheet: Sheet, inks: InkSources, medium: Medium, unit: float, ruling: Ruling | None) -> Author:
    """Choose who writes."""
    rng = sheet.rng
    hand: Hand = random_hand(inks, medium.pen, rng)
    if inks.scripts and rng.random() < 0.3:
        hand = replace(hand, drawings={**hand.drawings, **inks.scripts[int(rng.integers(len(inks.scripts)))]})  # type: ignore[type-var]
    gap = float(rng.uniform(0.05, 0.4))
    touching = float(rng.choice([0.0, 0.0, 0.0, 0.1, 0.35, 0.9]))
    return Author(sheet, inks, medium, hand, unit, gap, touching, ruling)
