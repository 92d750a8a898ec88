"""The Draw page reads what mouse, finger and stylus draw, and reads the ink that the canvas shows."""

from base64 import b64decode
from math import inf

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.drawing import (
    BOTTOM,
    PHONE,
    TOP,
    WATCH,
    Devices,
    between,
    clear,
    dark_pixels,
    expect_to_agree,
    overlap,
    shown,
    until,
)
from tests.browser.server import PATIENCE_MS
from tests.handwriting.digit_strokes import DIGITS, SCRIBBLE

# While window.deaf is set, a pen-up reaches neither the listener nor the canvas.
DEAF = """for (const type of ["pointerup", "mouseup"]) {
  window.addEventListener(type, (event) => window.deaf && event.stopImmediatePropagation(), true);
}"""


def test_reads_digits_drawn_with_the_mouse(draw_page):
    assert draw_page.answer.inner_text().startswith("?")
    for digit, strokes in DIGITS.items():
        draw_page.draw(strokes)
        draw_page.expect_answer(str(digit))
        assert draw_page.answer.inner_text().startswith(str(digit))
        expect(draw_page.page.locator(".st-key-bars li")).to_have_count(10)
        frame = draw_page.page.locator(".st-key-frame img")
        assert frame.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]
        clear(draw_page)


def test_reads_a_number_digit_by_digit(draw_page):
    for i, digit in enumerate("2026"):
        draw_page.draw(DIGITS[int(digit)], size=55, origin=(15 + 75 * i, 100))
        draw_page.expect_answer("2026"[: i + 1])
    assert draw_page.page.locator(".st-key-frame img").count() == 4
    draw_page.click("Undo")
    draw_page.expect_answer("202")


def test_reads_slow_and_hasty_drawing(draw_page):
    """The mouse sends several events on each pixel, or so few that how the curve runs between them shows."""
    draw_page.draw(DIGITS[7], apart=0.4, size=40)
    draw_page.expect_answer("7")
    clear(draw_page)
    draw_page.draw([[(0.15, 0.0), (0.85, 0.0), (0.625, 0.5), (0.5125, 0.75), (0.445, 0.9), (0.4, 1.0)]], apart=inf)
    expect_to_agree(draw_page, "7")


def test_answer_changes_while_the_pen_is_down(draw_page):
    """A 7 begins as a mere bar; it is read before the pen is up."""
    mouse = draw_page.page.mouse
    mouse.move(**draw_page.at(DIGITS[7][0][0]))
    draw_page.page.evaluate(WATCH)
    mouse.down()
    for point in DIGITS[7][0][1:]:
        mouse.move(**draw_page.at(point), steps=30)
    draw_page.expect_answer("7")
    answers = shown(draw_page)
    assert len(set(answers[1:-1])) >= 2, answers  # after the empty pad's, before the last
    mouse.move(**draw_page.at((0.4, 1.05)))
    mouse.up()
    draw_page.expect_answer("7")


def test_strokes_drawn_before_the_page_is_complete_are_read(open_page):
    page = open_page()
    page.draw(DIGITS[7])
    expect_to_agree(page, "7")


def test_touch_draws_and_does_not_scroll(open_page):
    page = open_page(**PHONE)
    box = page.answer.bounding_box()
    assert box["y"] + box["height"] <= PHONE["viewport"]["height"], "the answer is in view with the pad"
    page.wait_until_ready()
    Devices(page).touch_stroke(TOP, BOTTOM)
    page.expect_answer("1")
    assert page.page.evaluate("[scrollY, document.querySelector('.stMain').scrollTop]") == [0, 0]


def test_second_finger_draws_nothing(open_page):
    page = open_page(**PHONE)
    page.wait_until_ready()
    devices = Devices(page)
    devices.touch("Start", TOP)
    for i, point in enumerate(between(TOP, BOTTOM)):
        devices.touch("Start" if i == 0 else "Move", point, (i / 10, 0.9))
    devices.touch("End")
    expect_to_agree(page, "1")


def test_cancelled_touch_is_no_stroke(open_page):
    page = open_page(**PHONE)
    page.wait_until_ready()
    devices = Devices(page)
    devices.touch("Start", (0.0, 0.5))
    for point in between((0.0, 0.5), (1.0, 0.5)):
        devices.touch("Move", point)
    expect(page.answer).not_to_contain_text("Draw a digit")
    devices.touch("Cancel")
    expect(page.answer).to_contain_text("Draw a digit")
    devices.touch_stroke(TOP, BOTTOM)
    expect_to_agree(page, "1")


def test_stylus_draws(draw_page):
    devices = Devices(draw_page)
    devices.stylus("Moved", TOP, buttons=0)
    devices.stylus("Pressed", TOP, buttons=1)
    for point in between(TOP, BOTTOM):
        devices.stylus("Moved", point, buttons=1)
    devices.stylus("Released", BOTTOM, buttons=0)
    expect_to_agree(draw_page, "1")


