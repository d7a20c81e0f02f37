"""What the vectors don't show: the derived state's own properties."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import Actor, Counts, Hlc, ItemId, Register, Registers, Seq, Slot, Statement
from hub.state.derive import NEVER, NOTHING_READ, Derived, ReadUpto, count, count_all, derive, flat
from hub.state.join import LedgerRegisters, join_into

ITEM = ItemId("i")
TASK: Any = {"kind": "task", "title": "t", "by": "x", "at": 5, "order": 5}
NOTIFICATION: Any = {**TASK, "kind": "notification"}


def registers_of(record: Any, *stated: tuple[str, Any, int]) -> Registers:
    ledger: LedgerRegisters = {}
    for field, value, hlc in [("item", record, 1), *stated]:
        join_into(ledger, Statement(ITEM, field, value, Hlc(hlc), Actor("phone")), Seq(1))
    return ledger[ITEM]


def derived(record: Any, *stated: tuple[str, Any, int], now: int = 100) -> Derived:
    state = derive(registers_of(record, *stated), NOTHING_READ, now)
    assert state is not None
    return state


def test_a_task_finished_when_its_end_was_stated_until_the_hub_seals_it() -> None:
    end = ("status", [1, "failed"], 2_000 << 10)
    assert derived(TASK, end).finished_at == 2_000
    final = {"attempt": 1, "status": "failed", "at": 3_000, "event": "e", "hlc": 2_000 << 10}
    assert derived(TASK, end, ("final", final, 3_000 << 10)).finished_at == 3_000
    assert derived(TASK, ("status", [1, "running"], 2_000 << 10)).finished_at is None


def test_an_archived_deleted_or_snoozed_item_is_not_counted() -> None:
    assert derived(NOTIFICATION).counted
    assert not derived(NOTIFICATION, ("archived", True, 2)).counted
    assert not derived(NOTIFICATION, ("deleted", True, 2)).counted
    assert not derived(NOTIFICATION, ("snoozed", 101, 2)).counted
    assert derived(NOTIFICATION, ("snoozed", 101, 2)).hidden
    assert derived(NOTIFICATION, ("snoozed", 100, 2)).counted


def test_deriving_changes_nothing() -> None:
    registers = registers_of(TASK, ("title", "new", 2), ("status", [1, "failed"], 3), ("read", True, 2))
    before = {where: repr(register) for where, register in registers.items()}
    answer = flat(ITEM, registers, NOTHING_READ, 100)
    assert answer is not None
    answer.clear()
    assert {where: repr(register) for where, register in registers.items()} == before
    assert TASK == {"kind": "task", "title": "t", "by": "x", "at": 5, "order": 5}


def test_nothing_is_covered_where_nothing_was_marked_or_no_order_was_given() -> None:
    marked = ReadUpto({Slot("read_upto:a"): Register(9, Hlc(5), Actor("a"), Seq(1), b"")})
    assert NOTHING_READ.hlc_over(5) == NEVER
    assert marked.hlc_over(None) == NEVER
    assert marked.hlc_over(10) == NEVER
    assert marked.hlc_over(9) == 5


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8), st.integers(0, 10))
def test_the_latest_covering_mark_is_found_among_any(marks: list[tuple[int, int]], order: int) -> None:
    registers = {
        Slot(f"read_upto:{place}"): Register(upto, Hlc(hlc), Actor(f"{place}"), Seq(1), b"")
        for place, (upto, hlc) in enumerate(marks)
    }
    expected = max((hlc for upto, hlc in marks if upto >= order), default=NEVER)
    assert ReadUpto(registers).hlc_over(order) == expected


words = st.one_of(
    st.tuples(st.sampled_from(["seen", "read", "archived", "deleted"]), st.booleans(), st.integers(0, 9)),
    st.tuples(st.just("snoozed"), st.sampled_from([None, 99, 101]), st.integers(0, 9)),
    st.tuples(
        st.just("status"), st.sampled_from([[1, "running"], [1, "failed"], [2, "queued"]]), st.integers(0, 9)
    ),
)
states = st.builds(
    lambda record, stated: derived(record, *stated),
    st.sampled_from([TASK, NOTIFICATION]),
    st.lists(words, max_size=6),
)


@settings(deadline=None)
@given(st.lists(states, max_size=6))
def test_counts_are_the_sum_of_what_each_item_adds(several: list[Derived]) -> None:
    visible = [each for each in several if not (each.archived or each.deleted or each.hidden)]
    notifications = [each for each in visible if each.kind == "notification"]
    assert count_all(several) == Counts(
        unread=sum(not each.read for each in notifications),
        unseen=sum(not each.seen for each in notifications),
        open=sum(each.kind == "task" and each.finished_at is None for each in visible),
    )
    added = [count(each) for each in several]
    assert sum(each.unread for each in added) == count_all(several).unread


@settings(deadline=None)
@given(states)
def test_what_is_read_has_been_seen(state: Derived) -> None:
    assert state.seen or not state.read
