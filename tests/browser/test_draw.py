from base64 import b64decode
from math import inf
from time import monotonic

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.server import PATIENCE_MS, serve
from tests.handwriting.digit_strokes import DIGITS, SCRIBBLE

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}

# The listener looks for the canvas in the shadow roots below the pad: here no script of the page sees them.
NO_SHADOW_ROOTS = 'Object.defineProperty(Element.prototype, "shadowRoot", { get: () => null });'

# While window.deaf is set, a pen-up reaches neither the listener nor the canvas.
DEAF = """for (const type of ["pointerup", "mouseup"]) {
  window.addEventListener(type, (event) => window.deaf && event.stopImmediatePropagation(), true);
}"""

# What the page sends takes window.delay ms longer.
SLOW = """const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { setTimeout(() => send.call(this, data), window.delay ?? 0); };"""

# Counts what the page sends from here on.
COUNT_SENT = """() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) { window.sent += 1; return send.call(this, data); };
  return window.sent = 0;
}"""

# No socket for live answers can be had, as behind some proxies.
NO_LIVE_SOCKET = """const Socket = WebSocket;
window.WebSocket = class extends Socket {
  constructor(url, ...more) { super(String(url).replace("/api/live", "/no/such/socket"), ...more); }
};"""

# Counts the messages of each socket by the end of its address.
COUNT_BY_SOCKET = """const send = WebSocket.prototype.send;
window.sentTo = { live: 0, stream: 0 };
WebSocket.prototype.send = function (data) {
  window.sentTo[this.url.split("/").at(-1)] += 1;
  return send.call(this, data);
};"""

# Every answer that the page has shown, in order.
WATCH = """() => {
  window.answers = [];
  const note = () => {
    const answer = document.querySelector(".st-key-answer .answer")?.textContent;
    if (answer && answer !== window.answers.at(-1)) window.answers.push(answer);
  };
  note();
  new MutationObserver(note).observe(document.querySelector(".stMain"), { subtree: true, childList: true });
}"""

# The lower canvas shows a stroke with the next frame of the browser.
LOWER_CANVAS = """async canvas => {
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
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
    """The answers since WATCH, each as sign and text."""
    return page.page.evaluate("window.answers")


def expect_to_agree(page, sign):
    """The answer is this digit, and a new page of the same session, drawn from what was read, shows the same ink."""
    page.expect_answer(sign)
    page.page.wait_for_timeout(300)
    before = dark_pixels(page)
    visit_another_page(page)
    after = dark_pixels(page)
    assert overlap(before, after) > 0.9


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def go_to(page, name):
    """Follow a link of the menu, which a phone hides."""
    page.page.get_by_role("link", name=name, include_hidden=True).dispatch_event("click")


def visit_another_page(page):
    page.page.wait_for_timeout(250)  # the canvas still reports a first stroke that was faster than any hand
    go_to(page, "How it works")
    expect(page.page.get_by_role("heading", name="How it works")).to_be_visible()
    go_to(page, "Draw")
    page.canvas.wait_for(timeout=PATIENCE_MS)
    page.page.wait_for_timeout(300)  # the canvas loads its drawing


class Devices:
    """Touch and stylus, which playwright's mouse is not."""

    def __init__(self, page):
        self.page = page
        self.session = page.page.context.new_cdp_session(page.page)

    def touch(self, kind, *points):
        touches = [{"id": i, **self.page.at(point)} for i, point in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})

    def stylus(self, kind, point, buttons):
        event = {"type": f"mouse{kind}", "button": "left", "buttons": buttons, "pointerType": "pen", "clickCount": 1}
        self.session.send("Input.dispatchMouseEvent", event | self.page.at(point))


def between(first, last, steps=10):
    """Points on the way from one to the other, without the first."""
    return [tuple(a + (b - a) * i / steps for a, b in zip(first, last, strict=True)) for i in range(1, steps + 1)]


TOP, BOTTOM = DIGITS[1][0]


@pytest.mark.parametrize("digit", DIGITS)
def test_reads_a_digit_drawn_with_the_mouse(draw_page, digit):
    draw_page.draw(DIGITS[digit])
    draw_page.expect_answer(str(digit))
    expect(draw_page.page.locator(".st-key-bars li")).to_have_count(10)
    frame = draw_page.page.locator(".st-key-frame img")
    assert frame.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]


def test_reads_slow_drawing(draw_page):
    """The mouse sends several events on each pixel."""
    draw_page.draw(DIGITS[7], apart=0.4, size=40)
    draw_page.expect_answer("7")


