"""One user's data as one document: what ``hub user export`` writes. docs/privacy.md tells its shape.

What is not folded yet counts: a ledger is its registers with the journal's statements joined over them.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from hub.model import (
    Incarnation,
    ItemId,
    Milliseconds,
    Register,
    Registers,
    Seq,
    Slot,
    TopicName,
    UserId,
)
from hub.protocol.body import decode_statements, decode_updates
from hub.state.clock import milliseconds_of
from hub.state.derive import ReadUpto, flat
from hub.state.join import LedgerRegisters, join_into
from hub.state.names import ALL, inbox_of, ledger_of
from hub.state.weights import ITEM, field_of
from hub.storage.queries import load_queries
from hub.storage.rows import history_row, item_registers, ledger_row, unpacked_bodies

FORMAT: Final = "tongbu.user/1"

Row = dict[str, Any]
Part = Row | list[Row] | Iterator[Row] | str | int | None
"""What a part of the document is; an iterator is a list too long to be held."""

_QUERIES = load_queries("personal")
_STORE = load_queries("store")
_RECORD = Slot(ITEM)


class _Item(NamedTuple):
    """One item of a ledger. ``moved_at``: since when (ms) it is in history; None while it lives."""

    name: ItemId
    registers: Registers
    moved_at: Milliseconds | None = None


class _Tail:
    """What the journal holds of one inbox, the spaces, and the documents, whose content may be left out."""

    def __init__(self, connection: sqlite3.Connection, inbox: TopicName, documents: bool) -> None:
        self.ledgers: dict[str, LedgerRegisters] = defaultdict(dict)
        self.updates: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        self.incarnation: Incarnation | None = None
        self.seq = 0
        for _, topic, incarnation, seq, body in connection.execute(_STORE["journal"]):
            if topic == inbox:
                self.incarnation, self.seq = incarnation, seq
            if topic == inbox or topic.startswith("space/"):
                for statement in decode_statements(body):
                    join_into(self.ledgers[topic], statement, Seq(seq))
            elif topic.startswith("doc/"):
                updates = self.updates[topic]
                if documents:
                    updates.append((seq, body))


def user_document(
    connection: sqlite3.Connection, user: UserId, now: Milliseconds, *, documents: bool
) -> dict[str, Part | dict[str, Part]]:
    """Everything that is kept of a user, large parts to be read on the way, from one snapshot.

    Args:
        connection: within a transaction; must stay so until every part was read.
        user: whose.
        now: the time for which items are derived.
        documents: whether with the content of the documents.
    """
    inbox = inbox_of(user)
    tail = _Tail(connection, inbox, documents)
    names = {"user": user, "topic": inbox}
    devices = _rows(connection, "devices", (user,))
    memberships = _rows(connection, "memberships", (user,))
    person = _rows(connection, "person", (user,))
    void = connection.execute(_QUERIES["void_before"], (user,)).fetchone()
    return {
        "format": FORMAT,
        "exported_at": now,
        "name": user,
        "user": person[0] if person else None,
        "tokens_void_before": void[0] if void else None,
        "devices": devices,
        "memberships": memberships,
        "inbox": _inbox(connection, inbox, tail, now),
        "statements": _stated(connection, tail, actors_of(user, devices)),
        "events": _each(connection, "events", (inbox,)),
        "deliveries": map(_readable, _each(connection, "deliveries", names)),
        "client_ids": _rows(connection, "client_ids", (user,)),
        "refused": map(_encoded, _each(connection, "quarantined", names)),
        "documents": _documents(connection, tail, inbox, memberships, documents),
    }


def is_known(connection: sqlite3.Connection, user: UserId) -> bool:
    """Whether anything is kept of a user: themselves, an inbox, a device, a membership."""
    return any(connection.execute(_QUERIES["is_known"], {"user": user, "topic": inbox_of(user)}).fetchone())


def actors_of(user: UserId, devices: list[Row]) -> list[str]:
    """Under which names a user's statements stand: their devices', and that of HTTP."""
    return [*(device["device"] for device in devices), f"{user}.api"]


def documents_of(ledger: TopicName) -> dict[str, str]:
    """Where the names of a ledger's documents lie: ``document``, and from ``first`` up to before ``end``."""
    # Below "doc/inbox/ann" and a slash: the character after it ends the range.
    return {"document": f"doc/{ledger}", "first": f"doc/{ledger}/", "end": f"doc/{ledger}0"}


def _inbox(
    connection: sqlite3.Connection, inbox: TopicName, tail: _Tail, now: Milliseconds
) -> dict[str, Part]:
    row = connection.execute(_STORE["topics"], (inbox,)).fetchone()
    stored, seq = (row[1], row[2]) if row is not None else (None, 0)
    return {
        "topic": inbox,
        "incarnation": tail.incarnation or stored,
        "seq": max(tail.seq, seq),
        "items": _items(connection, inbox, tail.ledgers.get(inbox, {}), now),
    }


def _items(
    connection: sqlite3.Connection, inbox: TopicName, tail: LedgerRegisters, now: Milliseconds
) -> Iterator[Row]:
    marks = item_registers(connection.execute(_STORE["item"], (inbox, ALL)))
    uptos = ReadUpto(_joined(marks, tail.get(ALL, {})))
    for name, registers, moved_at in _ledger(connection, inbox, tail):
        yield {
            "id": name,
            "state": flat(name, registers, uptos, now),
            "moved_to_history_at": moved_at,
            "registers": {slot: _register(registers[slot]) for slot in sorted(registers)},
        }


