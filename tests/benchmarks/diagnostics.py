"""What the Diagnostics page costs, in the browser and on the server."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from time import perf_counter

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks import diagnostics_page
from tests.benchmarks.table import Row, mb, ms, s
from tests.browser.server import DrawPage, launch, serve


def measure() -> list[Row]:
    """Open the page in the browser, then run it alone."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        rows = opened(browser)
        browser.close()
    return rows + server_work()


def opened(browser: Browser, times: int = 5) -> list[Row]:
    """From the click on Diagnostics until its last chart is drawn, the page being open for the first time or again."""
    seconds = []
    with serve() as url:
        draw_page = DrawPage(browser.new_page(viewport={"width": 1280, "height": 1400}), url)
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


def server_work() -> list[Row]:
    """What the server does for the page, warm, and what all that is stored for pages takes of its memory.

    Measured in a process of its own: without TensorFlow, as the app runs, and without a trace in this one.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        files, megabytes, seconds = process.submit(diagnostics_page.measure).result()
    return [
        ("Diagnostics, server work, warm", ms(seconds), "", "", "≤ 150 ms"),
        (f"memory of the {files} stored files, for all sessions", mb(megabytes), "", "", "≤ 100 MB"),
    ]
