"""An editable reading: the user's corrections stay when other marks change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np

from model.reading import Digit, Finding, Reading

SURE = 0.9
"""Confidence below which a digit should be checked, even if it is accepted."""

_BESIDE = 0.3  # of the lower mark's height; marks of one line overlap by this much vertically
_WIDE = 2.5  # of the line's height; a wider gap separates columns
_GAP = 0.65  # of the line's height; a wider gap separates columns if it is also _UNEVEN
_UNEVEN = 2.5  # times the line's median gap

Cell = tuple["Mark", ...]
"""Marks of a line without a wide gap between them; at least one."""


class Trust(StrEnum):
    """How far the label of a mark can be trusted."""

    MANUAL = "by hand"
    SURE = "sure"
    DOUBTFUL = "doubtful"
    UNREAD = "unread"


@dataclass(frozen=True, eq=False, slots=True)
class Mark:
    """One digit on a picture, with the user's corrections.

    Attributes:
        number: identifies the mark in its transcript; it is never reused.
        digit: the classifier's answer for the box.
        manual_label: 0-9, the label that the user has set; None for the classifier's.
        box_is_manual: the user has drawn or changed the box.
    """

    number: int
    digit: Digit
    manual_label: int | None = None
    box_is_manual: bool = False

    @property
    def label(self) -> int:
        """The user's label, else the classifier's, 0-9."""
        return self.digit.label if self.manual_label is None else self.manual_label

    @property
    def confidence(self) -> float:
        """The classifier's probability of `label`, 0-1."""
        return float(self.digit.probabilities[self.label])

    @property
    def accepted(self) -> bool:
        """Whether the user has set the label, or the classifier's is accepted."""
        return self.manual_label is not None or self.digit.accepted

    @property
    def text(self) -> str:
        """The label, or `?` where it is not accepted."""
        return str(self.label) if self.accepted else "?"

    @property
    def is_manual(self) -> bool:
        """Whether the user has set the label or the box."""
        return self.box_is_manual or self.manual_label is not None

    @property
    def trust(self) -> Trust:
        """A label that the user has set is trusted; a box that the user has set is read like any other."""
        if self.manual_label is not None:
            return Trust.MANUAL
        if not self.accepted:
            return Trust.UNREAD
        return Trust.SURE if self.confidence >= SURE else Trust.DOUBTFUL

    @property
    def middle(self) -> tuple[float, float]:
        """Center of the box, x and y in px of the picture."""
        x0, y0, x1, y1 = self.digit.box
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def height(self) -> int:
        """Height of the box in px of the picture."""
        return self.digit.box[3] - self.digit.box[1]


