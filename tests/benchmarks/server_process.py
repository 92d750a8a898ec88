"""The app's server as a process that is measured: its memory, with that of the processes that it started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.browser.server import serve


@contextmanager
def served() -> Iterator[tuple[str, psutil.Process]]:
    """Run the app; yields its address and its process."""
    with serve() as url:
        yield url, next(child for child in psutil.Process().children() if "streamlit" in child.cmdline())


def megabytes_of(server: psutil.Process) -> float:
    """Resident memory of the server, and what its own processes do not share with it."""
    own = [child.memory_full_info().uss for child in server.children(recursive=True)]
    return (server.memory_info().rss + sum(own)) / 1e6
