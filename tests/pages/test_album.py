from types import SimpleNamespace

import numpy as np
import pytest

from model.transcript import Transcript
from pages.components.photos.album import Album, Failed, Read, Waiting
from pages.components.photos.preview import Preview
from pages.components.photos.reading import PhotoReading
from pages.components.shared.uploads import MAX_BYTES
from tests.test_transcript import digit, transcript

PREVIEW = Preview((400, 300), "data:image/jpeg;base64,")
GRAY = np.zeros((300, 400), np.uint8)


def upload(key, name="a.png", data=b"data"):
    return SimpleNamespace(file_id=key, name=name, getvalue=lambda: data)


def finish(album, key, text, gray=GRAY):
    album.finish(album.photos[key], PhotoReading(transcript(text), PREVIEW, gray))


def fail(album, key):
    album.fail(album.photos[key], "The picture cannot be read.")


def album(*texts):
    """An album of one read picture for each text, under the keys 0, 1, …"""
    album = Album()
    for i, text in enumerate(texts):
        album.add(str(i), f"{i}.png", b"")
        finish(album, str(i), text)
    return album


def texts(album):
    return [transcript.text for _, transcript in album.pages]


def test_uploads_wait_to_be_read():
    pictures = Album()
    pictures.sync_uploads([upload("a"), upload("b", "b.png")])
    assert [photo.key for photo in pictures.waiting] == ["a", "b"]
    assert pictures.shown == "a"
    finish(pictures, "a", "12")
    fail(pictures, "b")
    assert not pictures.waiting
    assert list(pictures.read) == ["a"]
    assert [photo.problem for photo in pictures.failed] == ["The picture cannot be read."]


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
    fail(pictures, "bad")
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
    ("view", "reloaded"), [("canvas", {"table"}), ("table", {"canvas"}), ("", {"canvas", "table"})]
)
def test_a_correction_reloads_every_view_but_the_one_it_was_made_in(view, reloaded):
    pictures = album("12")
    before = pictures.revisions
    pictures.change("0", Transcript(), view=view)
    assert {name for name in before if pictures.revisions[name] != before[name]} == reloaded


def test_what_is_too_much_together_is_refused_and_not_kept():
    pictures = Album()
    pictures.sync_uploads([upload("a", data=bytes(MAX_BYTES)), upload("b", "b.png", b"one more")])
    assert [photo.key for photo in pictures.waiting] == ["a"]
    assert not hasattr(pictures.photos["b"], "data")
    assert "Expected at most 200 MB, so remove others first. Received: 200 MB." in pictures.failed[0].problem
    pictures.remove("a")
    pictures.sync_uploads([upload("c", "c.png", b"room again")])
    assert "c" in [photo.key for photo in pictures.waiting]


def test_another_model_reads_again_what_was_not_corrected():
    pictures = album("12", "34", "56")
    pictures.change("1", pictures.photos["1"].transcript.set_label(0, 9))
    fail(pictures, "2")
    pictures.set_model("mlp")
    assert [photo.key for photo in pictures.waiting] == ["0"]
    assert list(pictures.photos) == ["0", "1", "2"]
    finish(pictures, "0", "77")
    assert texts(pictures)[:2] == ["77", "94"]
    assert [pictures.photos[key].model for key in "01"] == ["mlp", ""]


def test_the_same_model_does_not_read_again():
    pictures = album("12")
    pictures.set_model("cnn")
    finish(pictures, "0", "12")
    pictures.set_model("cnn")
    assert not pictures.waiting


def test_what_was_changed_is_read_again_when_asked_for_or_undone():
    pictures = album("12", "34")
    for key in "01":
        pictures.change(key, pictures.photos[key].transcript.set_label(0, 9))
    pictures.undo()
    pictures.set_model("mlp")
    assert [photo.key for photo in pictures.waiting] == ["1"]
    pictures.read_again("0")
    assert [photo.key for photo in pictures.waiting] == ["0", "1"]
    assert not pictures.past


def test_a_photo_is_waiting_then_read_or_failed():
    pictures = Album()
    pictures.sync_uploads([upload("a"), upload("b")])
    assert [type(photo) for photo in pictures.photos.values()] == [Waiting, Waiting]
    finish(pictures, "a", "12")
    fail(pictures, "b")
    assert [type(photo) for photo in pictures.photos.values()] == [Read, Failed]
    pictures.read_again("a")
    assert isinstance(pictures.photos["a"], Waiting)


def test_only_the_shown_photo_s_pixels_are_kept():
    decodes = []

    def decode(data):
        decodes.append(data)
        return np.full((3, 4), len(decodes), np.uint8)

    pictures = Album()
    pictures.sync_uploads([upload("a", data=b"a"), upload("b", data=b"b")])
    first, second = np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8)
    finish(pictures, "a", "12", first)
    finish(pictures, "b", "34", second)
    a, b = pictures.read.values()
    assert pictures.gray_of(a, decode) is first
    assert not decodes
    pictures.shown = "b"
    assert pictures.gray_of(b, decode) is pictures.gray_of(b, decode)
    assert pictures.gray_of(a, decode) is not first
    assert decodes == [b"b", b"a"]


def test_a_removed_photo_s_pixels_are_not_kept():
    pictures = album("12")
    assert pictures.decoded == ("0", GRAY)
    pictures.remove("0")
    assert pictures.decoded is None
