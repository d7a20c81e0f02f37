"""What the operator's routes ask: events, deliveries, channels. ``hub.delivery.desk`` answers.

Every method checks that the caller has the scope ``admin`` and raises ``Forbidden``; where the storage
refuses, ``Unavailable``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from hub.model import DeliveryRow, Event, Identity, Milliseconds, Outcome
from hub.ports import DeliveryFilter, EventFilter


class ChannelView(Protocol):
    """One configured channel and how it is. ``waiting`` counts what is pending or leased, ``until`` tells
    when a channel that waits goes on, in ms."""

    @property
    def name(self) -> str:
        """As configured."""
        ...

    @property
    def kind(self) -> str:
        """Of the configuration."""
        ...

    @property
    def host(self) -> str:
        """Where calls go."""
        ...

    @property
    def state(self) -> str:
        """``ok``, ``paused``, ``waiting`` or ``open``."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it isn't ``ok``."""
        ...

    @property
    def until(self) -> Milliseconds | None:
        """When it goes on by itself."""
        ...

    @property
    def waiting(self) -> int:
        """How many deliveries wait for it."""
        ...


class Desk(Protocol):
    """The operator's door to delivery."""

    async def events(self, caller: Identity, which: EventFilter, after: int, limit: int) -> Sequence[Event]:
        """In order, those with a number above ``after``."""
        ...

    def follow(self, caller: Identity, which: EventFilter, after: int) -> AsyncIterator[Event]:
        """Likewise, then each as it is saved."""
        ...

    async def event_number(self, caller: Identity, event_id: str) -> int:
        """An event's number. Raises ``NotFound``."""
        ...

    async def deliveries(
        self, caller: Identity, which: DeliveryFilter, before: int | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """Newest first, each with its number; those below ``before``, where that is given."""
        ...

    async def delivery(self, caller: Identity, delivery_id: str) -> DeliveryRow:
        """One. Raises ``NotFound``."""
        ...

    async def retry(self, caller: Identity, delivery_id: str) -> DeliveryRow:
        """Send one again, whatever was read meanwhile; as it stands then. Raises ``NotFound``."""
        ...

    async def channels(self, caller: Identity) -> Sequence[ChannelView]:
        """All that are configured."""
        ...

    async def test(self, caller: Identity, name: str) -> Outcome:
        """Send a test message at once. Raises ``NotFound``."""
        ...
