"""Export transcripts as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from model.transcript import Mark, Transcript

Pages = Sequence[tuple[str, Transcript]]
"""Names of pictures with their transcripts."""

COLUMNS = ("file", "line", "column", "label", "confidence", "accepted", "by_hand", "x0", "y0", "x1", "y1")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_text(pages: Pages) -> str:
    """Write the lines of the pictures, below their names if there are several."""
    if len(pages) == 1:
        return f"{pages[0][1].text}\n"
    return "".join(f"{name}:\n{transcript.text}\n" for name, transcript in pages)


def to_layout_csv(pages: Pages) -> str:
    """Write a row per line, with its columns as on the page, after the picture's name if there are several."""
    several = len(pages) > 1
    return _csv([harmless(name), *row] if several else row for name, transcript in pages for row in transcript.table())


def to_digits_csv(pages: Pages) -> str:
    """Write a row per digit, below the header COLUMNS."""
    return _csv([COLUMNS, *(row for name, transcript in pages for row in _rows(name, transcript))])


def to_json(pages: Pages) -> str:
    """Write a list of pictures with all fields of their digits."""
    objects = [
        {
            "file": name,
            "text": transcript.text,
            "lines": [[_fields(mark) for mark in line] for line in transcript.lines],
        }
        for name, transcript in pages
    ]
    return json.dumps(objects, indent=1) + "\n"


def harmless(cell: str) -> str:
    """Prefix a cell that begins like a formula with an apostrophe, so that no spreadsheet runs it.

    A carriage return becomes a space: Python writes it without quotes, and it would end the row.
    """
    text = cell.replace("\r", " ")
    return f"'{text}" if cell.startswith(_FORMULA) else text


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
