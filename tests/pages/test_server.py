from os import getpid
from types import SimpleNamespace

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server import server_util

from model.errors import BusyError
from pages.components.shared import picture_pool, server
from pages.components.shared.server import SecurityHeaders, below_base_path, is_allowed, lifespan
from pages.components.shared.uploads import MAX_BYTES


def in_an_event_loop(function, *arguments):
    """Run a coroutine function in another thread: in this one playwright's event loop may run."""
    with start_blocking_portal() as portal:
        portal.call(function, *arguments)


def test_the_server_limits_uploads_while_it_runs_and_ends_its_workers_then(monkeypatch):
    manager = MemoryUploadedFileManager("/upload")
    running = SimpleNamespace(exists=lambda: True, get_instance=lambda: SimpleNamespace(uploaded_file_mgr=manager))
    monkeypatch.setattr(server, "runtime", running)

    async def run():
        async with lifespan(None):
            with pytest.raises(HTTPException):
                manager.add_file("session", UploadedFileRec("id", "a.png", "image/png", bytes(MAX_BYTES + 1)))
            assert picture_pool.POOL.submit(getpid).result() == getpid()

    in_an_event_loop(run)
    with pytest.raises(BusyError, match="Received: one that stops"):
        picture_pool.POOL.submit(getpid)


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("digits.example.org", None, True),
        ("digits.example.org", "https://digits.example.org", True),
        ("digits.example.org:8080", "http://digits.example.org:8080", True),
        ("digits.example.org", "http://localhost:3000", True),
        ("digits.example.org", "https://www.example.org", True),
        ("digits.example.org:8080", "http://digits.example.org", False),
        ("digits.example.org", "https://example.com", False),
        ("digits.example.org", "null", False),
        ("digits.example.org", "http://[", False),
        ("other.example.org", None, False),
    ],
)
def test_a_request_of_another_site_is_told_from_the_server_s_own(monkeypatch, host, origin, allowed):
    """Streamlit's own functions decide, without looking up the machine's addresses in the network."""
    options = {
        "server.enableCORS": True,
        "server.corsAllowedOrigins": ["https://www.example.org"],
        "server.allowedHosts": ["digits.example.org"],
    }
    usual = server.config.get_option
    monkeypatch.setattr(server.config, "get_option", lambda key: options[key] if key in options else usual(key))
    for address in ("get_internal_ip", "get_external_ip"):
        monkeypatch.setattr(server_util.net_util, address, lambda: None)
    headers = {"host": host} | ({"origin": origin} if origin else {})
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert is_allowed(HTTPConnection({"type": "http", "headers": raw})) == allowed


@pytest.mark.parametrize(
    ("setting", "policy"),
    [
        (None, "frame-ancestors 'self'"),
        ("", "frame-ancestors 'self'"),
        ("'self' https://example.org", "frame-ancestors 'self' https://example.org"),
    ],
)
def test_the_operator_chooses_who_may_show_the_app_in_a_frame(monkeypatch, setting, policy):
    if setting is None:
        monkeypatch.delenv("DIGITS_FRAME_ANCESTORS", raising=False)
    else:
        monkeypatch.setenv("DIGITS_FRAME_ANCESTORS", setting)
    sent = []

    async def send(message):
        sent.append(message)

    answer = PlainTextResponse("text", headers={"X-Content-Type-Options": "old"})
    in_an_event_loop(SecurityHeaders(answer), {"type": "http", "method": "GET"}, None, send)
    headers = Headers(raw=sent[0]["headers"])
    assert (headers["Content-Security-Policy"], headers["X-Content-Type-Options"]) == (policy, "nosniff")


@pytest.mark.parametrize(
    ("base", "address"),
    [(None, "/api/live"), ("", "/api/live"), ("digits", "/digits/api/live"), ("/a/b/", "/a/b/api/live")],
)
def test_routes_lie_below_the_base_path(monkeypatch, base, address):
    monkeypatch.setattr(server.config, "get_option", {"server.baseUrlPath": base}.get)
    assert below_base_path("/api/live") == address
