"""A ledger derived: what is shown and counted follows every change, and a change costs what it touches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hub.model import Actor, Hlc, ItemId, Statement
from hub.state.clock import HybridClock
from hub.state.derive import count_all, derive
from tongbu import view as views
from tongbu.ledger_topic import LedgerTopic
from tongbu.store import Batch
from tongbu.topics import OWN_INBOX
from tongbu.view import View

NOW = 1_700_000_000_000


class Scene:
    def __init__(self, items: int = 3) -> None:
        self.now = NOW
        self.topic = LedgerTopic(OWN_INBOX, 0, 0, HybridClock(lambda: self.now))
        self.bring(*(record(f"n{number}", number) for number in range(1, items + 1)))
        self.view = View(self.topic, None, lambda: self.now)

    def bring(self, *statements: list[Any], full: bool = False) -> None:
        self.topic.bring(list(statements), 1, full, False, Batch())

    def enter(self, item: str, field: str, value: Any, hlc: int) -> None:
        statement = Statement(ItemId(item), field, value, Hlc(hlc), Actor("phone"))
        self.topic.enter(hlc, statement, Batch())


def record(item: str, order: int, kind: str = "notification") -> list[Any]:
    return [item, "item", {"kind": kind, "title": item, "by": "svc", "at": 1, "order": order}, 1, "svc"]


def test_items_come_newest_first_and_those_that_are_not_saved_before_them() -> None:
    scene = Scene()
    scene.enter("new", "item", {"kind": "task", "title": "new"}, 9)
    scene.bring(["n2", "deleted", True, 5, "laptop"])
    assert [item.id for item in scene.view.items()] == ["new", "n3", "n1"]
    deleted = scene.view.item(ItemId("n2"))
    assert deleted is not None
    assert deleted.deleted


def test_counts_follow_every_change() -> None:
    scene = Scene()
    steps: list[list[Any]] = [
        ["n1", "read", True, 5, "laptop"],
        ["n2", "seen", True, 5, "laptop"],
        ["*", "read_upto", 2, 6, "laptop"],
        record("t1", 9, "task"),
        ["t1", "status", [1, "running"], 7, "laptop"],
        ["n1", "read", False, 8, "laptop"],
        ["n3", "archived", True, 9, "laptop"],
        ["t1", "status", [1, "failed"], 9, "laptop"],
        ["n3", "snoozed", NOW + 10, 9, "laptop"],
        ["n3", "archived", False, 10, "laptop"],
    ]
    for step in steps:
        scene.bring(step)
        fresh = View(scene.topic, None, lambda: scene.now)
        assert scene.view.counts() == fresh.counts() == count_all(fresh._derived.values())
    scene.now += 11
    assert scene.view.counts().unread == 2


async def test_a_follower_is_told_each_item_once_as_it_stands() -> None:
    scene = Scene()
    changes = scene.view.follow()
    scene.bring(["n1", "read", True, 5, "laptop"])
    scene.bring(["n2", "pinned", True, 5, "laptop"])
    scene.bring(["n1", "pinned", True, 5, "laptop"])
    first, second = await anext(changes), await anext(changes)
    assert (first.kind, first.id, second.id) == ("item", "n1", "n2")
    assert first.item is not None
    assert (first.item.read, first.item.pinned) == (True, True)
    scene.bring(["n1", "deleted", True, 6, "laptop"])
    assert (await anext(changes)).kind == "gone"


async def test_a_follower_that_lags_gets_one_reset_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_CHANGES", 5)
    scene = Scene(items=20)
    changes = scene.view.follow()
    for number in range(1, 21):
        scene.bring([f"n{number}", "read", True, 5, "laptop"])
    assert (await anext(changes)).kind == "reset"
    scene.bring(["n1", "read", False, 6, "laptop"])
    assert (await anext(changes)).id == "n1"


async def test_full_and_mark_all_tell_what_they_change() -> None:
    scene = Scene()
    changes = scene.view.follow()
    scene.enter("*", "read_upto", 2, 6)
    assert {(await anext(changes)).id, (await anext(changes)).id} == {"n1", "n2"}
    scene.bring(record("other", 1), full=True)
    assert (await anext(changes)).kind == "reset"
    assert [item.id for item in scene.view.items()] == ["other"]


async def test_an_iterator_ends_or_raises_after_what_waits() -> None:
    scene = Scene()
    ended, raising = scene.view.follow(), scene.view.follow()
    scene.bring(["n1", "read", True, 5, "laptop"])
    await ended.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(ended)
    scene.view.stop(ValueError("over"))
    assert (await anext(raising)).id == "n1"
    for late in (raising, scene.view.follow()):
        with pytest.raises(ValueError, match="over"):
            await asyncio.wait_for(anext(late), 5)


def test_a_change_derives_what_it_touches_however_large_the_ledger_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(items=2_000)
    derived = 0

    def counted(*given: Any) -> Any:
        nonlocal derived
        derived += 1
        return derive(*given)

    monkeypatch.setattr("tongbu.view.derive", counted)
    scene.bring(["n7", "read", True, 5, "laptop"])
    scene.enter("n8", "pinned", True, 6)
    scene.view.counts()
    assert derived == 2


def test_what_is_personal_about_a_space_is_looked_up_in_the_own_inbox() -> None:
    clock = HybridClock(lambda: NOW)
    space, own = LedgerTopic("space/team", 0, 0, clock), LedgerTopic(OWN_INBOX, 0, 0, clock)
    space.bring([record("n1", 1), record("n2", 2)], 1, True, False, Batch())
    view = View(space, own, lambda: NOW)
    own.bring([["space/team/n1", "archived", True, 5, "laptop"]], 1, False, False, Batch())
    own.bring([["space/other/n2", "archived", True, 5, "laptop"]], 2, False, False, Batch())
    assert view.counts().unread == 1
    own.bring([["space/team/*", "read_upto", 9, 6, "laptop"]], 3, False, False, Batch())
    assert view.counts().unread == 0
    own.bring([["*", "read_upto", 0, 7, "laptop"]], 4, True, False, Batch())
    assert view.counts().unread == 2
