from types import SimpleNamespace

import numpy as np
import pytest

from model.reading import Digit
from pages.components.photos.box_edits import (
    CanvasBox,
    CanvasScale,
    apply_box_edits,
    box_id,
    box_label,
    boxes_to_read,
    drawn_boxes,
    is_shown,
    reported_boxes,
)
from tests.test_transcript import transcript

SCALE = CanvasScale((400, 300), px=0.5)
REVISION = 3
PAGE = transcript("12", "34")


def read(box):
    """Reads an 8 in every box, with a box that is tighter."""
    x0, y0, x1, y1 = box
    probabilities = np.full(10, 0.01)
    probabilities[8] = 0.91
    return Digit(8, 0.91, True, probabilities, (x0 + 1, y0 + 1, x1 - 1, y1 - 1), np.zeros((28, 28), np.uint8))


def on_canvas(page=PAGE, revision=REVISION):
    return [CanvasBox(box_id(mark, revision), mark.digit.box, box_label(mark)) for mark in page]


def edited(drawn, page=PAGE, revision=REVISION):
    return apply_box_edits(page, drawn, revision, SCALE, read)


def test_an_untouched_canvas_changes_nothing():
    assert edited(on_canvas()) is PAGE
    assert is_shown(PAGE, PAGE, on_canvas(), REVISION)


def test_rounding_is_no_move():
    drawn = [CanvasBox(each.id, tuple(edge + 0.4 for edge in each.box), each.label) for each in on_canvas()]
    assert edited(drawn) is PAGE


def test_a_box_drawn_is_read_and_keeps_its_place():
    page = edited([*on_canvas(), CanvasBox(4, (59.6, 0.2, 80.3, 40.1), "")])
    assert page.text == "128\n34"
    assert page.lines[0][2].digit.box == (60, 0, 80, 40)
    assert not is_shown(page, PAGE, [*on_canvas(), CanvasBox(4, (60, 0, 80, 40), "")], REVISION)


def test_a_box_drawn_is_added_once_though_it_is_reported_twice():
    new = CanvasBox(4, (60, 0, 80, 40), "")
    page = edited([*on_canvas(), new])
    assert edited([*on_canvas(), new], page, REVISION + 1) is page


def test_new_and_moved_boxes_are_to_be_read_each_once():
    first, *others = on_canvas()
    moved = CanvasBox(first.id, (5, 3, 25, 43), first.label)
    new = [CanvasBox(4, (60 + 5 * i, 50, 80 + 5 * i, 90), "") for i in (0, 0, 1)]
    boxes = boxes_to_read(PAGE, [moved, *others, *new], REVISION, SCALE)
    assert boxes == [(5, 3, 25, 43), (60, 50, 80, 90), (65, 50, 85, 90)]
    assert boxes_to_read(PAGE, on_canvas(), REVISION, SCALE) == []


def test_boxes_that_were_not_read_are_left_out():
    first, *others = on_canvas()
    moved = CanvasBox(first.id, (5, 3, 25, 43), first.label)
    new = [CanvasBox(4, box, "") for box in ((60, 50, 80, 90), (100, 50, 120, 90))]
    read_ones = {(60, 50, 80, 90): read((60, 50, 80, 90))}
    page = apply_box_edits(PAGE, [moved, *others, *new], REVISION, SCALE, read_ones.get)
    assert page.text == "12\n348"
    assert page.lines[0][0].digit.box == PAGE.lines[0][0].digit.box


def test_a_tiny_box_is_an_accident():
    assert edited([*on_canvas(), CanvasBox(4, (60, 0, 62, 40), "")]) is PAGE


def test_a_box_moved_is_read_again():
    first, *others = on_canvas()
    page = edited([CanvasBox(first.id, (5, 3, 25, 43), first.label), *others])
    assert page.text == "82\n34"
    assert page.lines[0][0].digit.box == (5, 3, 25, 43)


