"""Removes one user from a data folder on which no hub runs, down to the bytes in its files.

One transaction takes away what is theirs and their name from what is not. Then the file is written anew and
its log emptied. Killed before the commit nothing has changed; killed after it, a mark in ``meta`` tells that
the bytes are still to be scrubbed, and whoever erases next does that.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from operator import ne
from pathlib import Path
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # ships no types

from hub.errors import DataFolderUnusable, Unavailable
from hub.model import (
    ERASED,
    Incarnation,
    Json,
    Key,
    Milliseconds,
    Register,
    Registers,
    Slot,
    Statement,
    TopicName,
    UserId,
)
from hub.ports import RegisterRow
from hub.protocol.body import decode_statements, encode_statements
from hub.state.join import LedgerRegisters, join_into, registered
from hub.state.names import inbox_of
from hub.state.weights import ITEM, field_of, slot
from hub.storage.folder import DATABASE_NAME, DataFolder
from hub.storage.migrations import migrate
from hub.storage.personal import actors_of, documents_of
from hub.storage.queries import load_queries
from hub.storage.rows import history_columns, history_row, ledger_row, register_columns

Progress = Callable[[], None]
"""Called now and then during long work."""

STEPS_BETWEEN: Final = 1_000_000
"""Steps of SQLite's machine between two calls of a ``Progress``: some ms."""

_QUERIES = load_queries("personal")
_DATABASE = load_queries("database")
_DIRECTORY = load_queries("directory")
_STORE = load_queries("store")
_FOLD = load_queries("fold")

_DROPPED: Final = (
    ("user", "drop_user"),
    ("devices", "drop_devices"),
    ("memberships", "drop_memberships"),
    ("registers of the inbox", "drop_registers"),
    ("items in history", "drop_history"),
    ("journal rows of the inbox", "drop_journal"),
    ("deliveries, kept without name and words", "disown_deliveries"),
    ("deliveries", "drop_deliveries"),
    ("events of the inbox", "drop_events"),
    ("refused messages", "drop_quarantined"),
    ("members of documents of the inbox", "drop_members_of_documents"),
    ("Yjs client ids in documents of the inbox", "drop_client_ids_of_documents"),
    ("snapshots of documents of the inbox", "drop_snapshots_of_documents"),
    ("updates of documents of the inbox", "drop_updates_of_documents"),
    ("journal rows of documents of the inbox", "drop_journal_of_documents"),
    ("documents of the inbox", "drop_documents"),
)
"""What is removed, or stays without their name: how it is called, and the query."""


