"""The drawing under undo and clear, and over visits to other pages: strokes may be lost, but none come back."""

import pytest
from playwright.sync_api import expect

from tests.browser.drawing import (
    WATCH,
    clear,
    dark_pixels,
    draw_half,
    expect_to_agree,
    go_to,
    overlap,
    shown,
    until,
    visit_another_page,
)
from tests.browser.server import PATIENCE_MS
from tests.handwriting.digit_strokes import DIGITS

# What the page sends takes window.delay ms longer.
SLOW = """const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { setTimeout(() => send.call(this, data), window.delay ?? 0); };"""


def test_undo_takes_the_last_stroke_away(draw_page):
    draw_page.draw(DIGITS[1])
    draw_page.expect_answer("1")
    one = dark_pixels(draw_page)
    draw_page.draw([[(0.0, 0.2), (1.0, 0.9)], [(0.0, 0.9), (1.0, 0.2)]])
    draw_page.expect_answer("?")
    draw_page.click("Undo")
    draw_page.click("Undo")
    draw_page.expect_answer("1")
    until(draw_page, lambda: (dark_pixels(draw_page) == one).mean() > 0.999)


def test_undo_at_once_does_not_bring_the_stroke_back(draw_page):
    """The stroke and the undo are on their way together."""
    draw_page.draw(DIGITS[1])
    draw_page.click("Undo")
    draw_page.expect_answer("?")
    draw_page.page.evaluate(WATCH)
    draw_page.page.wait_for_timeout(500)  # longer than all that may be under way
    assert [answer[0] for answer in shown(draw_page)] == ["?"]
    assert not dark_pixels(draw_page).any()


def test_undo_while_the_pen_is_down_takes_the_stroke_before_it(draw_page):
    draw_page.draw(DIGITS[1])
    one = dark_pixels(draw_page)
    clear(draw_page)
    draw_page.draw([[(0.0, 0.9), (1.0, 0.9)]])
    draw_half(draw_page)
    draw_page.page.keyboard.press("Control+z")
    draw_page.expect_answer("1")
    draw_page.page.mouse.up()
    until(draw_page, lambda: overlap(one, dark_pixels(draw_page)) > 0.9)
    expect_to_agree(draw_page, "1")


def test_clear_empties_the_pad(draw_page):
    for digit in (2, 3):
        draw_page.draw(DIGITS[digit])
        draw_page.expect_answer(str(digit))
        clear(draw_page)


def test_keyboard_shortcuts_undo_and_clear(draw_page):
    draw_page.draw(DIGITS[4])
    draw_page.expect_answer("4")
    draw_page.page.keyboard.press("Control+z")
    expect(draw_page.answer.locator(".sign")).not_to_have_text("4")
    draw_page.page.keyboard.press("Escape")
    expect(draw_page.answer).to_contain_text("Draw a digit")


def test_drawing_survives_a_visit_to_another_page_and_goes_on(draw_page):
    draw_page.draw(DIGITS[4][:1])
    before = dark_pixels(draw_page)
    visit_another_page(draw_page)
    until(draw_page, lambda: overlap(before, dark_pixels(draw_page)) > 0.95)
    draw_page.draw(DIGITS[4][1:])
    draw_page.expect_answer("4")
    draw_page.click("Undo")
    draw_page.click("Undo")
    expect(draw_page.answer).to_contain_text("Draw a digit")


def test_page_change_with_the_pen_down(draw_page):
    draw_half(draw_page)
    draw_page.expect_answer("1")
    go_to(draw_page, "How it works")
    expect(draw_page.page.get_by_role("heading", name="How it works")).to_be_visible()
    draw_page.page.mouse.up()
    go_to(draw_page, "Draw")
    draw_page.canvas.wait_for(timeout=PATIENCE_MS)
    draw_page.expect_answer("1")
    clear(draw_page)
    draw_page.draw(DIGITS[7])
    expect_to_agree(draw_page, "7")


@pytest.mark.parametrize("pause", [0, 600], ids=["before the answer", "across the answer"])
def test_stroke_drawn_right_after_a_click_on_clear(open_page, pause):
    page = open_page(script=SLOW)
    page.wait_until_ready()
    page.draw(DIGITS[1])
    page.expect_answer("1")
    page.page.evaluate("window.delay = 300")
    page.click("Clear")
    mouse = page.page.mouse
    first, corner, last = DIGITS[7][0]
    mouse.move(**page.at(first))
    mouse.down()
    mouse.move(**page.at(corner), steps=6)
    page.page.wait_for_timeout(pause)
    mouse.move(**page.at(last), steps=6)
    mouse.up()
    page.expect_answer("7")
    page.page.evaluate("window.delay = 0")
    page.page.wait_for_timeout(700)  # the canvas is told to load its drawing, and does
    assert dark_pixels(page).any()
    expect_to_agree(page, "7")
