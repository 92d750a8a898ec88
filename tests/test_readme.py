"""The README says what the code and the report say."""

import re
from pathlib import Path

import pytest

from model.classifiers.registry import MODELS, WEIGHTS_FILE, available, weights_folder
from model.classifiers.report import load_report
from model.reader import WEIGHTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_TEXT = " ".join(README.split())


def test_figures_are_the_reports():
    report = load_report(WEIGHTS)
    test, data, versions = report["test"], report["data"], report["versions"]
    low, high = test["accuracy_95"]
    figures = [
        f"{test['accuracy']:.2%}",
        f"{low:.2%} to {high:.2%}",
        f"{test['errors']} errors",
        f"{test['ece']:.4f}",
        f"{test['coverage']:.1%}",
        f"{test['selective_accuracy']:.2%}",
        f"{report['parameters']:,} parameters",
        f"{report['started_from']['settings']['epochs']} epochs and refined for {report['settings']['epochs']} epochs",
        f"{report['seconds'] / 60:.0f} minutes in all, on {report['hardware']}",
        f"TensorFlow {versions['tensorflow']} and Keras {versions['keras']}",
        f"threshold of {report['calibration']['threshold']:.2f}",
        f"{data['stroke_digits']:,} pen-stroke digits",
        f"{data['stroke_non_digits']:,} characters",
        f"on {data['held_out']:,} digits held out",
        f"all but {report['calibration']['non_digits_accepted']:.1%} of newly drawn letters",
    ]
    assert not [figure for figure in figures if figure not in _TEXT]


def test_limits_are_what_was_measured():
    hands = load_report(WEIGHTS)["writers"]["shipped"]
    unipen = hands["digits"]["unipen"]
    assert round(1 / (1 - unipen["worst_writer"])) == 13
    assert "UNIPEN's hardest writer one digit in thirteen is misread" in _TEXT
    assert unipen["coverage"] >= 0.97
    assert unipen["selective_accuracy"] >= 0.995
    assert "97 in 100 are accepted, 995 in 1,000 of them right" in _TEXT
    assert hands["non_digits"]["unipen"]["false_accept_rate"] <= 1 / 20
    assert "of its letters and signs no more than one in twenty" in _TEXT


@pytest.mark.parametrize(
    ("subset", "name"), [("digits", "unipen"), ("digits", "pendigits_train"), ("left_out", "pendigits_train")]
)
def test_figures_of_real_writers_are_the_reports(subset, name):
    columns = [load_report(WEIGHTS)["writers"][way][subset][name] for way in _COLUMNS]
    lines = iter(README.splitlines())
    title = next(line for line in lines if f", {columns[0]['n']:,} digits, " in line)
    assert f"{columns[0]['writers']} writers" in title
    for what, form in _ROWS.items():
        expected = [format(column[what], form) for column in columns]
        assert [cell.strip() for cell in next(lines).split("|")[2:-1]] == expected


@pytest.mark.parametrize("name", ["unipen", "omniglot"])
def test_figures_of_what_is_no_digit_are_the_reports(name):
    columns = [load_report(WEIGHTS)["writers"][way]["non_digits"][name] for way in _COLUMNS]
    line = next(line for line in README.splitlines() if line.startswith(f"| {columns[0]['n']:,} "))
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [
        f"{column['false_accept_rate']:.1%}" for column in columns
    ]


@pytest.mark.parametrize("name", ["photos", "drawn"])
def test_figures_of_pictures_are_the_reports(name):
    row = load_report(WEIGHTS)["pictures"]["shipped"][name]
    line = next(line for line in README.splitlines() if line.startswith(f"| {name} |"))
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [
        f"{row['pictures']}",
        f"{row['digits']}",
        f"{row['accuracy']:.1%}",
        f"{row['exact']:.1%}",
        f"{row['seen_there']} in {row['without']}" if row["without"] else "",
        f"{row['seconds']:.2f}",
    ]


def test_figures_of_speed_are_what_the_bench_kept():
    section = README.partition("## How fast it is")[2].partition("## Limits")[0]
    hardware, *rows = (ROOT / "tests/benchmarks/results.md").read_text(encoding="utf-8").splitlines()
    assert f"{hardware}:" in section
    table = [line for line in section.splitlines() if line.startswith("|")]
    assert len(table) > 10
    assert not set(table) - set(rows)


_COLUMNS = ("usual", "MNIST alone", "shipped")
_ROWS = {
    "accuracy": ".2%",
    "worst_writer": ".1%",
    "coverage": ".1%",
    "selective_accuracy": ".2%",
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


def test_figures_of_the_ensemble_s_members_are_its_report_s():
    errors = [member["errors"] for member in load_report(weights_folder("ensemble"))["members"]]
    first, second, third = errors
    assert f"({first}, {second} and {third} errors, {1 - sum(errors) / 30_000:.2%} right in the mean)" in _TEXT


@pytest.mark.parametrize("name", available())
def test_figures_of_the_models_are_their_reports(name):
    report = load_report(weights_folder(name))
    low, high = report["test"]["accuracy_95"]
    line = next(line for line in README.splitlines() if line.startswith(f"| `{name}`:"))
    test, reported = report["test"], MODELS[name].reported
    size = (weights_folder(name) / WEIGHTS_FILE).stat().st_size
    cells = [
        f"{test['accuracy']:.2%} ({low:.2%} to {high:.2%})",
        f"{test['errors']}",
        f"{reported.accuracy:.2%} ({reported.source})" if reported else "",
        f"{report['parameters']:,}",
        f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB",
        f"{report['seconds'] / 60:.0f} min",
        f"{report['speed']['ms_per_digit']:.2f}",
    ]
    assert [cell.strip() for cell in line.split("|")[2:-1]] == cells
