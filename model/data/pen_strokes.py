"""Files of pen strokes: drawings with labels and writers, and the writers that training holds out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import DatasetError, StrokesError
from model.files import sha256_of
from model.reading import Stroke
from model.vision.strokes import as_strokes

_WRITERS_HELD_OUT = 6  # one of this number of a file's writers is held out


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """One character written on a tablet.

    Attributes:
        strokes: (n, 2) float64 paths, y down, in any scale; at least one.
        label: 0-9, or None for a non-digit.
        writer: identifies the person who wrote it.
        looks_like_digit: it is a non-digit, but written like a digit (the letter O, for instance), so that it is no
            error to read it as one.
        name: the character, "0" to "9" or the non-digit's name.
    """

    strokes: list[Stroke]
    label: int | None
    writer: str
    looks_like_digit: bool = False
    name: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class PenStrokes:
    """Drawings to train on, and drawings of the writers that training holds out.

    Attributes:
        train: drawings of digits and of non-digits.
        held_out: drawings of digits and of non-digits by other writers.
        files: sha256 of each file, by its name.
    """

    train: list[Drawing]
    held_out: list[Drawing]
    files: dict[str, str]


def load_pen_strokes(paths: Sequence[Path]) -> PenStrokes:
    """Load files of pen strokes to train on; one writer in six of each is held out, unless it has only one.

    Raises:
        DatasetError: two files have the same name, although the report identifies them by it; or see `load_drawings`.
    """
    if len({path.name for path in paths}) < len(paths):
        raise DatasetError(
            "The report tells stroke files apart by name. Expected different names. "
            f"Received: {', '.join(map(str, paths))}."
        )
    train, held_out = [], []
    for path in paths:
        drawings = [drawing for drawing in load_drawings(path) if not drawing.looks_like_digit]
        writers = sorted({drawing.writer for drawing in drawings})
        aside = set(writers[::_WRITERS_HELD_OUT] if len(writers) > 1 else ())
        train += [drawing for drawing in drawings if drawing.writer not in aside]
        held_out += [drawing for drawing in drawings if drawing.writer in aside]
    return PenStrokes(train, held_out, {path.name: sha256_of(path) for path in paths})


def load_drawings(path: Path) -> list[Drawing]:
    """Load a file of pen strokes: a JSON object per line, with `label`, `writer` and `strokes`, a list of [[x, y], …].

    The label of a digit is a whole number 0-9, that of a non-digit a text (a letter's name, for instance).
    `looks_like_digit` is optional.

    Raises:
        DatasetError: the file cannot be read, a line has another form, or the file is empty.
    """
    drawings: list[Drawing] = []
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                drawings.append(_drawing(json.loads(line)))
    except (OSError, ValueError, KeyError, TypeError, StrokesError) as error:
        raise DatasetError(
            "The strokes cannot be read. Expected JSON with label, writer and strokes in every line. "
            f"Received: {path}, line {len(drawings) + 1} ({error!r:.120})."
        ) from error
    if not drawings:
        raise DatasetError(f"There are no strokes. Expected at least one line. Received: {path}, which is empty.")
    return drawings


def _drawing(row: dict[str, Any]) -> Drawing:
    strokes = as_strokes(row["strokes"])
    if not strokes:
        raise ValueError("no strokes")
    label, looks_like_digit = _digit(row["label"]), bool(row.get("looks_like_digit", False))
    return Drawing(strokes, label, str(row["writer"]), looks_like_digit, str(row["label"]))


def _digit(label: object) -> int | None:
    """Return 0-9, or None if the label is a name; other numbers, and digits as text, are mistakes."""
    if isinstance(label, str) and not label.isdecimal():
        return None
    if isinstance(label, int) and 0 <= label <= 9:
        return label
    raise ValueError(f"label {label!r}, which is neither a whole number 0-9 nor a name")
