from pages.components.pad.drawing import PadState


def line(x):
    return {"path": [["M", x, 0], ["L", x, 9]]}


A, B, C = line(1), line(2), line(3)


def listener_sends(pad, *objects, number=None, message=1, **more):
    number = pad.load_number if number is None else number
    pad.take_strokes({"load_number": number, "message": message, "objects": list(objects), **more})


def canvas_reports(pad, *objects):
    pad.take_report({"raw": {"objects": list(objects)}})


def test_new_pad_is_empty():
    assert PadState().objects == []


def test_listener_adds_to_what_the_canvas_has_loaded():
    pad = PadState()
    pad.reload([A])
    listener_sends(pad, B)
    assert pad.objects == [A, B]
    listener_sends(pad, B, C)
    assert pad.objects == [A, B, C]


def test_canvas_reports_count_until_the_listener_sends_a_stroke():
    pad = PadState()
    canvas_reports(pad, A, B)
    assert pad.objects == [A, B]
    pad.undo()
    assert pad.objects == [A]


def test_late_canvas_report_neither_doubles_nor_restores_strokes():
    pad = PadState()
    listener_sends(pad, A, B)
    canvas_reports(pad, A)
    assert pad.objects == [A, B]
    pad.undo()
    canvas_reports(pad, A, B)
    assert pad.objects == [A]


def test_strokes_drawn_before_the_listener_has_found_the_canvas_stay():
    pad = PadState()
    listener_sends(pad, A)
    pad.remount()
    canvas_reports(pad, A, B)
    assert pad.objects == [A, B]
    listener_sends(pad, C)
    assert pad.objects == [A, B, C]


def test_canvas_report_counts_after_a_message_without_strokes():
    """The message about a cancelled stroke, for example, has none."""
    pad = PadState()
    listener_sends(pad)
    canvas_reports(pad, A)
    assert pad.objects == [A]
    listener_sends(pad, B)
    assert pad.objects == [A, B]


def test_malformed_reports_are_ignored():
    pad = PadState()
    canvas_reports(pad, A)
    for report in (None, 5, [], {}, {"raw": None}, {"raw": [B]}):
        pad.take_report(report)
    assert pad.objects == [A]


def test_overwritten_strokes_are_loaded_again():
    pad = PadState()
    listener_sends(pad, A)
    pad.clear()
    number = pad.load_number
    listener_sends(pad, B, message=2, overwritten=True)
    assert pad.load_number > number
    assert pad.loaded == pad.objects == [B]
    assert pad.last_message_before_load == 2


def test_a_load_holds_the_number_of_the_last_message_before_it():
    """A later message about the load before has strokes that the new load does not hold."""
    pad = PadState()
    listener_sends(pad, A, message=5)
    pad.undo()
    listener_sends(pad, A, B, number=pad.load_number - 1, message=6)
    assert (pad.last_message_before_load, pad.answered) == (5, 6)


def test_message_about_an_earlier_load_is_ignored_but_answered():
    pad = PadState()
    listener_sends(pad, A)
    pad.clear()
    listener_sends(pad, A, B, number=pad.load_number - 1, message=7)
    assert pad.objects == []
    assert pad.answered == 7


def test_undo_and_clear_on_an_empty_pad():
    pad = PadState()
    pad.undo()
    pad.clear()
    assert pad.objects == []


def test_every_load_has_its_own_number():
    """Otherwise the canvas would not load an empty drawing a second time."""
    pad = PadState()
    numbers = [pad.load_number]
    for _ in range(3):
        pad.clear()
        numbers.append(pad.load_number)
    assert len(set(numbers)) == 4


def test_canvas_version_changes_when_its_reports_are_not_needed():
    pad = PadState()
    listener_sends(pad, A)
    assert pad.canvas_version == (0, True)
    listener_sends(pad, A, B, message=2)
    assert pad.canvas_version == (0, True)
    pad.remount()
    assert pad.canvas_version == (1, False)


def test_what_the_canvas_cannot_show_is_not_loaded():
    pad = PadState()
    listener_sends(pad, A, {"path": [["M", float("nan"), 0]]}, B)
    pad.undo()
    assert pad.loaded == pad.objects == [A]


def test_messages_of_any_shape_are_survived():
    pad = PadState()
    listener_sends(pad, A)
    for message in (None, 5, "x", [], {}, {"load_number": "x"}, {"raw": None}, {"raw": 5}):
        pad.take_strokes(message)
        pad.take_report(message)
    assert pad.objects == [A]
