import numpy as np
import pytest
from playwright.sync_api import expect

from model.strokes import ink_strokes
from tests.browser.server import PATIENCE_MS
from tests.digit_strokes import DIGITS, SCRIBBLE

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}

# The listener looks for the canvas in the shadow roots below the pad: here they cannot be seen from scripts of a page.
NO_SHADOW_ROOTS = 'Object.defineProperty(Element.prototype, "shadowRoot", { get: () => null });'

# Every answer that the page has shown, in order.
WATCH = """() => {
  window.answers = [];
  const note = () => {
    const sign = document.querySelector(".st-key-answer .sign")?.textContent;
    if (sign && sign !== window.answers.at(-1)) window.answers.push(sign);
  };
  note();
  new MutationObserver(note).observe(document.querySelector(".stMain"), { subtree: true, childList: true });
}"""

LOWER_CANVAS = """canvas => {
  const lower = canvas.parentElement.querySelector("canvas.lower-canvas");
  const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
}"""


def dark_pixels(page):
    """The canvas's own ink: (h, w) bool."""
    red = np.array(page.canvas.evaluate(LOWER_CANVAS))
    side = int(len(red) ** 0.5)
    return red.reshape(side, side) < 140


def shown(page):
    return page.page.evaluate("window.answers")


@pytest.mark.parametrize("digit", DIGITS)
def test_reads_a_digit_drawn_with_the_mouse(draw_page, digit):
    draw_page.draw(DIGITS[digit])
    draw_page.expect_answer(str(digit))
    expect(draw_page.page.locator(".st-key-bars li")).to_have_count(10)
    frame = draw_page.page.locator(".st-key-frame img")
    assert frame.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]


def test_answer_text_begins_with_the_digit(draw_page):
    assert draw_page.answer.inner_text().startswith("?")
    draw_page.draw(DIGITS[3])
    draw_page.expect_answer("3")
    assert draw_page.answer.inner_text().startswith("3")


def test_answer_changes_while_the_pen_is_down(draw_page):
    """A 7 begins as a mere bar; it is read before the pen is up."""
    mouse = draw_page.page.mouse
    mouse.move(**draw_page.at(DIGITS[7][0][0]))
    mouse.down()
    for point in DIGITS[7][0][1:]:
        mouse.move(**draw_page.at(point), steps=15)
    draw_page.expect_answer("7")
    mouse.move(**draw_page.at((0.4, 1.05)))
    mouse.up()
    draw_page.expect_answer("7")


def test_answer_stands_still_after_the_pen_is_up(draw_page):
    """The canvas's own report, 200 ms later, is no news: no flicker."""
    draw_page.draw(DIGITS[4])
    draw_page.expect_answer("4")
    draw_page.page.evaluate(WATCH)
    draw_page.page.wait_for_timeout(800)
    assert shown(draw_page) == ["4"]


def test_undo_takes_the_last_stroke_away(draw_page):
    draw_page.draw(DIGITS[1])
    draw_page.expect_answer("1")
    one = dark_pixels(draw_page)
    draw_page.draw([[(0.0, 0.2), (1.0, 0.9)], [(0.0, 0.9), (1.0, 0.2)]])
    draw_page.expect_answer("?")
    draw_page.click("Undo")
    draw_page.click("Undo")
    draw_page.expect_answer("1")
    assert (dark_pixels(draw_page) == one).mean() > 0.999


def test_undo_at_once_does_not_bring_the_stroke_back(draw_page):
    """The canvas reports the stroke while the undo is on its way; that report is out of date."""
    draw_page.draw(DIGITS[1])
    draw_page.click("Undo")
    draw_page.expect_answer("?")
    draw_page.page.evaluate(WATCH)
    draw_page.page.wait_for_timeout(800)
    assert shown(draw_page) == ["?"]
    assert not dark_pixels(draw_page).any()


def test_clear_empties_the_pad(draw_page):
    for digit in (2, 3):
        draw_page.draw(DIGITS[digit])
        draw_page.expect_answer(str(digit))
        draw_page.click("Clear")
        expect(draw_page.answer).to_contain_text("Draw a digit")
        assert not dark_pixels(draw_page).any()


def test_keyboard_shortcuts_undo_and_clear(draw_page):
    draw_page.draw(DIGITS[4])
    draw_page.expect_answer("4")
    draw_page.page.keyboard.press("Control+z")
    expect(draw_page.answer.locator(".sign")).not_to_have_text("4", timeout=PATIENCE_MS)
    draw_page.page.keyboard.press("Escape")
    expect(draw_page.answer).to_contain_text("Draw a digit", timeout=PATIENCE_MS)


def test_drawing_survives_a_visit_to_another_page(draw_page):
    draw_page.draw(DIGITS[5])
    draw_page.expect_answer("5")
    before = dark_pixels(draw_page)
    draw_page.page.get_by_role("link", name="How it works").click()
    expect(draw_page.page.get_by_role("heading", name="How it works")).to_be_visible(timeout=PATIENCE_MS)
    draw_page.page.get_by_role("link", name="Draw").click()
    draw_page.canvas.wait_for(timeout=PATIENCE_MS)
    draw_page.expect_answer("5")
    after = dark_pixels(draw_page)
    assert (before & after).sum() / (before | after).sum() > 0.95
    draw_page.click("Undo")
    draw_page.click("Undo")
    expect(draw_page.answer).to_contain_text("Draw a digit", timeout=PATIENCE_MS)


