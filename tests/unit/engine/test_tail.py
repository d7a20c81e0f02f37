"""The tail counts what a folding pass would have to move, for that says when one pays."""

from __future__ import annotations

from hub.engine.tail import STATEMENT_BYTES, Overlay, Tail
from hub.model import Actor, Hlc, Incarnation, ItemId, Register, Seq, Slot, TopicName
from hub.ports import TopicRow

INBOX = TopicName("inbox/ann")


def read(item: str, hlc: int) -> Overlay:
    return {(ItemId(item), Slot("read")): Register(True, Hlc(hlc), Actor("phone"), Seq(hlc), bytes([hlc]))}


def add(tail: Tail, overlay: Overlay, number: int) -> None:
    tail.add_ledger(TopicRow(INBOX, Incarnation(7), Seq(number)), overlay, number, 100)


def test_a_register_that_is_stated_on_again_counts_once() -> None:
    tail = Tail()
    for number, item in enumerate(("a", "b", "a", "a"), start=1):
        add(tail, read(item, number), number)
    assert tail.active.statements == 2
    assert tail.find(INBOX, ItemId("a"), Slot("read")) == read("a", 4)[(ItemId("a"), Slot("read"))]


def test_every_journal_row_counts_by_its_bytes_and_every_register_by_its_memory() -> None:
    tail = Tail()
    add(tail, read("a", 1), 1)
    add(tail, read("a", 2), 2)
    assert tail.active.bytes == 2 * 100 + STATEMENT_BYTES


def test_a_pass_that_began_counts_for_itself() -> None:
    tail = Tail()
    add(tail, read("a", 1), 1)
    sealed = tail.seal()
    add(tail, read("a", 2), 2)
    assert (sealed.statements, tail.active.statements) == (1, 1)
