"""The embedded storage: one SQLite file. Why it is as it is: docs/decisions/0001-storage.md."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from hub.model import ItemId, Key, Milliseconds, Seq, TopicName, UserId
from hub.ports import (
    Archive,
    Batch,
    Clock,
    Devices,
    Directory,
    Fold,
    Found,
    JournalRow,
    Outbox,
    RegisterRow,
    Store,
    StoredDocument,
    SystemClock,
    TopicRow,
    UpdateRow,
    Wanted,
)
from hub.state.weights import ITEM
from hub.storage.archive import SqliteArchive
from hub.storage.audit import read_audit, verify_audit
from hub.storage.database import Database, Durability
from hub.storage.devices import SqliteDevices
from hub.storage.directory import SqliteDirectory, put_members
from hub.storage.health import Sizes
from hub.storage.many_rows import ManyRows
from hub.storage.outbox import SqliteOutbox, add_events, outbox_pages, record
from hub.storage.queries import load_queries
from hub.storage.rows import (
    history_columns,
    history_row,
    ledger_row,
    register,
    register_columns,
)
from hub.telemetry.audit import AuditLine

_STORE = load_queries("store")
_TOPICS = ManyRows(_STORE["topics"])
_REGISTERS = ManyRows(_STORE["registers"])
_ITEMS = ManyRows(_STORE["items"])
_ITEM_IN_HISTORY = _STORE["item_in_history"]
_MEMBER_NAMES = _STORE["member_names"]
_APPEND_JOURNAL = ManyRows(_STORE["append_journal"])
_FOLD = load_queries("fold")
_JOIN_REGISTERS = ManyRows(_FOLD["join_register"])
_PUT_TOPICS = ManyRows(_FOLD["put_topic"])

_client_id_columns = attrgetter("topic", "client_id", "user")
_document_columns = attrgetter("topic", "seq", "body")

TRIM_ROWS = 1024
"""Journal rows dropped in one transaction: some ms, which a commit may have to wait."""


class SqliteStorage:
    """All storage ports over one data folder. ``store.start()`` opens it for all of them.

    Args:
        folder: the data folder; made (0700) where it is missing.
        durability: ``FULL``, or ``NORMAL`` to see a test of durability fail.
        clock: stamps what no caller stamps (users made on the way, quarantine).
    """

    def __init__(self, folder: Path, *, durability: Durability = "FULL", clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.database = Database(folder, durability, clock)
        self.store: Store = SqliteStore(self.database, clock)
        self.archive: Archive = SqliteArchive(self.database, clock)
        self.directory: Directory = SqliteDirectory(self.database, clock)
        self.devices: Devices = SqliteDevices(self.database)
        self.outbox: Outbox = SqliteOutbox(self.database)

    @property
    def writable(self) -> bool:
        """Whether the last attempt to write succeeded."""
        return self.database.writable

    async def probe(self) -> bool:
        """Whether writes succeed: if the last one did not, tries a small one."""
        return await self.database.probe()

    async def sizes(self) -> Sizes:
        """What is on disk. Cheap. Raises ``Unavailable``."""
        return await self.database.sizes()

    async def audit(self, after: int, limit: int) -> Sequence[AuditLine]:
        """Lines of the audit with a number above ``after``, oldest first. Raises ``Unavailable``."""
        return await self.database.scan(read_audit, after, limit)

    async def broken_audit(self) -> int | None:
        """The first audit line that is not as it was written; None where all are. Raises ``Unavailable``."""
        return await self.database.scan(verify_audit)


class SqliteStore:
    """``Store`` in SQLite."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self) -> Sequence[JournalRow]:
        """See ``Store``."""
        await self._database.open()
        return await self._database.scan(_journal)

    async def read(self, wanted: Wanted) -> Found:
        """See ``Store``."""
        return await self._database.read(_read, wanted)

    async def ledger(self, topic: TopicName, above: Seq) -> Sequence[RegisterRow]:
        """See ``Store``."""
        return await self._database.scan(_ledger, topic, above)

    async def document(self, topic: TopicName) -> StoredDocument:
        """See ``Store``."""
        return await self._database.scan(_document, topic)

    async def commit(self, batch: Batch) -> None:
        """See ``Store``."""
        await self._database.write(_commit, batch, self._clock.now())
        touched = 1 + outbox_pages(batch.events, batch.deliveries, batch.settled)
        self._database.count_pages(touched, sum(len(row.body) for row in batch.journal))

    async def fold(self, step: Fold) -> None:
        """See ``Store``. Journal rows are dropped in further transactions, from the oldest on."""
        await self._database.write(_fold, step)
        if step.upto is not None:
            while await self._database.write(_trim_journal, step.upto):
                pass
        touched = 2 * len(step.registers) + len(step.topics)
        bodies = sum(len(row.body) for row in step.updates) + sum(len(row.body) for row in step.snapshots)
        self._database.count_pages(touched, bodies)

    async def close(self) -> None:
        """See ``Store``."""
        await self._database.close()


