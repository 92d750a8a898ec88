"""The live socket: it answers while the pen is down, comes back, and the page stays usable without it."""

from itertools import pairwise

import pytest
import trustme
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.sync.client import connect

from tests.browser.drawing import BOTTOM, TOP, WATCH, clear, draw_half, expect_to_agree, shown, until
from tests.browser.server import serve
from tests.handwriting.digit_strokes import DIGITS

# Counts the messages of each socket by the end of its address, and keeps the live sockets with the time of their birth.
# While window.refused is set, no live socket can be had, as with a host that does not pass them.
SOCKETS = """
const Socket = WebSocket;
window.sentTo = { live: 0, stream: 0 };
window.live = [];
window.WebSocket = class extends Socket {
  constructor(url, ...more) {
    const isLive = String(url).endsWith("/api/live");
    super(isLive && window.refused ? String(url).replace("/api/live", "/no/such/socket") : url, ...more);
    this.kind = String(url).split("/").at(-1);
    if (isLive) window.live.push({ socket: this, time: performance.now() });
  }
  send(data) {
    window.sentTo[this.kind] += 1;
    super.send(data);
  }
};"""
IS_OPEN = "window.live.at(-1)?.socket.readyState === 1"


@pytest.fixture
def page(open_page):
    page = open_page(script=SOCKETS)
    page.wait_until_ready()
    page.page.wait_for_function(IS_OPEN)
    return page


def test_live_answers_come_over_their_own_socket(page):
    draw_half(page)
    page.expect_answer("1")
    page.page.evaluate("window.sentTo = { live: 0, stream: 0 }")
    for _ in range(3):
        page.page.mouse.move(**page.at(TOP), steps=20)
        page.page.mouse.move(**page.at(BOTTOM), steps=20)
    sent = page.page.evaluate("window.sentTo")
    assert sent["live"] >= 20
    assert sent["stream"] == 0, "Streamlit runs when the pen is up"
    page.page.mouse.up()
    expect_to_agree(page, page.answer.locator(".sign").inner_text())


def test_the_answer_stands_still_and_nothing_is_sent_after_it(page):
    """No flicker: Streamlit shows what the live socket has answered, and the canvas is asked for no report."""
    page.draw(DIGITS[4])
    page.expect_answer("4")
    page.page.wait_for_timeout(100)
    page.page.evaluate(WATCH)
    page.page.evaluate("window.sentTo = { live: 0, stream: 0 }")
    page.page.wait_for_timeout(400)
    assert page.page.evaluate("window.sentTo") == {"live": 0, "stream": 0}
    assert {answer[0] for answer in shown(page)} == {"4"}


def test_one_message_of_streamlit_for_each_stroke(page):
    page.page.evaluate("window.sentTo = { live: 0, stream: 0 }")
    page.draw(DIGITS[4])
    page.expect_answer("4")
    until(page, lambda: page.page.evaluate("window.sentTo.stream") == len(DIGITS[4]))


def test_without_a_socket_streamlit_answers_until_it_is_back(page):
    """The pauses between attempts grow; they are short again after a connection."""
    page.page.evaluate("window.refused = true; window.born = live.length; live.at(-1).socket.close()")
    draw_half(page)
    page.page.mouse.up()
    expect_to_agree(page, "1")
    clear(page)
    until(page, lambda: page.page.evaluate("live.length - born") >= 2)
    page.page.evaluate("window.refused = false")
    page.page.wait_for_function(IS_OPEN)
    times = page.page.evaluate("live.slice(born).map(({ time }) => time)")
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 1000, "the first one was half a second"
    draw_half(page)
    page.expect_answer("1")


def test_clearing_the_server_s_caches_stops_nobody(page, url):
    """Any visitor's browser may send this message of Streamlit's developer menu."""
    draw_half(page)
    page.expect_answer("1")
    with connect(f"{url.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"]) as visitor:
        visitor.send(BackMsg(clear_cache=True).SerializeToString())
        visitor.ping().wait(30)
    sent = page.page.evaluate("window.sentTo.live")
    page.page.mouse.move(**page.at(TOP), steps=20)
    page.page.mouse.move(**page.at(BOTTOM), steps=20)
    assert page.page.evaluate("window.sentTo.live") > sent + 5
    page.expect_answer("1")
    page.page.mouse.up()
    expect_to_agree(page, "1")


def test_below_a_base_path_over_https(open_page, tmp_path):
    """As behind a proxy that ends TLS: the socket's address begins with wss, and with the path."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    for file, part in (("cert", certificate.cert_chain_pems[0]), ("key", certificate.private_key_pem)):
        part.write_to_path(tmp_path / file)
    files = ("--server.sslCertFile", str(tmp_path / "cert"), "--server.sslKeyFile", str(tmp_path / "key"))
    options = ("--server.baseUrlPath", "digits", *files)
    with serve(root="https://127.0.0.1:{port}/digits", options=options) as url:
        page = open_page(url, script=SOCKETS, ignore_https_errors=True)
        page.wait_until_ready()
        page.page.wait_for_function(IS_OPEN)
        assert page.page.evaluate("live.at(-1).socket.url") == f"{url.replace('https', 'wss')}/api/live"
        draw_half(page)
        page.expect_answer("1")
        page.page.mouse.up()
        expect(page.answer).to_contain_text("ertain")
        page.page.context.close()  # or the server waits half a minute for the end of its connections