def test_pen_may_come_up_outside_the_canvas(draw_page):
    draw_page.draw([[(0.5, 0.0), (0.5, 1.0), (0.5, 1.8)]])
    expect_to_agree(draw_page, "1")
    clear(draw_page)
    draw_page.draw(DIGITS[7])
    draw_page.expect_answer("7")


def test_lost_pen_up_ends_the_stroke(open_page):
    """Without its button the mouse draws no more, and the next stroke is a stroke."""
    page = open_page(script=DEAF)
    page.wait_until_ready()
    page.page.evaluate("window.deaf = true")
    page.draw(DIGITS[4][:1])
    page.page.evaluate("window.deaf = false")
    for point in ((0.1, 1.0), (1.0, 1.0), DIGITS[4][1][0]):
        page.page.mouse.move(**page.at(point), steps=5)
    page.draw(DIGITS[4][1:])
    expect_to_agree(page, "4")


def test_replaced_canvas_is_heard(draw_page):
    draw_page.canvas.evaluate("""canvas => {
      const other = canvas.cloneNode();
      other.onmousedown = (event) => event.preventDefault();  // no dragging, as the canvas itself has it
      canvas.replaceWith(other);
    }""")
    draw_page.draw(DIGITS[7])
    draw_page.expect_answer("7")


def test_no_sideways_scrolling(draw_page):
    draw_page.draw(DIGITS[8])
    wide = "[...document.querySelectorAll('.stMain, .stMainBlockContainer, html')].map(e => e.scrollWidth)"
    for width in (1280, 390, 360):
        draw_page.page.set_viewport_size({"width": width, "height": 844})
        until(draw_page, lambda width=width: max(draw_page.page.evaluate(wide)) <= width)
        box = draw_page.canvas.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_dark_theme_reads_as_well(open_page):
    page = open_page(color_scheme="dark")
    page.wait_until_ready()
    background = page.page.locator(".stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert sum(int(part) for part in background[4:-1].split(",")) < 200
    page.draw(DIGITS[2])
    page.expect_answer("2")


def test_dot_and_scribble_are_no_digits(draw_page):
    draw_page.draw([[(0.5, 0.5)]])
    expect(draw_page.answer).to_contain_text("Too little ink")
    draw_page.expect_answer("?")
    draw_page.draw(SCRIBBLE, apart=40)
    expect(draw_page.answer).to_contain_text("Not a digit")
    draw_page.expect_answer("?")


def test_pen_width_is_the_canvas_s_pen(draw_page):
    draw_page.draw(DIGITS[1])
    draw_page.expect_answer("1")
    thin = dark_pixels(draw_page).sum()
    clear(draw_page)
    draw_page.page.get_by_role("slider").focus()
    for _ in range(5):
        draw_page.page.keyboard.press("ArrowRight")
    expect(draw_page.page.get_by_text("30 px", exact=True)).to_be_visible()
    draw_page.page.wait_for_timeout(500)  # the slider tells of its last value
    draw_page.draw(DIGITS[1])
    draw_page.expect_answer("1")
    assert dark_pixels(draw_page).sum() / thin == pytest.approx(1.55, abs=0.15)


def test_our_ink_is_the_canvas_s_ink(draw_page):
    """Through listener and server and back: at this size the canvas's pen is as wide as that of the steps' ink."""
    draw_page.page.get_by_text("How the frame is made").click()
    size, pen = 118, 20
    for digit in (0, 3, 4):
        draw_page.draw(DIGITS[digit], apart=2, size=size)
        draw_page.expect_answer(str(digit))
        expect(draw_page.page.locator(".steps img")).to_have_count(5)
        x0, y0 = middle(DIGITS[digit]) * size + 60 - (size + pen) / 2

        def agreement(x0=x0, y0=y0):
            source = draw_page.page.locator(".steps img").first.get_attribute("src", timeout=PATIENCE_MS)
            ours = cv2.imdecode(np.frombuffer(b64decode(source.split(",")[1]), np.uint8), cv2.IMREAD_GRAYSCALE)
            to_ours = np.array([[1, 0, -x0], [0, 1, -y0]]) * len(ours) / (size + pen)
            theirs = cv2.warpAffine(dark_pixels(draw_page).astype(np.uint8), to_ours, ours.shape) > 0
            return overlap(ours > 127, theirs)

        until(draw_page, lambda agreement=agreement: agreement() > 0.9)
        clear(draw_page)


def middle(strokes):
    points = np.concatenate(strokes)
    return (points.min(axis=0) + points.max(axis=0)) / 2


def test_sessions_share_no_drawing(open_page):
    mine, yours = open_page(), open_page()
    mine.wait_until_ready()
    yours.wait_until_ready()
    mine.draw(DIGITS[9])
    mine.expect_answer("9")
    yours.draw(DIGITS[1])
    yours.expect_answer("1")
    mine.expect_answer("9")
