import csv
import io
import json

import pytest

from model.transcript import Transcript
from model.transcript_export import COLUMNS, to_digits_csv, to_json, to_layout_csv, to_text
from tests.test_transcript import transcript

PAGE = transcript("12    7", "9")


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_text_of_one_picture_and_of_several():
    assert to_text([("a.png", PAGE)]) == "12 7\n9\n"
    assert to_text([("a.png", PAGE), ("b.png", Transcript())]) == "a.png:\n12 7\n9\nb.png:\n\n"


def test_layout_has_a_row_for_each_line():
    assert rows(to_layout_csv([("a.png", PAGE)])) == [["12", "7"], ["9", ""]]


def test_layout_of_several_pictures_names_them():
    table = rows(to_layout_csv([("a.png", PAGE), ("=b.png", PAGE)]))
    assert table[1:3] == [["a.png", "9", ""], ["'=b.png", "12", "7"]]


def test_digits_have_a_row_each():
    corrected = PAGE.set_label(3, 4)
    header, *table = rows(to_digits_csv([("a.png", corrected)]))
    assert tuple(header) == COLUMNS
    assert table[0] == ["a.png", "1", "1", "1", "0.9900", "True", "False", "0", "0", "20", "40"]
    assert table[-1] == ["a.png", "2", "1", "4", "0.0011", "True", "True", "0", "60", "20", "100"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t1", "\r1"])
def test_names_that_a_spreadsheet_would_run_become_text(name):
    assert rows(to_digits_csv([(name, PAGE)]))[1][0] == f"'{name}".replace("\r", " ")


def test_names_with_quotes_and_markup_stay_one_cell():
    name = 'my "best", <b>page</b>\n.png'
    assert rows(to_digits_csv([(name, PAGE)]))[1][0] == name
    assert json.loads(to_json([(name, PAGE)]))[0]["file"] == name


def test_json_marks_manual_labels():
    page = json.loads(to_json([("a.png", PAGE.set_label(3, 4))]))[0]
    assert page["text"] == "12 7\n4"
    assert [digit["by_hand"] for line in page["lines"] for digit in line] == [False, False, False, True]


def test_nothing_is_exported_of_no_pictures():
    assert (to_text([]), to_layout_csv([]), json.loads(to_json([]))) == ("", "", [])