def _journal(connection: sqlite3.Connection) -> list[JournalRow]:
    return [JournalRow(*row) for row in connection.execute(_STORE["journal"])]


def _read(connection: sqlite3.Connection, wanted: Wanted) -> Found:
    execute = connection.execute
    found = Found()
    for row in _TOPICS.read(connection, [(topic,) for topic in wanted.topics]):
        found.topics[row[0]] = TopicRow(*row)
    for topic, item, slot, *columns in _REGISTERS.read(connection, wanted.registers):
        found.registers[Key(topic, item, slot)] = register(columns)
    for topic, item, slot, *columns in _ITEMS.read(connection, wanted.items):
        found.items.setdefault((topic, item), {})[slot] = register(columns)
    for topic in wanted.members:
        found.members[topic] = [UserId(user) for (user,) in execute(_MEMBER_NAMES, (topic,))]
    _read_history(connection, wanted, found)
    return found


def _read_history(connection: sqlite3.Connection, wanted: Wanted, found: Found) -> None:
    items = {(topic, item) for topic, item, _ in wanted.registers} | wanted.items
    items.difference_update([(topic, item) for topic, item, slot in found.registers if slot == ITEM])
    items.difference_update([item for item, registers in found.items.items() if ITEM in registers])
    for item in items:
        if (row := connection.execute(_ITEM_IN_HISTORY, item).fetchone()) is not None:
            found.history[item] = history_row(row)


def _ledger(connection: sqlite3.Connection, topic: TopicName, above: Seq) -> list[RegisterRow]:
    if above < 0:
        rows = connection.execute(_STORE["ledger"], (topic,))
    else:
        rows = connection.execute(_STORE["ledger_above"], (topic, above))
    return [ledger_row(topic, row) for row in rows]


def _document(connection: sqlite3.Connection, topic: TopicName) -> StoredDocument:
    seq, snapshot = connection.execute(_STORE["snapshot"], (topic,)).fetchone() or (0, b"")
    updates = connection.execute(_STORE["updates_above"], (topic, seq))
    client_ids = connection.execute(_STORE["client_ids"], (topic,))
    return StoredDocument(
        Seq(seq),
        snapshot,
        [UpdateRow(topic, Seq(update_seq), body) for update_seq, body in updates],
        {client_id: UserId(user) for client_id, user in client_ids},
    )


def _commit(connection: sqlite3.Connection, batch: Batch, now: Milliseconds) -> None:
    executemany = connection.executemany
    _APPEND_JOURNAL.write(connection, batch.journal)
    if batch.client_ids:
        executemany(_STORE["bind_client_id"], map(_client_id_columns, batch.client_ids))
    if batch.members:
        put_members(connection, batch.members, now)
    if batch.events or batch.deliveries or batch.settled or batch.audits:
        add_events(connection, batch.events, batch.deliveries)
        record(connection, batch.settled, batch.audits)
    if batch.retired or batch.joined or batch.revived:
        _move_items(connection, batch)
    if batch.floors:
        executemany(_STORE["raise_floor"], batch.floors)


def _move_items(connection: sqlite3.Connection, batch: Batch) -> None:
    gone: list[tuple[TopicName, ItemId]] = [(row.topic, row.item) for row in batch.retired]
    connection.executemany(_STORE["put_history"], map(history_columns, [*batch.retired, *batch.joined]))
    connection.executemany(_STORE["drop_item"], gone)
    connection.executemany(_STORE["drop_history"], batch.revived)


def _fold(connection: sqlite3.Connection, step: Fold) -> None:
    executemany = connection.executemany
    if step.registers:
        _JOIN_REGISTERS.write(connection, register_columns(step.registers))
    if step.snapshots:
        executemany(_FOLD["put_snapshot"], map(_document_columns, step.snapshots))
        executemany(_FOLD["cut_updates"], [(row.topic,) for row in step.snapshots])
    if step.updates:
        executemany(_FOLD["add_update"], map(_document_columns, step.updates))
    if step.topics:
        _PUT_TOPICS.write(connection, step.topics)


def _trim_journal(connection: sqlite3.Connection, upto: int) -> bool:
    """Drop some folded rows; whether there are more."""
    connection.execute(_FOLD["trim_journal"], (upto, TRIM_ROWS))
    return connection.execute(_FOLD["folded_rows"], (upto,)).fetchone() is not None
