"""What the tests of the pad share: the canvas's own ink, the answers shown, visits to other pages, devices."""

from time import monotonic

import numpy as np
from playwright.sync_api import expect

from tests.browser.server import PATIENCE_MS
from tests.handwriting.digit_strokes import DIGITS

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
TOP, BOTTOM = DIGITS[1][0]

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

# The lower canvas shows a stroke with the next frame of the browser. Each pixel is a character: 1 where it is dark.
LOWER_CANVAS = """async canvas => {
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const lower = canvas.parentElement.querySelector("canvas.lower-canvas");
  const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
  return Array.from({ length: data.length / 4 }, (_, i) => (data[4 * i] < 140 ? "1" : "0")).join("");
}"""


def dark_pixels(page):
    """The canvas's own ink: (h, w) bool."""
    pixels = np.frombuffer(page.canvas.evaluate(LOWER_CANVAS).encode(), np.uint8) == ord("1")
    side = int(len(pixels) ** 0.5)
    return pixels.reshape(side, side)


def overlap(one, other):
    return (one & other).sum() / max((one | other).sum(), 1)


def shown(page):
    """The answers since WATCH, each as sign and text."""
    return page.page.evaluate("window.answers")


def until(page, condition):
    """Wait until a condition holds."""
    deadline = monotonic() + PATIENCE_MS / 1000
    while not condition():
        assert monotonic() < deadline, "it never came true"
        page.page.wait_for_timeout(50)


def draw_half(page):
    """Draw an upright stroke without lifting the pen."""
    page.page.mouse.move(**page.at(TOP))
    page.page.mouse.down()
    page.page.mouse.move(**page.at(BOTTOM), steps=20)


def clear(page):
    page.click("Clear")
    expect(page.answer).to_contain_text("Draw a digit")
    until(page, lambda: not dark_pixels(page).any())


def go_to(page, name):
    """Follow a link of the menu, which a phone hides."""
    page.page.get_by_role("link", name=name, include_hidden=True).dispatch_event("click")


def visit_another_page(page):
    go_to(page, "How it works")
    expect(page.page.get_by_role("heading", name="How it works")).to_be_visible()
    go_to(page, "Draw")
    page.canvas.wait_for(timeout=PATIENCE_MS)


def expect_to_agree(page, sign):
    """The answer is this digit, and a new page of the same session, drawn from what was read, shows the same ink."""
    page.expect_answer(sign)
    before = dark_pixels(page)
    visit_another_page(page)
    until(page, lambda: overlap(before, dark_pixels(page)) > 0.9)
    page.expect_answer(sign)


class Devices:
    """Touch and stylus, which playwright's mouse is not."""

    def __init__(self, page):
        self.page = page
        self.session = page.page.context.new_cdp_session(page.page)

    def touch(self, kind, *points):
        touches = [{"id": i, **self.page.at(point)} for i, point in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touches})

    def touch_stroke(self, first, last):
        self.touch("Start", first)
        for point in between(first, last):
            self.touch("Move", point)
        self.touch("End")

    def stylus(self, kind, point, buttons):
        event = {"type": f"mouse{kind}", "button": "left", "buttons": buttons, "pointerType": "pen", "clickCount": 1}
        self.session.send("Input.dispatchMouseEvent", event | self.page.at(point))


def between(first, last, steps=10):
    """Points on the way from one to the other, without the first."""
    return [tuple(a + (b - a) * i / steps for a, b in zip(first, last, strict=True)) for i in range(1, steps + 1)]
