import json
import re
import socket
from concurrent.futures import Future
from http import HTTPStatus
from os import getpid
from threading import Thread

import numpy as np
import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from model.classifiers.runtime import Classifier
from model.errors import ArtifactError, ImageError
from model.reader import Reader
from pages.components.shared import picture_pool
from pages.components.shared import server as app_server
from pages.components.shared.picture_pool import PicturePool
from pages.routes import rest
from pages.routes.rest import MAX_BURST, RateLimiter, routes
from tests.handwriting.picture_files import SEVEN, encode, page
from tests.pages.conftest import Gate, ThreadInPlace, wait_until

SEVENS = encode(page([SEVEN, SEVEN]))
STROKES = {"strokes": [[[10, 10], [60, 10], [30, 90]]], "pen_width": 8}


class Client:
    """Sends requests to a real server."""

    def __init__(self, url):
        self.url = url

    def get(self, path):
        return requests.get(self.url + path, timeout=30)

    def post(self, path, **body):
        return requests.post(self.url + path, timeout=30, **body)


@pytest.fixture
def client(monkeypatch, put_readers):
    """A client of the routes, whose reader reads a 7 in everything."""
    logits = np.where(np.arange(10) == 7, 9.0, 0.0)
    fake = Reader(Classifier(lambda frames: np.tile(logits, (len(frames), 1))))
    monkeypatch.setattr(rest, "reader", lambda: fake)
    put_readers(fake)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes()), log_level="error"))
        thread = Thread(target=server.run, args=[[listening]])
        thread.start()
        yield Client(f"http://127.0.0.1:{listening.getsockname()[1]}")
        server.should_exit = True
        thread.join()


def error_of(response):
    assert response.headers["content-type"] == "application/json"
    return response.json()["error"]


def test_a_picture_is_read_as_on_the_command_line(client):
    response = client.post("/api/read", data=SEVENS)
    assert response.status_code == HTTPStatus.OK
    (picture,) = response.json()
    assert (picture["file"], picture["text"], len(picture["lines"][0])) == ("picture", "77", 2)
    assert set(picture["lines"][0][0]) == {"label", "confidence", "accepted", "by_hand", "box", "probabilities"}


@pytest.mark.parametrize("message", [STROKES, {"strokes": STROKES["strokes"]}])
def test_strokes_are_read(client, message):
    response = client.post("/api/read", json=message)
    assert response.status_code == HTTPStatus.OK
    assert [(each["file"], each["text"]) for each in response.json()] == [("strokes", "7")]


def test_nothing_drawn_is_an_empty_reading(client):
    assert client.post("/api/read", json={"strokes": []}).json() == [{"file": "strokes", "text": "", "lines": []}]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "message"),
    [
        (b"", "image/png", HTTPStatus.BAD_REQUEST, "The request is empty. Expected a picture, or JSON .* Received: no"),
        (b"{", "application/json", HTTPStatus.BAD_REQUEST, "cannot be read. Expected .*strokes.* Received: 1 bytes"),
        (b"[" * 100_000, "application/json", HTTPStatus.BAD_REQUEST, "Received: 100000 bytes that are no JSON"),
        (b"[]", "application/json; charset=utf-8", HTTPStatus.UNPROCESSABLE_ENTITY, "no strokes. Expected .*: \\[\\]"),
        (b'{"strokes": [[[1]]]}', "application/json", HTTPStatus.UNPROCESSABLE_ENTITY, "Expected \\(n, 2\\). Received"),
        (b'{"strokes": 3}', "application/json", HTTPStatus.UNPROCESSABLE_ENTITY, "Expected a list of .* Received: 3"),
        (b"no picture", "", HTTPStatus.UNPROCESSABLE_ENTITY, "The picture cannot be read. Expected .* Received: 10 by"),
    ],
)
def test_bad_requests_are_refused_in_three_beats(client, body, content_type, status, message):
    response = client.post("/api/read", data=body, headers={"content-type": content_type})
    assert response.status_code == status
    assert re.search(message, error_of(response))


def test_a_body_that_is_too_large_is_not_received(client, monkeypatch):
    monkeypatch.setattr(rest, "MAX_BYTES", 1000)
    response = client.post("/api/read", data=iter([b"x" * 600, b"x" * 600]))
    assert response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "Expected at most 0 MB. Received: more." in error_of(response)


