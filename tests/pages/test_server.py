import asyncio
import socket
from os import getpid
from threading import Event
from types import SimpleNamespace

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from model.errors import ArtifactError, BusyError
from model.reader import Reader
from pages.components.shared import classifiers, picture_pool, server
from pages.components.shared.server import lifespan, load_classifier, send_at_once
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