def test_answer_text_begins_with_the_digit(draw_page):
    assert draw_page.answer.inner_text().startswith("?")
    draw_page.draw(DIGITS[3])
    draw_page.expect_answer("3")
    assert draw_page.answer.inner_text().startswith("3")


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


def test_answer_stands_still_after_the_pen_is_up(draw_page):
    """The canvas's own report, 200 ms later, is no news: no flicker."""
    draw_page.draw(DIGITS[4])
    draw_page.expect_answer("4")
    draw_page.page.evaluate(WATCH)
    draw_page.page.wait_for_timeout(800)
    assert {answer[0] for answer in shown(draw_page)} == {"4"}  # its confidence may still settle


def test_nothing_is_sent_after_the_answer(draw_page):
    """The canvas is asked for no report, which would arrive 200 ms after the pen is up."""
    draw_page.page.mouse.move(**draw_page.at((0.2, 0)))
    draw_page.page.mouse.down()
    draw_page.page.mouse.move(**draw_page.at((0.8, 0)), steps=20)
    draw_page.expect_answer("?")
    draw_page.page.wait_for_timeout(300)
    draw_page.page.mouse.move(**draw_page.at((0.3, 1)), steps=20)
    draw_page.page.mouse.up()
    draw_page.expect_answer("7")
    draw_page.page.wait_for_timeout(100)
    sent = draw_page.page.evaluate(COUNT_SENT)
    draw_page.page.wait_for_timeout(500)
    assert draw_page.page.evaluate("window.sent") == sent == 0


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
    assert [answer[0] for answer in shown(draw_page)] == ["?"]
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
    expect(draw_page.answer.locator(".sign")).not_to_have_text("4")
    draw_page.page.keyboard.press("Escape")
    expect(draw_page.answer).to_contain_text("Draw a digit")


def test_drawing_survives_a_visit_to_another_page(draw_page):
    draw_page.draw(DIGITS[5])
    draw_page.expect_answer("5")
    before = dark_pixels(draw_page)
    visit_another_page(draw_page)
    draw_page.expect_answer("5")
    assert overlap(before, dark_pixels(draw_page)) > 0.95
    draw_page.click("Undo")
    draw_page.click("Undo")
    expect(draw_page.answer).to_contain_text("Draw a digit")


def test_drawing_goes_on_after_a_visit_to_another_page(draw_page):
    draw_page.draw(DIGITS[4][:1])
    visit_another_page(draw_page)
    draw_page.draw(DIGITS[4][1:])
    draw_page.expect_answer("4")


def test_strokes_drawn_before_the_classifier_is_there_are_read(open_page):
    page = open_page()
    page.draw(DIGITS[7])
    page.expect_answer("7")


def test_without_the_listener_the_classifier_is_loaded_all_the_same(open_page):
    with serve() as server:
        page = open_page(server, script=NO_SHADOW_ROOTS)
        page.draw(DIGITS[7])
        page.expect_answer("7")
        page.page.close()


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
    assert len(shown(page)) == 1, "the listener is blocked: nothing is read while the pen is down"
    mouse.up()
    page.expect_answer("7")
    page.click("Undo")
    expect(page.answer).to_contain_text("Draw a digit")


def test_touch_draws_and_does_not_scroll(open_page):
    page = open_page(**PHONE)
    page.wait_until_ready()
    devices = Devices(page)
    devices.touch("Start", TOP)
    for point in between(TOP, BOTTOM):
        devices.touch("Move", point)
    devices.touch("End")
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
    devices.touch("Start", TOP)
    for point in between(TOP, BOTTOM):
        devices.touch("Move", point)
    devices.touch("End")
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
    draw_page.click("Clear")
    expect(draw_page.answer).to_contain_text("Draw a digit")
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


def test_page_change_with_the_pen_down(draw_page):
    mouse = draw_page.page.mouse
    mouse.move(**draw_page.at(TOP))
    mouse.down()
    mouse.move(**draw_page.at(BOTTOM), steps=10)
    draw_page.expect_answer("1")
    go_to(draw_page, "How it works")
    expect(draw_page.page.get_by_role("heading", name="How it works")).to_be_visible()
    mouse.up()
    go_to(draw_page, "Draw")
    draw_page.canvas.wait_for(timeout=PATIENCE_MS)
    draw_page.expect_answer("1")
    draw_page.click("Clear")
    expect(draw_page.answer).to_contain_text("Draw a digit")
    draw_page.draw(DIGITS[7])
    expect_to_agree(draw_page, "7")


@pytest.mark.parametrize("pause", [0, 1000], ids=["before the answer", "across the answer"])
def test_stroke_drawn_right_after_a_click_on_clear(open_page, pause):
    page = open_page(script=SLOW)
    page.wait_until_ready()
    page.draw(DIGITS[1])
    page.expect_answer("1")
    page.page.evaluate("window.delay = 400")
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
    page.page.wait_for_timeout(1000)
    assert dark_pixels(page).any()
    expect_to_agree(page, "7")


