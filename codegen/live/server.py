"""The page and its questions over HTTP, for one browser on this machine.

Only who has the token may ask, by the server's own name alone: other pages that are open in the
browser, and names that others let point to this machine, are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
from collections.abc import AsyncGenerator
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pullback.codegen.live import screen
from pullback.codegen.live.fixes import faulty
from pullback.codegen.live.questions import Refused, Written, question
from pullback.codegen.live.workers import Event, Workers

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")  # of this machine
MAX_BODY = 256 * 1024  # bytes: a text of 64 KiB, each of its letters escaped, and more
BODY_SECONDS = 10.0  # in which the body of a question must have come
TAB = re.compile(r"[A-Za-z0-9_-]{1,64}")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
CLOSED = "open the address that `pullback live` has printed: it has a token behind /?token="


def application(workers: Workers, token: str, port: int) -> ASGIApp:
    """What answers requests that come by the names of this machine at this port."""
    files = screen.files()

    def allowed(given: str) -> bool:
        return hmac.compare_digest(given.encode(), token.encode())

    async def page(request: Request) -> Response:
        if not allowed(request.query_params.get("token", "")):
            return PlainTextResponse(CLOSED, 403)
        return Response(screen.page(), media_type="text/html; charset=utf-8")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return PlainTextResponse("there is no such file", 404)
        media, content = files[name]
        return Response(content, media_type=media)

    async def ask(request: Request) -> Response:
        if not allowed(request.headers.get("x-token", "")):
            return lines(403, CLOSED)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                tab, data = asked_by(await body(request))
            return Answer(workers.answer(tab, question(data), data))
        except TooLong:
            return lines(413, f"a question has at most {MAX_BODY // 1024} KiB")
        except TimeoutError:
            return lines(408, f"the question has not come within {BODY_SECONDS:g} seconds")
        except Refused as error:
            return lines(400, str(error))
        except ClientDisconnect:
            return Response(status_code=400)

    routes = [
        Route("/", page),
        Route("/static/{name}", static),
        Route("/ask", ask, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), port)


class TooLong(Exception):
    """A body that is longer than any question."""


async def body(request: Request) -> bytes:
    """The body, unless it is too long; not a byte more than that is read."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 12 or int(length) > MAX_BODY:
        raise TooLong
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MAX_BODY:
            raise TooLong
    return bytes(found)


def asked_by(content: bytes) -> tuple[str, Any]:
    """The tab and the question of a body. Raises Refused where it is no JSON or has no tab."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise Refused("the question is not JSON") from None
    tab = data.pop("tab", None) if isinstance(data, dict) else None
    if not isinstance(tab, str) or not TAB.fullmatch(tab):
        raise Refused("'tab' is the page's own name: up to 64 letters and digits")
    return tab, data


def line(event: Event) -> bytes:
    """An event as one line."""
    return json.dumps(event).encode() + b"\n"


def lines(status: int, message: str) -> Response:
    """An answer that is an error alone."""
    return Response(
        line(faulty(Refused(message), Written())), status, media_type="application/x-ndjson"
    )


class Answer(Response):
    """Events, each sent as it comes; where the reader has gone, no more are made."""

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self.events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or nobody reads them."""
        gone = asyncio.create_task(disconnected(receive))
        sent = asyncio.create_task(self.send(send))
        await asyncio.wait((gone, sent), return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, sent):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await sent

    async def send(self, send: Send) -> None:
        """Send all events."""
        async with contextlib.aclosing(self.events) as events:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for event in events:
                more = {"type": "http.response.body", "body": line(event), "more_body": True}
                await send(more)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnected(receive: Receive) -> None:
    """Wait until the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Guard:
    """Refuses requests by other names than the server's own; the same headers on every answer."""

    def __init__(self, inner: ASGIApp, port: int) -> None:
        self.inner = inner
        self.hosts = {f"{name}:{port}" for name in NAMES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        if self.refused(Headers(scope=scope)):
            await PlainTextResponse(CLOSED, 403)(scope, receive, with_headers)
        else:
            await self.inner(scope, receive, with_headers)

    def refused(self, headers: Headers) -> bool:
        """Does a request come by another name, or from another page?"""
        origins = {f"http://{host}" for host in self.hosts}
        hosts = headers.getlist("host")
        others = [o for o in headers.getlist("origin") if o not in origins]
        return len(hosts) != 1 or hosts[0] not in self.hosts or bool(others)
