"""Events and their deliveries, in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice, takewhile

from hub.model import ENDED, AuditRow, Delivery, DeliveryRow, Event, Milliseconds
from hub.ports import DeliveryFilter, EventFilter
from hub.storage.tables import Tables
from hub.telemetry.audit import chain


class MemoryOutbox:
    """``Outbox`` in memory. Every call takes effect at once; writes answer a turn of the loop later."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def take_over(self, now: Milliseconds) -> int:
        """See ``Outbox``."""
        self._tables.check_writable()
        leased = [(number, row) for number, row in self._tables.deliveries.items() if row.state == "leased"]
        for number, row in leased:
            self._tables.deliveries[number] = replace(
                row, state="pending", due=now, unsure=True, leased_until=None
            )
        await asyncio.sleep(0)
        return len(leased)

    async def due(self, channel: str, now: Milliseconds, limit: int) -> Sequence[DeliveryRow]:
        """See ``Outbox``."""
        # Sorting keeps the order of creation among those due at the same time.
        rows = sorted(self._pending(channel), key=lambda row: row.due)
        return [row for row in rows if row.due <= now][:limit]

    async def next_due(self, channel: str) -> Milliseconds | None:
        """See ``Outbox``."""
        return min((row.due for row in self._pending(channel)), default=None)

    async def not_yet_due(
        self, channel: str, now: Milliseconds, after: tuple[Milliseconds, int] | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """See ``Outbox``."""
        self._tables.check_open()
        later = [
            (row.due, number)
            for number, row in self._tables.deliveries.items()
            if (row.state, row.channel) == ("pending", channel) and row.due > now
        ]
        places = sorted(place for place in later if after is None or place > after)[:limit]
        return [(number, self._tables.deliveries[number]) for _, number in places]

    async def save(self, rows: Sequence[DeliveryRow], audits: Sequence[AuditRow] = ()) -> None:
        """See ``Outbox``."""
        self._tables.check_writable()
        record(self._tables, rows, audits)
        await asyncio.sleep(0)

    async def twin(self, row: DeliveryRow) -> str | None:
        """See ``Outbox``."""
        self._tables.check_open()
        for other in self._tables.deliveries.values() if row.bodies else ():
            same = (other.event.id, other.channel, other.bodies) == (row.event.id, row.channel, row.bodies)
            if same and other.id != row.id and _may_have_gone_out(other):
                return other.id
        return None

    async def replay(
        self, delivery: str, now: Milliseconds, audits: Sequence[AuditRow] = ()
    ) -> DeliveryRow | None:
        """See ``Outbox``."""
        self._tables.check_writable()
        await asyncio.sleep(0)
        if (number := self._tables.delivery_ids.get(delivery)) is None:
            return None
        self._tables.deliveries[number] = row = _replayed(self._tables.deliveries[number], now)
        record(self._tables, (), audits)
        return row

    async def shift(self, milliseconds: int) -> None:
        """See ``Outbox``."""
        self._tables.check_writable()
        for number, row in self._tables.deliveries.items():
            if row.state not in ENDED:
                due, since = Milliseconds(row.due + milliseconds), Milliseconds(row.since + milliseconds)
                self._tables.deliveries[number] = replace(row, due=due, since=since)
        await asyncio.sleep(0)

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """See ``Outbox``."""
        self._tables.check_open()
        number = self._tables.delivery_ids.get(delivery)
        return None if number is None else self._tables.deliveries[number]

    async def deliveries(
        self, which: DeliveryFilter, before: int | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """See ``Outbox``."""
        self._tables.check_open()
        wanted = {key: value for key, value in asdict(which).items() if value is not None}
        newest_first = reversed(self._tables.deliveries.items())
        found = (
            (number, row)
            for number, row in newest_first
            if (before is None or number < before) and wanted.items() <= _keys(row).items()
        )
        return list(islice(found, limit))

    async def events(self, which: EventFilter, after: int, limit: int) -> Sequence[Event]:
        """See ``Outbox``."""
        self._tables.check_open()
        wanted = {key: value for key, value in asdict(which).items() if value is not None}
        found = (
            event
            for event in self._tables.events.values()
            if event.number > after and wanted.items() <= asdict(event).items()
        )
        return list(islice(found, limit))

    async def event(self, event: str) -> Event | None:
        """See ``Outbox``."""
        self._tables.check_open()
        return self._tables.event_ids.get(event)

    async def waiting(self) -> Mapping[str, int]:
        """See ``Outbox``."""
        self._tables.check_open()
        rows = self._tables.deliveries.values()
        return dict(Counter(row.channel for row in rows if row.state not in ENDED))

    async def last_event(self) -> int:
        """See ``Outbox``."""
        self._tables.check_open()
        return max((event.number for event in self._tables.events.values()), default=0)

    async def trim(self, before: Milliseconds, audits_before: Milliseconds, limit: int) -> int:
        """See ``Outbox``."""
        self._tables.check_writable()
        dropped = _trim_events(self._tables, before, limit) + _trim_audit(self._tables, audits_before, limit)
        await asyncio.sleep(0)
        return dropped

    def _pending(self, channel: str) -> Iterator[DeliveryRow]:
        self._tables.check_open()
        rows = self._tables.deliveries.values()
        return (row for row in rows if row.channel == channel and row.state == "pending")


def add_events(tables: Tables, events: Iterable[Event], deliveries: Sequence[Delivery]) -> None:
    """Save what happened, and the deliveries of what was not known yet."""
    for event in events:
        key = (event.topic, event.item, event.attempt, event.type)
        if key not in tables.events and event.id not in tables.event_ids:
            tables.last_event += 1
            tables.events[key] = tables.event_ids[event.id] = replace(event, number=tables.last_event)
    for delivery in deliveries:
        _add_delivery(tables, delivery)


def _add_delivery(tables: Tables, delivery: Delivery) -> None:
    key = (delivery.event, delivery.channel, delivery.user)
    known = delivery.id in tables.delivery_ids or key in tables.delivery_keys
    if delivery.event in tables.event_ids and not known:
        tables.last_delivery += 1
        tables.deliveries[tables.last_delivery] = _new(delivery, tables.event_ids[delivery.event])
        tables.delivery_ids[delivery.id] = tables.last_delivery
        tables.delivery_keys.add(key)


def _new(delivery: Delivery, event: Event) -> DeliveryRow:
    return DeliveryRow(
        id=delivery.id,
        event=event,
        channel=delivery.channel,
        route=delivery.route,
        user=delivery.user,
        state="pending",
        due=delivery.due,
        since=event.at,
    )


def record(tables: Tables, rows: Iterable[DeliveryRow], audits: Sequence[AuditRow] = ()) -> None:
    """Save how deliveries stand that have not ended yet, and append to the audit."""
    for row in rows:
        number = tables.delivery_ids.get(row.id, 0)
        known = tables.deliveries.get(number)
        if known is not None and known.state not in ENDED:
            tables.deliveries[number] = _recorded(known, row)
    newest = tables.audit[-1].anchor if tables.audit else tables.audit_anchor
    tables.audit += chain(newest, audits)


def _recorded(known: DeliveryRow, row: DeliveryRow) -> DeliveryRow:
    """What the dispatcher changes, and nothing else."""
    return replace(
        row, event=known.event, channel=known.channel, route=known.route, user=known.user,
        since=known.since, forced=known.forced,
    )  # fmt: skip


def _may_have_gone_out(row: DeliveryRow) -> bool:
    """Whether the vendor has the message, or may have it, as a whole or in part."""
    return row.state in ("sent", "leased") or (row.state != "suppressed" and (row.unsure or row.part > 0))


def _replayed(row: DeliveryRow, now: Milliseconds) -> DeliveryRow:
    if row.state == "pending":
        return replace(row, due=min(row.due, now))
    if row.state in ("sent", "leased"):
        return row
    return replace(
        row, state="pending", due=now, since=now, retries=0, forced=True, bodies=(),
        leased_until=None, error=None, ended_at=None,
    )  # fmt: skip


def _keys(row: DeliveryRow) -> dict[str, str]:
    """What ``DeliveryFilter`` asks for."""
    event = row.event
    return {
        "state": row.state, "channel": row.channel,
        "event": event.id, "item": event.item, "topic": event.topic,
    }  # fmt: skip


def _trim_events(tables: Tables, before: Milliseconds, limit: int) -> int:
    on_way = {row.event.id for row in tables.deliveries.values() if row.state not in ENDED}
    past = [event for event in tables.events.values() if event.at < before and event.id not in on_way]
    dropped = {event.id for event in sorted(past, key=lambda event: event.at)[:limit]}
    deliveries = [(number, row) for number, row in tables.deliveries.items() if row.event.id in dropped]
    for number, row in deliveries:
        del tables.deliveries[number], tables.delivery_ids[row.id]
        tables.delivery_keys.remove((row.event.id, row.channel, row.user))
    for name in dropped:
        del tables.event_ids[name]
    tables.events = {key: event for key, event in tables.events.items() if event.id not in dropped}
    return len(dropped) + len(deliveries)


def _trim_audit(tables: Tables, before: Milliseconds, limit: int) -> int:
    past = list(takewhile(lambda line: line.row.at < before, tables.audit[:limit]))
    if past:
        tables.audit_anchor = past[-1].anchor
        del tables.audit[: len(past)]
    return len(past)
