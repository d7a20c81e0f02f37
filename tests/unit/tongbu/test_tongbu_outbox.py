"""The outbox of a ledger: what stays, what gives way."""

from __future__ import annotations

from typing import Any

from hub.model import Actor, Hlc, ItemId, Statement
from tongbu.outbox import Entry, Outbox
from tongbu.store import Batch

Said = tuple[str, str, Any, int]


def outbox_of(*said: Said, away: int = 0) -> Outbox:
    outbox = Outbox("inbox/me")
    for number, each in enumerate(said, start=1):
        enter(outbox, number, each).away = number <= away
    return outbox


def enter(outbox: Outbox, number: int, said: Said) -> Entry:
    item, field, value, hlc = said
    return outbox.enter(number, Statement(ItemId(item), field, value, Hlc(hlc), Actor("phone")), Batch())


def numbers(outbox: Outbox) -> list[int]:
    return [entry.number for entry in outbox]


def test_a_later_mark_stands_for_an_earlier_one() -> None:
    assert numbers(outbox_of(("a", "read", True, 1), ("b", "read", True, 2), ("a", "read", False, 3))) == [
        2,
        3,
    ]


def test_what_is_on_its_way_stays() -> None:
    assert numbers(outbox_of(("a", "read", True, 1), ("a", "pinned", True, 2), away=1)) == [1, 2]
    outbox = outbox_of(("a", "read", True, 1))
    next(iter(outbox)).away = True
    enter(outbox, 2, ("a", "read", False, 2))
    assert numbers(outbox) == [1, 2]


def test_progress_that_is_less_does_not_stand_for_more() -> None:
    outbox = outbox_of(("t", "progress", [1, 0.5], 1), ("t", "progress", [1, 0.4], 2))
    assert numbers(outbox) == [1, 2]
    assert numbers(outbox_of(("t", "progress", [1, 0.5], 1), ("t", "progress", [1, 0.6], 2))) == [2]


def test_every_end_and_every_attempt_is_said() -> None:
    outbox = outbox_of(
        ("t", "status", [1, "running"], 1),
        ("t", "status", [1, "succeeded"], 2),
        ("t", "status", [2, "running"], 3),
        ("t", "status", [2, "paused"], 4),
        ("t", "status", [2, "failed"], 5),
    )
    assert [entry.statement.value for entry in outbox] == [
        [1, "succeeded"],
        [2, "failed"],
    ]


def test_a_record_is_never_given_up() -> None:
    record = {"kind": "task", "title": "t"}
    assert numbers(outbox_of(("t", "item", record, 1), ("t", "item", record, 2))) == [1, 2]


def test_what_waits_is_laid_over_what_stands_without_changing_it() -> None:
    outbox = outbox_of(("a", "read", True, 5))
    standing: Any = {}
    over = outbox.lay_over(ItemId("a"), standing)
    assert over[next(iter(over))].value is True
    assert standing == {}
    assert outbox.lay_over(ItemId("b"), standing) is standing
