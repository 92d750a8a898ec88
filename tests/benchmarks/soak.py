"""Does the server's memory stay flat? Five people draw and two programs upload pictures, for as long as is said.

People come and go: each draws for a while, leaves, and the next one opens a session. After a quarter of the time,
memory counts: a straight line is fitted to it, and may rise by no more than MAX_SLOPE.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic

import numpy as np
import psutil
import requests

from tests.benchmarks.people import PATIENCE, photo
from tests.benchmarks.server_process import megabytes_of, served
from tests.benchmarks.visitors import draw
from tests.fuzz.pictures import picture

DRAWERS, UPLOADERS = 5, 2
STAY = 30.0
"""Seconds that people draw before others come."""
PAUSE = 0.5
"""Seconds between two uploads of a program, which keep it below the server's rate limit."""
EVERY = 10.0
"""Seconds between two samples."""
SETTLING = 0.25
"""Share of the time in which memory may still grow: caches fill, and the allocator finds its size."""
MAX_SLOPE = 1.0
"""MB a minute."""

Sample = tuple[float, float]
"""Seconds since the start, and megabytes."""


def main() -> int:
    """Print the memory every ten seconds, then the slope; return 1 if it is too steep."""
    parser = ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    seconds = 60 * parser.parse_args().minutes
    sys.stdout.write("| seconds | memory of the server |\n| ---: | ---: |\n")
    with served() as (url, server), visited(url):
        samples = list(sampled(server, seconds))
    slope = slope_of([sample for sample in samples if sample[0] >= SETTLING * seconds])
    sys.stdout.write(
        f"\nMemory rises by {slope:.2f} MB a minute after {SETTLING * seconds / 60:.1f} minutes; "
        f"at most {MAX_SLOPE} is allowed.\n"
    )
    return 1 if slope > MAX_SLOPE else 0


def sampled(server: psutil.Process, seconds: float) -> Iterator[Sample]:
    """Print and yield the server's memory until the time is over."""
    began, over = monotonic(), Event()
    while (now := monotonic() - began) < seconds:
        megabytes = megabytes_of(server)
        sys.stdout.write(f"| {now:.0f} | {megabytes:.0f} MB |\n")
        sys.stdout.flush()
        yield now, megabytes
        over.wait(min(EVERY, seconds - now))


def slope_of(samples: list[Sample]) -> float:
    """Megabytes a minute of the straight line that fits best (least squares)."""
    seconds, megabytes = np.array(samples).T
    return float(60 * np.polyfit(seconds, megabytes, 1)[0])


@contextmanager
def visited(url: str) -> Iterator[None]:
    """Let people draw and programs upload; what goes wrong there is raised at the end."""
    over = Event()
    with ThreadPoolExecutor(1 + UPLOADERS) as threads:
        tasks = [threads.submit(_draw_by_turns, url, over)]
        tasks += [threads.submit(_upload, url, number, over) for number in range(UPLOADERS)]
        try:
            yield
        finally:
            over.set()
    for task in tasks:
        task.result()


def _draw_by_turns(url: str, over: Event) -> None:
    while not over.is_set():
        drawn = draw(url, DRAWERS, STAY)
        if drawn.lost:
            raise RuntimeError(f"{drawn.lost} of {DRAWERS} people got no answer. Expected none.")


def _upload(url: str, number: int, over: Event) -> None:
    """Upload photos and, in between, pictures of the fuzz, which are read or refused."""
    sound, count = photo(), number
    while not over.wait(PAUSE):
        count += UPLOADERS
        data = sound if count % 4 < 2 else picture(count)
        answer = requests.post(f"{url}/api/read", data=data or b"-", timeout=PATIENCE)
        if answer.status_code not in {200, 422}:
            raise RuntimeError(f"An upload was answered {answer.status_code}. Expected 200 or 422.")


if __name__ == "__main__":
    sys.exit(main())
