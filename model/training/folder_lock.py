"""A lock on a folder that lasts no longer than the process that holds it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from model.errors import TrainingError

LOCK_FILE = ".lock"

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        # Far behind the process number, which others must be able to read.
        os.lseek(file.fileno(), 1 << 20, os.SEEK_SET)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Reserve a folder for this run; create it if it is missing.

    The operating system holds the lock (flock on Linux and macOS) and releases it when the process ends, however it
    ends. The lock file stays: a process that still waits with the removed one open would not see a new one's lock.

    Raises:
        TrainingError: another run holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a+", encoding="ascii") as file:
        try:
            _lock(file)
        except (BlockingIOError, PermissionError) as error:
            raise TrainingError(
                f"{folder} is in use. Expected a folder that no other run trains in: wait until that one has ended, or "
                f"name another folder by --checkpoints. Received: a folder locked by process {_holder(file)}."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _holder(file: IO[str]) -> str:
    """The number of the process that holds the lock."""
    time.sleep(0.2)  # the holder writes its number just after it has locked the file
    file.seek(0)
    return file.read() or "unknown"
