"""Records ↔ columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from operator import attrgetter
from typing import Any

import msgpack  # type: ignore[import-untyped]  # ships no types

from hub.model import (
    AuditRow,
    Delivery,
    DeliveryRow,
    Event,
    Hlc,
    ItemId,
    Key,
    Milliseconds,
    Register,
    Registers,
    Seq,
    Slot,
    TopicName,
)
from hub.ports import HistoryRow, RegisterRow
from hub.telemetry.audit import AuditLine

RegisterColumns = tuple[str, str, str, bytes, int, str, bytes, int]
"""topic, item, slot, value, hlc, actor, weight, seq"""

event_columns = attrgetter("id", "type", "topic", "item", "attempt", "status", "at")
"""What ``add_event`` binds."""


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


def register(columns: Sequence[Any]) -> Register:
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


def new_delivery_columns(delivery: Delivery) -> tuple[str, str, str, str, str, int]:
    """What ``add_delivery`` binds: topic and item are the event's."""
    return (
        delivery.id, delivery.event, delivery.channel, delivery.route, delivery.user, delivery.due,
    )  # fmt: skip


def standing_columns(row: DeliveryRow) -> tuple[Any, ...]:
    """What ``record`` binds: what the dispatcher changes, then the id."""
    return (
        row.state, row.due, row.attempts, row.retries, bodies_column(row.bodies), said_column(row.bodies),
        row.rendered_by, row.part, row.unsure, row.leased_until, row.error, row.ref, row.ended_at, row.id,
    )  # fmt: skip


def bodies_column(bodies: tuple[bytes, ...]) -> bytes | None:
    """A msgpack list; None before anything was rendered."""
    return msgpack.packb(bodies) if bodies else None


def said_column(bodies: tuple[bytes, ...]) -> bytes | None:
    """SHA-256 of ``bodies_column``: by it twins are known, also once the bodies were erased."""
    return sha256(msgpack.packb(bodies)).digest() if bodies else None


def delivery_row(columns: tuple[Any, ...]) -> DeliveryRow:
    """From the view ``delivery_rows``; its first column, the number, is no part of the record."""
    channel, route, user, state, due, since, attempts, retries, bodies = columns[10:19]
    rendered_by, part, unsure, forced, leased_until, error, ref, ended_at = columns[19:]
    return DeliveryRow(
        columns[1], Event(*columns[2:10]), channel, route, user, state, due, since, attempts, retries,
        unpacked_bodies(bodies), rendered_by, part,
        bool(unsure), bool(forced), leased_until, error, ref, ended_at,
    )  # fmt: skip


def unpacked_bodies(column: bytes | None) -> tuple[bytes, ...]:
    """What ``bodies_column`` packed. Damaged bytes are as none: the message is rendered again."""
    try:
        bodies = msgpack.unpackb(column) if column else ()
    except ValueError:
        return ()
    return tuple(bodies) if _is_bodies(bodies) else ()


def _is_bodies(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, bytes) for each in value)


def audit_columns(line: AuditLine) -> tuple[Any, ...]:
    """What ``add_line`` binds."""
    row = line.row
    return (
        line.number, row.at, row.actor, row.action, row.subject, row.channel, row.host, row.recipient,
        row.size, row.body, row.masked, row.outcome, line.hash,
    )  # fmt: skip


def audit_line(columns: tuple[Any, ...]) -> AuditLine:
    """From the columns of ``add_line``."""
    return AuditLine(columns[0], AuditRow(*columns[1:-1]), columns[-1])
