"""The table of measurements: its rows, and how figures are written."""

from __future__ import annotations

from statistics import median

Row = tuple[str, str, str, str, str]
"""The subject, our figure, the baseline, their ratio, and the goal."""
HEAD: Row = ("what", "ours", "baseline", "ratio", "goal")


def markdown(rows: list[Row]) -> str:
    """The rows as a table."""
    return "".join(f"| {' | '.join(row)} |\n" for row in [HEAD, ("---",) * len(HEAD), *rows])


def medians(samples: list[tuple[float, ...]]) -> list[float]:
    """The median of each place in tuples that were measured one after the other."""
    return [median(values) for values in zip(*samples, strict=True)]


def beside(measured: str, name: str) -> str:
    """A baseline and what it is."""
    return f"{measured}, {name}"


def ratio_of(ours: float, baseline: float) -> str:
    """How many times the baseline."""
    return f"{ours / baseline:.2f}"


def ms(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"


def s(seconds: float) -> str:
    """Seconds with one decimal."""
    return f"{seconds:.1f} s"


def mb(megabytes: float) -> str:
    """Megabytes."""
    return f"{megabytes:.0f} MB"