def test_replaced_canvas_is_found_again(draw_page):
    draw_page.canvas.evaluate("""canvas => {
      const other = canvas.cloneNode();
      other.onmousedown = (event) => event.preventDefault();  // no dragging, as the canvas itself has it
      canvas.replaceWith(other);
    }""")
    draw_page.draw(DIGITS[7])
    draw_page.expect_answer("7")


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
    draw_page.draw(SCRIBBLE, apart=40)
    expect(draw_page.answer).to_contain_text("Not a digit")
    draw_page.expect_answer("?")


def test_dot_is_too_little_ink(draw_page):
    draw_page.draw([[(0.5, 0.5)]])
    expect(draw_page.answer).to_contain_text("Too little ink")
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


def test_hasty_stroke_is_curved_as_the_canvas_curves_it(draw_page):
    """Its points are far apart, so how the curve runs between them shows."""
    draw_page.draw([[(0.15, 0.0), (0.85, 0.0), (0.625, 0.5), (0.5125, 0.75), (0.445, 0.9), (0.4, 1.0)]], apart=inf)
    expect_to_agree(draw_page, "7")


@pytest.mark.parametrize("digit", [0, 3, 4])
def test_our_ink_is_the_canvas_s_ink(draw_page, digit):
    """Through listener and server and back: at this size the canvas's pen is as wide as that of the steps' ink."""
    size, pen = 118, 20
    draw_page.draw(DIGITS[digit], apart=2, size=size)
    draw_page.expect_answer(str(digit))
    draw_page.page.get_by_text("How the frame is made").click()
    x0, y0 = middle(DIGITS[digit]) * size + 60 - (size + pen) / 2

    def agreement():
        source = draw_page.page.locator(".steps img").first.get_attribute("src", timeout=PATIENCE_MS)
        ours = cv2.imdecode(np.frombuffer(b64decode(source.split(",")[1]), np.uint8), cv2.IMREAD_GRAYSCALE)
        to_ours = np.array([[1, 0, -x0], [0, 1, -y0]]) * len(ours) / (size + pen)
        theirs = cv2.warpAffine(dark_pixels(draw_page).astype(np.uint8), to_ours, ours.shape) > 0
        return overlap(ours > 127, theirs)

    deadline = monotonic() + PATIENCE_MS / 1000
    while (share := agreement()) <= 0.9 and monotonic() < deadline:  # read as its digit before its end has arrived
        draw_page.page.wait_for_timeout(250)
    assert share > 0.9


def middle(strokes):
    points = np.concatenate(strokes)
    return (points.min(axis=0) + points.max(axis=0)) / 2


def test_steps_show_how_the_frame_is_made(draw_page):
    draw_page.draw(DIGITS[6])
    draw_page.expect_answer("6")
    draw_page.page.get_by_text("How the frame is made").click()
    expect(draw_page.page.locator(".steps img")).to_have_count(4)


def test_sessions_share_no_drawing(open_page):
    mine, yours = open_page(), open_page()
    mine.wait_until_ready()
    yours.wait_until_ready()
    mine.draw(DIGITS[9])
    mine.expect_answer("9")
    yours.draw(DIGITS[1])
    yours.expect_answer("1")
    mine.expect_answer("9")


def draw_half(page):
    """Draw an upright stroke without lifting the pen."""
    page.page.mouse.move(**page.at(TOP))
    page.page.mouse.down()
    page.page.mouse.move(**page.at(BOTTOM), steps=40)
    page.expect_answer("1")


def test_live_answers_come_over_their_own_socket(open_page):
    page = open_page(script=COUNT_BY_SOCKET)
    page.wait_until_ready()
    draw_half(page)
    page.page.evaluate("window.sentTo = { live: 0, stream: 0 }")
    for _ in range(3):
        page.page.mouse.move(**page.at(TOP), steps=20)
        page.page.mouse.move(**page.at(BOTTOM), steps=20)
    sent = page.page.evaluate("window.sentTo")
    assert sent["live"] >= 20
    assert sent["stream"] == 0, "Streamlit runs when the pen is up"
    page.page.mouse.up()
    expect_to_agree(page, page.answer.locator(".sign").inner_text())


def test_without_a_socket_the_page_reads_by_streamlits_messages(open_page):
    page = open_page(script=NO_LIVE_SOCKET)
    page.wait_until_ready()
    draw_half(page)
    page.page.mouse.up()
    expect_to_agree(page, "1")
