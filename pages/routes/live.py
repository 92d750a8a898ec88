"""The live answer: a socket that takes the drawing under way and answers with the HTML that the Draw page shows.

A message is `{"id": n, "model": name, "objects": [Fabric paths]}`, and its answer `{"id": n, "parts": {key: HTML}}`.
Without a name all models answer, side by side.
The server reads only the newest message of each socket: what a newer one has overtaken is dropped, so that a slow
server answers less often, but never late.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from socket import IPPROTO_TCP, TCP_NODELAY

from anyio import CapacityLimiter, create_task_group, to_thread
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from model.classifiers.registry import MODELS, available
from pages.components.compare.side_by_side import read_side_by_side
from pages.components.pad.answer import read_objects
from pages.components.pad.listener import live_path
from pages.components.shared.server import is_allowed

MAX_CHARACTERS = 2_000_000
"""Of a message; hours of drawing by hand stay below it."""
_POLICY_VIOLATION, _TOO_BIG, _INVALID = 1008, 1009, 1007


def routes() -> list[BaseRoute]:
    """Return the route of the socket, below the server's base path."""
    return [WebSocketRoute(live_path(), Live())]


class Live:
    """The server's end of all visitors' sockets."""

    def __init__(self) -> None:
        self._readers = CapacityLimiter(os.cpu_count() or 1)  # more threads than cores would only wait for each other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have each answer sent at once, and serve."""
        _send_at_once(receive)
        await serve(WebSocket(scope, receive, send), self._readers)


def _send_at_once(receive: Receive) -> None:
    """Switch Nagle's algorithm off for the connection that uvicorn's protocol, whose method this is, receives from.

    asyncio does so for sockets that name their protocol, which Streamlit's does not (seen in 1.67): an answer would
    wait until the browser acknowledges the one before, with its next message.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is not None:
        with suppress(OSError):  # a Unix socket has no such algorithm
            transport.get_extra_info("socket").setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


async def serve(socket: WebSocket, readers: CapacityLimiter) -> None:
    """Answer the messages of one visitor until they leave; other sites' pages are refused, as Streamlit does."""
    if not is_allowed(socket):
        await socket.close(_POLICY_VIOLATION)
        return
    await socket.accept()
    newest: asyncio.Queue[str] = asyncio.Queue(1)
    async with create_task_group() as tasks:
        tasks.start_soon(_answer_newest, socket, newest, readers)
        async for text in socket.iter_text():
            if not newest.empty():
                newest.get_nowait()
            newest.put_nowait(text)
        tasks.cancel_scope.cancel()


async def _answer_newest(socket: WebSocket, newest: asyncio.Queue[str], readers: CapacityLimiter) -> None:
    while True:
        text = await newest.get()
        if len(text) > MAX_CHARACTERS:
            await socket.close(_TOO_BIG)
            return
        answer = await to_thread.run_sync(answer_to, text, limiter=readers)
        if answer is None:
            await socket.close(_INVALID)
            return
        await socket.send_text(answer)


def answer_to(text: str) -> str | None:
    """Answer a message; None if it is not one of the listener's."""
    try:
        message = json.loads(text)
        number, name, objects = message["id"], message["model"], message["objects"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(number, int) or not isinstance(name, str | None) or not isinstance(objects, list):
        return None
    if name is None:
        parts = read_side_by_side(objects, available())
    elif name in MODELS:
        parts = read_objects(objects, name)[0]
    else:
        return None
    return json.dumps({"id": number, "parts": parts})
