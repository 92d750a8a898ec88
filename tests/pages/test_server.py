import asyncio
import socket
from os import getpid
from threading import Event
from types import SimpleNamespace

import pytest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server import server_util

from model.errors import ArtifactError, BusyError
from model.reader import Reader
from pages.components.shared import classifiers, picture_pool, server
from pages.components.shared.server import SecurityHeaders, is_allowed, lifespan, load_classifier, send_at_once
from pages.components.shared.uploads import MAX_BYTES
from tests.pages.test_draw_page import reader_that_says


def is_nagled(connection):
    return not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_connections_send_at_once_whenever_they_are_made():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        before, _ = server.accept()
        assert is_nagled(before)
        send_at_once()
        assert not is_nagled(before)
        with socket.create_connection(server.getsockname()):
            after, _ = server.accept()
            assert not is_nagled(after)
            after.close()
        before.close()


def test_other_and_closed_sockets_are_left_alone():
    socket.socket().close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        send_at_once()
        assert datagrams.fileno() >= 0


def test_the_server_starts_with_its_workaround_and_loads_the_classifier(monkeypatch):
    """Streamlit's own socket is bound before the app's lifespan begins, and names no protocol."""
    loading = Event()
    monkeypatch.setattr(server, "load_classifier", loading.set)

    async def connect():
        with socket.socket(socket.AF_INET) as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            async with lifespan(None):
                with socket.create_connection(server.getsockname()):
                    connection, _ = server.accept()
                    with connection:
                        return is_nagled(connection)

    assert not asyncio.run(connect())
    assert loading.wait(60)


def test_the_server_limits_uploads_while_it_runs_and_ends_its_workers_then(monkeypatch):
    monkeypatch.setattr(server, "load_classifier", lambda: None)
    manager = MemoryUploadedFileManager("/upload")
    running = SimpleNamespace(exists=lambda: True, get_instance=lambda: SimpleNamespace(uploaded_file_mgr=manager))
    monkeypatch.setattr(server, "runtime", running)

    async def run():
        async with lifespan(None):
            with pytest.raises(HTTPException):
                manager.add_file("session", UploadedFileRec("id", "a.png", "image/png", bytes(MAX_BYTES + 1)))
            assert picture_pool.POOL.submit(getpid).result() == getpid()

    asyncio.run(run())
    with pytest.raises(BusyError, match="Received: one that stops"):
        picture_pool.POOL.submit(getpid)


def test_the_classifier_is_there_before_the_first_page(put_readers, monkeypatch):
    put_readers(None, cnn=(loaded := reader_that_says(p7=0.95)))
    load_classifier()
    monkeypatch.setattr(Reader, "load", None)
    assert classifiers.reader("cnn") is loaded


def test_the_server_starts_without_a_classifier_and_logs_why(put_readers, caplog):
    put_readers(ArtifactError("The weights are missing."))
    load_classifier()
    assert [record.getMessage() for record in caplog.records] == ["The classifier cnn cannot be loaded."]
    assert "The weights are missing." in caplog.text


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
    asyncio.run(SecurityHeaders(answer)({"type": "http", "method": "GET"}, None, send))
    headers = Headers(raw=sent[0]["headers"])
    assert (headers["Content-Security-Policy"], headers["X-Content-Type-Options"]) == (policy, "nosniff")
