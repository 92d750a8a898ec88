"""The measurements are run by hand; here it is only checked that they could be, and what they measure with."""

import json
import socket
from importlib import import_module
from threading import Thread
from time import perf_counter

import pytest

from pages.routes.live import answer_to
from tests.benchmarks.photos import STAGES
from tests.benchmarks.slow_line import slow_line
from tests.benchmarks.soak import slope_of
from tests.benchmarks.visitors import STROKE, growing_drawings
from tests.browser.server import ROOT


@pytest.mark.parametrize("name", ["__main__", "diagnostics_page", "models_cost"])
def test_modules_are_imported(name):
    import_module(f"tests.benchmarks.{name}")


@pytest.mark.parametrize("screen", ["draw", "diagnostics"])
def test_screens_that_are_measured_exist(screen):
    assert (ROOT / "pages" / "screens" / f"{screen}.py").is_file()


def test_stages_of_a_photo_are_functions_of_their_modules():
    missing = [name for module, names in STAGES.values() for name in names if not hasattr(module, name)]
    assert missing == []


def test_drawings_of_the_client_are_the_listener_s():
    drawings = growing_drawings()
    assert len(drawings) == STROKE
    assert '<div class="sign">3</div>' in json.loads(answer_to(f'{{"id": 1, {drawings[-1]}'))["parts"]["answer"]


def test_a_slow_line_delivers_everything_in_order_and_late():
    def echo(listening):
        connection, _ = listening.accept()
        with connection:
            while piece := connection.recv(65536):
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=echo, args=[listening], daemon=True).start()
        port = listening.getsockname()[1]
        with slow_line(f"http://127.0.0.1:{port}", 0.05) as url:
            began = perf_counter()
            with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as client:
                for number in range(50):
                    client.sendall(b"%3d" % number)
                received = _receive(client, 150)
            assert received == b"".join(b"%3d" % number for number in range(50))
            assert perf_counter() - began >= 0.1


def _receive(client, size):
    received = b""
    while len(received) < size:
        received += client.recv(size)
    return received


def test_the_slope_of_memory_is_in_megabytes_a_minute():
    assert slope_of([(10.0 * i, 200 + 5 * i) for i in range(6)]) == pytest.approx(30)
