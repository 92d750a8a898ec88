"""Loading files of pen strokes, and files that are refused."""

import json

import pytest

from model.data.pen_strokes import load_drawings, load_pen_strokes
from model.errors import DatasetError
from tests.handwriting.stroke_files import digit_file, non_digit_file


def test_files_are_split_by_writers(tmp_path):
    strokes = load_pen_strokes(
        [digit_file(tmp_path / "a.jsonl", writers=12), non_digit_file(tmp_path / "b.jsonl", writers=6)]
    )
    assert (len(strokes.train), len(strokes.held_out)) == (100 + 25, 20 + 5)
    assert {drawing.writer for drawing in strokes.held_out} == {"writer-00", "writer-06"}
    assert {drawing.label for drawing in strokes.held_out} == {None, *range(10)}
    assert set(strokes.files) == {"a.jsonl", "b.jsonl"}
    assert all(len(checksum) == 64 for checksum in strokes.files.values())


def test_files_of_one_writer_are_trained_on(tmp_path):
    strokes = load_pen_strokes([digit_file(tmp_path / "mine.jsonl", writers=1)])
    assert (len(strokes.train), len(strokes.held_out)) == (10, 0)


def test_no_files_have_no_drawings():
    strokes = load_pen_strokes([])
    assert (strokes.train, strokes.held_out, strokes.files) == ([], [], {})


def test_files_of_the_same_name_are_refused(tmp_path):
    (tmp_path / "other").mkdir()
    paths = [digit_file(folder / "a.jsonl", writers=1) for folder in (tmp_path, tmp_path / "other")]
    with pytest.raises(DatasetError, match=r"Expected different names. Received: .*other/a.jsonl"):
        load_pen_strokes(paths)


def test_non_digits_that_look_like_digits_are_not_trained_on(tmp_path):
    path = tmp_path / "signs.jsonl"
    row = {"writer": "w", "strokes": [[[0, 0], [5, 9]]]}
    rows = [row | {"label": "O", "looks_like_digit": True}, row | {"label": "A"}, row | {"label": "B", "writer": "x"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert [drawing.looks_like_digit for drawing in load_drawings(path)] == [True, False, False]
    strokes = load_pen_strokes([path])
    assert len(strokes.train + strokes.held_out) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("no JSON", "line 2"),
        ("{}", "line 2 .KeyError"),
        ("[1, 2]", "line 2 .TypeError"),
        ('{"label": 1, "writer": "w", "strokes": []}', "no strokes"),
        ('{"label": 1, "writer": "w", "strokes": [[[0, 0, 0]]]}', "wrong shape"),
        ('{"label": 1, "writer": "w", "strokes": [[[0, NaN]]]}', "finite"),
        ('{"label": "7", "writer": "w", "strokes": [[[0, 0], [5, 9]]]}', "label '7', which is neither"),
        ('{"label": 12, "writer": "w", "strokes": [[[0, 0], [5, 9]]]}', "label 12, which is neither"),
    ],
)
def test_malformed_files_are_refused(tmp_path, line, message):
    path = digit_file(tmp_path / "a.jsonl", writers=1, each=1)
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    with pytest.raises(DatasetError, match=f"Expected JSON with label, writer and strokes .*{message}"):
        load_drawings(path)


def test_missing_and_empty_files_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="The strokes cannot be read"):
        load_drawings(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DatasetError, match="There are no strokes. Expected at least one line"):
        load_drawings(tmp_path / "empty.jsonl")
