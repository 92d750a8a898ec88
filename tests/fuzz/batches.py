"""Inputs of the fuzz by their numbers, read and measured, in this process or in one that is prepared for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from model.reader import Reader
from tests.fuzz.measured import Cost, cost_of, limit_memory
from tests.fuzz.messages import read_message
from tests.fuzz.pictures import picture

Numbered = tuple[int, Cost]


def costs(kind: str, numbers: Iterable[int], reader: Reader) -> Iterator[Numbered]:
    """Read the inputs of these numbers and a kind, "pictures" or "messages"."""
    for number in numbers:
        if kind == "messages":
            yield number, cost_of(lambda number=number: read_message(number))
        else:
            data = picture(number)
            yield number, cost_of(lambda data=data: reader.read_photo(data))


def prepare() -> None:
    """Load the reader into this process, and limit its memory."""
    global _reader  # noqa: PLW0603  # of this worker process
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff writes what it thinks of damaged files
    _reader = Reader.load()
    list(costs("pictures", range(20), _reader))  # threads and caches are there before the limit
    limit_memory()


def read_batch(kind: str, numbers: range) -> list[Numbered]:
    """Read a batch in a process that is prepared."""
    return list(costs(kind, numbers, _reader))
