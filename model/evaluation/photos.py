"""Accuracy on pictures of known content: photos, scans and drawings saved by paint programs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from model.classifiers.report import PictureMetrics
from model.errors import DatasetError, ImageError
from model.reader import Reader

ReadPicture = Callable[[Path], str]
"""Picture file -> the digits read in it, in reading order."""
_COLUMNS = ("file", "label")


def measure_photos(read: ReadPicture, folder: Path) -> dict[str, PictureMetrics]:
    """Read every picture that the lists in a folder name.

    Args:
        read: reads one picture.
        folder: holds *.csv files with the columns `file`, a path relative to the folder, and `label`, the digits of the
            picture in reading order, with or without spaces; an empty label means a picture without digits.

    Returns:
        For each list by name: `pictures` (number of pictures with digits), `digits` (number of digits in them),
        `accuracy` (1 - edits / digits, 0-1, counting at most as many edits in a picture as it has digits), `exact`
        (share of pictures with digits that are read without any error, 0-1), `without` (number of pictures without
        digits), `seen_there` (number of digits read in those) and `seconds` (mean time per picture).

    Raises:
        DatasetError: there is no list, or a list or a picture cannot be read.
    """
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise DatasetError(f"There are no lists of pictures. Expected *.csv in a folder. Received: {folder}.")
    return {path.stem: _measure(read, path, _rows(path)) for path in paths}


def accepted_digits(reader: Reader) -> ReadPicture:
    """Read pictures with a Reader and take only the digits that it accepts."""
    return lambda path: "".join(str(digit.label) for digit in reader.read_photo(path).digits if digit.accepted)


def edit_distance(read: str, truth: str) -> int:
    """Compute the Levenshtein distance of two texts."""
    row = list(range(len(truth) + 1))
    for i, one in enumerate(read, start=1):
        last, row[0] = row[0], i
        for j, other in enumerate(truth, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != other))
    return row[-1]


def _rows(path: Path) -> list[tuple[Path, str]]:
    """Load a list: the path of each picture, and its digits without spaces."""
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
        texts = [(read(picture), label) for picture, label in rows]
    except ImageError as error:
        raise DatasetError(f"A picture that {path} names cannot be read. {error}") from error
    seconds = (perf_counter() - began) / len(rows)
    digits = sum(len(label) for _, label in texts)
    edits = sum(min(edit_distance(text, label), len(label)) for text, label in texts)
    exact = [text == label for text, label in texts if label]
    return {
        "pictures": len(exact),
        "digits": digits,
        "accuracy": 1 - edits / digits if digits else None,
        "exact": sum(exact) / len(exact) if exact else None,
        "without": len(rows) - len(exact),
        "seen_there": sum(len(text) for text, label in texts if not label),
        "seconds": seconds,
    }
