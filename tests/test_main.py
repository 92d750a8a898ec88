"""The command line, with a reader that answers 7 to everything."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from model.__main__ import build_parser, main
from model.classifiers.runtime import Classifier
from model.errors import ArtifactError
from model.evaluation.unseen_writers import measure_writers
from model.reader import WEIGHTS, Reader
from tests.handwriting.picture_files import ONE, SEVEN, encode, likes, page
from tests.handwriting.stroke_files import digit_file, non_digit_file

README = " ".join((Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8").split())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with two pictures and a file that is none; the reader answers 7 to everything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Reader, "load", lambda: Reader(Classifier(likes(7))))
    (tmp_path / "two.png").write_bytes(encode(page([SEVEN, ONE], [ONE], size_wh=(400, 300))))
    (tmp_path / "blank.png").write_bytes(encode(page([])))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_one_file_is_printed_as_its_text(capsys):
    assert main(["read", "two.png"]) == 0
    assert capsys.readouterr() == ("77\n7\n", "")


@pytest.mark.usefixtures("folder")
def test_several_files_are_printed_below_their_names(capsys):
    assert main(["read", "two.png", "blank.png"]) == 0
    assert capsys.readouterr().out == "two.png:\n77\n7\nblank.png:\n\n"


@pytest.mark.usefixtures("folder")
def test_json_holds_everything_known(capsys):
    assert main(["read", "--json", "two.png", "blank.png"]) == 0
    two, blank = json.loads(capsys.readouterr().out)
    assert (two["file"], two["text"], [len(line) for line in two["lines"]]) == ("two.png", "77\n7", [2, 1])
    digit = two["lines"][0][0]
    assert set(digit) == {"label", "confidence", "accepted", "by_hand", "box", "probabilities"}
    assert (digit["label"], digit["accepted"], len(digit["probabilities"]), len(digit["box"])) == (7, True, 10, 4)
    assert digit["confidence"] == digit["probabilities"][7]
    assert blank == {"file": "blank.png", "text": "", "lines": []}


@pytest.mark.usefixtures("folder")
def test_csv_has_a_row_for_each_digit(capsys):
    assert main(["read", "--csv", "two.png"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["line"], row["column"]) for row in rows] == [("1", "1"), ("1", "2"), ("2", "1")]
    assert rows[0]["label"] == "7"
    assert rows[0]["accepted"] == "True"
    assert float(rows[0]["confidence"]) == pytest.approx(1)
    assert [int(rows[0][side]) for side in ("x0", "y0", "x1", "y1")] == pytest.approx([26, 26, 85, 115], abs=2)


@pytest.mark.parametrize("name", ["=1+1.png", "+1.png", "-1.png", "@sum.png", "\t1.png"])
def test_csv_quotes_file_names_that_a_spreadsheet_would_run(folder, capsys, name):
    (folder / "two.png").rename(folder / name)
    assert main(["read", "--csv", "--", name]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["file"] == f"'{name}"


@pytest.mark.usefixtures("folder")
def test_files_that_cannot_be_read_cost_one_line_and_the_others_are_read(capsys):
    assert main(["read", "none.png", "two.png", "notes.txt", "."]) == 2
    out, err = capsys.readouterr()
    assert out == "77\n7\n"
    lines = err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["none.png", "notes.txt", "."]
    assert all("Expected" in line and "Received" in line for line in lines)


@pytest.mark.usefixtures("folder")
def test_missing_weights_are_reported_in_one_line(capsys, monkeypatch):
    def load():
        raise ArtifactError("The weights are missing. Expected a file. Received: none.")

    monkeypatch.setattr(Reader, "load", load)
    assert main(["read", "two.png"]) == 2
    assert capsys.readouterr() == ("", "The weights are missing. Expected a file. Received: none.\n")


@pytest.mark.usefixtures("folder")
def test_the_notes_of_native_code_do_not_reach_the_terminal(capfd, monkeypatch):
    def load():
        os.write(2, b"I0000 port.cc: oneDNN custom operations are on.")
        return Reader(Classifier(likes(7)))

    monkeypatch.setattr(Reader, "load", load)
    assert main(["read", "two.png", "none.png"]) == 2
    out, err = capfd.readouterr()
    assert (out, err.startswith("none.png:"), err.count("\n")) == ("77\n7\n", True, 1)


@pytest.fixture
def strokes(tmp_path, monkeypatch):
    """A folder with one file of pen strokes; the reader answers 7 to everything."""
    (tmp_path / "strokes").mkdir()
    digit_file(tmp_path / "strokes/club.jsonl", writers=2, each=40)
    monkeypatch.setattr(Reader, "load", lambda weights: Reader(Classifier(likes(7))))
    return str(tmp_path / "strokes")


@pytest.fixture
def kept(monkeypatch):
    """Arguments of every call that would change a report."""
    calls = []
    for name in ("keep_writers", "keep_pictures"):
        monkeypatch.setattr(f"model.classifiers.report.{name}", lambda *arguments: calls.append(arguments))
    return calls


def test_evaluate_measures_writers(strokes, kept, capsys):
    assert main(["evaluate", "writers", strokes, "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert (metrics["digits"]["club"]["n"], metrics["digits"]["club"]["accuracy"]) == (80, pytest.approx(0.1))
    assert main(["evaluate", "writers", strokes]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["n", "writers", "right"]
    assert row.split()[:4] == ["club", "80", "2", "0.1000"]
    assert kept == []


def test_evaluate_measures_non_digits(strokes, tmp_path, capsys):
    (tmp_path / "others").mkdir()
    non_digit_file(tmp_path / "others/club.jsonl")
    assert main(["evaluate", "writers", strokes, "--non-digits", str(tmp_path / "others")]) == 0
    _, digits, non_digits = capsys.readouterr().out.splitlines()
    assert digits.split()[0] == "club"
    assert non_digits.split() == ["club", "(non-digits)", "30", "-", "-", "-", "1.0000", "-", "-", "-"]


def test_evaluate_keeps_metrics_of_writers_in_the_report(strokes, kept):
    assert main(["evaluate", "writers", strokes, "--keep", "shipped"]) == 0
    ((folder, name, metrics),) = kept
    assert (folder, name, metrics["digits"]["club"]["n"]) == (WEIGHTS, "shipped", 80)


@pytest.mark.parametrize("other", [["--model", "mlp"], ["--weights", "elsewhere"], ["--baseline"]])
def test_only_the_shipped_model_is_kept_as_shipped(strokes, other, capsys):
    assert main(["evaluate", "writers", strokes, *other, "--keep", "shipped"]) == 2
    assert "Only cnn is shipped. Expected it, or another name. Received: --keep shipped." in capsys.readouterr().err


def test_only_the_shipped_model_is_kept_as_shipped_on_pictures(tmp_path, capsys):
    assert main(["evaluate", "pictures", str(tmp_path), "--model", "mlp", "--keep", "shipped"]) == 2
    assert "Only cnn is shipped. Expected it, or another name. Received: --keep shipped." in capsys.readouterr().err


def test_other_models_are_kept_by_other_names(strokes, kept):
    assert main(["evaluate", "writers", strokes, "--model", "mlp", "--keep", "mlp"]) == 0
    assert [call[:2] for call in kept] == [(WEIGHTS, "mlp")]


def test_baseline_and_model_exclude_each_other(strokes, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", "writers", strokes, "--baseline", "--model", "mlp"])
    assert "not allowed with argument" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [
        ("--predictions", "none/all.csv", "There is nowhere to write to. Expected a file in a folder. Received: "),
        ("--predictions", "", "There is nowhere to write to. Expected a file in a folder. Received: "),
        ("--figures", "a.png", "There is nowhere to draw to. Expected a folder. Received: "),
    ],
)
def test_nowhere_to_write_to_is_said_before_measuring(tmp_path, capsys, option, name, message):
    (tmp_path / "a.png").touch()
    assert main(["evaluate", "mnist", option, str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


def test_predictions_do_not_replace_a_device(capsys):
    assert main(["evaluate", "mnist", "--predictions", os.devnull]) == 2
    assert "There is nowhere to write to. Expected a file in a folder. Received: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["strokes"],
        ["--keep", "shipped"],
        ["mnist", "--keep", "shipped"],
        ["mnist", "--baseline"],
        ["writers"],
        ["writers", "--non-digits", "."],
        ["writers", ".", "--predictions", "all.csv"],
        ["pictures"],
        ["pictures", ".", "--baseline"],
        ["pictures", ".", "--non-digits", "."],
        ["pictures", ".", "--figures", "."],
        ["mnist", "--model", "perceptron"],
        ["mnist", "--model", "mlp", "--weights", "somewhere"],
        ["mnist", "--format", "csv"],
    ],
)
def test_options_of_evaluate_that_cannot_be_typed(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", *arguments])
    assert "usage" in capsys.readouterr().err


def test_evaluate_measures_pictures(folder, tmp_path, monkeypatch, kept, capsys):
    monkeypatch.setattr(Reader, "load", lambda weights: Reader(Classifier(likes(7))))
    (tmp_path / "notes.csv").write_text(f"file,label\n{folder / 'two.png'},77 1\n")
    assert main(["evaluate", "pictures", str(tmp_path), "--keep", "shipped"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["pictures", "digits", "right"]
    assert row.split()[:4] == ["notes", "1", "3", "0.6667"]
    ((_, name, metrics),) = kept
    assert (name, metrics["notes"]["exact"]) == ("shipped", 0)
    assert main(["evaluate", "pictures", str(tmp_path)]) == 0
    assert len(kept) == 1


@pytest.mark.usefixtures("strokes")
@pytest.mark.parametrize("folders", [["{0}"], ["{0}/strokes", "--non-digits", "{0}"]])
def test_a_folder_without_ink_files_is_reported_in_one_line(tmp_path, capsys, folders):
    assert main(["evaluate", "writers", *(word.format(tmp_path) for word in folders)]) == 2
    assert "There are no stroke files. Expected *.jsonl" in capsys.readouterr().err


def test_stderr_is_discarded_while_a_network_loads_and_at_no_other_time(strokes, monkeypatch, capfd):
    def load(weights):
        os.write(2, b"I0000 port.cc: oneDNN custom operations are on.")
        return Reader(Classifier(likes(7)))

    def measure(*arguments):
        os.write(2, b"free(): invalid pointer")
        return measure_writers(*arguments)

    monkeypatch.setattr(Reader, "load", load)
    monkeypatch.setattr("model.evaluation.unseen_writers.measure_writers", measure)
    assert main(["evaluate", "writers", strokes]) == 0
    assert capfd.readouterr().err == "free(): invalid pointer"


@pytest.mark.parametrize("command", re.findall(r"`python -m model (.+?)`", README))
def test_commands_of_the_readme_can_be_typed(command):
    """Of alternatives such as keras|h5 the first is taken."""
    build_parser().parse_args([word.partition("|")[0] for word in command.split()])


@pytest.mark.parametrize("arguments", [[], ["read"], ["write"], ["read", "--json", "--csv", "two.png"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from model.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'tensorflow', 'keras', 'cv2', 'numpy'} & set(sys.modules), 'heavy imports'"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "read the digits of pictures" in done.stdout