class Erasure:
    """One folder, locked as a hub locks it, and one transaction on it that waits to be confirmed.

    Args:
        folder: the data folder.
        progress: called now and then while SQLite works.
        new_incarnation: names a new history.
    """

    def __init__(self, folder: Path, progress: Progress, new_incarnation: Callable[[], Incarnation]) -> None:
        if not (folder / DATABASE_NAME).is_file():
            raise DataFolderUnusable(f"There is no database in {folder}. Choose another --data.")
        self._folder = DataFolder(folder)
        self._new_incarnation = new_incarnation
        self._folder.open()
        try:
            self._connection = self._connect(progress)
        except BaseException:
            self._folder.close()
            raise

    def _connect(self, progress: Progress) -> sqlite3.Connection:
        connection = sqlite3.connect(self._folder.database, isolation_level=None)
        try:
            connection.executescript(_DATABASE["settings"])
            connection.execute(_DATABASE["durability_full"])
            connection.execute(_QUERIES["zero_what_is_deleted"])
            migrate(connection, str(self._folder.database))
            connection.set_progress_handler(progress, STEPS_BETWEEN)
        except sqlite3.Error as error:
            connection.close()
            raise DataFolderUnusable(f"{self._folder.database} can't be used ({error}).") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def begin(self, user: UserId, now: Milliseconds) -> Counter[str]:
        """Erase within a transaction: how many of what. ``commit`` makes it so. Raises ``Unavailable``."""
        try:
            self._connection.execute(_DATABASE["begin_write"])
            counts = erase(self._connection, user, now, self._new_incarnation)
            self._connection.execute(_QUERIES["begin_scrubbing"])
        except sqlite3.Error as error:
            raise Unavailable(f"Nothing was erased: {error}.") from error
        return counts

    def commit(self) -> None:
        """What ``begin`` did is so from now on, on disk. Raises ``Unavailable``: nothing was erased."""
        try:
            self._connection.execute(_DATABASE["commit"])
        except sqlite3.Error as error:
            raise Unavailable(f"Nothing was erased: {error}.") from error

    def rollback(self) -> None:
        """What ``begin`` did is undone."""
        self._connection.execute(_DATABASE["rollback"])

    def to_scrub(self) -> bool:
        """Whether an erasure was committed whose bytes may still be there. Asked before ``begin``."""
        return self._connection.execute(_QUERIES["to_scrub"]).fetchone() is not None

    def scrub(self) -> None:
        """Write the file anew and empty its log: deleted bytes are in neither afterwards.

        Raises:
            Unavailable: the disk refuses; what was erased stays erased, and its bytes are to be scrubbed.
        """
        # The compacted copy passes through a temporary file: beside the database, and as private as that.
        os.environ["SQLITE_TMPDIR"] = str(self._folder.path.absolute())
        try:
            self._connection.execute(_QUERIES["build_on_disk"])
            self._empty_log()
            self._connection.execute(_QUERIES["compact"])
            self._empty_log()
            self._connection.execute(_QUERIES["end_scrubbing"])
            self._empty_log()
        except sqlite3.Error as error:
            raise Unavailable(
                f"The user is erased, but bytes may be left in the file ({error}). See that the disk has "
                "room for twice the database and nobody else reads it, and run the command again."
            ) from error

    def close(self) -> None:
        """Take back what was not committed, and release the folder. Idempotent."""
        self._connection.close()
        self._folder.close()

    def _empty_log(self) -> None:
        busy, *_ = self._connection.execute(_QUERIES["empty_log"]).fetchone()
        if busy:
            raise sqlite3.OperationalError("another process reads the database")


def erase(
    connection: sqlite3.Connection,
    user: UserId,
    now: Milliseconds,
    new_incarnation: Callable[[], Incarnation],
) -> Counter[str]:
    """Erase a user, within the caller's transaction. How many of what; nothing for one who is unknown.

    Their inbox goes with its documents, events and deliveries, their devices, memberships and name. Tokens
    issued so far are void. In spaces their statements stand, by ``erased``; such a space gets a new
    incarnation, so that everybody's devices take it anew. What went out to them of a space stays known,
    without name and words, lest it go out again to another member. The audit stays.
    """
    inbox = inbox_of(user)
    named = {"user": user, "topic": inbox, "erased": ERASED, "now": now, **documents_of(inbox)}
    device_rows = connection.execute(_QUERIES["devices"], (user,)).fetchall()
    actors = frozenset(actors_of(user, [{"device": row[0]} for row in device_rows]))
    counts: Counter[str] = Counter()
    for words, query in _DROPPED:
        counts[words] = connection.execute(_QUERIES[query], named).rowcount
    connection.execute(_QUERIES["drop_topic"], named)
    counts["Yjs client ids disowned"] = connection.execute(_QUERIES["disown_client_ids"], named).rowcount
    counts["statements in spaces, now by erased"] = _Disowning(connection, user, actors).run(new_incarnation)
    counts = +counts
    if counts:
        connection.execute(_DIRECTORY["void_tokens"], (user, now + 1))
    return counts


