"""``hub.delivery.unless``: only what was stated after the event keeps it in the hub."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.outward import Unless
from hub.delivery.unless import as_ended, holding
from hub.model import Actor, Event, Hlc, ItemId, Milliseconds, Registers, Seq, Statement, TopicName
from hub.ports import Standing
from hub.state.clock import hlc_of
from hub.state.join import LedgerRegisters, join_into

AT = Milliseconds(1_000_000)
NOW = Milliseconds(1_030_000)
BEFORE, SAME, AFTER = hlc_of(AT) - 1, int(hlc_of(AT)), hlc_of(AT, 5)
WORDS: tuple[Unless, ...] = get_args(Unless)
NOTIFICATION: Any = {"kind": "notification", "title": "t", "by": "x", "at": AT, "order": 7}
TASK: Any = {**NOTIFICATION, "kind": "task"}
RAISED = Event("e1", "notification.raised", TopicName("inbox/ann"), ItemId("i"), 0, None, AT)
ENDED = Event("e2", "task.finalized", TopicName("inbox/ann"), ItemId("i"), 1, "failed", AT)


def stated(*statements: tuple[str, Any, int], record: Any = None) -> Registers:
    ledger: LedgerRegisters = {ItemId("i"): {}}
    first = [] if record is None else [("item", record, 1)]
    for field, value, hlc in [*first, *statements]:
        join_into(ledger, Statement(ItemId("i"), field, value, Hlc(hlc), Actor("phone")), Seq(1))
    return ledger[ItemId("i")]


def notification(*statements: tuple[str, Any, int]) -> Standing:
    return Standing(stated(*statements, record=NOTIFICATION), {}, None)


def task(*statements: tuple[str, Any, int]) -> Standing:
    return Standing(stated(*statements, record=TASK), {}, None)


def marked(order: int, hlc: int) -> Registers:
    return stated(("read_upto", order, hlc))


def final(attempt: int, status: str, hlc: int) -> tuple[str, Any, int]:
    value = {"attempt": attempt, "status": status, "at": hlc >> 10, "event": "e", "hlc": hlc}
    return "final", value, hlc


def holds(word: Unless, event: Event, standing: Standing, now: Milliseconds = NOW) -> bool:
    return holding([word], event, standing, now) is not None


@pytest.mark.parametrize(
    ("word", "statement"),
    [
        ("seen", ("seen", True)),
        ("seen", ("read", True)),
        ("seen", ("read", False)),
        ("read", ("read", True)),
        ("archived", ("archived", True)),
        ("snoozed", ("snoozed", NOW + 1)),
        ("deleted", ("deleted", True)),
    ],
)
@pytest.mark.parametrize(("event", "item"), [(RAISED, notification), (ENDED, task)])
def test_a_word_holds_by_what_was_stated_after_the_event(
    word: Unless, statement: tuple[str, Any], event: Event, item: Any
) -> None:
    field, value = statement
    assert holds(word, event, item((field, value, AFTER)))
    assert not holds(word, event, item((field, value, BEFORE)))
    assert not holds(word, event, item())


def test_a_statement_of_the_events_own_millisecond_counts_as_after_it() -> None:
    assert holds("read", RAISED, notification(("read", True, SAME)))
    ended = task(("status", [1, "failed"], SAME), final(1, "failed", SAME), ("read", True, SAME))
    assert holds("read", ENDED, ended)


def test_a_task_that_was_watched_while_it_ran_still_reports_its_end() -> None:
    watched = task(
        ("seen", True, BEFORE),
        ("read", True, BEFORE),
        ("archived", True, BEFORE),
        ("status", [1, "failed"], SAME),
        final(1, "failed", SAME),
    )
    assert holding(WORDS, ENDED, watched, NOW) is None


def test_marking_all_read_holds_for_what_it_covers() -> None:
    registers = stated(record=NOTIFICATION)
    assert holds("read", RAISED, Standing(registers, marked(7, AFTER), None))
    assert holds("seen", RAISED, Standing(registers, marked(7, AFTER), None))
    assert not holds("read", RAISED, Standing(registers, marked(6, AFTER), None))
    assert not holds("read", RAISED, Standing(registers, marked(7, BEFORE), None))
    assert not holds("read", ENDED, Standing(stated(record=TASK), marked(7, AFTER), None))


def test_what_was_taken_back_does_not_hold() -> None:
    taken_back = notification(("read", True, AFTER), ("read", False, AFTER + 1), ("archived", False, AFTER))
    assert not holds("read", RAISED, taken_back)
    assert not holds("archived", RAISED, taken_back)
    assert not holds("deleted", RAISED, notification(("deleted", False, AFTER)))


def test_a_snooze_holds_until_it_is_over() -> None:
    snoozed = notification(("snoozed", NOW, AFTER))
    assert holds("snoozed", RAISED, snoozed, Milliseconds(NOW - 1))
    assert not holds("snoozed", RAISED, snoozed, NOW)


def test_in_a_space_each_reader_speaks_for_themselves_and_anybody_deletes() -> None:
    registers = stated(("deleted", True, AFTER), record=NOTIFICATION)
    reader, other = stated(("read", True, AFTER)), stated(("read", True, BEFORE))
    assert holds("read", RAISED, Standing(registers, {}, reader))
    assert not holds("read", RAISED, Standing(registers, {}, other))
    assert not holds("seen", RAISED, Standing(registers, {}, {}))
    assert holds("deleted", RAISED, Standing(registers, {}, {}))
    assert holds("read", RAISED, Standing(registers, marked(7, AFTER), {}))


def test_an_end_that_was_read_stays_read_though_the_next_attempt_ended_too() -> None:
    later = AFTER + 1000
    again = task(
        ("read", True, AFTER),
        ("status", [2, "succeeded"], later),
        final(2, "succeeded", later),
    )
    assert holds("read", ENDED, again)
    second = replace(ENDED, attempt=2, at=Milliseconds((later >> 10) + 1))
    assert not holds("read", second, again)


def test_the_first_word_that_holds_is_told() -> None:
    standing = notification(("read", True, AFTER), ("archived", True, AFTER))
    assert holding(("archived", "read"), RAISED, standing, NOW) == "archived"
    assert holding(("deleted", "seen", "read"), RAISED, standing, NOW) == "seen"
    assert holding((), RAISED, standing, NOW) is None


def test_an_item_that_is_gone_holds_nothing() -> None:
    assert holding(WORDS, RAISED, Standing({}, {}, None), NOW) is None


def test_looking_changes_no_register() -> None:
    standing = task(("read", True, AFTER), ("status", [2, "running"], AFTER))
    before = dict(standing.registers)
    as_ended(ENDED, standing.registers)
    holding(WORDS, ENDED, standing, NOW)
    assert standing.registers == before


_hlcs = st.integers(hlc_of(AT) - 3, hlc_of(AT) + 3)
_statements = st.lists(
    st.tuples(st.sampled_from(["seen", "read", "archived", "deleted"]), st.booleans(), _hlcs), max_size=8
)


@given(_statements, st.sampled_from([RAISED, ENDED]))
def test_what_was_stated_before_the_event_never_matters(
    statements: list[tuple[str, bool, int]], event: Event
) -> None:
    item = notification if event is RAISED else task
    late = [each for each in statements if each[2] >= hlc_of(AT)]
    for word in WORDS:
        assert holds(word, event, item(*statements)) == holds(word, event, item(*late))
