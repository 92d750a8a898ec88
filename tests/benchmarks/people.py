"""Many people at once: updates, delays and memory, and what reading photos beside them costs those who draw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import cv2
import requests

from tests.benchmarks.server_process import megabytes_of, served
from tests.benchmarks.table import Row, beside, mb, ms, ratio_of
from tests.benchmarks.visitors import Drawn, draw
from tests.handwriting.written_pages import Handwriting, write

SECONDS = 10.0
GOALS = {20: ("≥ 25", "≤ 60 ms"), 50: ("≥ 10", "≤ 150 ms")}
PHOTOS = 4
PATIENCE = 120.0  # seconds


def measure() -> list[Row]:
    """Let 1, 5, 20 and 50 people draw, then 1 and 20 while photos are read."""
    rows, alone = [], {}
    for people in (1, 5, 20, 50):
        with served() as (url, server):
            alone[people] = drawn = draw(url, people, SECONDS)
            rows += drawing_rows(people, drawn, megabytes_of(server))
    with served() as (url, _):
        for people in (1, 20):
            rows.append(beside_photos(url, people, alone[people]))
    return rows


def drawing_rows(people: int, drawn: Drawn, megabytes: float) -> list[Row]:
    """What people saw; the client's own share of the machine stands beside it."""
    rate, delay = GOALS.get(people, ("", ""))
    if drawn.lost:
        raise RuntimeError(f"{drawn.lost} of {people} people got no answer. Expected none.")
    who = "1 person draws" if people == 1 else f"{people} people draw"
    client = f"(the client takes {drawn.client:.2f} of a core)"
    return [
        (f"{who}: updates a second each, the fewest", f"{drawn.updates_per_second:.0f}", client, "", rate),
        ("… delay of an update, median", ms(drawn.p50), "", "", ""),
        ("… delay of an update, 95 of 100", ms(drawn.p95), "", "", delay),
        ("… memory of the server", mb(megabytes), "", "", "≤ 350 MB"),
    ]


def beside_photos(url: str, people: int, alone: Drawn) -> Row:
    """Delay of those who draw while four photos at a time are read, against their delay without."""
    done = Event()
    picture = photo()
    with ThreadPoolExecutor(PHOTOS) as uploaders:
        reading = [uploaders.submit(_read, url, picture, done) for _ in range(PHOTOS)]
        drawn = draw(url, people, SECONDS)
        done.set()
    photos = sum(each.result() for each in reading)
    who = "1 person draws" if people == 1 else f"{people} people draw"
    what = f"{who} while {PHOTOS} photos of 12 megapixels at a time are read ({photos} in all): delay, 95 of 100"
    return what, ms(drawn.p95), beside(ms(alone.p95), "without"), ratio_of(drawn.p95, alone.p95), "≤ 2"


def photo() -> bytes:
    """A photo of 12 megapixels with 50 digits."""
    page = write(*["3141592653"] * 5, style=Handwriting(height=60))
    return cv2.imencode(".jpg", cv2.resize(page, (4000, 3000), interpolation=cv2.INTER_AREA))[1].tobytes()


def _read(url: str, picture: bytes, done: Event) -> int:
    """Have a photo read again and again; return how often."""
    count = 0
    while not done.is_set():
        requests.post(f"{url}/api/read", data=picture, timeout=PATIENCE).raise_for_status()
        count += 1
    return count
