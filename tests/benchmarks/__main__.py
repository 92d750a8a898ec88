"""make bench: what one live update, one answer and one start cost, beside a named baseline in the same run.

Medians. They hold for the machine they were taken on; the ratios travel better. What was measured last is kept in
results.md, from which the README has its table. Named subjects alone are only printed.
"""

from __future__ import annotations

import platform
from argparse import ArgumentParser
from pathlib import Path

import streamlit

from model.classifiers.report import hardware
from tests.benchmarks import diagnostics, drawing, people, photos, start
from tests.benchmarks.table import markdown

RESULTS = Path(__file__).with_name("results.md")
SUBJECTS = {"drawing": drawing, "people": people, "start": start, "photos": photos, "diagnostics": diagnostics}


def main() -> None:
    """Measure all subjects, print the table and keep it; or measure and print those that are named."""
    parser = ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[[], *SUBJECTS], metavar="SUBJECT", help=", ".join(SUBJECTS))
    subjects = parser.parse_args().subjects
    rows = [row for name in subjects or SUBJECTS for row in SUBJECTS[name].measure()]
    text = f"{hardware()}, Python {platform.python_version()}, Streamlit {streamlit.__version__}\n\n{markdown(rows)}"
    print(text, end="")
    if not subjects:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
