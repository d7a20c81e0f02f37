"""Events and their deliveries, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hub.model import AuditRow, Delivery, DeliveryRow, Event, Milliseconds
from hub.ports import DeliveryFilter, EventFilter
from hub.storage.audit import append_audit, trim_audit
from hub.storage.database import PAGE_BYTES, Database
from hub.storage.queries import load_queries
from hub.storage.rows import (
    delivery_row,
    event_columns,
    new_delivery_columns,
    said_column,
    standing_columns,
)

_QUERIES = load_queries("outbox")
_RECORD = _QUERIES["record"]

_LISTED_BY = {
    "event": "deliveries_of_event",
    "item": "deliveries_of_item",
    "topic": "deliveries_of_topic",
    "state": "deliveries_in_state",
    "channel": "deliveries_by_channel",
}
"""Which query lists deliveries: that of the first key given. The rarer come first."""
_EVENTS_LISTED_BY = {"item": "events_of_item", "topic": "events_of_topic", "type": "events_of_type"}

_LAST = 2**63 - 1
"""Above every number."""


class SqliteOutbox:
    """``Outbox`` in SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_over(self, now: Milliseconds) -> int:
        """See ``Outbox``."""
        return await self._database.write(_take_over, now)

    async def due(self, channel: str, now: Milliseconds, limit: int) -> Sequence[DeliveryRow]:
        """See ``Outbox``."""
        return await self._database.scan(_due, channel, now, limit)

    async def next_due(self, channel: str) -> Milliseconds | None:
        """See ``Outbox``."""
        return await self._database.read(_next_due, channel)

    async def not_yet_due(
        self, channel: str, now: Milliseconds, after: tuple[Milliseconds, int] | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """See ``Outbox``."""
        place = max(after or (now, _LAST), (now, _LAST))
        return await self._database.scan(_not_yet_due, channel, place, limit)

    async def save(self, rows: Sequence[DeliveryRow], audits: Sequence[AuditRow] = ()) -> None:
        """See ``Outbox``."""
        await self._database.write(record, rows, audits)
        self._database.count_pages(outbox_pages((), (), rows))

    async def twin(self, row: DeliveryRow) -> str | None:
        """See ``Outbox``."""
        return await self._database.read(_twin, row)

    async def replay(
        self, delivery: str, now: Milliseconds, audits: Sequence[AuditRow] = ()
    ) -> DeliveryRow | None:
        """See ``Outbox``."""
        return await self._database.write(_replay, delivery, now, audits)

    async def shift(self, milliseconds: int) -> None:
        """See ``Outbox``."""
        await self._database.write(_shift, milliseconds)

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """See ``Outbox``."""
        return await self._database.read(_delivery, delivery)

    async def deliveries(
        self, which: DeliveryFilter, before: int | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """See ``Outbox``."""
        return await self._database.scan(_deliveries, which, before, limit)

    async def events(self, which: EventFilter, after: int, limit: int) -> Sequence[Event]:
        """See ``Outbox``."""
        return await self._database.scan(_events, which, after, limit)

    async def event(self, event: str) -> Event | None:
        """See ``Outbox``."""
        return await self._database.read(_event, event)

    async def waiting(self) -> Mapping[str, int]:
        """See ``Outbox``."""
        return await self._database.scan(_waiting)

    async def last_event(self) -> int:
        """See ``Outbox``."""
        return await self._database.read(_last_event)

    async def trim(self, before: Milliseconds, audits_before: Milliseconds, limit: int) -> int:
        """See ``Outbox``."""
        dropped = await self._database.write(_trim, before, audits_before, limit)
        self._database.count_pages(dropped)
        return dropped


def add_events(
    connection: sqlite3.Connection, events: Sequence[Event], deliveries: Sequence[Delivery]
) -> None:
    """Save what happened, and the deliveries of what was not known yet."""
    connection.executemany(_QUERIES["add_event"], map(event_columns, events))
    connection.executemany(_QUERIES["add_delivery"], map(new_delivery_columns, deliveries))


def record(
    connection: sqlite3.Connection, rows: Sequence[DeliveryRow], audits: Sequence[AuditRow] = ()
) -> None:
    """Save how deliveries stand that have not ended yet, and append to the audit."""
    connection.executemany(_RECORD, map(standing_columns, rows))
    if audits:
        append_audit(connection, audits)


def outbox_pages(events: Sequence[Event], deliveries: Sequence[Delivery], rows: Sequence[DeliveryRow]) -> int:
    """About how many pages these write: a row's own and those of its scattered indexes."""
    bodies = sum(len(body) for row in rows for body in row.bodies)
    return 2 * len(events) + 3 * len(deliveries) + 2 * len(rows) + bodies // PAGE_BYTES


def _take_over(connection: sqlite3.Connection, now: Milliseconds) -> int:
    return connection.execute(_QUERIES["take_over"], (now,)).rowcount


def _due(connection: sqlite3.Connection, channel: str, now: Milliseconds, limit: int) -> list[DeliveryRow]:
    return [delivery_row(row) for row in connection.execute(_QUERIES["due"], (channel, now, limit))]


def _next_due(connection: sqlite3.Connection, channel: str) -> Milliseconds | None:
    (due,) = connection.execute(_QUERIES["next_due"], (channel,)).fetchone()
    return None if due is None else Milliseconds(due)


def _not_yet_due(
    connection: sqlite3.Connection, channel: str, after: tuple[Milliseconds, int], limit: int
) -> list[tuple[int, DeliveryRow]]:
    rows = connection.execute(_QUERIES["not_yet_due"], (channel, *after, limit))
    return [(row[0], delivery_row(row)) for row in rows]


def _twin(connection: sqlite3.Connection, row: DeliveryRow) -> str | None:
    said = (row.event.id, row.channel, row.id, said_column(row.bodies))
    found = connection.execute(_QUERIES["twin"], said).fetchone()
    return None if found is None else str(found[0])


def _replay(
    connection: sqlite3.Connection, delivery: str, now: Milliseconds, audits: Sequence[AuditRow]
) -> DeliveryRow | None:
    which = {"id": delivery, "now": now}
    connection.execute(_QUERIES["hasten"], which)
    connection.execute(_QUERIES["revive"], which)
    row = _delivery(connection, delivery)
    if row is not None and audits:
        append_audit(connection, audits)
    return row


def _shift(connection: sqlite3.Connection, milliseconds: int) -> None:
    connection.execute(_QUERIES["shift"], (milliseconds,))


def _delivery(connection: sqlite3.Connection, delivery: str) -> DeliveryRow | None:
    row = connection.execute(_QUERIES["delivery"], (delivery,)).fetchone()
    return None if row is None else delivery_row(row)


def _deliveries(
    connection: sqlite3.Connection, which: DeliveryFilter, before: int | None, limit: int
) -> list[tuple[int, DeliveryRow]]:
    keys = asdict(which)
    query = _QUERIES[_listing(_LISTED_BY, keys, "deliveries")]
    rows = connection.execute(query, {**keys, "before": _LAST if before is None else before, "limit": limit})
    return [(row[0], delivery_row(row)) for row in rows]


def _events(connection: sqlite3.Connection, which: EventFilter, after: int, limit: int) -> list[Event]:
    keys = asdict(which)
    query = _QUERIES[_listing(_EVENTS_LISTED_BY, keys, "events")]
    return [Event(*row) for row in connection.execute(query, {**keys, "after": after, "limit": limit})]


def _listing(listed_by: Mapping[str, str], keys: Mapping[str, Any], everything: str) -> str:
    return next((query for key, query in listed_by.items() if keys[key] is not None), everything)


def _event(connection: sqlite3.Connection, event: str) -> Event | None:
    row = connection.execute(_QUERIES["event"], (event,)).fetchone()
    return None if row is None else Event(*row)


def _waiting(connection: sqlite3.Connection) -> dict[str, int]:
    waiting: dict[str, int] = {}
    for channel, count in connection.execute(_QUERIES["waiting"]):
        waiting[channel] = waiting.get(channel, 0) + count
    return waiting


def _last_event(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute(_QUERIES["last_event"]).fetchone()
    return number or 0


def _trim(
    connection: sqlite3.Connection, before: Milliseconds, audits_before: Milliseconds, limit: int
) -> int:
    events = connection.execute(_QUERIES["past_events"], (before, limit)).fetchall()
    deliveries = connection.executemany(_QUERIES["drop_deliveries"], events).rowcount if events else 0
    connection.executemany(_QUERIES["drop_event"], events)
    return len(events) + deliveries + trim_audit(connection, audits_before, limit)
