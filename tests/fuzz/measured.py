"""What reading one input costs, in processor time and in memory, and whether it ends as it should."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import NamedTuple

from model.errors import ReaderError

MOST_SECONDS, MOST_MEGABYTES = 2.0, 400.0
"""Of one input: of the processor, all threads together, and of memory beyond what the process held before."""
HARD_LIMIT = 3_000_000_000
"""Bytes that a process of the fuzz may allocate, for making an input and reading it."""

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Cost(NamedTuple):
    """Seconds of the processor, megabytes of memory, and what went wrong, if anything did."""

    seconds: float
    megabytes: float
    fault: str


def limit_memory() -> None:
    """Let what takes far too much fail in its own process, and harm no other one."""
    resource.setrlimit(resource.RLIMIT_DATA, (HARD_LIMIT, HARD_LIMIT))


def cost_of(read: Callable[[], object]) -> Cost:
    """Read one input, which gives a result or the project's own error, in three beats; anything else is a fault."""
    _RESET.write_text("5", encoding="ascii")  # the peak counts from here on
    before, began, fault = _kilobytes("VmRSS"), process_time(), ""
    try:
        read()
    except ReaderError as error:
        if not all(beat in str(error) for beat in ("Expected", "Received")):
            fault = f"an error without its three beats: {error}"
    except BaseException as error:  # nothing may pass
        fault = f"{type(error).__name__}: {error}"
    seconds, megabytes = process_time() - began, max(_kilobytes("VmHWM") - before, 0) / 1e3
    if seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES:
        fault = fault or "it costs too much"
    return Cost(seconds, megabytes, fault)


def _kilobytes(field: str) -> int:
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="utf-8").splitlines())
    return int(lines[field].split()[0])
