from pages.components.pad.drawing import PadState


def line(x):
    return {"path": [["M", x, 0], ["L", x, 9]]}


A, B, C = line(1), line(2), line(3)


def listener_tells(sheet, *objects, number=None, message=1, **more):
    number = sheet.number if number is None else number
    sheet.take_strokes({"sheet": number, "message": message, "objects": list(objects), **more})


def canvas_reports(sheet, *objects):
    sheet.take_report({"raw": {"objects": list(objects)}})


def test_new_sheet_is_empty():
    assert PadState().objects == []


def test_listener_adds_to_what_the_canvas_was_given():
    sheet = PadState()
    sheet.reload([A])
    listener_tells(sheet, B)
    assert sheet.objects == [A, B]
    listener_tells(sheet, B, C)
    assert sheet.objects == [A, B, C]


def test_canvas_is_believed_while_the_listener_is_silent():
    sheet = PadState()
    canvas_reports(sheet, A, B)
    assert sheet.objects == [A, B]
    sheet.undo()
    assert sheet.objects == [A]


def test_canvas_s_late_report_neither_doubles_nor_resurrects():
    sheet = PadState()
    listener_tells(sheet, A, B)
    canvas_reports(sheet, A)
    assert sheet.objects == [A, B]
    sheet.undo()
    canvas_reports(sheet, A, B)
    assert sheet.objects == [A]


def test_strokes_drawn_before_the_listener_has_found_the_canvas_stay():
    sheet = PadState()
    listener_tells(sheet, A)
    sheet.remount()
    canvas_reports(sheet, A, B)
    assert sheet.objects == [A, B]
    listener_tells(sheet, C)
    assert sheet.objects == [A, B, C]


def test_a_report_of_strokes_older_than_the_listener_counts_after_it_told_of_none():
    """A cancelled stroke, for one, is no stroke told of."""
    sheet = PadState()
    listener_tells(sheet)
    canvas_reports(sheet, A)
    assert sheet.objects == [A]
    listener_tells(sheet, B)
    assert sheet.objects == [A, B]


def test_malformed_reports_are_not_believed():
    sheet = PadState()
    canvas_reports(sheet, A)
    for report in (None, 5, [], {}, {"raw": None}, {"raw": [B]}):
        sheet.take_report(report)
    assert sheet.objects == [A]


def test_torn_strokes_are_given_to_the_canvas_anew():
    sheet = PadState()
    listener_tells(sheet, A)
    sheet.clear()
    number = sheet.number
    listener_tells(sheet, B, message=2, torn=True)
    assert sheet.number > number
    assert sheet.given == sheet.objects == [B]
    assert sheet.known == 2


def test_sheet_says_which_message_it_was_made_of():
    """A later one about the sheet before tells of strokes that the new sheet does not hold."""
    sheet = PadState()
    listener_tells(sheet, A, message=5)
    sheet.undo()
    listener_tells(sheet, A, B, number=sheet.number - 1, message=6)
    assert (sheet.known, sheet.answered) == (5, 6)


def test_message_about_an_earlier_sheet_is_void_but_answered():
    sheet = PadState()
    listener_tells(sheet, A)
    sheet.clear()
    listener_tells(sheet, A, B, number=sheet.number - 1, message=7)
    assert sheet.objects == []
    assert sheet.answered == 7


def test_undo_and_clear_on_an_empty_sheet():
    sheet = PadState()
    sheet.undo()
    sheet.clear()
    assert sheet.objects == []


def test_every_new_sheet_has_its_own_number():
    """Or the canvas would not load an empty drawing a second time."""
    sheet = PadState()
    numbers = [sheet.number]
    for _ in range(3):
        sheet.clear()
        numbers.append(sheet.number)
    assert len(set(numbers)) == 4


def test_canvas_is_told_when_its_reports_are_not_needed():
    sheet = PadState()
    listener_tells(sheet, A)
    assert sheet.given_to_canvas == (0, True)
    listener_tells(sheet, A, B, message=2)
    assert sheet.given_to_canvas == (0, True)
    sheet.remount()
    assert sheet.given_to_canvas == (1, False)


def test_what_the_canvas_cannot_show_is_not_given_to_it():
    sheet = PadState()
    listener_tells(sheet, A, {"path": [["M", float("nan"), 0]]}, B)
    sheet.undo()
    assert sheet.given == sheet.objects == [A]


def test_messages_of_any_shape_do_no_harm():
    sheet = PadState()
    listener_tells(sheet, A)
    for message in (None, 5, "x", [], {}, {"sheet": "x"}, {"raw": None}, {"raw": 5}):
        sheet.take_strokes(message)
        sheet.take_report(message)
    assert sheet.objects == [A]
