"""A visitor without a browser: Streamlit's socket and the live one, opened again when they are closed."""

import json
from contextlib import ExitStack, suppress
from time import monotonic
from urllib.parse import urlsplit

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

STICKY = "digits_replica"


class Visitor:
    """One session of the app, as Streamlit's page keeps it."""

    def __init__(self, url):
        self.url = url
        self._http = requests.Session()
        self._http.get(f"{url}/_stcore/health", timeout=10).raise_for_status()
        self._sockets = ExitStack()
        self._live = None
        self._session = []  # its number, once there is one

    @property
    def replica(self):
        """The address of the replica that has the session, as the cookie names it."""
        return self._http.cookies.get(STICKY)

    def open(self):
        """Open both sockets and wait until the page is shown, with an earlier session's number if there was one."""
        self._sockets.close()
        xsrf = self._http.cookies["_streamlit_xsrf"]
        page = self._connect("/_stcore/stream", subprotocols=["streamlit", xsrf, *self._session])
        cookie = page.response.headers["Set-Cookie"].partition(";")[0].partition("=")
        self._http.cookies.set(cookie[0], cookie[2])
        rerun = BackMsg()
        rerun.rerun_script.query_string = ""
        page.send(rerun.SerializeToString())
        while (message := ForwardMsg.FromString(page.recv(timeout=20))).WhichOneof("type") != "script_finished":
            if message.WhichOneof("type") == "new_session":
                self._session = [message.new_session.initialize.session_id]
        self._live = self._connect("/api/live")

    def draw(self, strokes):
        """The digit that the live socket reads in the Fabric objects of a drawing."""
        self._live.send(json.dumps({"id": 1, "model": "cnn", "objects": strokes}))
        html = json.loads(self._live.recv(timeout=10))["parts"]["answer"]
        return html.partition('<div class="sign">')[2][:1]

    def draw_again(self, strokes, patience=10):
        """Draw; until there is an answer, open the sockets again."""
        deadline = monotonic() + patience
        while monotonic() < deadline:
            with suppress(OSError, WebSocketException):
                return self.draw(strokes)
            with suppress(OSError, WebSocketException):
                self.open()
        raise TimeoutError(f"There is no answer after {patience} s.")

    def upload(self, content):
        """Upload a file to the session; returns the status."""
        path = f"/_stcore/upload_file/{self._session[0]}/file"
        headers = {"X-Xsrftoken": self._http.cookies["_streamlit_xsrf"]}
        answer = self._http.put(self.url + path, files={"file": content}, headers=headers, timeout=10)
        return answer.status_code

    def _connect(self, path, **options):
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)
        socket = connect(
            f"ws://{urlsplit(self.url).netloc}{path}",
            origin=self.url,
            additional_headers={"Cookie": cookies},
            max_size=None,
            open_timeout=10,
            **options,
        )
        return self._sockets.enter_context(socket)
