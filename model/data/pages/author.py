"""Who writes on a sheet: a hand with a pen, the sizes that suit the sheet, and where lines begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from model.data.pages.inks import InkSources, Pen, PrintedHand, WrittenHand, random_hand
from model.data.pages.papers import Medium, Ruling
from model.data.pages.sheet import Script, Sheet


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
    hand: WrittenHand
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

    def printed(self, height: float, *, is_read: bool = False, font: str | None = None) -> Script:
        """Printing of digits of `height` px, by default in a random font."""
        font = font or str(self.inks.fonts[int(self.rng.integers(len(self.inks.fonts)))])
        pen = Pen(0.12, self.medium.print_color, float(self.rng.uniform(0.7, 1)))
        hand = PrintedHand(font, int(self.rng.choice([300, 400, 500, 700, 800])), pen)
        return Script(hand, max(height, 6), pen, 0.0, 0.0, is_read=is_read)

    def fits(self, rows: float, columns: float) -> float:
        """Height of a digit, at most the unit, with which the rows and columns fit."""
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

    def write_lines(self, texts: Sequence[str], height: float) -> tuple[float, float, float, float]:
        """Write a text a line, all from about the same left edge, and return their box, xyxy px."""
        script = self.script(height)
        lines = [self.sheet.compose(text, script) for text in texts]
        width = max(line.width for line in lines)
        left, is_ragged = self.left(width), self.rng.random() < 0.3
        tops = self.rows(height, len(texts))
        for line, top in zip(lines, tops, strict=False):
            x = self.left(line.width) if is_ragged else left + self.rng.normal(0, 0.1) * height
            self.sheet.place(line, (x, top))
        return left, tops[0], left + width, tops[-1] + height


def random_author(sheet: Sheet, inks: InkSources, medium: Medium, unit: float, ruling: Ruling | None) -> Author:
    """Choose who writes."""
    rng = sheet.rng
    hand = random_hand(inks, medium.pen, rng)
    if inks.scripts and rng.random() < 0.3:
        hand = replace(hand, drawings={**hand.drawings, **inks.scripts[int(rng.integers(len(inks.scripts)))]})
    gap = float(rng.uniform(0.05, 0.4))
    touching = float(rng.choice([0.0, 0.0, 0.0, 0.1, 0.35, 0.9]))
    return Author(sheet, inks, medium, hand, unit, gap, touching, ruling)
