"""Many pictures at once, with a reader that answers 7 to everything; batches that are interrupted and continued."""

import json
import os
import sys
import time
from threading import Barrier, get_ident
from types import SimpleNamespace

import pytest

from model import batch
from model.__main__ import main
from model.batch import Workers, journal_path, read_files, read_part
from model.classifiers.runtime import Classifier
from model.errors import BatchError
from model.reader import Reader
from model.transcript_export import to_digits_csv, to_json, to_text
from tests.handwriting.picture_files import ONE, SEVEN, encode, likes, page

FORMS = pytest.mark.parametrize("form", [to_text, to_digits_csv, to_json], ids=lambda form: form.name)
FILES = [f"{i}.png" for i in range(6)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with six pictures of 0, 1 or 2 digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Reader, "load", lambda: Reader(Classifier(likes(7))))
    for i, file in enumerate(FILES):
        (tmp_path / file).write_bytes(encode(page([SEVEN, ONE][: i % 3])))
    return tmp_path


def read_here(files, form, output=None, interrupted_at=None):
    """Read with one worker; return the names of the pictures that it was asked for."""
    asked, reader = [], Reader(Classifier(likes(7)))

    def submit(form, name, content):
        asked.append(name)

        def result():
            if name == interrupted_at:
                raise KeyboardInterrupt
            return read_part(reader, form, name, content)

        return SimpleNamespace(result=result)

    try:
        read_files(files, form, Workers(submit, lambda: 1), output)
    except KeyboardInterrupt:
        assert interrupted_at
    return asked


@pytest.fixture
def expected(folder):
    """What an uninterrupted batch writes, in each form."""

    def write(form):
        assert read_here(FILES, form, folder / "whole") == FILES
        return (folder / "whole").read_bytes()

    return write


def test_pictures_are_read_on_all_cores_and_answered_in_order(folder, monkeypatch, capsys):
    """The first of two pictures is the last to be read, and neither is read before both have begun."""
    together, waited = Barrier(2), []

    def predict(frames):
        if get_ident() not in waited:
            waited.append(get_ident())
            together.wait(60)
            time.sleep(0.1 if get_ident() == waited[0] else 0)
        return likes(7)(frames)

    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(Reader, "load", lambda: Reader(Classifier(predict)))
    assert main(["read", "1.png", "2.png"]) == 0
    assert capsys.readouterr().out == "1.png:\n7\n2.png:\n77\n"
    assert len(waited) == 2


def test_few_pictures_are_in_memory(folder):
    open_pictures, most = set(), []

    def submit(form, name, content):
        open_pictures.add(name)
        most.append(len(open_pictures))
        return SimpleNamespace(result=lambda: open_pictures.remove(name) or "")

    files = [f"./{i}/../{FILES[0]}" for i in range(50)]
    for i in range(50):
        (folder / str(i)).mkdir()
    assert read_files(files, to_digits_csv, Workers(submit, lambda: 2)) == 0
    assert (max(most), len(most), len(open_pictures)) == (2 * batch._AHEAD, 50, 0)


@FORMS
def test_the_output_is_what_is_printed_otherwise(folder, expected, form, capsys):
    read_here(FILES, form)
    assert expected(form).decode() == capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == [*FILES, "whole"]


@FORMS
@pytest.mark.parametrize("stop", [0, 1, 4])
def test_an_interrupted_batch_goes_on_where_it_was(folder, expected, form, stop):
    output = folder / "digits"
    read_here(FILES, form, output, interrupted_at=FILES[stop])
    assert not output.exists()
    assert read_here(FILES, form, output) == FILES[stop:]
    assert output.read_bytes() == expected(form)
    assert not journal_path(output).exists()


