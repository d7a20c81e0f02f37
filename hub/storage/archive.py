"""What left the live tables, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import islice

from hub.model import ItemId, Milliseconds, TopicName, UserId
from hub.ports import Clock, HistoryRow
from hub.storage.database import Database
from hub.storage.queries import load_queries
from hub.storage.rows import history_row

_QUERIES = load_queries("archive")

QUARANTINE_ROWS = 1000
"""Refused updates that are kept."""


class SqliteArchive:
    """``Archive`` in SQLite."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def expired(
        self, before: Milliseconds, limit: int, skip: int = 0
    ) -> Sequence[tuple[TopicName, ItemId]]:
        """See ``Archive``."""
        return await self._database.scan(_expired, before, limit, skip)

    async def history(self, topic: TopicName, below: int, limit: int) -> Sequence[HistoryRow]:
        """See ``Archive``."""
        return await self._database.scan(_history, topic, below, limit)

    async def quarantine(self, topic: TopicName, user: UserId, reason: str, body: bytes) -> None:
        """See ``Archive``."""
        await self._database.write(_quarantine, self._clock.now(), topic, user, reason, body)


def _expired(
    connection: sqlite3.Connection, before: Milliseconds, limit: int, skip: int
) -> list[tuple[TopicName, ItemId]]:
    # An item may end several times; reading on until enough items are found costs no more than it must.
    statements = connection.execute(_QUERIES["ending"], (before * 1024,))
    items: dict[tuple[TopicName, ItemId], None] = {}
    for item in statements:
        if len(items) >= skip + limit:
            break
        items[item] = None
    statements.close()
    return list(islice(items, skip, skip + limit))


def _history(connection: sqlite3.Connection, topic: TopicName, below: int, limit: int) -> list[HistoryRow]:
    return [history_row(row) for row in connection.execute(_QUERIES["history_below"], (topic, below, limit))]


def _quarantine(
    connection: sqlite3.Connection, at: Milliseconds, topic: TopicName, user: UserId, reason: str, body: bytes
) -> None:
    connection.execute(_QUERIES["add_quarantine"], (at, topic, user, reason, body))
    connection.execute(_QUERIES["trim_quarantine"], (QUARANTINE_ROWS,))