class _Disowning:
    """Takes a user's names out of the spaces: actor, a record's ``by``, ``assignee``.

    The actor is a part of a statement's weight, so the weight changes with it; a ``read_upto`` has its actor
    in the slot's name, and of several that fall together the heaviest stands.
    """

    def __init__(self, connection: sqlite3.Connection, user: UserId, actors: Collection[str]) -> None:
        self._connection = connection
        self._user = user
        self._actors = actors
        self._tail: dict[str, LedgerRegisters] = defaultdict(dict)
        self._touched: set[TopicName] = set()
        self._count = 0

    def run(self, new_incarnation: Callable[[], Incarnation]) -> int:
        """How many statements were changed."""
        turns = self._turns()
        self._live()
        self._history()
        self._journal(turns)
        for topic in sorted(self._touched):
            incarnation = new_incarnation()
            self._connection.execute(_QUERIES["renew_topic"], (incarnation, topic))
            self._connection.execute(_QUERIES["renew_journal"], (incarnation, topic))
        return self._count

    def _turns(self) -> list[tuple[int, TopicName, list[Statement]]]:
        """What is not folded yet: journal number, topic, statements."""
        turns = []
        for number, topic, seq, body in self._connection.execute(_QUERIES["journal_of_spaces"]):
            turns.append((number, TopicName(topic), decode_statements(body)))
            for statement in turns[-1][2]:
                join_into(self._tail[topic], statement, seq)
        return turns

    def _live(self) -> None:
        """A register that lost to what is not folded yet is folded now: under another name it might win."""
        bound = (json.dumps(sorted(self._actors)), msgpack.packb(self._user))
        for topic, *columns in self._connection.execute(_QUERIES["naming_in_spaces"], bound).fetchall():
            row = ledger_row(topic, tuple(columns))
            newer = self._tail[topic].get(row.key.item, {}).get(row.key.slot)
            wins = newer if newer is not None and newer.weight > row.register.weight else row.register
            where, register = self._disowned(row.key.slot, wins)
            self._connection.execute(_QUERIES["drop_register"], row.key)
            renamed = RegisterRow(Key(topic, row.key.item, where), register)
            self._connection.executemany(_FOLD["join_register"], register_columns([renamed]))
            self._note(topic, 1)

    def _history(self) -> None:
        rows = map(history_row, self._connection.execute(_QUERIES["history_of_spaces"]))
        for row in [row for row in rows if self._in(row.registers)]:
            moved = replace(row, registers=self._all_disowned(row.registers))
            self._connection.execute(_STORE["put_history"], history_columns(moved))
            self._note(row.topic, self._in(row.registers))

    def _journal(self, turns: list[tuple[int, TopicName, list[Statement]]]) -> None:
        for number, topic, statements in turns:
            renamed = [self._renamed(each) for each in statements]
            if renamed != statements:
                self._connection.execute(_QUERIES["put_journal_body"], (encode_statements(renamed), number))
                self._note(topic, sum(map(ne, statements, renamed)))

    def _in(self, registers: Registers) -> int:
        """In how many of an item's registers the user is named."""
        return sum(self._names(where, register) for where, register in registers.items())

    def _all_disowned(self, registers: Registers) -> Registers:
        disowned: Registers = {}
        for where, register in registers.items():
            renamed, changed = (
                self._disowned(where, register) if self._names(where, register) else (where, register)
            )
            if renamed not in disowned or disowned[renamed].weight < changed.weight:
                disowned[renamed] = changed
        return disowned

    def _disowned(self, where: Slot, register: Register) -> tuple[Slot, Register]:
        stated = Statement(_NO_ITEM, field_of(where), register.value, register.hlc, register.actor)
        renamed = self._renamed(stated)
        return slot(renamed.field, renamed.actor), registered(renamed, register.seq)

    def _names(self, where: Slot, register: Register) -> bool:
        return register.actor in self._actors or (where == "assignee" and register.value == self._user)

    def _renamed(self, statement: Statement) -> Statement:
        return statement._replace(
            value=self._value(statement.field, statement.value),
            actor=ERASED if statement.actor in self._actors else statement.actor,
        )

    def _value(self, field: str, value: Json) -> Json:
        if field == ITEM and isinstance(value, dict) and value.get("by") in self._actors:
            return {**value, "by": ERASED}
        return ERASED if field == "assignee" and value == self._user else value

    def _note(self, topic: TopicName, count: int) -> None:
        self._touched.add(topic)
        self._count += count


_NO_ITEM: Final[Any] = ""
"""Weights and slots don't depend on the item."""
