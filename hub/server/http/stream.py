"""``GET /v1/users/{user}/stream``: an inbox as server-sent events; a space alike.

::

    id: 123.8
    event: item
    data: {"id": "build-7", …}

    id: 123.8
    event: counts
    data: {"unread": 1, "unseen": 0, "open": 2}

``reset`` (data ``{}``) asks to read everything again. A stream ends when its token expires, its device is
revoked or the hub goes away; an ``EventSource`` then comes back by itself, with ``Last-Event-ID``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from litestar.types import ASGIApp

from hub.engine.actions import Actions, StreamEvent
from hub.errors import BadValue, Limit, NotFound
from hub.server.http.bodies import StreamQuery
from hub.server.http.call import Call, parse_query
from hub.server.http.event_stream import BEAT, MEDIA_TYPE, Streams, block, cancel, close
from hub.server.http.route import Reply, Route

STREAM: Final = "/stream"
"""How the path of a stream ends."""
MAX_EVENT_ID: Final = 256
FIRST_EVENT: Final = 1.0
"""Seconds that the headers wait for the first event, so that a refusal is still an answer of its own."""


class StreamRoutes:
    """The routes of ledgers' streams.

    Args:
        actions: the engine's.
        streams: counts those that are open.
    """

    def __init__(self, actions: Actions, streams: Streams) -> None:
        self._actions = actions
        self._streams = streams

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
            {200: Reply("Events `item`, `counts`, `reset`.", str, (MEDIA_TYPE,))},
            "Resumes by the header `Last-Event-ID` or `?last_event_id=`. Ends when the token expires.",
            scopes=("user", "admin"),
            query=StreamQuery,
            token_in_query=True,
            refusals=(BadValue, Limit, NotFound),
        )

    async def follow(self, call: Call) -> ASGIApp:
        """An answer that lasts."""
        self._streams.check_room()
        events = self._actions.stream(call.identity, call.topic, _last_event_id(call))
        begun = Begun(events)
        try:
            await begun.begin()
        except BaseException:
            await begun.aclose()
            raise
        return self._streams.answer(call, begun)


class Begun:
    """A ledger's stream as blocks of lines, whose first event is waited for by itself."""

    __slots__ = ("_events", "_first")

    def __init__(self, events: AsyncIterator[StreamEvent]) -> None:
        self._events = events
        self._first: asyncio.Future[StreamEvent] | None = asyncio.ensure_future(anext(events))

    async def begin(self) -> None:
        """Wait a moment for the first event; raises what the stream refuses with."""
        assert self._first is not None
        await asyncio.wait((self._first,), timeout=FIRST_EVENT)
        if self._first.done() and not isinstance(self._first.exception(), StopAsyncIteration):
            self._first.result()

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The events."""
        return self

    async def __anext__(self) -> bytes:
        """The next one."""
        if self._first is None:
            return encode_event(await anext(self._events))
        event = await self._first
        self._first = None
        return encode_event(event)

    async def aclose(self) -> None:
        """End the stream."""
        if self._first is not None:
            await cancel(self._first)
        await close(self._events)


def encode_event(event: StreamEvent) -> bytes:
    """The event as it is sent: one block of lines, a beat as a comment."""
    if event.kind == "beat":
        return BEAT
    data = {} if event.data is None else event.data  # an event without data would not be dispatched
    return block(event.kind, data, event.id)


def _last_event_id(call: Call) -> str | None:
    last = call.header(b"last-event-id") or parse_query(call.scope["query_string"]).get("last_event_id")
    if last is not None and len(last) > MAX_EVENT_ID:
        raise BadValue(f"last_event_id: at most {MAX_EVENT_ID} characters")
    return last or None
