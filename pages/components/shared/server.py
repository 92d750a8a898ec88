"""Workarounds for the server, each with the version that it was seen in and what ends it.

They change the process, not a page: `lifespan` applies them when the server starts, except for `freeze_objects`, which
has to wait for TensorFlow. A page that runs without the server, as in Streamlit's AppTest, runs without them.
"""

from __future__ import annotations

import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache

from streamlit.runtime.scriptrunner import script_runner
from streamlit.starlette import App

_INTERNET = (socket.AF_INET, socket.AF_INET6)


@asynccontextmanager
async def lifespan(_: App) -> AsyncIterator[None]:
    """Apply the workarounds; its server socket is bound by then, and no connection is accepted yet."""
    send_at_once()
    keep_keras_session()
    yield


def send_at_once() -> None:
    """Switch Nagle's algorithm off for the server's socket, which its connections inherit.

    asyncio switches it off for sockets that name their protocol. Streamlit's socket does not (seen in 1.67), so that
    every other answer waits 40 ms for the browser to acknowledge the one before. A lifespan is given no reference to
    that socket, hence the search among all objects. Obsolete when Streamlit names `socket.IPPROTO_TCP`.
    """
    for item in gc.get_objects():
        if type(item) is socket.socket and item.family in _INTERNET and item.type == socket.SOCK_STREAM:
            with suppress(OSError):  # it may be closed already
                item.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def keep_keras_session() -> None:
    """Keep Streamlit (seen in 1.67) from calling Keras's `clear_session` after every run of every session.

    It empties TensorFlow's kernel cache, after which the next prediction takes 45 ms instead of 1 ms. While a
    classifier is loading, it clears the loader's state too, which then takes 4 s longer. Obsolete when the server does
    not import Keras.
    """
    script_runner._clean_problem_modules = lambda: None


@cache
def freeze_objects() -> None:
    """Exclude the objects that exist now from garbage collection, once: most are TensorFlow's and stay for good.

    A full collection walks over all of them, 0.2 s. Once, because every freeze also keeps the garbage of that moment.
    Obsolete when the server does not import TensorFlow.
    """
    gc.collect()
    gc.freeze()
