"""``GET /v1/events``: what the hub decided, in order; page by page, or followed as server-sent events.

::

    id: 018bcfe5680019c8b2d41e7f9a03
    event: task.finalized
    data: {"id": "018bcfe5680019c8b2d41e7f9a03", "type": "task.finalized", "topic": "inbox/ann", …}

A stream begins where a page would: at the beginning, or after an event. ``reset`` (data ``{}``) tells a
follower whose last event is not kept any more that it begins anew, with the oldest that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from litestar.types import ASGIApp

from hub.engine.people import People
from hub.errors import BadValue, Limit, NotFound
from hub.model import Event, Identity
from hub.ports import EventFilter
from hub.server.http.answer import json_answer
from hub.server.http.bodies import MAX_PAGE, EventQuery
from hub.server.http.call import Call
from hub.server.http.desk import Desk
from hub.server.http.event_stream import BEAT, MEDIA_TYPE, Streams, block, cancel, close
from hub.server.http.filters import item_of, number_of, place_of
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import EventPage

BEAT_SECONDS: Final = 15.0
"""Without an event for so long a comment is sent, and the follower's right is looked at again."""
MAX_EVENT_ID: Final = 256


class EventRoutes:
    """The route of events.

    Args:
        desk: knows them.
        people: tell whether a follower may still follow.
        streams: counts those that are open.
    """

    def __init__(self, desk: Desk, people: People, streams: Streams) -> None:
        self._desk = desk
        self._people = people
        self._streams = streams

    def routes(self) -> Sequence[Route]:
        """It alone."""
        return (
            Route(
                "GET",
                "/v1/events",
                self.list,
                "list_events",
                "events",
                "List what the hub decided, oldest first, or follow it",
                {200: Reply("A page of events; or events as they happen.", EventPage, streamed=MEDIA_TYPE)},
                "With `Accept: text/event-stream` the page never ends: server-sent events named by their "
                "`type`, with the event's id, resumed by the header `Last-Event-ID`; `reset` where that "
                "event is not kept any more. Ends when the token expires.",
                scopes=("admin",),
                query=EventQuery,
                refusals=(BadValue, NotFound, Limit),
            ),
        )

    async def list(self, call: Call) -> ASGIApp:
        """A page, or a stream."""
        query = call.query(EventQuery)
        topic = place_of(query.topic, query.user, call.identity.user)
        which = EventFilter(query.type, topic, item_of(query.item))
        if call.scope["method"] == "GET" and MEDIA_TYPE in (call.header(b"accept") or ""):
            return await self._follow(call, query, which)
        after, limit = await self._begin(call, query), min(query.limit, MAX_PAGE)
        events = await self._desk.events(call.identity, which, after, limit + 1)
        shown = events[:limit]
        more = str(shown[-1].number) if len(events) > limit else None
        return json_answer({"items": [event_answer(each) for each in shown], "next": more})

    async def _begin(self, call: Call, query: EventQuery) -> int:
        """After which number: the cursor's, for that was made on the way from ``after`` on."""
        cursor = number_of(query.cursor)
        if cursor is not None:
            return cursor
        return 0 if query.after is None else await self._desk.event_number(call.identity, query.after)

    async def _follow(self, call: Call, query: EventQuery, which: EventFilter) -> ASGIApp:
        self._streams.check_room()
        reset, after = await self._resume(call, query)
        # Raises what a stream that has begun could only end with.
        await self._desk.events(call.identity, which, after, 1)
        events = self._desk.follow(call.identity, which, after)
        return self._streams.answer(call, Followed(events, call.identity, self._let_in, reset=reset))

    async def _resume(self, call: Call, query: EventQuery) -> tuple[bool, int]:
        """Whether the follower has to begin anew, and after which number."""
        last = call.header(b"last-event-id")
        if not last:
            return False, await self._begin(call, query)
        if len(last) > MAX_EVENT_ID:
            raise BadValue(f"Last-Event-ID: at most {MAX_EVENT_ID} characters")
        try:
            return False, await self._desk.event_number(call.identity, last)
        except NotFound:
            return True, 0

    async def _let_in(self, identity: Identity) -> None:
        if not self._people.admitted(identity):
            await self._people.admit(identity)


class Followed:
    """Events as blocks of lines, with beats between them while the caller may follow.

    Args:
        events: the desk's.
        identity: who follows.
        let_in: raises once they may not any more.
        reset: whether to tell first that it begins anew.
    """

    __slots__ = ("_events", "_identity", "_let_in", "_next", "_reset")

    def __init__(
        self,
        events: AsyncIterator[Event],
        identity: Identity,
        let_in: Callable[[Identity], Awaitable[None]],
        *,
        reset: bool = False,
    ) -> None:
        self._events = events
        self._identity = identity
        self._let_in = let_in
        self._reset = reset
        self._next: asyncio.Future[Event] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks."""
        return self

    async def __anext__(self) -> bytes:
        """The next event, or a beat where none comes for long."""
        if self._reset:
            self._reset = False
            return block("reset", {})
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._events))
        await asyncio.wait((self._next,), timeout=BEAT_SECONDS)
        await self._let_in(self._identity)
        if not self._next.done():
            return BEAT
        event, self._next = self._next.result(), None
        return block(event.type, event_answer(event), event.id)

    async def aclose(self) -> None:
        """End the stream."""
        if self._next is not None:
            await cancel(self._next)
        await close(self._events)


def event_answer(event: Event) -> dict[str, Any]:
    """An event as the API tells it. ``user`` is null in a space."""
    return {
        "id": event.id,
        "type": event.type,
        "topic": event.topic,
        "user": event.user,
        "item": event.item,
        "attempt": event.attempt,
        "status": event.status,
        "at": event.at,
    }
