"""Export transcripts as text, CSV and JSON, all at once or picture by picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from textwrap import indent

from model.transcript import Mark, Transcript

Pages = Sequence[tuple[str, Transcript]]
"""Names of pictures with their transcripts."""
Parts = Iterable[tuple[str, str]]
"""Names of pictures with their parts of an export."""

COLUMNS = ("file", "line", "column", "label", "confidence", "accepted", "by_hand", "x0", "y0", "x1", "y1")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of export that can be written while pictures are still being read.

    Attributes:
        name: identifies the form.
        part: name and transcript of a picture -> its part of the export.
        whole: names and parts of all pictures -> the export, in pieces of about a picture each.
    """

    name: str
    part: Callable[[str, Transcript], str]
    whole: Callable[[Parts], Iterator[str]]

    def __call__(self, pages: Pages) -> str:
        """Export pictures that are all read."""
        return "".join(self.whole((name, self.part(name, transcript)) for name, transcript in pages))


def to_layout_csv(pages: Pages) -> str:
    """Write a row per line, with its columns as on the page, after the picture's name if there are several."""
    several = len(pages) > 1
    return _csv([harmless(name), *row] if several else row for name, transcript in pages for row in transcript.table())


def harmless(cell: str) -> str:
    """Prefix a cell that begins like a formula with an apostrophe, so that no spreadsheet runs it.

    A carriage return becomes a space: Python writes it without quotes, and it would end the row.
    """
    text = cell.replace("\r", " ")
    return f"'{text}" if cell.startswith(_FORMULA) else text


def _text_of(_: str, transcript: Transcript) -> str:
    return f"{transcript.text}\n"


def _join_texts(parts: Parts) -> Iterator[str]:
    rest = iter(parts)
    first, second = next(rest, None), next(rest, None)
    if first and not second:
        yield first[1]
    elif first and second:
        for name, part in chain([first, second], rest):
            yield f"{name}:\n{part}"


def _rows_of(name: str, transcript: Transcript) -> str:
    return _csv(_rows(name, transcript))


def _join_rows(parts: Parts) -> Iterator[str]:
    yield _csv([COLUMNS])
    for _, part in parts:
        yield part


def _object_of(name: str, transcript: Transcript) -> str:
    lines = [[_fields(mark) for mark in line] for line in transcript.lines]
    return json.dumps({"file": name, "text": transcript.text, "lines": lines}, indent=1)


def _join_objects(parts: Parts) -> Iterator[str]:
    """Write the list as `json.dumps` does, with an indent of 1."""
    before = "["
    for _, part in parts:
        yield before + indent(f"\n{part}", " ")
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


to_text = Form("text", _text_of, _join_texts)
"""The lines of the pictures, below their names if there are several."""
to_digits_csv = Form("csv", _rows_of, _join_rows)
"""A row per digit, below the header COLUMNS."""
to_json = Form("json", _object_of, _join_objects)
"""A list of pictures with all fields of their digits."""


def _rows(name: str, transcript: Transcript) -> Iterable[Sequence[object]]:
    for row, line in enumerate(transcript.lines, start=1):
        for column, mark in enumerate(line, start=1):
            answer = mark.label, f"{mark.confidence:.4f}", mark.accepted, mark.is_manual
            yield harmless(name), row, column, *answer, *mark.digit.box


def _fields(mark: Mark) -> dict[str, object]:
    return {
        "label": mark.label,
        "confidence": mark.confidence,
        "accepted": mark.accepted,
        "by_hand": mark.is_manual,
        "box": mark.digit.box,
        "probabilities": mark.digit.probabilities.tolist(),
    }


def _csv(rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
