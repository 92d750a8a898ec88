import json
import re
import socket
from threading import Event, Thread
from time import monotonic, sleep

import numpy as np
import pytest
import uvicorn
import websockets
from starlette.applications import Starlette
from websockets.sync.client import connect

from model.classifiers.registry import available
from model.classifiers.runtime import Classifier
from model.reader import Reader
from pages.components.compare import side_by_side
from pages.components.pad import answer
from pages.components.shared import server as app_server
from pages.routes import live
from pages.routes.live import answer_to, routes
from tests.test_imports import SOURCES, imported, module_of

SEVEN = {"path": [["M", 10, 10], ["L", 60, 10], ["L", 30, 90]], "strokeWidth": 8}


def message(number=1, model="cnn", objects=(SEVEN,)):
    return json.dumps({"id": number, "model": model, "objects": list(objects)})


@pytest.fixture(autouse=True)
def _sevens(monkeypatch):
    """Every model reads a 7 in everything."""
    logits = np.where(np.arange(10) == 7, 9.0, 0.0)
    fake = Reader(Classifier(lambda frames: np.tile(logits, (len(frames), 1))))
    monkeypatch.setattr(answer, "reader", lambda name: fake)


@pytest.fixture
def url():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes()), log_level="error", ws="websockets-sansio"))
        thread = Thread(target=server.run, args=[[listening]])
        thread.start()
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/api/live"
        server.should_exit = True
        thread.join()


def test_an_answer_holds_all_that_the_page_shows():
    reply = json.loads(answer_to(message(number=5)))
    assert (reply["id"], list(reply["parts"])) == (5, ["answer", "frame", "bars"])
    assert '<div class="sign">7</div>' in reply["parts"]["answer"]


def test_without_a_name_all_models_answer(monkeypatch):
    monkeypatch.setattr(side_by_side, "reader", answer.reader)
    reply = json.loads(answer_to(message(model=None)))
    assert list(reply["parts"]) == ["side_by_side"]
    assert reply["parts"]["side_by_side"].count('<div class="sign">7</div>') == len(available())


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ([], "Draw a digit"),
        ([{"path": "no path"}], "This drawing cannot be read"),
        ([{"path": [["M", 1e999, 0]]}], "This drawing cannot be read"),
    ],
)
def test_a_drawing_without_an_answer_has_its_reason(objects, words):
    assert words in json.loads(answer_to(message(objects=objects)))["parts"]["answer"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        "[" * 100_000,
        message(model="../cnn"),
        message(model=["cnn"]),
        '{"id": "1", "model": "cnn", "objects": []}',
    ],
)
def test_what_is_no_message_of_the_listener_has_no_answer(text):
    assert answer_to(text) is None


def test_answers_over_the_socket(url):
    with connect(url) as client:
        for number in (1, 2):
            client.send(message(number))
            assert json.loads(client.recv(timeout=30))["id"] == number


@pytest.mark.parametrize(("text", "code"), [("no message", 1007), (" " * (live.MAX_CHARACTERS + 1), 1009)])
def test_a_socket_that_sends_something_else_is_closed(url, text, code):
    with connect(url, max_size=None) as client:
        client.send(text)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=30)
    assert closed.value.rcvd.code == code


def test_another_site_is_refused(url, monkeypatch):
    monkeypatch.setattr(app_server, "is_url_from_allowed_origins", lambda origin: "localhost" in origin)
    with pytest.raises(websockets.InvalidStatus, match="403"):
        connect(url, origin="https://example.org")
    with connect(url, origin="http://localhost") as client:
        client.send(message())
        assert client.recv(timeout=30)


def test_what_a_newer_message_has_overtaken_is_dropped(url, monkeypatch):
    began, may_go_on = Event(), Event()

    def slow(text):
        began.set()
        may_go_on.wait(30)
        return answer_to(text)

    monkeypatch.setattr(live, "answer_to", slow)
    with connect(url) as client:
        client.send(message(1))
        began.wait(30)
        for number in range(2, 50):
            client.send(message(number))
        client.ping().wait(30)  # answered in order: all messages have arrived
        may_go_on.set()
        ids = [json.loads(client.recv(timeout=30))["id"] for _ in range(2)]
    assert ids == [1, 49]


def test_answers_are_sent_at_once(url, monkeypatch):
    serve, seen = live.serve, []

    async def watched(websocket, readers):
        connection = websocket._receive.__self__.transport.get_extra_info("socket")
        seen.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await serve(websocket, readers)

    monkeypatch.setattr(live, "serve", watched)
    with connect(url) as client:
        client.send(message())
        assert client.recv(timeout=30)
    assert seen == [1]


def test_under_overload_updates_become_fewer_but_never_late(url, monkeypatch):
    """100 messages at the pace of a browser's frames, for a reader that takes three times as long."""
    read = []

    def slow(text):
        sleep(0.015)
        read.append(json.loads(text)["id"])
        return answer_to(text)

    monkeypatch.setattr(live, "answer_to", slow)
    with connect(url) as client:
        for number in range(1, 101):
            client.send(message(number))
            sleep(0.005)
        last_sent, ids = monotonic(), [0]
        while ids[-1] < 100:
            ids.append(json.loads(client.recv(timeout=30))["id"])
    assert read == ids[1:] == sorted(set(read))
    assert len(read) < 60, "every other message at most"
    assert monotonic() - last_sent < 100 * 0.015 / 2, "a queue of all of them would take longer"


def test_the_socket_lies_below_the_base_path(monkeypatch):
    monkeypatch.setattr(app_server.config, "get_option", {"server.baseUrlPath": "digits"}.get)
    assert [route.path for route in routes()] == ["/digits/api/live"]


def test_what_the_live_answer_needs_lies_in_no_cache_that_visitors_can_clear():
    modules = {module_of(path): path for path in SOURCES}
    found, ahead = set(), ["pages.routes.live"]
    while ahead:
        found.add(name := ahead.pop())
        ahead += [used for used in imported(modules[name]) if used in modules and used not in found]
    assert {"pages.components.shared.classifiers", "model.reader"} <= found
    cached = re.compile("cache_(resource|data)")
    assert [name for name in sorted(found) if cached.search(modules[name].read_text(encoding="utf-8"))] == []
