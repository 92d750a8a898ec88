"""Many people in front of two replicas, and what nginx passes on."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from pages.routes.rest import MAX_BURST
from tests.browser.site import serve_site
from tests.browser.visitor import STICKY, Visitor
from tests.handwriting.digit_strokes import DIGITS
from tests.pages.test_config import SERVER
from tests.pages.test_draw_page import drawing

PEOPLE = 19  # and one with a browser
SEVEN = drawing(7)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with serve_site(tmp_path_factory.mktemp("site"), DIGITS_FRAME_ANCESTORS="'self' http://localhost:*") as site:
        yield site


def everyone(people, act):
    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(act, people))


def test_a_replica_ends_and_everyone_draws_on(site, open_page):
    """It is the one that the browser is with; its page connects again, and the drawing is still there."""
    people = [Visitor(site.url) for _ in range(PEOPLE)]
    everyone(people, Visitor.open)
    assert {person.replica for person in people} == set(site.replicas)
    page = open_page(site.url)
    page.wait_until_ready()
    page.draw(DIGITS[7])
    page.expect_answer("7")
    assert everyone(people, lambda person: person.draw(SEVEN)) == ["7"] * PEOPLE

    ended = next(cookie["value"] for cookie in page.page.context.cookies() if cookie["name"] == STICKY)
    (survivor,) = set(site.replicas) - {ended}
    with page.page.expect_websocket(lambda socket: "/api/live" in socket.url):
        site.replicas[ended].terminate()
        site.replicas[ended].wait(10)
    assert everyone(people, lambda person: person.draw_again(SEVEN)) == ["7"] * PEOPLE
    assert {person.replica for person in people} == {survivor}
    assert everyone(people, lambda person: person.upload(bytes(100_000))) == [HTTPStatus.NO_CONTENT] * PEOPLE
    page.expect_answer("7")
    page.click("Clear")
    page.expect_answer("?")
    page.draw(DIGITS[4])
    page.expect_answer("4")


def first_answer(site, request, address="127.0.0.1"):
    """The first words that nginx answers to the head of a request."""
    target = urlsplit(site.url)
    with socket.create_connection((target.hostname, target.port), 20, source_address=(address, 0)) as connection:
        connection.sendall("\r\n".join([*request, "", ""]).encode())
        return connection.recv(65_536).decode()


@pytest.mark.parametrize(("megabytes", "answer"), [(190.5, "HTTP/1.1 100 Continue"), (191.5, "HTTP/1.1 413 ")])
def test_uploads_pass_up_to_the_size_that_streamlit_takes(site, megabytes, answer):
    assert int(megabytes) in (SERVER["maxUploadSize"], SERVER["maxUploadSize"] + 1)
    length = f"Content-Length: {megabytes * 2**20:.0f}"
    head = ["PUT /_stcore/upload_file/session/file HTTP/1.1", "Host: digits", length, "Expect: 100-continue"]
    assert first_answer(site, head).startswith(answer)


@pytest.mark.parametrize("path", ["/_stcore/stream", "/api/live"])
def test_pages_use_the_sockets_under_whatever_name_the_site_has(site, path):
    head = [f"GET {path} HTTP/1.1", "Host: digits.example.org:444", "Origin: https://digits.example.org:444"]
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    answer = first_answer(site, [*head, *upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="])
    assert answer.startswith("HTTP/1.1 101 ")


@pytest.mark.parametrize(("scheme", "attribute"), [("http", "SameSite=Lax"), ("https", "SameSite=None; Secure")])
def test_the_cookie_names_a_replica_and_reaches_frames_where_browsers_allow_it(site, scheme, attribute):
    answer = requests.get(f"{site.url}/_stcore/stream", headers={"X-Forwarded-Proto": scheme}, timeout=20)
    (cookie,) = [value for name, value in answer.headers.items() if name == "Set-Cookie"]
    name, _, rest = cookie.partition("=")
    assert (name, rest.partition(";")[0] in site.replicas) == (STICKY, True)
    assert attribute in rest
    assert STICKY not in requests.get(site.url, timeout=20).headers.get("Set-Cookie", "")


def test_requests_are_counted_by_the_address_that_nginx_sees(site):
    head = ["POST /api/read HTTP/1.1", "Host: digits", "Content-Length: 0"]
    replica = f"Cookie: {STICKY}={next(iter(site.replicas))}"
    claims = [[*head, replica, f"X-Forwarded-For: 10.0.0.{number}"] for number in range(MAX_BURST + 10)]
    statuses = [first_answer(site, claim, "127.0.0.2").split()[1] for claim in claims]
    assert (statuses[0], statuses[-1]) == ("400", "429")
    assert first_answer(site, claims[0], "127.0.0.3").split()[1] == "400"


class PageWithFrame(BaseHTTPRequestHandler):
    """Answers every request with a page that shows the address after its `?` in a frame."""

    def do_GET(self):
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.path.partition("?")[2]}" width="1200" height="700">'.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def other_site():
    """The port of a site that its pages know as localhost and as 127.0.0.1."""
    with ThreadingHTTPServer(("127.0.0.1", 0), PageWithFrame) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_only_sites_that_the_operator_names_show_the_app_in_a_frame(site, other_site, browser):
    with closing(browser.new_page()) as page:
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"http://127.0.0.1:{other_site}/?{site.url}")
        page.goto(f"http://localhost:{other_site}/?{site.url}")
        frame = page.frame_locator("iframe")
        frame.locator(".st-key-pad canvas.upper-canvas").wait_for()
        expect(frame.locator(".st-key-answer .sign")).to_have_text("?")
