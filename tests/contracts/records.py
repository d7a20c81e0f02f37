"""Short ways to say the records of the storage ports."""

from __future__ import annotations

from collections.abc import Sequence

from hub.model import (
    Actor,
    AuditRow,
    Delivery,
    Event,
    Hlc,
    Incarnation,
    ItemId,
    Json,
    Key,
    Milliseconds,
    Register,
    Seq,
    Slot,
    TopicName,
    UserId,
)
from hub.ports import Fold, JournalRow, RegisterRow, SnapshotRow, TopicRow, UpdateRow

INBOX = TopicName("inbox/ada")
OTHER = TopicName("inbox/bob")
DOCUMENT = TopicName("doc/plan")


def journal_row(number: int, topic: TopicName = INBOX, body: bytes = b"\x00body\xff") -> JournalRow:
    return JournalRow(number, topic, Incarnation(2**53 - 1), Seq(number), body)


def topic_row(topic: TopicName = INBOX, seq: int = 1, floor: int = 0) -> TopicRow:
    return TopicRow(topic, Incarnation(77), Seq(seq), Seq(floor), items=3, live=2, unknown=5, order=1_700)


def key(item: str, slot: str, topic: TopicName = INBOX) -> Key:
    return Key(topic, ItemId(item), Slot(slot))


def register(value: Json = True, weight: bytes = b"w", seq: int = 1, hlc: int = 1) -> Register:
    return Register(value, Hlc(hlc), Actor("phone"), Seq(seq), weight)


def register_row(
    item: str, slot: str, value: Json = True, weight: bytes = b"w", seq: int = 1, hlc: int = 1
) -> RegisterRow:
    return RegisterRow(key(item, slot), register(value, weight, seq, hlc))


def update_row(seq: int, body: bytes = b"update", topic: TopicName = DOCUMENT) -> UpdateRow:
    return UpdateRow(topic, Seq(seq), body)


def snapshot_row(seq: int, body: bytes = b"snapshot", topic: TopicName = DOCUMENT) -> SnapshotRow:
    return SnapshotRow(topic, Seq(seq), body)


def registers_fold(*rows: RegisterRow) -> Fold:
    return Fold(registers=sorted(rows, key=lambda row: row.key))


def seqs(rows: Sequence[UpdateRow]) -> list[int]:
    return [row.seq for row in rows]


def event(name: str, item: str = "a", attempt: int = 1, at: int = 100, topic: TopicName = INBOX) -> Event:
    """A task's attempt that ended; attempt 0: a notification that was raised."""
    if attempt == 0:
        return Event(name, "notification.raised", topic, ItemId(item), 0, None, Milliseconds(at))
    return Event(name, "task.finalized", topic, ItemId(item), attempt, "succeeded", Milliseconds(at))


def delivery(
    name: str, event: Event, channel: str = "ops", due: int | None = None, user: str = "ada"
) -> Delivery:
    """An event on its way; due at once unless told otherwise."""
    when = Milliseconds(event.at if due is None else due)
    return Delivery(name, event.id, event.item, channel, "deploy", when, UserId(user), event.topic)


def audit_row(subject: str = "d1", at: int = 100) -> AuditRow:
    return AuditRow(
        at=Milliseconds(at),
        actor="hub",
        action="send",
        subject=subject,
        channel="ops",
        host="qyapi.weixin.qq.com",
        recipient="5e" * 32,
        size=312,
        body="b0" * 32,
        masked="phone 2",
        outcome="ok 值 0",
    )
