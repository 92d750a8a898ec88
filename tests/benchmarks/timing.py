"""How long a call takes."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def timed(call: Callable[[int], object], times: int) -> float:
    """Median seconds of a call, after some to warm up."""
    seconds = []
    for i in range(-5, times):
        began = perf_counter()
        call(i)
        seconds.append(perf_counter() - began)
    return median(seconds[5:])
