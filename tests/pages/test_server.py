import asyncio
import gc
import socket

import pytest
from streamlit.runtime.scriptrunner import script_runner

from pages.components.shared.server import freeze_objects, keep_keras_session, lifespan, send_at_once


@pytest.fixture(autouse=True)
def _restore_streamlit(monkeypatch):
    monkeypatch.setattr(script_runner, "_clean_problem_modules", script_runner._clean_problem_modules)


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


@pytest.mark.usefixtures("reader")
def test_streamlit_does_not_empty_the_kernel_cache_after_a_run(monkeypatch):
    """It would cost every further answer 45 ms."""
    from tensorflow.python.eager import context

    cleared = []

    def clear(self):
        cleared.append(self)

    monkeypatch.setattr(context.Context, "clear_kernel_cache", clear)
    script_runner._clean_problem_modules()
    assert cleared, "without the workaround"
    cleared.clear()
    keep_keras_session()
    script_runner._clean_problem_modules()
    assert not cleared


def test_the_server_starts_with_its_workarounds():
    """Streamlit's own socket is bound before the app's lifespan begins, and names no protocol."""

    async def connect():
        with socket.socket(socket.AF_INET) as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            async with lifespan(None):
                with socket.create_connection(server.getsockname()):
                    connection, _ = server.accept()
                    with connection:
                        return is_nagled(connection)

    clean = script_runner._clean_problem_modules
    assert not asyncio.run(connect())
    assert script_runner._clean_problem_modules is not clean


def test_objects_are_frozen_once(monkeypatch):
    """A later freeze would keep the garbage of all sessions."""
    freezes = []
    monkeypatch.setattr(gc, "freeze", lambda: freezes.append("freeze"))
    freeze_objects.cache_clear()
    freeze_objects()
    freeze_objects()
    assert freezes == ["freeze"]
