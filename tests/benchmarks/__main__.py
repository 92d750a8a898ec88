"""make bench: what one live update, one answer and one start cost, beside a named baseline in the same run.

Medians. They hold for the machine they were taken on; the ratios travel better. What was measured last is kept in
results.md, from which the README has its table.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from math import inf
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from unittest.mock import patch

import cv2
import numpy as np
import psutil
import streamlit
from playwright.sync_api import Browser, sync_playwright

import model.reader
import model.vision.page_ink
from model.classifiers.report import hardware
from model.classifiers.runtime import Classifier, load_classifier
from model.reader import WEIGHTS, Reader
from model.reading import Predict
from model.vision.decoding import load_gray
from model.vision.framing import FRAME_SIDE
from model.vision.strokes import ink_strokes
from tests.benchmarks import diagnostics_page, models_cost
from tests.benchmarks.timing import timed
from tests.browser.server import ROOT, DrawPage, launch, serve
from tests.handwriting.digit_strokes import DIGITS, SCRIBBLE
from tests.handwriting.written_pages import Handwriting, write

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
HEAD = ("what", "ours", "baseline", "ratio", "goal")
SIDE, PEN = 320, 20
SESSIONS = 10
TALL = {"width": 1280, "height": 1400}  # pad and plain button in sight together

STAGES = {
    "decoding": (model.reader, ("load_gray", "shrink")),
    "paper": (model.vision.page_ink, ("remove_paper", "clear_ink")),
    "ruled lines and stains": (model.vision.page_ink, ("remove_ruled_lines", "remove_stains")),
    "glyphs, with the network": (model.reader, ("find_glyphs",)),
    "lines": (model.reader, ("digit_lines",)),
}
"""Functions that read a photo, and the modules that call them."""

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

Row = tuple[str, str, str, str, str]


def main() -> None:
    """Measure everything, print the table and keep it."""
    ArgumentParser(prog="python -m tests.benchmarks", description=__doc__).parse_args()
    rows = server_cost() + command_cost() + models_memory() + photo_cost()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        rows += live_answer(browser) + start(browser) + memory(browser) + diagnostics(browser)
        browser.close()
    rows += diagnostics_cost()
    table = "\n".join(f"| {' | '.join(row)} |" for row in [HEAD, ("---",) * len(HEAD), *rows])
    text = f"{hardware()}, Python {platform.python_version()}, Streamlit {streamlit.__version__}\n\n{table}\n"
    print(text, end="")
    RESULTS.write_text(text, encoding="utf-8")


def server_cost(times: int = 300) -> list[Row]:
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
    ratio = f"1/{baseline / ours:.0f}"
    return [
        (
            "one live update, strokes to reading",
            ms(ours),
            beside(ms(baseline), "`cv2.resize` and `predict`"),
            ratio,
            "≤ 1/35",
        )
    ]


def command_cost(times: int = 5) -> list[Row]:
    """The whole of `python -m model read FILE`, against the import of the packages that it cannot do without."""
    read = median(seconds_of("-m", "model", "read", "assets/samples/meter.jpg") for _ in range(times))
    imports = median(seconds_of("-c", "import cv2, numpy") for _ in range(times))
    alone = beside(s(imports), "importing NumPy and OpenCV")
    return [("`python -m model read FILE`", s(read), alone, ratio_of(read, imports), "≤ 1.5 s")]


def seconds_of(*arguments: str) -> float:
    """Seconds that Python takes with these arguments."""
    began = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)
    return perf_counter() - began


def models_memory() -> list[Row]:
    """Memory that the other models take in a process that has loaded the shipped one."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        megabytes = process.submit(models_cost.measure).result()
    return [("memory of all six models beside the shipped one alone", f"{megabytes:.0f} MB", "", "", "≤ 100 MB")]


