from types import SimpleNamespace

import pytest

from model.transcript import Transcript
from pages.components.photos.album import MAX_BYTES, Album
from pages.components.photos.preview import Preview
from tests.test_transcript import digit, transcript

PREVIEW = Preview((400, 300), "data:image/jpeg;base64,")


def upload(key, name="a.png", data=b"data"):
    return SimpleNamespace(file_id=key, name=name, getvalue=lambda: data)


def album(*texts):
    """An album of one read picture for each text, under the keys 0, 1, …"""
    album = Album()
    for i, text in enumerate(texts):
        album.add(str(i), f"{i}.png", b"")
        album.finish(str(i), transcript(text), PREVIEW)
    return album


def texts(album):
    return [transcript.text for _, transcript in album.pages]


def test_uploads_wait_to_be_read():
    pictures = Album()
    pictures.sync_uploads([upload("a"), upload("b", "b.png")])
    assert [photo.key for photo in pictures.waiting] == ["a", "b"]
    assert pictures.shown == "a"
    pictures.finish("a", transcript("12"), PREVIEW)
    pictures.fail("b", "The picture cannot be read.")
    assert not pictures.waiting
    assert list(pictures.read) == ["a"]
    assert [photo.problem for photo in pictures.problems] == ["The picture cannot be read."]


def test_what_leaves_the_uploader_leaves_the_album():
    pictures = Album()
    pictures.sync_uploads([upload("a"), upload("b")])
    pictures.sync_uploads([upload("b")])
    assert list(pictures.photos) == ["b"]
    assert pictures.shown == "b"


def test_what_was_read_stays_when_others_come_and_go():
    pictures = album("12")
    pictures.change("0", pictures.photos["0"].transcript.set_label(0, 9))
    pictures.sync_uploads([upload("a")])
    pictures.sync_uploads([])
    assert texts(pictures) == ["92"]
    assert pictures.shown == "0"


def test_pictures_survive_an_uploader_that_has_forgotten_them():
    """It begins empty after a visit to another page."""
    pictures = Album()
    pictures.sync_uploads([upload("a"), upload("bad")])
    pictures.fail("bad", "The picture cannot be read.")
    pictures.reopen()
    pictures.sync_uploads([upload("b")])
    assert list(pictures.photos) == ["a", "b"]


def test_the_same_file_twice_is_two_pictures():
    pictures = Album()
    pictures.sync_uploads([upload("a"), upload("b"), upload("c")])
    assert [photo.name for photo in pictures.photos.values()] == ["a.png", "a.png (2)", "a.png (3)"]


def test_a_sample_chosen_again_is_shown_again():
    pictures = album("12", "34")
    pictures.add("0", "0.png", b"")
    assert pictures.shown == "0"
    assert texts(pictures) == ["12", "34"]


def test_undo_takes_the_last_change_back_wherever_it_was_made():
    pictures = album("12", "34")
    pictures.change("0", pictures.photos["0"].transcript.set_label(0, 9))
    pictures.change("1", pictures.photos["1"].transcript.add(digit(5, 60, 0)))
    pictures.shown = "0"
    assert texts(pictures) == ["92", "345"]
    pictures.undo()
    assert (texts(pictures), pictures.shown) == (["92", "34"], "1")
    pictures.undo()
    assert texts(pictures) == ["12", "34"]
    pictures.undo()
    assert texts(pictures) == ["12", "34"]


def test_a_removed_picture_takes_its_changes_along():
    pictures = album("12", "34")
    pictures.change("1", Transcript())
    pictures.remove("1")
    assert not pictures.past
    assert pictures.shown == "0"
    pictures.remove("0")
    assert pictures.shown is None


def test_no_change_is_nothing_to_undo():
    pictures = album("12")
    pictures.change("0", pictures.photos["0"].transcript)
    assert not pictures.past


@pytest.mark.parametrize(
    ("known_to", "renewed"), [("canvas", {"table"}), ("table", {"canvas"}), ("", {"canvas", "table"})]
)
def test_canvas_and_table_are_renewed_by_what_they_do_not_know(known_to, renewed):
    pictures = album("12")
    before = pictures.revisions
    pictures.change("0", Transcript(), known_to=known_to)
    assert {name for name in before if pictures.revisions[name] != before[name]} == renewed


def test_what_is_too_much_together_is_refused_and_not_kept():
    pictures = Album()
    pictures.sync_uploads([upload("a", data=bytes(MAX_BYTES)), upload("b", "b.png", b"one more")])
    assert [photo.key for photo in pictures.waiting] == ["a"]
    assert pictures.photos["b"].data == b""
    assert "Expected at most 200 MB, so remove others first. Received: 200 MB." in pictures.problems[0].problem
    pictures.remove("a")
    pictures.sync_uploads([upload("c", "c.png", b"room again")])
    assert "c" in [photo.key for photo in pictures.waiting]


def test_another_model_reads_again_what_no_hand_has_changed():
    pictures = album("12", "34", "56")
    pictures.change("1", pictures.photos["1"].transcript.set_label(0, 9))
    pictures.fail("2", "The picture cannot be read.")
    pictures.read_with("mlp")
    assert [photo.key for photo in pictures.waiting] == ["0"]
    assert list(pictures.photos) == ["0", "1", "2"]
    pictures.finish("0", transcript("77"), PREVIEW)
    assert texts(pictures)[:2] == ["77", "94"]
    assert [pictures.photos[key].reader_of for key in "01"] == ["mlp", ""]


def test_the_same_model_does_not_read_again():
    pictures = album("12")
    pictures.read_with("cnn")
    pictures.finish("0", transcript("12"), PREVIEW)
    pictures.read_with("cnn")
    assert not pictures.waiting


def test_what_was_changed_is_read_again_when_asked_for_or_undone():
    pictures = album("12", "34")
    for key in "01":
        pictures.change(key, pictures.photos[key].transcript.set_label(0, 9))
    pictures.undo()
    pictures.read_with("mlp")
    assert [photo.key for photo in pictures.waiting] == ["1"]
    pictures.read_again("0")
    assert [photo.key for photo in pictures.waiting] == ["0", "1"]
    assert not pictures.past
