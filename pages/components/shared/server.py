"""The server's sockets: what is written to them goes out at once."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress

import streamlit as st

_INTERNET = (socket.AF_INET, socket.AF_INET6)


@st.cache_resource(show_spinner=False)
def send_at_once() -> None:
    """Switch Nagle's algorithm off for the server's connections, once for all sessions.

    asyncio does so for sockets that name their protocol, which Streamlit's does not: every other answer then waits
    40 ms for the browser to acknowledge the one before. Later connections inherit it from the listening socket.
    """
    for item in gc.get_objects():
        if type(item) is socket.socket and item.family in _INTERNET and item.type == socket.SOCK_STREAM:
            with suppress(OSError):  # closed meanwhile
                item.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
