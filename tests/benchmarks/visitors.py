"""People who draw at once without a pause: a client of the server's two sockets, cheap enough to leave it the machine.

It runs in a process of its own. Each person has a Streamlit session, and sends a growing drawing over the live socket
as the page's listener does: once for each frame of a browser, with up to six messages under way.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import quantiles
from time import perf_counter, process_time

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.handwriting.digit_strokes import DIGITS

FRAMES_PER_SECOND, MAX_UNDER_WAY = 60, 6
STROKE = 120
"""Points of a drawing; then the next one begins."""
WARM_UP = 1.0
"""Seconds that do not count: sessions start."""


@dataclass(frozen=True)
class Drawn:
    """What people saw: updates a second of the one with fewest, seconds until an update was there, and lost sockets.

    `client` is the share of a core that the client itself took.
    """

    updates_per_second: float
    p50: float
    p95: float
    lost: int
    client: float


def draw(url: str, people: int, seconds: float) -> Drawn:
    """Let this many people draw, from a process of its own."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(_draw, url, people, seconds).result()


def _draw(url: str, people: int, seconds: float) -> Drawn:
    return asyncio.run(_draw_together(url, people, seconds))


async def _draw_together(url: str, people: int, seconds: float) -> Drawn:
    drawings, address = growing_drawings(), url.replace("http", "ws", 1)
    began, used = perf_counter(), process_time()
    answers = await asyncio.gather(*(_person(address, drawings, i, people, seconds) for i in range(people)))
    client = (process_time() - used) / (perf_counter() - began)
    delays = [delay for person in answers for delay in person or [seconds]]
    percent = quantiles(delays, n=100, method="inclusive") if len(delays) > 1 else delays * 99
    least = min(len(person) for person in answers) / seconds
    return Drawn(least, percent[49], percent[94], sum(not person for person in answers), client)


def growing_drawings() -> list[str]:
    """The messages without their numbers: a 3 after each of its points, as the page's listener sends it."""
    (stroke,) = DIGITS[3]
    path: list[list[object]] = [["M", 100.0, 60.0]]
    texts = []
    for i in range(STROKE):
        at = i / STROKE * (len(stroke) - 1)
        (x, y), (to_x, to_y) = stroke[int(at)], stroke[int(at) + 1]
        here = (round(60 + 200 * (start + (end - start) * (at % 1)), 1) for start, end in ((x, to_x), (y, to_y)))
        path.append(["Q", *path[-1][-2:], *here])
        item = {"type": "Path", "path": path, "stroke": "#1f2a37", "strokeWidth": 20, "fill": None}
        texts.append(json.dumps({"model": "cnn", "objects": [item]})[1:])
    return texts


async def _person(address: str, drawings: list[str], number: int, people: int, seconds: float) -> list[float]:
    """Open a session, draw, and return the delay of each update that came."""
    await asyncio.sleep(WARM_UP / 2 * number / people)  # people do not come in the same millisecond
    begin = perf_counter() + WARM_UP
    try:
        async with connect(f"{address}/_stcore/stream", max_size=None) as session:
            message = BackMsg()
            message.rerun_script.query_string = ""
            await session.send(message.SerializeToString())
            heard = asyncio.create_task(_hear(session))
            async with connect(f"{address}/api/live") as live:
                delays = await _Pen(live, drawings, begin, begin + seconds).draw()
            heard.cancel()
            return delays
    except (OSError, ConnectionClosed):
        return []


async def _hear(session: ClientConnection) -> None:
    async for _ in session:
        pass


class _Pen:
    """The pen of one person, which moves until the end, and the delays of the updates that it saw."""

    def __init__(self, live: ClientConnection, drawings: list[str], begin: float, end: float) -> None:
        self._live, self._drawings, self._begin, self._end = live, drawings, begin, end
        self._sent_at: list[float] = []
        self._answered = 0

    async def draw(self) -> list[float]:
        hearing = asyncio.create_task(self._hear())
        started = perf_counter()
        while (now := perf_counter()) < self._end:
            if len(self._sent_at) - self._answered < MAX_UNDER_WAY:
                self._sent_at.append(now)
                points = int((now - started) * FRAMES_PER_SECOND) % STROKE
                await self._live.send(f'{{"id": {len(self._sent_at)}, {self._drawings[points]}')
            await asyncio.sleep(max(now + 1 / FRAMES_PER_SECOND - perf_counter(), 0))
        hearing.cancel()
        return self._delays

    async def _hear(self) -> None:
        self._delays: list[float] = []
        async for text in self._live:
            now = perf_counter()
            self._answered = int(text[text.index(":") + 1 : text.index(",")])
            if self._begin <= now < self._end:
                self._delays.append(now - self._sent_at[self._answered - 1])
