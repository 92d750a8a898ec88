"""What the server does beside the pages: limit uploads, end its workers, guard its answers, and name its routes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.starlette import App
from streamlit.web.server.server_util import is_url_from_allowed_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from pages.components.shared import picture_pool
from pages.components.shared.uploads import limit_uploads

_FRAME_ANCESTORS = "DIGITS_FRAME_ANCESTORS"


@asynccontextmanager
async def lifespan(_: App) -> AsyncIterator[None]:
    """Limit what is uploaded while the server runs, and end its workers then."""
    if runtime.exists():
        limit_uploads(runtime.get_instance().uploaded_file_mgr)
    try:
        yield
    finally:
        picture_pool.POOL.stop()


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
