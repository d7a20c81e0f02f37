"""Short ways to say the records of the storage ports."""

from __future__ import annotations

from collections.abc import Sequence

from hub.model import Actor, Hlc, Incarnation, ItemId, Json, Key, Register, Seq, Slot, TopicName
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