def test_drawing_goes_on_after_a_visit_to_another_page(draw_page):
    draw_page.draw(DIGITS[4][:1])
    draw_page.page.get_by_role("link", name="How it works").click()
    expect(draw_page.page.get_by_role("heading", name="How it works")).to_be_visible(timeout=PATIENCE_MS)
    draw_page.page.get_by_role("link", name="Draw").click()
    draw_page.canvas.wait_for(timeout=PATIENCE_MS)
    draw_page.draw(DIGITS[4][1:])
    draw_page.expect_answer("4")


def test_strokes_drawn_before_the_classifier_is_there_are_read(open_page):
    page = open_page()
    page.draw(DIGITS[7])
    page.expect_answer("7")


def test_without_the_listener_the_canvas_still_reports(open_page):
    page = open_page(script=NO_SHADOW_ROOTS)
    page.wait_until_ready()
    mouse = page.page.mouse
    page.page.evaluate(WATCH)
    first, *others = DIGITS[7][0]
    mouse.move(**page.at(first))
    mouse.down()
    for point in others:
        mouse.move(**page.at(point), steps=15)
    page.page.wait_for_timeout(500)
    assert shown(page) == ["?"], "the listener is blocked: nothing is read while the pen is down"
    mouse.up()
    page.expect_answer("7")
    page.click("Undo")
    expect(page.answer).to_contain_text("Draw a digit", timeout=PATIENCE_MS)


def test_touch_draws_and_does_not_scroll(open_page):
    page = open_page(**PHONE)
    page.wait_until_ready()
    session = page.page.context.new_cdp_session(page.page)

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    first, *others = [page.at(point) for point in DIGITS[1][0]]
    touch("touchStart", first)
    for i in range(1, 31):
        touch("touchMove", {axis: first[axis] + (others[-1][axis] - first[axis]) * i / 30 for axis in "xy"})
    touch("touchEnd")
    page.expect_answer("1")
    assert page.page.evaluate("[scrollY, document.querySelector('.stMain').scrollTop]") == [0, 0]


@pytest.mark.parametrize("width", [1280, 390, 360])
def test_no_sideways_scrolling(open_page, width):
    page = open_page(viewport={"width": width, "height": 844})
    page.draw(DIGITS[8])
    wide = "[...document.querySelectorAll('.stMain, .stMainBlockContainer, html')].map(e => e.scrollWidth)"
    assert max(page.page.evaluate(wide)) <= width
    box = page.canvas.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_answer_is_in_view_with_the_pad_on_a_phone(open_page):
    page = open_page(**PHONE)
    box = page.answer.bounding_box()
    assert box["y"] + box["height"] <= PHONE["viewport"]["height"]


def test_dark_theme_reads_as_well(open_page):
    page = open_page(color_scheme="dark")
    page.wait_until_ready()
    background = page.page.locator(".stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert sum(int(part) for part in background[4:-1].split(",")) < 200
    page.draw(DIGITS[2])
    page.expect_answer("2")


def test_scribble_is_no_digit(draw_page):
    draw_page.draw(SCRIBBLE, steps=2)
    expect(draw_page.answer).to_contain_text("Not a digit", timeout=PATIENCE_MS)
    draw_page.expect_answer("?")


def test_dot_is_too_little_ink(draw_page):
    draw_page.draw([[(0.5, 0.5)]])
    expect(draw_page.answer).to_contain_text("Too little ink", timeout=PATIENCE_MS)
    draw_page.expect_answer("?")


def test_pen_width_is_the_canvas_s_pen(draw_page):
    draw_page.draw(DIGITS[1])
    draw_page.expect_answer("1")
    thin = dark_pixels(draw_page).sum()
    draw_page.click("Clear")
    expect(draw_page.answer).to_contain_text("Draw a digit")
    draw_page.page.get_by_role("slider").focus()
    for _ in range(5):
        draw_page.page.keyboard.press("ArrowRight")
    expect(draw_page.page.get_by_text("30 px", exact=True)).to_be_visible()
    draw_page.page.wait_for_timeout(500)
    draw_page.draw(DIGITS[1])
    draw_page.expect_answer("1")
    assert dark_pixels(draw_page).sum() / thin == pytest.approx(1.55, abs=0.15)


@pytest.mark.parametrize("digit", [0, 3, 4])
def test_our_ink_is_the_canvas_s_ink(draw_page, digit):
    draw_page.draw(DIGITS[digit], steps=20)
    draw_page.expect_answer(str(digit))
    strokes = [np.array(stroke) * 200 + 60 for stroke in DIGITS[digit]]
    ours, theirs = ink_strokes(strokes, 20, (320, 320)) > 127, dark_pixels(draw_page)
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.9


def test_steps_show_how_the_frame_is_made(draw_page):
    draw_page.draw(DIGITS[6])
    draw_page.expect_answer("6")
    draw_page.page.get_by_text("How the frame is made").click()
    expect(draw_page.page.locator(".steps img")).to_have_count(4, timeout=PATIENCE_MS)


def test_sessions_share_no_drawing(open_page):
    mine, yours = open_page(), open_page()
    mine.wait_until_ready()
    yours.wait_until_ready()
    mine.draw(DIGITS[9])
    mine.expect_answer("9")
    yours.draw(DIGITS[1])
    yours.expect_answer("1")
    mine.expect_answer("9")