def test_many_requests_at_once_are_slowed_down(client):
    statuses = [client.post("/api/read", json={"strokes": []}) for _ in range(MAX_BURST + 10)]
    refused = [response for response in statuses if response.status_code == HTTPStatus.TOO_MANY_REQUESTS]
    assert len(refused) >= 1
    assert refused[0].headers["retry-after"] == "1"
    assert "Expected at most 20 at once and 5 a second" in error_of(refused[0])


def test_each_address_has_a_bucket_that_fills_again():
    now = [0.0]
    limiter = RateLimiter(rate=2.0, burst=3, clock=lambda: now[0])
    assert [limiter.allows("a") for _ in range(4)] == [True, True, True, False]
    assert limiter.allows("b")
    now[0] = 0.5
    assert [limiter.allows("a") for _ in range(2)] == [True, False]
    now[0] = 100.0
    assert [limiter.allows("a") for _ in range(4)] == [True, True, True, False]


def test_addresses_that_were_silent_longest_are_forgotten(monkeypatch):
    monkeypatch.setattr(rest, "_MAX_ADDRESSES", 2)
    limiter = RateLimiter(rate=0.0, burst=1, clock=lambda: 0.0)
    assert [limiter.allows(address) for address in "abacb"] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("origin", "status"), [("http://localhost:8501", HTTPStatus.OK), ("https://example.org", HTTPStatus.FORBIDDEN)]
)
def test_other_sites_cannot_use_a_visitor_s_browser(client, monkeypatch, origin, status):
    monkeypatch.setattr(app_server, "is_url_from_allowed_origins", lambda url: "localhost" in url)
    response = client.post("/api/read", json=STROKES, headers={"origin": origin})
    assert response.status_code == status
    if status is HTTPStatus.FORBIDDEN:
        assert "Received: https://example.org." in error_of(response)


def test_ready_says_whether_the_reader_is_loaded(client, monkeypatch):
    assert client.get("/api/ready").json() == {"ready": True}

    def broken():
        raise ArtifactError("The weights are missing. Expected a file. Received: none.")

    monkeypatch.setattr(rest, "reader", broken)
    for response in (client.get("/api/ready"), client.post("/api/read", json=STROKES)):
        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert error_of(response) == "The weights are missing. Expected a file. Received: none."


@pytest.mark.parametrize(
    ("base", "path"), [("", "/api/read"), ("digits", "/digits/api/read"), ("/a/b/", "/a/b/api/read")]
)
def test_routes_lie_below_the_base_path(monkeypatch, base, path):
    monkeypatch.setattr(app_server.config, "get_option", {"server.baseUrlPath": base}.get)
    assert next(route.path for route in routes()) == path


def test_one_setting_switches_it_off(monkeypatch):
    monkeypatch.setenv("DIGITS_API", "off")
    assert routes() == []


def test_only_posts_are_read(client):
    assert client.get("/api/read").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert json.loads(client.post("/api/read", data=SEVENS).text)


def test_pictures_wait_in_the_queue_of_the_pages_and_a_full_one_is_a_503(client, monkeypatch):
    monkeypatch.setattr(picture_pool, "POOL", PicturePool(ThreadInPlace, max_waiting=0))
    response = client.post("/api/read", data=SEVENS)
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["retry-after"] == "1"
    assert "Expected at most 0 in the queue" in error_of(response)


def test_a_client_that_leaves_gives_up_its_place(client, monkeypatch):
    pool, gate = PicturePool(ThreadInPlace, workers=1), Gate()
    monkeypatch.setattr(picture_pool, "POOL", pool)
    pool.submit(gate)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{client.url}/api/read", data=SEVENS, timeout=0.3)

    def is_next():
        future = pool.submit(getpid)
        is_next = pool.ahead(future) == 1
        future.cancel()
        return is_next

    wait_until(is_next)
    gate.opened.set()


def test_a_picture_that_ends_its_worker_is_an_error_of_its_request(client, monkeypatch):
    def submit(*_):
        future = Future()
        future.set_exception(ImageError("The picture takes too long to read. Expected one. Received: one."))
        return future

    monkeypatch.setattr(picture_pool.POOL, "submit", submit)
    response = client.post("/api/read", data=SEVENS)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "takes too long" in error_of(response)
