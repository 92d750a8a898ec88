from pages.components.sheet import Sheet


def line(x):
    return {"path": [["M", x, 0], ["L", x, 9]]}


A, B, C = line(1), line(2), line(3)


def hear(sheet, *objects, number=None, message=1):
    sheet.hear({"sheet": sheet.number if number is None else number, "message": message, "objects": list(objects)})


def test_new_sheet_is_empty():
    assert Sheet().objects == []


def test_listener_adds_to_what_the_canvas_was_given():
    sheet = Sheet()
    sheet.give([A])
    hear(sheet, B)
    assert sheet.objects == [A, B]
    hear(sheet, B, C)
    assert sheet.objects == [A, B, C]


def test_canvas_is_believed_while_the_listener_is_silent():
    sheet = Sheet()
    sheet.see({"objects": [A, B]})
    assert sheet.objects == [A, B]
    sheet.undo()
    assert sheet.objects == [A]


def test_canvas_s_late_report_neither_doubles_nor_resurrects():
    sheet = Sheet()
    hear(sheet, A, B)
    sheet.see({"objects": [A]})
    assert sheet.objects == [A, B]
    sheet.undo()
    sheet.see({"objects": [A, B]})
    assert sheet.objects == [A]


def test_strokes_drawn_before_the_listener_has_found_the_canvas_stay():
    sheet = Sheet()
    hear(sheet, A)
    sheet.mount()
    sheet.see({"objects": [A, B]})
    assert sheet.objects == [A, B]
    hear(sheet, C)
    assert sheet.objects == [A, B, C]


def test_message_about_an_earlier_sheet_is_void_but_answered():
    sheet = Sheet()
    hear(sheet, A)
    sheet.clear()
    hear(sheet, A, B, number=sheet.number - 1, message=7)
    assert sheet.objects == []
    assert sheet.answered == 7


def test_undo_and_clear_on_an_empty_sheet():
    sheet = Sheet()
    sheet.undo()
    sheet.clear()
    assert sheet.objects == []


def test_every_new_sheet_has_its_own_number():
    """Or the canvas would not load an empty drawing a second time."""
    sheet = Sheet()
    numbers = [sheet.number]
    for _ in range(3):
        sheet.clear()
        numbers.append(sheet.number)
    assert len(set(numbers)) == 4


def test_what_the_canvas_cannot_show_is_not_given_to_it():
    sheet = Sheet()
    hear(sheet, A, {"path": [["M", float("nan"), 0]]}, B)
    sheet.undo()
    assert sheet.given == sheet.objects == [A]


def test_messages_of_any_shape_do_no_harm():
    sheet = Sheet()
    hear(sheet, A)
    for message in (None, 5, "x", [], {}, {"sheet": "x"}):
        sheet.hear(message)
        sheet.see(message)
    assert sheet.objects == [A]
