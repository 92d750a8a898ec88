import csv
import io
import json
import os
import subprocess
import sys

import pytest

from model.__main__ import main
from model.classifiers.runtime import Classifier
from model.errors import ArtifactError
from model.reader import WEIGHTS, Reader
from tests.handwriting.picture_files import ONE, SEVEN, encode, likes, page
from tests.handwriting.stroke_files import digit_file


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
def test_one_file_is_answered_with_its_text(capsys):
    assert main(["read", "two.png"]) == 0
    assert capsys.readouterr() == ("77\n7\n", "")


@pytest.mark.usefixtures("folder")
def test_several_files_are_answered_under_their_names(capsys):
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
def test_csv_defuses_file_names_that_a_spreadsheet_would_run(folder, capsys, name):
    (folder / "two.png").rename(folder / name)
    assert main(["read", "--csv", "--", name]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["file"] == f"'{name}"


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_read_is_said_in_one_line_and_the_others_are_done(capsys):
    assert main(["read", "none.png", "two.png", "notes.txt", "."]) == 2
    out, err = capsys.readouterr()
    assert out == "77\n7\n"
    lines = err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["none.png", "notes.txt", "."]
    assert all("Expected" in line and "Received" in line for line in lines)


@pytest.mark.usefixtures("folder")
def test_missing_weights_are_said_in_one_line(capsys, monkeypatch):
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
def hands(tmp_path, monkeypatch):
    """Ink files, and a reader that answers 7 to everything."""
    (tmp_path / "ink").mkdir()
    digit_file(tmp_path / "ink/hands.jsonl", writers=2, each=40)
    monkeypatch.setattr(Reader, "load", lambda weights: Reader(Classifier(likes(7))))
    return str(tmp_path / "ink")


def test_evaluate_measures_hands(hands, capsys):
    assert main(["evaluate", "--ink", hands, "--json"]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert (metrics["digits"]["hands"]["n"], metrics["digits"]["hands"]["accuracy"]) == (80, pytest.approx(0.1))
    assert main(["evaluate", "--ink", hands]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["n", "writers", "right"]
    assert row.split()[:4] == ["hands", "80", "2", "0.1000"]


def test_evaluate_keeps_what_it_measured_in_the_report(hands, monkeypatch):
    kept = []
    monkeypatch.setattr("model.classifiers.report.keep_unseen", lambda *arguments: kept.append(arguments))
    assert main(["evaluate", "--ink", hands, "--keep", "shipped"]) == 0
    ((folder, kind, name, metrics),) = kept
    assert (folder, kind, name, metrics["digits"]["hands"]["n"]) == (WEIGHTS, "writers", "shipped", 80)


@pytest.mark.parametrize("other", [["--model", "mlp"], ["--weights", "elsewhere"], ["--usual"]])
def test_only_what_is_shipped_is_kept_as_shipped(hands, other, capsys):
    assert main(["evaluate", *other, "--ink", hands, "--keep", "shipped"]) == 2
    assert "Only cnn is shipped. Expected it, or another name. Received: --keep shipped." in capsys.readouterr().err


def test_the_usual_way_is_no_model_of_ours(hands, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", "--usual", "--model", "mlp", "--ink", hands])
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
    assert main(["evaluate", option, str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "shipped"], "Expected --ink, --not-digits or --pictures. Received: --keep alone."),
        (["--usual"], "Expected --ink or --not-digits. Received: neither."),
        (["--usual", "--pictures", "."], "Expected --ink or --not-digits. Received: neither."),
        (["--ink", ".", "--pictures", "."], "Expected hands or pictures. Received: both."),
        (["--figures", ".", "--pictures", "."], "without hands or pictures. Received: both."),
        (["--predictions", "all.csv", "--ink", "."], "without hands or pictures. Received: both."),
    ],
)
def test_options_of_evaluate_that_do_not_go_together(arguments, message, capsys):
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_evaluate_measures_pictures(folder, tmp_path, monkeypatch, capsys):
    kept = []
    monkeypatch.setattr("model.classifiers.report.keep_unseen", lambda *arguments: kept.append(arguments))
    monkeypatch.setattr(Reader, "load", lambda weights: Reader(Classifier(likes(7))))
    (tmp_path / "notes.csv").write_text(f"file,label\n{folder / 'two.png'},77 1\n")
    assert main(["evaluate", "--pictures", str(tmp_path), "--keep", "shipped"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["pictures", "digits", "right"]
    assert row.split()[:4] == ["notes", "1", "3", "0.6667"]
    ((_, kind, name, metrics),) = kept
    assert (kind, name, metrics["notes"]["exact"]) == ("pictures", "shipped", 0)


def test_evaluate_says_in_one_line_that_there_are_no_ink_files(tmp_path, capsys):
    assert main(["evaluate", "--not-digits", str(tmp_path)]) == 2
    assert "There are no ink files. Expected *.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["read"], ["write"], ["read", "--json", "--csv", "two.png"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage" in capsys.readouterr().err


def test_help_waits_for_nothing_heavy():
    script = (
        "import sys; from model.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'tensorflow', 'keras', 'cv2', 'numpy'} & set(sys.modules), 'heavy imports'"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "read the digits of pictures" in done.stdout