MarkLine = tuple[Mark, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Transcript:
    """The marks of one picture, line by line; every change returns a new transcript, and the old one undoes it.

    Attributes:
        lines: from top to bottom, each from left to right; none is empty.
        next_number: the number of the next mark that is added.
    """

    lines: tuple[MarkLine, ...] = ()
    next_number: int = 0

    @classmethod
    def of(cls, reading: Reading) -> Transcript:
        """Transcribe a reading; empty if none of it is a digit."""
        if reading.finding is not Finding.DIGIT:
            return cls()
        numbers = iter(range(len(reading.digits)))
        lines = tuple(tuple(Mark(next(numbers), digit) for digit in line.digits) for line in reading.lines)
        return cls(lines, len(reading.digits))

    def __iter__(self) -> Iterator[Mark]:
        for line in self.lines:
            yield from line

    @property
    def text(self) -> str:
        """The lines of the page, with a space between columns."""
        return "\n".join(" ".join(_text(cell) for cell in cells(line)) for line in self.lines)

    @property
    def doubts(self) -> list[Mark]:
        """Marks that should be checked: unread ones first, then by ascending confidence."""
        doubtful = [mark for mark in self if mark.trust in {Trust.UNREAD, Trust.DOUBTFUL}]
        return sorted(doubtful, key=lambda mark: (mark.accepted, mark.confidence))

    def table(self) -> list[list[str]]:
        """Lay out the page as a table: a row per line, all of one length; cells below each other share a column."""
        rows = [cells(line) for line in self.lines]
        starts = _column_starts([_span(cell) for row in rows for cell in row])
        places = [[bisect_right(starts, _span(cell)[0]) - 1 for cell in row] for row in rows]
        if any(len(set(row)) < len(row) for row in places):  # two cells of a row share a column, so there are none
            places = [list(range(len(row))) for row in rows]
        width = max((row[-1] + 1 for row in places), default=0)
        return [_row(row, place, width) for row, place in zip(rows, places, strict=True)]

    def set_label(self, number: int, label: int) -> Transcript:
        """Set a mark's label by hand; it stays when the mark's box is read again."""
        return self._map(number, lambda mark: (replace(mark, manual_label=label),))

    def add(self, digit: Digit) -> Transcript:
        """Add a mark whose box the user has drawn, to the line beside it or as a new line."""
        return self._place(Mark(self.next_number, digit, box_is_manual=True))

    def move(self, number: int, digit: Digit) -> Transcript:
        """Give a mark the box that the user has changed, and the digit that is read in it."""
        moved = next((replace(mark, digit=digit, box_is_manual=True) for mark in self if mark.number == number), None)
        return self.remove(number)._place(moved) if moved else self

    def remove(self, number: int) -> Transcript:
        """Remove a mark, and its line if it was the last one there."""
        return self._map(number, lambda _: ())

    def _map(self, number: int, change: Callable[[Mark], MarkLine]) -> Transcript:
        lines = (
            tuple(new for mark in line for new in (change(mark) if mark.number == number else (mark,)))
            for line in self.lines
        )
        return replace(self, lines=tuple(filter(None, lines)))

    def _place(self, mark: Mark) -> Transcript:
        lines = list(self.lines)
        beside = [_beside(line, mark) for line in lines]
        if lines and max(beside) >= _BESIDE:
            row = int(np.argmax(beside))
            lines[row] = tuple(sorted((*lines[row], mark), key=lambda each: each.middle[0]))
        else:
            above = sum(np.mean([each.middle[1] for each in line]) < mark.middle[1] for line in lines)
            lines.insert(int(above), (mark,))
        return Transcript(tuple(lines), max(self.next_number, mark.number + 1))


def cells(line: MarkLine) -> list[Cell]:
    """Split a line at gaps as wide as those between columns."""
    gaps = [right.digit.box[0] - left.digit.box[2] for left, right in pairwise(line)]
    height = float(np.median([mark.height for mark in line]))
    usual = max(float(np.median(gaps)), 0.0) if gaps else 0.0
    widest = min(_WIDE * height, max(_GAP * height, _UNEVEN * usual))
    cuts = [i + 1 for i, gap in enumerate(gaps) if gap > widest]
    return [line[start:stop] for start, stop in pairwise([0, *cuts, len(line)])]


def _beside(line: MarkLine, mark: Mark) -> float:
    """Vertical overlap with the line's nearest mark, in heights of the lower one; negative if they are apart."""
    near = min(line, key=lambda each: abs(each.middle[0] - mark.middle[0]))
    shared = min(near.digit.box[3], mark.digit.box[3]) - max(near.digit.box[1], mark.digit.box[1])
    return shared / max(min(near.height, mark.height), 1)


def _span(cell: Cell) -> tuple[int, int]:
    return cell[0].digit.box[0], max(mark.digit.box[2] for mark in cell)


def _column_starts(spans: list[tuple[int, int]]) -> list[int]:
    """Find the left ends of the columns in px; spans that overlap are one column."""
    starts: list[int] = []
    end = -1
    for left, right in sorted(spans):
        if left >= end:
            starts.append(left)
        end = max(end, right)
    return starts


def _row(row: list[Cell], places: list[int], width: int) -> list[str]:
    texts = dict(zip(places, map(_text, row), strict=True))
    return [texts.get(place, "") for place in range(width)]


def _text(cell: Cell) -> str:
    return "".join(mark.text for mark in cell)
