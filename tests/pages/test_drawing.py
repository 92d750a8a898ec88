import pytest

from pages.components.pad.drawing import PadState


def line(x):
    return {"path": [["M", x, 0], ["L", x, 9]]}


A, B, C = line(1), line(2), line(3)


def sends(pad, *objects, count=None, edits=None, **more):
    """A message of the browser: the whole drawing, and how many strokes there have ever been."""
    edits = pad.edits if edits is None else edits
    pad.take({"edits": edits, "count": len(objects) if count is None else count, "objects": list(objects), **more})


def test_new_pad_is_empty():
    assert PadState().objects == []


def test_a_message_holds_the_whole_drawing():
    pad = PadState()
    sends(pad, A)
    sends(pad, A, B)
    assert pad.objects == [A, B]
    assert (pad.known, pad.edits, pad.loaded) == (2, 0, []), "the canvas shows them already"


def test_undo_and_clear_are_loaded_by_the_canvas():
    pad = PadState()
    sends(pad, A, B)
    pad.undo()
    assert pad.objects == pad.loaded == [A]
    pad.clear()
    assert pad.objects == pad.loaded == []
    assert (pad.edits, pad.known) == (2, 2)


def test_undo_and_clear_on_an_empty_pad():
    pad = PadState()
    pad.undo()
    pad.clear()
    assert pad.objects == []


def test_every_edit_has_its_own_number():
    """Otherwise the canvas would not load an empty drawing a second time."""
    pad = PadState()
    numbers = [pad.edits]
    for edit in (pad.clear, pad.undo, pad.clear):
        edit()
        numbers.append(pad.edits)
    assert len(set(numbers)) == 4


def test_a_message_from_before_an_edit_brings_nothing_back():
    pad = PadState()
    sends(pad, A)
    pad.clear()
    sends(pad, A, B, edits=0)
    assert pad.objects == []
    assert pad.known == 1, "so that the browser tells of B again"


def test_overwritten_strokes_are_loaded_again():
    pad = PadState()
    sends(pad, A)
    pad.clear()
    sends(pad, B, count=2, overwritten=True)
    assert pad.objects == pad.loaded == [B]
    assert (pad.edits, pad.known) == (2, 2)


def test_a_message_may_come_again_with_every_run():
    pad = PadState()
    message = {"edits": 0, "count": 1, "objects": [A], "overwritten": True}
    for _ in range(3):
        pad.take(message)
    assert (pad.objects, pad.edits) == ([A], 1)


def test_the_version_changes_with_every_stroke_and_every_edit():
    pad = PadState()
    versions = [pad.version]
    for change in (lambda: sends(pad, A), lambda: sends(pad, count=2), pad.undo, pad.clear):
        change()
        versions.append(pad.version)
    assert len(set(versions)) == 5


def test_what_the_canvas_cannot_show_is_not_loaded():
    pad = PadState()
    sends(pad, A, {"path": [["M", float("nan"), 0]]}, B)
    pad.undo()
    assert pad.loaded == pad.objects == [A]


@pytest.mark.parametrize("message", [None, 5, "x", [], {}, {"edits": "x"}, {"edits": None, "objects": [B]}])
def test_what_is_no_message_is_ignored(message):
    pad = PadState()
    sends(pad, A)
    pad.take(message)
    assert pad.objects == [A]


@pytest.mark.parametrize("count", [None, "x", 1.5, [1], "<script>"])
def test_a_message_of_another_shape_leaves_a_drawing_that_can_be_refused(count):
    pad = PadState()
    pad.take({"edits": 0, "count": count, "objects": "no list"})
    assert pad.objects == ["no list"]
    assert pad.version == "0.0"