def test_a_line_of_the_journal_that_is_torn_is_read_again(folder, expected):
    output = folder / "digits"
    read_here(FILES, to_digits_csv, output, interrupted_at=FILES[4])
    journal = journal_path(output).read_bytes()
    for end in range(len(journal) - 200, len(journal), 29):
        journal_path(output).write_bytes(journal[:end])
        lines = journal[:end].count(b"\n")
        assert read_here(FILES, to_digits_csv, output, interrupted_at=FILES[5])[: 4 - lines] == FILES[lines:4]
        assert read_here(FILES, to_digits_csv, output) == [FILES[5]]
        assert output.read_bytes() == expected(to_digits_csv)


def test_what_has_changed_is_read_again(folder, expected, monkeypatch):
    output = folder / "digits"
    read_here(FILES, to_json, output, interrupted_at=FILES[5])
    (folder / FILES[2]).write_bytes(encode(page([ONE])))
    assert read_here(FILES, to_json, output, interrupted_at=FILES[5]) == [FILES[2], FILES[5]]
    assert read_here(FILES, to_text, output, interrupted_at=FILES[5]) == FILES
    monkeypatch.setattr(batch, "weights_sha256", lambda: "others")
    assert read_here(FILES, to_json, output) == FILES
    assert output.read_bytes() == expected(to_json)


@pytest.mark.usefixtures("folder")
def test_a_picture_that_cannot_be_read_is_tried_again_alone(folder, expected, capsys):
    picture = (folder / FILES[3]).read_bytes()
    (folder / FILES[3]).write_bytes(b"not yet")
    assert main(["read", "--csv", "--output", "digits.csv", *FILES]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert b"2.png" in (folder / "digits.csv").read_bytes()
    (folder / FILES[3]).write_bytes(picture)
    assert read_here(FILES, to_digits_csv, folder / "digits.csv") == [FILES[3]]
    assert (folder / "digits.csv").read_bytes() == expected(to_digits_csv)


@pytest.mark.parametrize("line", [b"label,confidence\n", b"{}\n", b"[]\n", b"\xff\n", b"1\n"])
def test_a_file_that_is_no_journal_is_refused_and_kept(folder, line):
    journal_path(folder / "digits").write_bytes(line + b"torn")
    with pytest.raises(BatchError, match="journal is damaged. Expected .*digits.journal.* Received: .* in line 1"):
        read_here(FILES, to_text, folder / "digits")
    assert journal_path(folder / "digits").read_bytes() == line + b"torn"


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_too_large_for_a_picture_is_not_read_whole(monkeypatch, capsys):
    monkeypatch.setattr(batch, "MAX_BYTES", 100)
    assert main(["read", FILES[1]]) == 2
    assert "1.png: The picture's file is too large. Expected at most 0 MB. Received: more." in capsys.readouterr().err


@pytest.mark.parametrize("output", ["none/digits.csv", ".", os.devnull])
def test_nowhere_to_write_to_is_said_before_reading(folder, output, capsys):
    assert main(["read", "--output", output, FILES[1]]) == 2
    assert capsys.readouterr().err.startswith("There is nowhere to write to. Expected a file in a folder. Received: ")


def test_names_that_are_no_text_are_written_as_they_are(folder):
    name = os.fsdecode(b"\xff.png")
    (folder / name).write_bytes((folder / FILES[1]).read_bytes())
    read_here([name, FILES[1]], to_text, folder / "digits", interrupted_at=FILES[1])
    assert json.loads(journal_path(folder / "digits").read_bytes())["file"] == name
    assert read_here([name, FILES[1]], to_text, folder / "digits") == [FILES[1]]
    assert (folder / "digits").read_bytes() == b"\xff.png:\n7\n1.png:\n7\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(is_terminal, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert main(["read", "--output", "digits", *FILES]) == 0
    out, err = capsys.readouterr()
    assert (out, bool(err), "6/6" in err) == ("", is_terminal, is_terminal)


@pytest.mark.usefixtures("folder")
def test_progress_does_not_run_into_results_on_the_same_terminal(monkeypatch, capsys):
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    assert main(["read", *FILES]) == 0
    assert capsys.readouterr().err == ""
