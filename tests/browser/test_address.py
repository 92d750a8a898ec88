"""Who can open the app as it is configured."""

import socket
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.browser.server import serve

pytestmark = pytest.mark.slow


def test_the_app_listens_on_this_machine_only():
    """Linux gives every machine all of 127.0.0.0/8, so that 127.0.0.2 stands for the addresses that others see."""
    with serve(address=()) as url:
        assert urllib.request.urlopen(f"{url}/_stcore/health", timeout=10).read() == b"ok"
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", urlsplit(url).port), 10):
            pass


def test_the_app_is_opened_to_others_as_the_readme_says():
    with serve(address=("--server.address", "0.0.0.0")) as url:
        socket.create_connection(("127.0.0.2", urlsplit(url).port), 10).close()
