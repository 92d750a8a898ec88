"""make fuzz: read mutated pictures and stroke messages; each has to end in a reading or the project's own error.

Each input is made from its number, and measured by itself. `--from` goes on after an interruption.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.fuzz.batches import Numbered, prepare, read_batch
from tests.fuzz.measured import MOST_MEGABYTES, MOST_SECONDS

BATCH = 200


def main() -> int:
    """Read all inputs; return 1 if one of them ended otherwise or cost too much."""
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000, help="how many")
    parser.add_argument("--messages", type=int, default=100_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the number of the first input")
    arguments = parser.parse_args()
    faults = 0
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=prepare) as processes:
        for kind, batches in _batches(arguments).items():
            faults += _summed_up(kind, processes.map(read_batch, *zip(*batches, strict=True)) if batches else ())
    return 1 if faults else 0


def _batches(arguments: Namespace) -> dict[str, list[tuple[str, range]]]:
    counts = {"messages": arguments.messages, "pictures": arguments.pictures}
    ends = {kind: arguments.first + count for kind, count in counts.items()}
    return {
        kind: [(kind, range(at, min(at + BATCH, end))) for at in range(arguments.first, end, BATCH)]
        for kind, end in ends.items()
    }


def _summed_up(kind: str, batches: Iterable[list[Numbered]]) -> int:
    """Print progress, faults and the worst costs; return the number of faults."""
    count, faults, slowest, largest = 0, 0, (0.0, -1), (0.0, -1)
    for batch in batches:
        for number, cost in batch:
            count += 1
            slowest, largest = max(slowest, (cost.seconds, number)), max(largest, (cost.megabytes, number))
            if cost.fault:
                faults += 1
                sys.stdout.write(f"{kind} {number}: {cost.fault} ({cost.seconds:.2f} s, {cost.megabytes:.0f} MB)\n")
        if count % (25 * BATCH) == 0:
            sys.stdout.write(f"{count:,} {kind} read, the last one number {batch[-1][0]}\n")
        sys.stdout.flush()
    sys.stdout.write(
        f"{count:,} {kind}, {faults} faults. The slowest is number {slowest[1]}, {slowest[0]:.2f} of {MOST_SECONDS} s, "
        f"the largest number {largest[1]}, {largest[0]:.0f} of {MOST_MEGABYTES:.0f} MB.\n"
    )
    return faults


if __name__ == "__main__":
    sys.exit(main())
