"""What the server does beside the pages: load the classifier when it starts, guard its answers, work around Streamlit.

A page that runs without the server, as in Streamlit's AppTest, runs without it, and loads the classifier itself.
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.starlette import App
from streamlit.web.server.server_util import is_url_from_allowed_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from model.errors import ArtifactError
from pages.components.shared import picture_pool
from pages.components.shared.uploads import limit_uploads

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_FRAME_ANCESTORS = "DIGITS_FRAME_ANCESTORS"


@asynccontextmanager
async def lifespan(_: App) -> AsyncIterator[None]:
    """Prepare the process, whose server socket is bound by then, before it accepts connections; end its workers."""
    send_at_once()
    if runtime.exists():
        limit_uploads(runtime.get_instance().uploaded_file_mgr)
    Thread(target=load_classifier, name="classifier", daemon=True).start()
    try:
        yield
    finally:
        picture_pool.POOL.stop()


def load_classifier() -> None:
    """Load the shipped classifier and what it imports, while the first visitor's browser loads the page.

    A page that needs it sooner waits for it. Where it cannot be loaded, the log says so, and every page that needs it.
    """
    from pages.components.shared.classifiers import reader

    with suppress(ArtifactError):
        reader()


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


def below_base_path(path: str) -> str:
    """Return the address of a route, which begins with a slash, below the server's base path."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path


def is_allowed(request: HTTPConnection) -> bool:
    """Say whether a page of this server, or no page at all, sends a request: what Streamlit asks of its own socket."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    if not is_host_allowed(host):
        return False
    try:
        return origin is None or urlsplit(origin).netloc == host or is_url_from_allowed_origins(origin)
    except ValueError:  # no address at all
        return False


class SecurityHeaders:
    """Middleware that adds headers to every HTTP answer: browsers guess no content type, and refuse foreign frames.

    The environment's DIGITS_FRAME_ANCESTORS names the sites whose pages may show the app in a frame, as the header
    Content-Security-Policy lists them: `'self'` by default, or `'self' https://example.org`, or `'none'`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        frame_ancestors = os.environ.get(_FRAME_ANCESTORS) or "'self'"
        self._headers = {
            "Content-Security-Policy": f"frame-ancestors {frame_ancestors}",
            "X-Content-Type-Options": "nosniff",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and add the headers when an HTTP answer starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)
