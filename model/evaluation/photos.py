"""How well numbers are read from pictures of known content: photos, scans, what paint programs save."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from model.classifiers.report import PictureMetrics
from model.errors import DatasetError, ImageError
from model.reader import Reader

ReadPicture = Callable[[Path], str]
"""A picture file -> the digits read in it, in reading order."""
_COLUMNS = ("file", "label")


def measure_photos(read: ReadPicture, folder: Path) -> dict[str, PictureMetrics]:
    """Read every picture that the lists of a folder name.

    Args:
        read: how a picture is read.
        folder: holds *.csv files with the columns `file`, a path from there, and `label`, the digits of that picture in
            reading order, with or without spaces; without digits if it shows none.

    Returns:
        For each list by name: `pictures` that show digits, their number `digits`, `accuracy` (1 - edits / digits, in a
        picture at most as many edits as digits), `exact` (the share of pictures without any error), `without`
        (pictures that show no digit), `seen_there` (digits read in those), and `seconds` (of a picture, in the mean).

    Raises:
        DatasetError: there is no list, or a list or a picture cannot be read.
    """
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise DatasetError(f"There are no lists of pictures. Expected *.csv in a folder. Received: {folder}.")
    return {path.stem: _measure(read, path, _rows(path)) for path in paths}


def accepted_digits(reader: Reader) -> ReadPicture:
    """How our reader reads a picture: only what it accepts counts."""
    return lambda path: "".join(str(digit.label) for digit in reader.read_photo(path).digits if digit.accepted)


def edits(read: str, truth: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(truth) + 1))
    for i, one in enumerate(read, start=1):
        last, row[0] = row[0], i
        for j, other in enumerate(truth, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


def _rows(path: Path) -> list[tuple[Path, str]]:
    """Pictures and their digits."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines)
            rows = [(row["file"], "".join(row["label"].split())) for row in table]
    except (OSError, KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"{path} cannot be read. Expected CSV with the columns {' and '.join(_COLUMNS)}. Received: {error!r}."
        ) from error
    wrong = [label for _, label in rows if label and not (label.isascii() and label.isdecimal())]
    if wrong or not rows:
        received = repr(wrong[0]) if wrong else "no picture"
        raise DatasetError(f"{path} is no list of pictures. Expected digits as labels. Received: {received}.")
    return [(path.parent / file, label) for file, label in rows]


def _measure(read: ReadPicture, path: Path, rows: Sequence[tuple[Path, str]]) -> PictureMetrics:
    began = perf_counter()
    try:
        answers = [(read(picture), label) for picture, label in rows]
    except ImageError as error:
        raise DatasetError(f"A picture that {path} names cannot be read. {error}") from error
    seconds = (perf_counter() - began) / len(rows)
    digits = sum(len(label) for _, label in answers)
    off = [min(edits(text, label), len(label)) for text, label in answers if label]
    exact = [text == label for text, label in answers if label]
    return {
        "pictures": len(exact),
        "digits": digits,
        "accuracy": 1 - sum(off) / digits if digits else None,
        "exact": sum(exact) / len(exact) if exact else None,
        "without": len(rows) - len(exact),
        "seen_there": sum(len(text) for text, label in answers if not label),
        "seconds": seconds,
    }
