"""Metrics of pictures, from readers that answer with known texts."""

import pytest

from model.errors import DatasetError, ImageError
from model.evaluation.photos import edit_distance, measure_photos


@pytest.fixture
def folder(tmp_path):
    rows = ["a/1.png,12 34", "a/2.png,5", "3.png,", "4.png,99"]
    (tmp_path / "notes.csv").write_text("\n".join(["file,label", *rows]), encoding="utf-8")
    return tmp_path


def answers(folder, **texts):
    """A reader that answers with the text named p1 for 1.png, p2 for 2.png and so on."""
    return lambda path: texts[f"p{path.relative_to(folder).stem}"]


def test_all_metrics_of_a_list(folder):
    metrics = measure_photos(answers(folder, p1="1234", p2="15555", p3="80", p4="9"), folder)
    seconds = metrics["notes"].pop("seconds")
    assert metrics == {
        "notes": {
            "pictures": 3,
            "digits": 7,
            "accuracy": pytest.approx(1 - (0 + 1 + 1) / 7),  # "15555" for "5": one edit, as long as the label
            "exact": pytest.approx(1 / 3),
            "without": 1,
            "seen_there": 2,
        }
    }
    assert 0 <= seconds < 1


def test_paths_are_relative_to_the_folder_of_the_list(folder):
    asked = []
    measure_photos(lambda path: asked.append(path) or "", folder)
    assert asked == [folder / file for file in ("a/1.png", "a/2.png", "3.png", "4.png")]


def test_a_list_of_pages_without_digits_has_no_accuracy(tmp_path):
    (tmp_path / "words.csv").write_text("file,label\n1.png,\n", encoding="utf-8")
    row = measure_photos(lambda path: "7", tmp_path)["words"]
    assert (row["accuracy"], row["exact"], row["without"], row["seen_there"]) == (None, None, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Received: no picture"),
        ("file,label\n", "Received: no picture"),
        ("picture,label\n1.png,3\n", "Expected CSV with the columns file and label. Received: KeyError('file')"),
        ("file,label\n1.png\n", "Expected CSV with the columns file and label"),
        ("file,label\n1.png,three\n", "Expected digits as labels. Received: 'three'"),
    ],
)
def test_a_malformed_list_is_refused(tmp_path, text, message):
    (tmp_path / "notes.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="notes.csv") as error:
        measure_photos(lambda path: "", tmp_path)
    assert message in str(error.value)


def test_a_folder_without_lists_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"Expected \*\.csv in a folder"):
        measure_photos(lambda path: "", tmp_path)


def test_a_picture_that_cannot_be_read_is_reported_with_its_list(folder):
    def read(path):
        raise ImageError(f"The picture cannot be read. Received: {path}.")

    with pytest.raises(DatasetError, match=r"A picture that .*notes\.csv names cannot be read\. .*1\.png"):
        measure_photos(read, folder)


@pytest.mark.parametrize(
    ("read", "truth", "distance"),
    [("", "", 0), ("123", "123", 0), ("13", "123", 1), ("1123", "123", 1), ("183", "123", 1), ("321", "123", 2)],
)
def test_edit_distance(read, truth, distance):
    assert edit_distance(read, truth) == distance
