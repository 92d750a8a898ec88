"""A TCP proxy that delivers everything later, as a line to a distant server does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from urllib.parse import urlsplit


@contextmanager
def slow_line(url: str, delay: float) -> Iterator[str]:
    """Serve what lies at an address with `delay` seconds on each way; yields the proxy's own address."""
    opened: SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = SimpleQueue()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        with suppress(asyncio.CancelledError):  # the proxy is closed before the browser is
            await asyncio.gather(_carry(reader, far_writer, delay), _carry(far_reader, writer, delay))

    async def run() -> None:
        server, closing = await asyncio.start_server(connect, "127.0.0.1", 0), asyncio.Event()
        opened.put((asyncio.get_running_loop(), closing, server.sockets[0].getsockname()[1]))
        await closing.wait()
        server.close()

    thread = Thread(target=asyncio.run, args=[run()])
    thread.start()
    loop, closing, port = opened.get()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Write what is read, each piece `delay` seconds later, and close where the other side has closed."""
    loop = asyncio.get_running_loop()
    try:
        while piece := await reader.read(65536):
            loop.call_later(delay, writer.write, piece)
        await asyncio.sleep(delay)
    except ConnectionError:
        pass  # a browser that leaves
    finally:
        writer.close()