def test_a_box_over_the_edge_is_cut_and_then_rests():
    first, *others = on_canvas()
    outside = CanvasBox(first.id, (-30, -30, 20, 40), "8")
    page = edited([outside, *others])
    assert page.lines[0][0].digit.box == (0, 0, 20, 40)
    assert edited([outside, *others], page) is page


def test_a_typed_label_stays_when_its_box_is_moved():
    page = PAGE.set_label(0, 5)
    first, *others = on_canvas(page)
    assert edited([CanvasBox(first.id, (5, 3, 25, 43), "5"), *others], page).text == "52\n34"


def test_a_box_deleted_is_gone():
    assert edited(on_canvas()[1:]).text == "2\n34"
    assert edited([]).text == ""


@pytest.mark.parametrize(("label", "text"), [("7", "72\n34"), ("77", "12\n34"), ("x", "12\n34"), ("", "12\n34")])
def test_a_label_typed_on_the_canvas_counts_if_it_is_a_digit(label, text):
    first, *others = on_canvas()
    assert edited([CanvasBox(first.id, first.box, label), *others]).text == text


def test_a_label_typed_on_the_canvas_changes_its_color():
    first, *others = on_canvas()
    drawn = [CanvasBox(first.id, first.box, "7"), *others]
    page = edited(drawn)
    assert not is_shown(page, PAGE, drawn, REVISION)
    assert is_shown(page, page, drawn, REVISION)


def test_of_a_late_report_only_new_boxes_count():
    """The report may have been sent before an undo."""
    late = [*on_canvas(revision=REVISION - 1)[1:], CanvasBox(4, (60, 0, 80, 40), "")]
    assert edited(late).text == "128\n34"


def rect(name, left=10.0):
    return {"type": "LabeledRect", "strokeMiterLimit": name}, {
        "label": "1",
        "left": left,
        "top": 5,
        "width": 4,
        "height": 6,
    }


def test_boxes_are_in_px_of_the_picture():
    item, box = rect(100_001)
    assert drawn_boxes([{"type": "Path"}, item], [box], (2, 3)) == [CanvasBox(100_001, (20, 15, 28, 33), "1")]


@pytest.mark.parametrize(
    ("objects", "boxes"),
    [(None, None), ([{}], [{}]), ([rect(1)[0]], []), ([rect("x")[0]], [rect(1)[1]]), ([rect(1)[0]], [rect(1, "a")[1]]),
     ([rect(1)[0]], [rect(1, float("nan"))[1]]), ([rect(float("inf"))[0]], [rect(1)[1]]), (5, 5), ([3], [4])],
)  # fmt: skip
def test_malformed_reports_are_refused(objects, boxes):
    assert drawn_boxes(objects, boxes, (1, 1)) is None


FIT = {"natural_width": 200, "natural_height": 100}


def report(objects, boxes, fit=FIT):
    return SimpleNamespace(json_data={"objects": objects}, boxes_in_image_space=boxes, background_fit=fit)


def test_a_report_is_in_px_of_the_picture():
    item, box = rect(100_001)
    expected = [CanvasBox(100_001, (20, 15, 28, 33), "1")]
    assert reported_boxes(report([item], [box]), (400, 300)) == expected


@pytest.mark.parametrize(
    "fit",
    [None, {}, 5, {**FIT, "natural_width": 0}, {**FIT, "natural_width": "x"}, {**FIT, "natural_height": float("nan")}],
)
def test_a_report_without_a_sound_background_is_refused(fit):
    assert reported_boxes(report([rect(1)[0]], [rect(1)[1]], fit), (400, 300)) is None


@pytest.mark.parametrize(
    "report", [None, 5, SimpleNamespace(json_data=[3], boxes_in_image_space=[], background_fit=FIT)]
)
def test_what_is_no_report_is_refused(report):
    assert reported_boxes(report, (400, 300)) is None
