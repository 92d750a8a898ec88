"""The README says what the code and the report say."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from model.classifiers.registry import MODELS, WEIGHTS_FILE, available, weights_folder
from model.classifiers.report import load_report
from model.classifiers.runtime import Classifier
from model.reader import WEIGHTS, Reader
from tests.handwriting.picture_files import SEVEN, encode, page

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
    writers = load_report(WEIGHTS)["writers"]["shipped"]
    unipen = writers["digits"]["unipen"]
    assert round(1 / (1 - unipen["worst_writer"])) == 13
    assert "UNIPEN's hardest writer one digit in thirteen is misread" in _TEXT
    assert unipen["coverage"] >= 0.97
    assert unipen["selective_accuracy"] >= 0.995
    assert "97 in 100 are accepted, 995 in 1,000 of them right" in _TEXT
    assert writers["non_digits"]["unipen"]["false_accept_rate"] <= 1 / 20
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
def test_figures_of_non_digits_are_the_reports(name):
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


_COLUMNS = ("baseline", "MNIST alone", "shipped")
_ROWS = {
    "accuracy": ".2%",
    "worst_writer": ".1%",
    "coverage": ".1%",
    "selective_accuracy": ".2%",
    "ece": ".3f",
    "auroc": ".3f",
}
"""Rows of the table of real writers, in their order."""


_CODE = re.findall(r"```sh\n(.*?)```", README, re.DOTALL) + re.findall(r"`([^`\n]+)`", README)
_WORDS = {word for code in _CODE for word in code.split()}
_CURL = {"--data-binary"}  # curl's own options
_LINKS = set(re.findall(r"\]\(([^)#:]+)\)", README))
_PATHS = sorted(
    _LINKS
    | {word for word in _WORDS if re.fullmatch(r"[\w.-]+/.*", word) or re.fullmatch(r"[a-z_]+\.(?:py|txt)", word)}
)
_MODULES = sorted(set(re.findall(r"python -m ((?:model|tests)[\w.]*)", README)))
_EXAMPLE = re.search(r"```python\n(.*?)```", README, re.DOTALL)


def test_paths_are_found():
    assert {"app.py", "LICENSE", "assets/draw.png", "model/weights/", "model/weights/cnn/report.json"} <= set(_PATHS)


@pytest.mark.parametrize("path", _PATHS)
def test_paths_exist(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(word for word in _WORDS if re.fullmatch(r"[\w.-]+\.(?:json|py|js|css)", word)))
def test_files_named_without_a_folder_exist(path):
    assert [found for found in ROOT.rglob(path) if ".venv" not in found.parts]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"make (\w+)", " ".join(_CODE)))))
def test_make_targets_exist(target):
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"`([A-Z_]+)`", README))))
def test_environment_variables_are_read(variable):
    files = (
        ".deploy/compose.yaml",
        "model/data/mnist.py",
        "pages/components/shared/server.py",
        "tests/conftest.py",
        "tests/browser/server.py",
    )
    assert any(f'"{variable}"' in (ROOT / file).read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("module", _MODULES)
def test_modules_that_are_run_exist(module):
    assert find_spec(module) is not None


@pytest.mark.parametrize(
    "option", sorted(word for word in _WORDS if re.fullmatch(r"--[a-z-]+", word) and word not in _CURL)
)
def test_options_exist(option):
    files = ("train_model.py", "model/__main__.py", "tests/fuzz/__main__.py", "tests/benchmarks/soak.py")
    sources = [ROOT / file for file in files]
    assert any(f'"{option}"' in source.read_text(encoding="utf-8") for source in sources)


def test_python_example_runs(monkeypatch, capsys):
    """With a classifier that reads a 7 in everything: it is the calls that the example promises."""
    logits = np.where(np.arange(10) == 7, 9.0, 0.0)
    monkeypatch.setattr(Reader, "load", lambda: Reader(Classifier(lambda frames: np.tile(logits, (len(frames), 1)))))
    names = {"strokes": [np.array([[10.0, 10], [60, 10], [30, 90]])], "png_or_jpeg_bytes": encode(page([SEVEN, SEVEN]))}
    exec(_EXAMPLE[1], names)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["7", "7"]
    assert names["reading"].text == "77"


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
