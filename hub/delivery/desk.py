"""The operator's door: what happened, what is on its way, how the channels stand; try, and send again.

Every question is asked with the caller's identity and needs scope ``admin``. What a message says is not to be
had here, nor a key or address.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakSet

from hub.delivery.dispatcher import Dispatcher
from hub.delivery.gate import GateState
from hub.errors import Forbidden, Limit, NotFound
from hub.model import Delivery, DeliveryRow, Event, Identity, Milliseconds, Outcome
from hub.ports import DeliveryFilter, EventFilter, Outbox

MAX_FOLLOWERS: Final = 100
FOLLOWED_PAGE: Final = 100
"""Events a follower reads at a time."""
RETRY_AFTER: Final = 60_000
"""Milliseconds after which somebody who found too many followers may try again."""


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel as an operator sees it. ``until``: when it is tried again, in ms; ``waiting``: deliveries."""

    name: str
    kind: str
    host: str
    state: GateState
    reason: str | None
    until: Milliseconds | None
    waiting: int


class EventFollower(AsyncIterator[Event]):
    """Events from a number on, then as they happen: each once, in order.

    Waiting for the next may be cancelled and taken up again. ``aclose`` when done.
    """

    def __init__(
        self, outbox: Outbox, which: EventFilter, after: int, closed: Callable[[EventFollower], None]
    ) -> None:
        self._outbox = outbox
        self._on_close = closed
        self._which = which
        self._after = after
        self._read: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    def decided(self, events: Sequence[Event]) -> None:
        """These were saved."""
        if any(_fits(event, self._which) for event in events):
            self._wake.set()

    async def __anext__(self) -> Event:
        while not self._closed:
            if self._read:
                event = self._read.popleft()
                self._after = event.number
                return event
            self._wake.clear()
            # Known before the page is read, so that nothing between the two is passed over.
            last = await self._outbox.last_event()
            self._read.extend(await self._outbox.events(self._which, self._after, FOLLOWED_PAGE))
            if not self._read:
                self._after = max(self._after, last)
                await self._wake.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Ends the iteration. Idempotent."""
        self.end()

    def end(self) -> None:
        """Likewise, for who may not wait."""
        self._closed = True
        self._on_close(self)
        self._wake.set()


class DeliveryDesk:
    """Answers an operator's questions from the outbox, and passes on what they want done.

    Args:
        outbox: events and deliveries.
        dispatcher: who sends.
    """

    def __init__(self, outbox: Outbox, dispatcher: Dispatcher) -> None:
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._followers: WeakSet[EventFollower] = WeakSet()
        self._leaving = False

    def decided(self, events: Sequence[Event], deliveries: Sequence[Delivery]) -> None:
        """These were saved: tell those who follow."""
        if events:
            for follower in list(self._followers):
                follower.decided(events)

    def leave(self) -> None:
        """The hub is going away: whoever follows comes back later, and nobody follows from now on."""
        self._leaving = True
        for follower in list(self._followers):
            follower.end()

    async def events(self, caller: Identity, which: EventFilter, after: int, limit: int) -> Sequence[Event]:
        """Events with a number above ``after``, in order. Raises ``Forbidden``, ``Unavailable``."""
        _need_admin(caller)
        return await self._outbox.events(which, after, limit)

    def follow(self, caller: Identity, which: EventFilter, after: int) -> EventFollower:
        """The same, and then every further one when it happens.

        Raises:
            Forbidden: at once.
            Limit: at once: there are too many followers.
            Unavailable: while iterating; the iteration can go on.
        """
        _need_admin(caller)
        if len(self._followers) >= MAX_FOLLOWERS:
            raise Limit(f"{MAX_FOLLOWERS} streams follow the events already", retry_after=RETRY_AFTER)
        follower = EventFollower(self._outbox, which, after, self._followers.discard)
        self._followers.add(follower)
        if self._leaving:
            follower.end()
        return follower

    async def event_number(self, caller: Identity, event_id: str) -> int:
        """An event's place in the order of all. Raises ``NotFound``, ``Forbidden``, ``Unavailable``."""
        _need_admin(caller)
        event = await self._outbox.event(event_id)
        if event is None:
            raise NotFound("there is no such event")
        return event.number

    async def deliveries(
        self, caller: Identity, which: DeliveryFilter, before: int | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """Newest first, each with its number, those below ``before``.

        Raises ``Forbidden``, ``Unavailable``.
        """
        _need_admin(caller)
        return await self._outbox.deliveries(which, before, limit)

    async def delivery(self, caller: Identity, delivery_id: str) -> DeliveryRow:
        """One. Raises ``NotFound``, ``Forbidden``, ``Unavailable``."""
        _need_admin(caller)
        return _known(await self._outbox.delivery(delivery_id))

    async def retry(self, caller: Identity, delivery_id: str) -> DeliveryRow:
        """Send one again that ended without being sent, or now one that waits; what is sent or under way
        stays as it is. The row as it stands then.

        Raises ``NotFound``, ``Forbidden``, ``Unavailable``.
        """
        _need_admin(caller)
        return _known(await self._dispatcher.replay(delivery_id, caller.user))

    async def channels(self, caller: Identity) -> Sequence[ChannelView]:
        """Every configured channel, in the order of the configuration.

        Raises ``Forbidden``, ``Unavailable``.
        """
        _need_admin(caller)
        waiting = await self._outbox.waiting()
        states = self._dispatcher.states()
        return [
            ChannelView(
                name=name,
                kind=channel.traits.kind,
                host=channel.traits.host,
                state=states[name].state,
                reason=states[name].reason,
                until=states[name].until,
                waiting=waiting.get(name, 0),
            )
            for name, channel in self._dispatcher.channels.items()
        ]

    async def test(self, caller: Identity, name: str) -> Outcome:
        """Send a test message by a channel. Raises ``NotFound``, ``Forbidden``."""
        _need_admin(caller)
        return await self._dispatcher.test(name, caller.user)


def _need_admin(caller: Identity) -> None:
    if "admin" not in caller.scopes:
        raise Forbidden("scope admin is needed")


def _known(row: DeliveryRow | None) -> DeliveryRow:
    if row is None:
        raise NotFound("there is no such delivery")
    return row


def _fits(event: Event, which: EventFilter) -> bool:
    return (
        which.type in (None, event.type)
        and which.topic in (None, event.topic)
        and which.item in (None, event.item)
    )
