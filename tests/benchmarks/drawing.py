"""The live answer: what an update costs, how often one is seen, and how soon the last one is there, near and far."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import dist
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, sync_playwright

from model.reader import WEIGHTS, Reader
from model.vision.framing import FRAME_SIDE
from model.vision.strokes import ink_strokes
from tests.benchmarks.slow_line import slow_line
from tests.benchmarks.table import Row, beside, medians, ms, ratio_of
from tests.benchmarks.timing import timed
from tests.browser.server import DrawPage, launch, serve
from tests.handwriting.digit_strokes import DIGITS, SCRIBBLE, Point

SCRIPT = Path(__file__).with_name("draw_and_button.py")
SIDE, PEN = 320, 20
TALL = {"width": 1280, "height": 1400}  # pad and plain button in sight together
DELAY = 0.1  # seconds each way, of the slow line
STEP = 5.0  # px that the pen moves from frame to frame
FRAMES = 240

# Notes when the pen or the mouse button came up, how often what is shown has changed, and when it did so last.
CLOCK = """() => {
  const text = name => document.querySelector(`.st-key-${name}`)?.textContent;
  const shown = () => [
    text("answer"), text("bars"), text("clicks"), document.querySelector(".st-key-frame img")?.src
  ].join();
  const clock = window.clock = { up: null, last: null, changes: 0 };
  let before = shown();
  window.addEventListener("pointerup", () => Object.assign(clock, { up: performance.now(), last: null }), true);
  new MutationObserver(() => {
    const now = shown();
    if (now === before) return;
    before = now;
    clock.last = performance.now();
    clock.changes += 1;
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""

# Moves the pen once for each frame of the browser, from inside the page: playwright's own mouse is slower than that.
# With the last move it comes up, so that there is a change after it. Returns how often the answer has changed before,
# how many frames there were, and the seconds they took.
PEN_MOVES = """async (canvas, places) => {
  const send = (kind, { x, y }, buttons) => {
    const options = { clientX: x, clientY: y, buttons, pointerId: 1, isPrimary: true, pointerType: "mouse" };
    const common = { ...options, bubbles: true, composed: true, cancelable: true, view: window };
    canvas.dispatchEvent(new PointerEvent(`pointer${kind}`, { ...common, button: kind === "move" ? -1 : 0 }));
    canvas.dispatchEvent(new MouseEvent(`mouse${kind}`, common));
  };
  const frame = () => new Promise(requestAnimationFrame);
  send("down", places[0], 1);
  const [changes, began] = [clock.changes, performance.now()];
  for (const place of places.slice(1, -1)) {
    send("move", place, 1);
    await frame();
  }
  const result = [clock.changes - changes, places.length - 2, (performance.now() - began) / 1000];
  send("move", places.at(-1), 1);
  send("up", places.at(-1), 0);
  return result;
}"""


def measure() -> list[Row]:
    """Measure an update by itself, then the page in the browser, near and far."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        rows = update() + near(browser) + far(browser)
        browser.close()
    return rows


def update(times: int = 300) -> list[Row]:
    """One live update, strokes to reading, against the usual way: shrink the canvas and call `network.predict`."""
    from model.classifiers.networks import load_network

    reader, network = Reader.load(), load_network(WEIGHTS)
    drawings = [[np.array(stroke) * 200 + 60 for stroke in strokes] for strokes in DIGITS.values()]
    canvases = [ink_strokes(drawing, PEN, (SIDE, SIDE)) for drawing in drawings]

    def usual(canvas: np.ndarray) -> None:
        small = cv2.resize(canvas, (FRAME_SIDE, FRAME_SIDE), interpolation=cv2.INTER_AREA)
        network.predict(small[None], verbose=0)

    ours = timed(lambda i: reader.read_drawing(drawings[i % 10], PEN), times)
    baseline = timed(lambda i: usual(canvases[i % 10]), times // 10)
    usual_way = beside(ms(baseline), "`cv2.resize` and `predict`")
    return [("one live update, strokes to reading", ms(ours), usual_way, f"1/{baseline / ours:.0f}", "≤ 1/35")]


def near(browser: Browser, times: int = 15) -> list[Row]:
    """Pen-up to final answer against a plain button's round trip on the same page, and updates in mid-stroke."""
    with serve(SCRIPT) as url:
        page = opened(browser, url)
        ours, button = medians([(pen_up(page), click(page)) for _ in range(times)])
        updates, frames = updates_per_second(page)
    return [
        ("pen-up to final answer", ms(ours), beside(ms(button), "a plain button"), ratio_of(ours, button), "≤ 0.5"),
        (
            "updates a second in mid-stroke",
            f"{updates:.0f}",
            beside(f"{frames:.0f}", "frames of the browser"),
            ratio_of(updates, frames),
            "≥ 50",
        ),
    ]


def far(browser: Browser, times: int = 7) -> list[Row]:
    """The same over a line with a delay on each way, against the delay alone."""
    with serve(SCRIPT) as near_url, slow_line(near_url, DELAY) as url:
        page = opened(browser, url)
        (ours,) = medians([(pen_up(page, patience_ms=2_000),) for _ in range(times)])
        updates, _ = updates_per_second(page)
    line = f"with {DELAY * 1e3:.0f} ms of network each way"
    alone = beside(ms(2 * DELAY), "the network alone")
    return [
        (f"pen-up to final answer, {line}", ms(ours), alone, ratio_of(ours, 2 * DELAY), "≤ 250 ms"),
        (f"updates a second in mid-stroke, {line}", f"{updates:.0f}", "", "", "≥ 20"),
    ]


def opened(browser: Browser, url: str) -> DrawPage:
    """The Draw page with its clock."""
    page = DrawPage(browser.new_page(viewport=TALL), url)
    page.wait_until_ready()
    page.page.wait_for_timeout(2_000)  # the live socket is open by then
    page.page.evaluate(CLOCK)
    return page


def pen_up(draw_page: DrawPage, patience_ms: int = 900) -> float:
    """Seconds from pen-up to the last change of answer, bars or frame; the pen jumps with it, so there is one."""
    drawn(draw_page, [*DIGITS[3][0], (0.05, 0.75)], patience_ms)
    draw_page.page.wait_for_timeout(patience_ms)
    return elapsed(draw_page)


def drawn(draw_page: DrawPage, points: Iterable[Point], patience_ms: int) -> tuple[int, int, float]:
    """Clear the pad and draw a stroke: changes of what is shown until the pen comes up, frames, and seconds."""
    draw_page.click("Clear")
    draw_page.expect_answer("?")
    draw_page.page.wait_for_timeout(patience_ms)
    return draw_page.canvas.evaluate(PEN_MOVES, [draw_page.at(point) for point in points])


def click(draw_page: DrawPage) -> float:
    """Seconds from a click on the plain button to its changed text."""
    draw_page.page.get_by_role("button", name="Plain button").click()
    draw_page.page.wait_for_timeout(500)
    return elapsed(draw_page)


def elapsed(draw_page: DrawPage) -> float:
    """Seconds from the button's or the pen's way up to the last change after it."""
    seconds = draw_page.page.evaluate("clock.last && (clock.last - clock.up) / 1000")
    if seconds is None:
        raise RuntimeError("Nothing changed on the page. Expected a change after the button or the pen came up.")
    return float(seconds)


def updates_per_second(draw_page: DrawPage) -> tuple[float, float]:
    """Changes of what is shown, and frames of the browser, while the pen keeps moving over new places."""
    changes, frames, seconds = drawn(draw_page, long_way(), 1_000)
    return changes / seconds, frames / seconds


def long_way() -> list[Point]:
    """Points of a scribble, STEP px apart on the pad, one for each frame."""
    corners = np.array(SCRIBBLE[0])
    steps = [max(round(dist(a, b) * 200 / STEP), 1) for a, b in pairwise(corners)]
    way = [point for (a, b), n in zip(pairwise(corners), steps, strict=True) for point in np.linspace(a, b, n, False)]
    return [(float(x), float(y)) for x, y in way[:FRAMES]]
