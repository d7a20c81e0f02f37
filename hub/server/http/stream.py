"""``GET /v1/users/{user}/stream``: an inbox as server-sent events (HTML Living Standard §9.2); a space alike.

::

    retry: 2417

    id: 123.8
    event: item
    data: {"id": "build-7", …}

    id: 123.8
    event: counts
    data: {"unread": 1, "unseen": 0, "open": 2}

    : beat

``reset`` (data ``{}``) asks to read everything again. A stream ends when its token expires, its device is
revoked or the hub goes away; an ``EventSource`` then comes back by itself, with ``Last-Event-ID``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from hub.engine.actions import Actions, StreamEvent
from hub.errors import BadValue, HubError, Limit, NotFound
from hub.ports import Clock
from hub.server.http.answer import Header, encode_json
from hub.server.http.bodies import StreamQuery
from hub.server.http.call import Call, parse_query
from hub.server.http.route import Reply, Route
from hub.telemetry import logs

STREAM: Final = "/stream"
"""How the path of a stream ends."""
MAX_EVENT_ID: Final = 256
FIRST_EVENT: Final = 1.0
"""Seconds that the headers wait for the first event, so that a refusal is still an answer of its own."""
SEND_TIMEOUT: Final = 60.0
"""Seconds that one event may take to fit into the socket's buffer."""
LAST_WRITE: Final = 1.0
"""Seconds that the end of a stream may take to fit into the socket's buffer."""
RETRY: Final = (1000, 5000)
"""Milliseconds after which followers come back, spread out."""
MAX_STREAMS: Final = 20_000

_HEADERS: Final[list[Header]] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]

_log = logs.get("http")


class StreamRoutes:
    """The route of streams; counts those that are open.

    Args:
        actions: the engine's.
        clock: tells when a token expires.
        max_streams: how many may be open at once.
    """

    def __init__(self, actions: Actions, clock: Clock, max_streams: int = MAX_STREAMS) -> None:
        self._actions = actions
        self._clock = clock
        self._max_streams = max_streams
        self._open = 0

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            self._route(f"/v1/users/{{user}}{STREAM}", "inbox", "an inbox"),
            self._route(f"/v1/spaces/{{space}}{STREAM}", "space", "a space"),
        )

    def _route(self, path: str, noun: str, what: str) -> Route:
        return Route(
            "GET",
            path,
            self.follow,
            f"stream_{noun}",
            "inbox",
            f"Follow {what} as server-sent events",
            {200: Reply("Events `item`, `counts`, `reset`.", str, ("text/event-stream",))},
            "Resumes by the header `Last-Event-ID` or `?last_event_id=`. Ends when the token expires.",
            scopes=("user", "admin"),
            query=StreamQuery,
            token_in_query=True,
            refusals=(BadValue, Limit, NotFound),
        )

    async def follow(self, call: Call) -> ASGIApp:
        """An answer that lasts."""
        if self._open >= self._max_streams:
            raise Limit("too many streams are open", retry_after=RETRY[1])
        events = self._actions.stream(call.identity, call.topic, _last_event_id(call))
        first = asyncio.ensure_future(anext(events))
        try:
            done, _ = await asyncio.wait((first,), timeout=FIRST_EVENT)
            if first in done and not isinstance(first.exception(), StopAsyncIteration):
                first.result()
        except BaseException:
            await _cancel(first)
            await _close(events)
            raise
        seconds = (call.identity.expires_at - self._clock.now()) / 1000
        return _Stream(self, call, events, first, seconds)

    def opened(self) -> None:
        """Count one more."""
        self._open += 1

    def closed(self) -> None:
        """Count one less."""
        self._open -= 1


class _Stream:
    """One stream as an ASGI response, for at most ``seconds``."""

    __slots__ = ("_call", "_events", "_first", "_routes", "_seconds")

    def __init__(
        self,
        routes: StreamRoutes,
        call: Call,
        events: AsyncIterator[StreamEvent],
        first: asyncio.Future[StreamEvent],
        seconds: float,
    ) -> None:
        self._routes = routes
        self._call = call
        self._events = events
        self._first = first
        self._seconds = seconds

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send events until they end, the follower is gone, or time is up."""
        self._routes.opened()
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(self._call.disconnected())
        try:
            await asyncio.wait(
                (sending, leaving), timeout=max(self._seconds, 0), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._routes.closed()
            await _cancel(leaving)
            await _cancel(sending)
            await _cancel(self._first)
            await _close(self._events)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WRITE):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await _put(send, b"retry: %d\n\n" % random.randint(*RETRY))
        try:
            await _put(send, encode_event(await self._first))
            async for event in self._events:
                await _put(send, encode_event(event))
        except (StopAsyncIteration, TimeoutError):
            return
        except HubError as error:
            _log.info("http.stream_ended", code=error.code)
        except Exception:
            _log.exception("http.stream_failed")


def encode_event(event: StreamEvent) -> bytes:
    """The event as it is sent: one block of lines, a beat as a comment."""
    if event.kind == "beat":
        return b": beat\n\n"
    data = {} if event.data is None else event.data  # an event without data would not be dispatched
    lines = b"event: %s\ndata: %s\n\n" % (event.kind.encode(), encode_json(data))
    return b"id: %s\n%s" % (event.id.encode(), lines) if event.id else lines


async def _put(send: Send, lines: bytes) -> None:
    """Send; raises ``TimeoutError`` when the follower takes nothing."""
    async with asyncio.timeout(SEND_TIMEOUT):
        await send({"type": "http.response.body", "body": lines, "more_body": True})


def _last_event_id(call: Call) -> str | None:
    last = call.header(b"last-event-id") or parse_query(call.scope["query_string"]).get("last_event_id")
    if last is not None and len(last) > MAX_EVENT_ID:
        raise BadValue(f"last_event_id: at most {MAX_EVENT_ID} characters")
    return last or None


async def _cancel(task: asyncio.Future[object] | asyncio.Future[None] | asyncio.Future[StreamEvent]) -> None:
    """Cancel and await; what it raised was told already, or is nobody's business any more."""
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()


async def _close(events: AsyncIterator[StreamEvent]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