def photo_cost(times: int = 5) -> list[Row]:
    """Pages of 2 and 12 megapixels with 10 and 100 digits, decoding included, against decoding alone; then by stage."""
    classifier = load_classifier(WEIGHTS)
    reader = Reader(classifier)
    rows = []
    for megapixels, size_wh in ((2, (1600, 1200)), (12, (4000, 3000))):
        for lines in (1, 10):
            page = write(*["3141592653"] * lines, style=Handwriting(height=60))
            picture = cv2.imencode(".jpg", cv2.resize(page, size_wh, interpolation=cv2.INTER_AREA))[1].tobytes()
            ours = timed(lambda _, picture=picture: reader.read_photo(picture), times)
            decoding = timed(lambda _, picture=picture: load_gray(picture), times)
            what = f"photo of {megapixels} megapixels with {10 * lines} digits"
            alone = beside(ms(decoding), "decoding alone")
            rows.append((what, ms(ours), alone, ratio_of(ours, decoding), "≤ 800 ms"))
    return rows + photo_stages(classifier.predict, picture) + tesseract(picture)


def photo_stages(predict: Predict, picture: bytes) -> list[Row]:
    """Time each stage of reading a photo: its functions are clocked where they are called."""
    reader = Reader(Classifier(predict))
    reader.read_photo(picture)
    spent = dict.fromkeys(STAGES, 0.0)
    with ExitStack() as stack:
        for stage, (module, names) in STAGES.items():
            for name in names:
                clocked = with_clock(getattr(module, name), spent, stage)
                stack.enter_context(patch.object(module, name, clocked))
        reader.read_photo(picture)
    return [(f"… {stage}", ms(seconds), "", "", "") for stage, seconds in spent.items()]


def with_clock(function: Callable[..., object], spent: dict[str, float], stage: str) -> Callable[..., object]:
    """The function, which adds the seconds it takes to its stage."""

    def clocked(*arguments: object) -> object:
        began = perf_counter()
        result = function(*arguments)
        spent[stage] += perf_counter() - began
        return result

    return clocked


def tesseract(picture: bytes) -> list[Row]:
    """Tesseract on the same page, where it is installed."""
    if not shutil.which("tesseract"):
        return [("… Tesseract", "not installed", "", "", "")]
    command = ["tesseract", "-", "-", "--psm", "6", "-c", "tessedit_char_whitelist=0123456789"]
    began = perf_counter()
    subprocess.run(command, input=picture, check=True, capture_output=True)
    return [("… Tesseract", ms(perf_counter() - began), "", "", "")]


def live_answer(browser: Browser, times: int = 15) -> list[Row]:
    """Pen-up to final answer against a plain button's round trip on the same page, and updates in mid-stroke."""
    with serve(HERE / "draw_and_button.py") as url:
        page = DrawPage(browser.new_page(viewport=TALL), url)
        page.wait_until_ready()
        page.page.evaluate(CLOCK)
        both = [(pen_up(page), click(page)) for _ in range(times)]
        rate = updates_per_second(page)
    ours, button = (median(seconds) for seconds in zip(*both, strict=True))
    return [
        ("pen-up to final answer", ms(ours), beside(ms(button), "a plain button"), ratio_of(ours, button), "≤ 1.3"),
        ("updates a second in mid-stroke", f"{rate:.1f}", "", "", "≥ 10"),
    ]


def pen_up(draw_page: DrawPage) -> float:
    """Seconds from pen-up to the last change of answer, bars or frame; the pen jumps just before, so there is one."""
    page = draw_page.page
    draw_page.click("Clear")
    draw_page.expect_answer("?")
    page.wait_for_timeout(500)
    first, *others = DIGITS[3][0]
    page.mouse.move(**draw_page.at(first))
    page.mouse.down()
    for point in others:
        page.mouse.move(**draw_page.at(point), steps=2)
    page.mouse.move(**draw_page.at((0.05, 0.75)))
    page.mouse.up()
    page.wait_for_timeout(900)
    return elapsed(draw_page)


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


def updates_per_second(draw_page: DrawPage, seconds: float = 4.0) -> float:
    """Changes of what is shown while the pen keeps moving."""
    mouse = draw_page.page.mouse
    mouse.move(**draw_page.at(SCRIBBLE[0][0]))
    mouse.down()
    before, began, i = draw_page.page.evaluate("clock.changes"), perf_counter(), 0
    while perf_counter() - began < seconds:
        i += 1
        mouse.move(**draw_page.at(SCRIBBLE[0][i % len(SCRIBBLE[0])]), steps=8)
    changes = draw_page.page.evaluate("clock.changes") - before
    rate = changes / (perf_counter() - began)
    mouse.up()
    return float(rate)


