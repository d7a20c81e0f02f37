"""Registers ↔ columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]  # ships no types

from hub.model import Hlc, ItemId, Key, Milliseconds, Register, Registers, Seq, Slot, TopicName
from hub.ports import HistoryRow, RegisterRow

RegisterColumns = tuple[str, str, str, bytes, int, str, bytes, int]
"""topic, item, slot, value, hlc, actor, weight, seq"""


def register_columns(rows: Iterable[RegisterRow]) -> Iterator[RegisterColumns]:
    """What ``join_register`` binds."""
    pack = msgpack.packb
    for row in rows:
        value, hlc, actor, seq, weight = row.register
        yield (*row.key, pack(value), hlc, actor, weight, seq)


def ledger_row(topic: TopicName, columns: tuple[Any, ...]) -> RegisterRow:
    """From item, slot, value, hlc, actor, seq, weight."""
    item, slot, value, hlc, actor, seq, weight = columns
    return RegisterRow(
        Key(topic, ItemId(item), Slot(slot)),
        Register(msgpack.unpackb(value), Hlc(hlc), actor, Seq(seq), weight),
    )


def register(columns: tuple[Any, ...]) -> Register:
    """From value, hlc, actor, seq, weight."""
    value, hlc, actor, seq, weight = columns
    return Register(msgpack.unpackb(value), hlc, actor, seq, weight)


def item_registers(rows: Iterable[tuple[Any, ...]]) -> Registers:
    """From rows of slot, value, hlc, actor, seq, weight."""
    return {Slot(row[0]): register(row[1:]) for row in rows}


def history_columns(row: HistoryRow) -> tuple[str, str, int, int, bytes]:
    """topic, item, item_order, moved_at, registers."""
    return row.topic, row.item, row.order, row.moved_at, msgpack.packb(row.registers)


def history_row(columns: tuple[Any, ...]) -> HistoryRow:
    """From topic, item, item_order, moved_at, registers."""
    topic, item, order, moved_at, body = columns
    registers = {Slot(slot): Register(*fields) for slot, fields in msgpack.unpackb(body).items()}
    return HistoryRow(TopicName(topic), ItemId(item), order, Milliseconds(moved_at), registers)
