"""What a start costs: of the server, to the pad and the first answer, and of the command; and what memory it takes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from math import inf
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks import models_cost
from tests.benchmarks.server_process import megabytes_of, served
from tests.benchmarks.table import Row, beside, mb, medians, ratio_of, s
from tests.browser.server import ROOT, DrawPage, launch, serve
from tests.handwriting.digit_strokes import DIGITS

CANVAS_ONLY = Path(__file__).with_name("canvas_only.py")
SESSIONS = 10


def measure() -> list[Row]:
    """Measure the server's start and memory in the browser, then the command and the models by themselves."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        rows = server_start(browser) + memory(browser)
        browser.close()
    return rows + command() + models_memory()


def server_start(browser: Browser, times: int = 5) -> list[Row]:
    """From the server's start to the pad, against a page of nothing but the canvas; and from the pad to an answer."""
    pad, answer, canvas = medians([(*first_answer(browser), first_canvas(browser)) for _ in range(times)])
    beyond = f"+{answer - pad:.1f} s"
    return [
        ("server start to pad", s(pad), beside(s(canvas), "nothing but the canvas"), ratio_of(pad, canvas), "≤ 1.3"),
        ("server start to first answer", s(answer), beside(s(pad), "to the pad"), beyond, "≤ +0.5 s"),
    ]


def first_answer(browser: Browser) -> tuple[float, float]:
    """Seconds from the server's start to the pad, and to the answer to a stroke that is drawn there at once."""
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
    """Seconds from the server's start to a page of nothing but the canvas."""
    began = perf_counter()
    with serve(CANVAS_ONLY) as url:
        page = DrawPage(browser.new_page(), url)
        seconds = perf_counter() - began
        page.page.close()
    return seconds


def memory(browser: Browser) -> list[Row]:
    """Memory of a server with two sessions, and what each further one adds."""
    with served() as (url, server):
        add_sessions(browser, url, 2)
        two = megabytes_of(server)
        add_sessions(browser, url, SESSIONS)
        more = (megabytes_of(server) - two) / SESSIONS
    return [
        ("memory of the server with two sessions", mb(two), "", "", "≤ 250 MB"),
        ("memory of each further session", f"{more:.1f} MB", "", "", ""),
    ]


def add_sessions(browser: Browser, url: str, sessions: int) -> None:
    """Open more sessions; each draws a digit."""
    for _ in range(sessions):
        page = DrawPage(browser.new_page(), url)
        page.draw(DIGITS[3])
        page.expect_answer("3")
    sleep(1)


def command(times: int = 5) -> list[Row]:
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
    return [("memory of all six models beside the shipped one alone", mb(megabytes), "", "", "≤ 100 MB")]
