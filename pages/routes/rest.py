"""Read pictures and drawings for other programs: POST api/read, and GET api/ready.

The answer is the JSON that `python -m model read --json` prints. An error is `{"error": …}` in the three beats of every
message: what is wrong, what was expected, what was received.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import monotonic
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from model.classifiers.registry import SHIPPED
from model.errors import ArtifactError, BusyError, ReaderError, StrokesError
from model.transcript import Transcript
from model.transcript_export import to_json
from pages.components.photos import reading
from pages.components.shared import picture_pool
from pages.components.shared.classifiers import reader
from pages.components.shared.server import below_base_path, is_allowed

MAX_BYTES = 20_000_000
"""Of a request's body: larger than what phones take pictures of."""
READS_PER_SECOND, MAX_BURST = 5.0, 20
"""What one address may ask for in the long run, and at once."""

_SETTING = "DIGITS_API"
_MAX_ADDRESSES = 4096  # whose requests are counted; those that have been silent longest are forgotten
_LOOK_AGAIN = 0.5  # seconds
_PEN_WIDTH = 20.0  # px, as the pad's


class RequestError(ReaderError):
    """A request is refused before anything is read."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def routes() -> list[BaseRoute]:
    """Return the routes, below the server's base path; none where the environment says DIGITS_API=off."""
    if os.environ.get(_SETTING, "on").lower() == "off":
        return []
    api = Api()
    return [
        Route(below_base_path("/api/read"), api.answer_read, methods=["POST"]),
        Route(below_base_path("/api/ready"), api.answer_ready, methods=["GET"]),
    ]


class Api:
    """The requests of one server: at most as many at once as there are cores, and a rate limit for each address."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._rates = RateLimiter(READS_PER_SECOND, MAX_BURST, clock)
        self._readers = CapacityLimiter(os.cpu_count() or 1)

    async def answer_read(self, request: Request) -> Response:
        """Read a picture, the body of the request, or `{"strokes": [[[x, y], …], …], "pen_width": px}` as JSON."""
        try:
            self._admit(request)
            body = await _body_of(request)
            is_json = request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
            if is_json:
                text = await to_thread.run_sync(_read_strokes, body, limiter=self._readers)
            else:
                text = to_json([("picture", await _read_picture(request, body))])
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except ReaderError as error:
            return _refusal(error)
        return Response(text, media_type="application/json")

    async def answer_ready(self, _: Request) -> Response:
        """Say whether the shipped model is loaded: 200, or 503 with the reason."""
        try:
            await to_thread.run_sync(reader, limiter=self._readers)
        except ArtifactError as error:
            return _refusal(error)
        return JSONResponse({"ready": True})

    def _admit(self, request: Request) -> None:
        if not is_allowed(request):
            raise RequestError(
                HTTPStatus.FORBIDDEN,
                f"This origin is not allowed. Expected the server's own, or one in server.corsAllowedOrigins. "
                f"Received: {request.headers.get('origin', request.url.hostname)!s:.80}.",
            )
        if not self._rates.allows(request.client.host if request.client else ""):
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"These are too many requests. Expected at most {MAX_BURST} at once and {READS_PER_SECOND:g} a second. "
                "Received: one more.",
            )


class RateLimiter:
    """A token bucket for each address: `burst` requests at once, refilled at `rate` a second."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens left, and when

    def allows(self, address: str) -> bool:
        """Take a token of the address; False if none is left."""
        now = self._clock()
        tokens, since = self._buckets.pop(address, (float(self._burst), now))
        tokens = min(tokens + (now - since) * self._rate, self._burst)
        is_allowed = tokens >= 1
        self._buckets[address] = tokens - is_allowed, now
        if len(self._buckets) > _MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return is_allowed


async def _body_of(request: Request) -> bytes:
    """Receive the body, no more of it than is allowed, whatever its header says."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The request is too large. Expected at most {MAX_BYTES / 1e6:.0f} MB. Received: more.",
            )
    if not body:
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            "The request is empty. Expected a picture, or JSON with strokes, as its body. Received: nothing.",
        )
    return bytes(body)


async def _read_picture(request: Request, body: bytes) -> Transcript:
    """Read a picture in a worker; a client that leaves gives up its place in the queue.

    Raises:
        ClientDisconnect: the client has left.
        ReaderError: it cannot be read.
    """
    future = picture_pool.POOL.submit(reading.read_transcript, SHIPPED, body)
    reply = asyncio.wrap_future(future)
    while not (await asyncio.wait([reply], timeout=_LOOK_AGAIN))[0]:
        if await request.is_disconnected():
            reply.cancel()
            raise ClientDisconnect
    return await reply


def _read_strokes(body: bytes) -> str:
    message = _parse(body)
    reading = reader().read_drawing(message["strokes"], message.get("pen_width", _PEN_WIDTH))
    return to_json([("strokes", Transcript.of(reading))])


def _parse(body: bytes) -> Mapping[str, Any]:
    expected = 'Expected {"strokes": [[[x, y], …], …], "pen_width": px}'
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        received = f"{len(body)} bytes that are no JSON"
        raise RequestError(
            HTTPStatus.BAD_REQUEST, f"The request cannot be read. {expected}. Received: {received}."
        ) from error
    if not isinstance(message, dict) or "strokes" not in message:
        raise StrokesError(f"There are no strokes. {expected}. Received: {message!r:.80}.")
    return message


def _refusal(error: ReaderError) -> Response:
    if isinstance(error, RequestError):
        status = error.status
    else:
        is_ours = isinstance(error, ArtifactError | BusyError)
        status = HTTPStatus.SERVICE_UNAVAILABLE if is_ours else HTTPStatus.UNPROCESSABLE_ENTITY
    is_for_now = status is HTTPStatus.TOO_MANY_REQUESTS or isinstance(error, BusyError)
    headers = {"Retry-After": "1"} if is_for_now else None
    return JSONResponse({"error": str(error)}, status, headers)
