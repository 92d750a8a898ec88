"""The real app in a real browser: start the server, open the page, draw on the pad, read the answer."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from math import hypot
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

ROOT = Path(__file__).parents[2]
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 60_000
"""Time limit for every wait; a machine under load is slow."""
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def serve(
    script: Path = ROOT / "app.py",
    cwd: Path = ROOT,
    address: tuple[str, ...] = ("--server.address", "127.0.0.1"),
    root: str = "http://127.0.0.1:{port}",
    options: tuple[str, ...] = (),
) -> Iterator[str]:
    """Run an app on a free port, at an address or at the configured one; yields its URL once the server answers.

    Args:
        root: the URL, as the options make it.
        options: of Streamlit, further ones; the last one of a name counts.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", *address, *options]
    server = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = root.format(port=port)
        _wait_until_healthy(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = monotonic() + PATIENCE_MS / 1000
    any_certificate = ssl._create_unverified_context()
    while monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1, context=any_certificate)
        except OSError:
            sleep(0.02)
        else:
            return
    raise RuntimeError(f"The server does not answer at {url}, exit code {server.poll()}.")


def launch(playwright: Playwright) -> Browser:
    """Start the browser that `CHROMIUM` names, the system's, or playwright's own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)


class DrawPage:
    """The Draw page, driven as a visitor would."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        self.canvas.wait_for(timeout=PATIENCE_MS)

    @property
    def canvas(self) -> Locator:
        return self.page.locator(".st-key-pad canvas.upper-canvas")

    @property
    def answer(self) -> Locator:
        return self.page.locator(".st-key-answer")

    def at(self, point: tuple[float, float], size: float = 200, origin: tuple[float, float] = (60, 60)) -> dict:
        """The place on the page of a point in the unit square, which is drawn `size` px large at `origin`."""
        box = self.canvas.bounding_box()
        return {axis: box[axis] + origin[i] + size * point[i] for i, axis in enumerate("xy")}

    def draw(self, strokes: list[list[tuple[float, float]]], apart: float = 12, **place: object) -> None:
        """Draw strokes of the unit square with the mouse, with an event about every `apart` px, as in fast drawing."""
        for points in strokes:
            places = [self.at(point, **place) for point in points]
            self.page.mouse.move(**places[0])
            self.page.mouse.down()
            for start, stop in pairwise(places):
                steps = round(hypot(stop["x"] - start["x"], stop["y"] - start["y"]) / apart)
                self.page.mouse.move(**stop, steps=max(1, steps))
            self.page.mouse.up()

    def wait_until_ready(self) -> None:
        """Wait until the answer is on the page, which comes with the last of it."""
        expect(self.answer).to_be_visible()

    def expect_answer(self, sign: str) -> None:
        """Wait until the answer begins with this sign: a digit, or `?`."""
        expect(self.answer.locator(".sign")).to_have_text(sign)

    def click(self, name: str) -> None:
        """Click one of the page's buttons."""
        self.page.locator(".st-key-tools").get_by_role("button", name=name).click()
