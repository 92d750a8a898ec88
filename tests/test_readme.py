"""The README says what the code and the report say."""

import re
from pathlib import Path

import pytest

from model.artifacts import WEIGHTS_FILE, load_report
from model.reader import WEIGHTS
from model.registry import MODELS, available, folder

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_figures_are_the_reports():
    report = load_report(WEIGHTS)
    test = report["test"]
    low, high = test["accuracy_95"]
    figures = [
        f"{test['accuracy']:.2%}",
        f"{low:.2%} to {high:.2%}",
        f"{test['errors']} errors",
        f"{test['ece']:.4f}",
        f"{test['accepted']:.1%}",
        f"{test['right_when_accepted']:.2%}",
        f"{report['parameters']:,}",
        f"{report['settings']['epochs']} epochs",
        f"{report['seconds'] / 60:.0f} minutes",
        f"{report['calibration']['threshold']:.2f}",
    ]
    text = " ".join(README.split())
    assert not [figure for figure in figures if figure not in text]


@pytest.mark.parametrize("name", ["unipen (digits)", "pendigits_left_out"])
def test_figures_of_real_writers_are_the_reports(name):
    columns = [load_report(WEIGHTS)["hands"][way][name] for way in _COLUMNS]
    lines = iter(README.splitlines())
    title = next(line for line in lines if f", {columns[0]['n']:,} digits, " in line)
    assert f"{columns[0]['writers']} writers" in title
    for what, form in _ROWS.items():
        expected = [format(column[what], form) for column in columns]
        assert [cell.strip() for cell in next(lines).split("|")[2:-1]] == expected


@pytest.mark.parametrize("name", ["unipen", "omniglot"])
def test_figures_of_what_is_no_digit_are_the_reports(name):
    columns = [load_report(WEIGHTS)["hands"][way][name] for way in _COLUMNS]
    line = next(line for line in README.splitlines() if line.startswith(f"| {columns[0]['n']:,} "))
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [f"{column['accepted']:.1%}" for column in columns]


_COLUMNS = ("usual", "MNIST alone", "shipped")
_ROWS = {
    "accuracy": ".2%",
    "worst_writer": ".1%",
    "accepted": ".1%",
    "right_when_accepted": ".2%",
    "ece": ".3f",
    "auroc": ".3f",
}
"""Rows of the table of real writers, in their order."""


@pytest.mark.parametrize("command", re.findall(r"make \w+", README))
def test_commands_exist(command):
    assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", re.findall(r"`((?:model|pages|assets|tests)/[\w/.]+)`|\((assets/[\w.]+)\)", README))
def test_paths_exist(path):
    assert (ROOT / "".join(path)).exists()


@pytest.mark.parametrize("name", available())
def test_figures_of_the_models_are_their_reports(name):
    report = load_report(folder(name))
    low, high = report["test"]["accuracy_95"]
    line = next(line for line in README.splitlines() if line.startswith(f"| `{name}`:"))
    test, reported = report["test"], MODELS[name].reported
    size = (folder(name) / WEIGHTS_FILE).stat().st_size
    cells = [
        f"{test['accuracy']:.2%} ({low:.2%} to {high:.2%})",
        f"{test['errors']}",
        f"{reported:.2%}" if reported else "",
        f"{report['parameters']:,}",
        f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB",
        f"{report['seconds'] / 60:.0f} min",
        f"{report['speed']['ms_per_digit']:.2f}",
    ]
    assert [cell.strip() for cell in line.split("|")[2:-1]] == cells