def start(browser: Browser, times: int = 5) -> list[Row]:
    """From the server's start to the pad, against a page of nothing but the canvas; and from the pad to an answer."""
    both = [(*first_answer(browser), first_canvas(browser)) for _ in range(times)]
    pad, answer, canvas = (median(seconds) for seconds in zip(*both, strict=True))
    beyond = f"+{answer - pad:.1f} s"
    return [
        ("server start to pad", s(pad), beside(s(canvas), "nothing but the canvas"), ratio_of(pad, canvas), "≤ 1.3"),
        ("server start to first answer", s(answer), beside(s(pad), "to the pad"), beyond, "≤ +0.5 s"),
    ]


def first_answer(browser: Browser) -> tuple[float, float]:
    began = perf_counter()
    with serve() as url:
        page = DrawPage(browser.new_page(), url)
        pad = perf_counter() - began
        page.draw(DIGITS[1], apart=inf)  # two points, because a busy machine takes long to move the mouse
        page.expect_answer("1")
        answer = perf_counter() - began
        page.page.close()
    return pad, answer


def first_canvas(browser: Browser) -> float:
    began = perf_counter()
    with serve(HERE / "canvas_only.py") as url:
        page = DrawPage(browser.new_page(), url)
        seconds = perf_counter() - began
        page.page.close()
    return seconds


def memory(browser: Browser) -> list[Row]:
    """Resident memory of a server with two sessions, and what each further one adds."""
    with serve() as url:
        server = next(child for child in psutil.Process().children() if "streamlit" in child.cmdline())
        two = resident(browser, url, server, sessions=2)
        more = (resident(browser, url, server, sessions=SESSIONS) - two) / SESSIONS
    return [
        ("memory of the server with two sessions", f"{two:.0f} MB", "", "", "≤ 250 MB"),
        ("memory of each further session", f"{more:.1f} MB", "", "", ""),
    ]


def resident(browser: Browser, url: str, server: psutil.Process, sessions: int) -> float:
    """Megabytes after `sessions` more sessions have each drawn a digit."""
    for _ in range(sessions):
        page = DrawPage(browser.new_page(), url)
        page.draw(DIGITS[3])
        page.expect_answer("3")
    sleep(1)
    return server.memory_info().rss / 1e6


def diagnostics_cost() -> list[Row]:
    """What the server does for the Diagnostics page, warm, and what all that is stored for pages takes of its memory.

    Measured in a process of its own: without TensorFlow, as the app runs, and without a trace in this one.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        files, megabytes, seconds = process.submit(diagnostics_page.measure).result()
    return [
        ("Diagnostics, server work, warm", ms(seconds), "", "", "≤ 150 ms"),
        (f"memory of the {files} stored files, for all sessions", f"{megabytes:.0f} MB", "", "", "≤ 100 MB"),
    ]


def diagnostics(browser: Browser, times: int = 5) -> list[Row]:
    """From the click on Diagnostics until its last chart is drawn, the page being open for the first time or again."""
    seconds = []
    with serve() as url:
        draw_page = DrawPage(browser.new_page(viewport=TALL), url)
        draw_page.wait_until_ready()
        for _ in range(times + 1):
            began = perf_counter()
            follow(draw_page, "Diagnostics")
            draw_page.page.locator(".st-key-robustness svg.marks").last.wait_for()
            seconds.append(perf_counter() - began)
            follow(draw_page, "Draw")
            draw_page.canvas.wait_for()
    return [
        ("click on Diagnostics to drawn, again", s(median(seconds[1:])), "", "", "≤ 1 s"),
        ("… the first time on this server", s(seconds[0]), "", "", ""),
    ]


def follow(draw_page: DrawPage, name: str) -> None:
    """Click on a link of the navigation."""
    draw_page.page.get_by_role("link", name=name, exact=True).click()


def beside(measured: str, name: str) -> str:
    """A baseline and what it is."""
    return f"{measured}, {name}"


def ratio_of(ours: float, baseline: float) -> str:
    """How many times the baseline."""
    return f"{ours / baseline:.2f}"


def ms(seconds: float) -> str:
    """Seconds as milliseconds."""
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"


def s(seconds: float) -> str:
    """Seconds with one decimal."""
    return f"{seconds:.1f} s"


if __name__ == "__main__":
    main()