def _ledger(connection: sqlite3.Connection, topic: TopicName, tail: LedgerRegisters) -> Iterator[_Item]:
    """Every item of a ledger: those that live and what is stated about none, then those in history. What was
    stated late about an item in history is joined there."""
    late: LedgerRegisters = {}
    for item in _live(connection, topic, tail):
        if _RECORD in item.registers or "/" in item.name or not _in_history(connection, topic, item.name):
            yield item
        else:
            late[item.name] = item.registers
    for columns in connection.execute(_QUERIES["history"], (topic,)):
        row = history_row(columns)
        lives = connection.execute(_QUERIES["has_record"], (topic, row.item)).fetchone()
        if lives is None and _RECORD not in tail.get(row.item, {}):
            yield _Item(row.item, _joined(row.registers, late.get(row.item, {})), row.moved_at)


def _live(connection: sqlite3.Connection, topic: TopicName, tail: LedgerRegisters) -> Iterator[_Item]:
    folded = set()
    for name, rows in groupby(connection.execute(_STORE["ledger"], (topic,)), itemgetter(0)):
        item = ItemId(name)
        folded.add(item)
        registers = {Slot(row[1]): ledger_row(topic, row).register for row in rows}
        yield _Item(item, _joined(registers, tail.get(item, {})))
    yield from (_Item(item, tail[item]) for item in sorted(tail.keys() - folded))


def _in_history(connection: sqlite3.Connection, topic: TopicName, item: ItemId) -> bool:
    return connection.execute(_STORE["item_in_history"], (topic, item)).fetchone() is not None


def _joined(folded: Registers, tail: Registers) -> Registers:
    """The heavier of each slot."""
    lighter = {
        slot for slot, register in tail.items() if slot in folded and folded[slot].weight >= register.weight
    }
    return {**folded, **{slot: register for slot, register in tail.items() if slot not in lighter}}


def _stated(connection: sqlite3.Connection, tail: _Tail, actors: list[str]) -> Iterator[Row]:
    """What the actors stated in spaces and still stands: folded, in history, not folded yet."""
    for topic, *columns in connection.execute(_QUERIES["stated_in_spaces"], (json.dumps(actors),)):
        row = ledger_row(topic, tuple(columns))
        where = row.key.slot
        newer = tail.ledgers.get(topic, {}).get(row.key.item, {}).get(where)
        if newer is None or newer.weight < row.register.weight:
            yield _statement(topic, row.key.item, where, row.register)
    for columns in connection.execute(_QUERIES["history_of_spaces"]):
        moved = history_row(columns)
        for slot, register in moved.registers.items():
            if register.actor in actors:
                yield _statement(moved.topic, moved.item, slot, register)
    for topic, ledger in tail.ledgers.items():
        if topic.startswith("space/"):
            yield from _stated_lately(topic, ledger, actors)


def _stated_lately(topic: str, ledger: LedgerRegisters, actors: list[str]) -> Iterator[Row]:
    for item, registers in ledger.items():
        for slot, register in registers.items():
            if register.actor in actors:
                yield _statement(topic, item, slot, register)


def _documents(
    connection: sqlite3.Connection, tail: _Tail, inbox: TopicName, memberships: list[Row], content: bool
) -> Iterator[Row]:
    """The documents that the user may write: as a member, and by their names those of the items of their
    own inbox and of the spaces they may write."""
    joined = {TopicName(row["topic"]) for row in memberships if row["access"] == "write"}
    ledgers = {inbox} | {topic for topic in joined if topic.startswith("space/")}
    found = {topic for topic in joined if topic.startswith("doc/")}
    found |= {TopicName(topic) for topic in tail.updates if ledger_of(TopicName(topic)) in ledgers}
    for ledger in ledgers:
        rows = _each(connection, "documents_of_ledger", documents_of(ledger))
        found |= {TopicName(row["topic"]) for row in rows}
    for topic in sorted(found):
        updates = {"updates": _updates(connection, topic, tail)} if content else {}
        yield {"topic": topic, **updates}


def _updates(connection: sqlite3.Connection, topic: str, tail: _Tail) -> list[str]:
    """Yjs updates (v1) which, applied to an empty document in order, make its content."""
    seq, snapshot = connection.execute(_STORE["snapshot"], (topic,)).fetchone() or (0, b"")
    rows = dict(connection.execute(_STORE["updates_above"], (topic, seq)))
    rows.update((number, body) for number, body in tail.updates.get(topic, ()) if number > seq)
    updates = [update for number in sorted(rows) for update in decode_updates(rows[number])]
    return [_as_text(update) for update in ([snapshot] if snapshot else []) + updates]


def _statement(topic: str, item: ItemId, slot: Slot, register: Register) -> Row:
    return {"topic": topic, "item": item, "field": field_of(slot), **_register(register)}


def _register(register: Register) -> Row:
    return {
        "value": register.value,
        "hlc": register.hlc,
        "at": milliseconds_of(register.hlc),
        "actor": register.actor,
        "seq": register.seq,
    }


def _readable(delivery: Row) -> Row:
    """The bodies as text."""
    bodies = unpacked_bodies(delivery["bodies"])
    return {**delivery, "bodies": [body.decode("utf-8", "replace") for body in bodies]}


def _encoded(refused: Row) -> Row:
    return {**refused, "body": _as_text(refused["body"])}


def _as_text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _rows(connection: sqlite3.Connection, name: str, bound: Any) -> list[Row]:
    return list(_each(connection, name, bound))


def _each(connection: sqlite3.Connection, name: str, bound: Any) -> Iterator[Row]:
    found = connection.execute(_QUERIES[name], bound)
    names = [column[0] for column in found.description]
    for row in found:
        yield dict(zip(names, row, strict=True))
