"""Read many pictures, several at once and in order; an interrupted batch goes on where it was.

With an output file, a journal beside it takes each picture's part of the output as soon as it is read. The output is
always written from the first picture on, from the journal where that knows the picture, and gets its name when it is
complete: so a batch that was interrupted, however it ended, writes the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from tqdm import tqdm

from model.classifiers.registry import REPORT_FILE
from model.errors import BatchError, ImageError
from model.files import sha256_of, write_atomically
from model.reader import WEIGHTS, Reader
from model.transcript import Transcript
from model.transcript_export import Form

MAX_BYTES = 1_000_000_000
"""Of a picture's file: 100 megapixels of any format take less."""
_AHEAD = 4  # pictures in memory for each thread that reads, so that a slow one does not leave the others idle


class Answer(Protocol):
    """A picture's part of the output, which may still be on its way."""

    def result(self) -> str:
        """Wait for the part.

        Raises:
            ImageError: the picture cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Workers:
    """Threads that read pictures, in this process or elsewhere.

    Attributes:
        submit: form, name and bytes of a picture -> its answer, at once.
        count: the number of threads at present.
    """

    submit: Callable[[Form, str, bytes], Answer]
    count: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Journal:
    """Parts that are read, by their keys, and the file that keeps them; without a file nothing is kept."""

    file: IO[bytes] | None = None
    parts: dict[str, str] = field(default_factory=dict)

    def keep(self, key: str, name: str, part: str) -> None:
        """Append a part, as one line."""
        if self.file and key not in self.parts:
            self.file.write(json.dumps({"file": name, "sha256": key, "part": part}).encode() + b"\n")
            self.file.flush()


def journal_path(output: Path) -> Path:
    """Where the journal of an output file is."""
    return output.with_name(f"{output.name}.journal")


def weights_sha256() -> str:
    """Checksum of the shipped weights' report, which holds theirs: where it is the same, so are the answers."""
    return sha256_of(WEIGHTS / REPORT_FILE)


def read_part(reader: Reader, form: Form, name: str, content: bytes) -> str:
    """Read a picture, and return its part of the output.

    Raises:
        ImageError: the picture cannot be decoded or is too large.
    """
    return form.part(name, Transcript.of(reader.read_photo(content)))


@contextmanager
def local_workers(reader: Reader) -> Iterator[Workers]:
    """Read in this process, with a thread for each core."""
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as threads:
        try:
            yield Workers(
                lambda form, name, content: threads.submit(read_part, reader, form, name, content), lambda: cores
            )
        finally:
            threads.shutdown(cancel_futures=True)


def read_files(files: Sequence[str], form: Form, workers: Workers, output: Path | None = None) -> int:
    """Read picture files and write the export; for each that cannot be read, one line to stderr.

    Args:
        files: paths, which are the pictures' names in the export.
        form: form of the export.
        workers: who reads.
        output: file to write; stdout by default.

    Returns:
        The number of pictures that cannot be read.

    Raises:
        BatchError: the journal is damaged, or the workers cannot go on.
    """
    unread: list[str] = []
    is_hidden = not sys.stderr.isatty() or (output is None and sys.stdout.isatty())
    with _open_journal(output) as journal, _open_output(output) as stream:
        pictures = tqdm(_start(files, form, workers, journal), total=len(files), unit=" pictures", disable=is_hidden)
        for piece in form.whole(_finish(pictures, journal, unread)):
            stream.write(piece)
            stream.flush()
    if output and not unread:
        journal_path(output).unlink()
    return len(unread)


@dataclass(frozen=True, slots=True)
class _Picture:
    name: str
    key: str
    answer: Answer


def _start(files: Sequence[str], form: Form, workers: Workers, journal: Journal) -> Iterator[_Picture]:
    """Yield the pictures in order, while as many as suit the workers are being read."""
    settings = f"{form.name} {weights_sha256()}"
    started: deque[_Picture] = deque()
    for file in files:
        while len(started) >= max(_AHEAD * workers.count(), 1):
            yield started.popleft()
        started.append(_start_one(file, form, workers, journal, settings))
    yield from started


def _start_one(name: str, form: Form, workers: Workers, journal: Journal, settings: str) -> _Picture:
    """Have a picture read, unless the journal knows what the same bytes were read as with the same settings."""
    known: Future[str] = Future()
    try:
        content = _content(Path(name))
    except ImageError as error:
        known.set_exception(error)
        return _Picture(name, "", known)
    key = hashlib.sha256(f"{settings} {name}\0".encode(errors="surrogateescape") + content).hexdigest()
    if key not in journal.parts:
        return _Picture(name, key, workers.submit(form, name, content))
    known.set_result(journal.parts[key])
    return _Picture(name, key, known)


def _content(path: Path) -> bytes:
    """Read a picture's file; workers on other machines have no other way to it."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageError(f"The picture cannot be read. Expected a file. Received: {reason}.") from error
    if len(content) > MAX_BYTES:
        size = f"{MAX_BYTES / 1e6:,.0f} MB"
        raise ImageError(f"The picture's file is too large. Expected at most {size}. Received: more.")
    return content


def _finish(pictures: Iterable[_Picture], journal: Journal, unread: list[str]) -> Iterator[tuple[str, str]]:
    """Wait for each picture, keep its part and yield it; say of the others why they cannot be read."""
    for picture in pictures:
        try:
            part = picture.answer.result()
        except ImageError as error:
            unread.append(picture.name)
            tqdm.write(f"{picture.name}: {error}", file=sys.stderr)
        else:
            journal.keep(picture.key, picture.name, part)
            yield picture.name, part


@contextmanager
def _open_journal(output: Path | None) -> Iterator[Journal]:
    if output is None:
        yield Journal()
        return
    path = journal_path(output)
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        whole_lines = content[: content.rfind(b"\n") + 1]
        parts = dict(_parsed(path, number, line) for number, line in enumerate(whole_lines.splitlines(), start=1))
        file.truncate(len(whole_lines))  # the last line is torn where the process was killed while it wrote
        yield Journal(file, parts)


def _parsed(path: Path, number: int, line: bytes) -> tuple[str, str]:
    """Key and part of a line of a journal."""
    try:
        row = json.loads(line)
        return str(row["sha256"]), str(row["part"])
    except (ValueError, KeyError, TypeError) as error:
        raise BatchError(
            f"The journal is damaged. Expected a picture in each line of {path}: delete it to start again. "
            f"Received: {line[:40]!r} in line {number}."
        ) from error


@contextmanager
def _open_output(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    with (
        write_atomically(output) as path,
        path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as stream,
    ):
        yield stream
