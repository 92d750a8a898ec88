"""A TCP proxy that delivers everything later, as a distant server does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit


@contextmanager
def slow_line(url: str, delay: float) -> Iterator[str]:
    """Serve what lies at an address with `delay` seconds on each way; yields the proxy's own address."""
    loop = asyncio.new_event_loop()
    port = urlsplit(url).port

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_carry(reader, far_writer, delay), _carry(far_reader, writer, delay))

    server = loop.run_until_complete(asyncio.start_server(connect, "127.0.0.1", 0))
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Write what is read, each piece `delay` seconds later, and close where the other side has closed."""
    loop = asyncio.get_running_loop()
    piece = b"first"
    while piece:
        try:
            piece = await reader.read(65536)
        except ConnectionError:
            piece = b""
        loop.call_later(delay, writer.write if piece else lambda _: writer.close(), piece)
