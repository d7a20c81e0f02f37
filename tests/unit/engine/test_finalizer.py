"""When the hub decides that something happened: one event a fact, saved with the change that caused it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from hub.engine.ledger_calls import into
from hub.engine.shapes import Item
from hub.errors import Exists, Unavailable
from hub.model import Delivery, Event, ItemId, TopicName, UserId
from hub.ports import MemberRow
from hub.state.clock import hlc_of
from tests.kit.clocks import START
from tests.kit.engines import Engine, EverythingTo, notification, running_engine, task

INBOX = "inbox/ann"
SPACE = "space/team"


@pytest.fixture
def routing() -> EverythingTo:
    return EverythingTo("ops")


@pytest.fixture
async def engine(routing: EverythingTo) -> AsyncIterator[Engine]:
    async with running_engine(routing=routing, retention=86_400.0) as engine:
        yield engine


def at(counter: int) -> int:
    """A stamp of the beginning."""
    return hlc_of(START, counter)


def ends(engine: Engine) -> list[tuple[int, str | None]]:
    return [(event.attempt, event.status) for event in engine.events()]


async def sealed(engine: Engine, topic: str = INBOX, item: str = "t1") -> tuple[int, str] | None:
    final: Any = await engine.value(topic, item, "final")
    return (final["attempt"], final["status"]) if final else None


async def join_team(engine: Engine, *users: str) -> None:
    for user in users:
        await engine.storage.directory.put_member(MemberRow(TopicName(SPACE), UserId(user), "write"))


# ------------------------------------------------------------------ one transaction


async def test_event_final_and_deliveries_are_in_the_transaction_of_the_change(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    engine.store.forget()
    await engine.push(INBOX, [("t1", "status", [1, "failed"], 0)])
    (batch,) = engine.store.commits
    (event,), (delivery,) = batch.events, batch.deliveries
    final: Any = await engine.value(INBOX, "t1", "final")
    assert (final["event"], final["at"], delivery.event) == (event.id, event.at, event.id)
    assert (delivery.channel, delivery.user, delivery.topic) == ("ops", "ann", INBOX)
    assert [row.event for row in await engine.deliveries()] == engine.events()


async def test_a_commit_that_fails_leaves_none_of_them_and_the_next_one_all(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    engine.store.at_commit.refuse()
    with pytest.raises(Unavailable):
        await engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))])
    engine.store.at_commit.accept()
    assert (engine.events(), await engine.deliveries()) == ([], [])
    assert await sealed(engine) is None
    await engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))])
    assert (len(engine.events()), len(await engine.deliveries())) == (1, 1)
    assert await sealed(engine) == (1, "failed")


async def test_a_push_that_is_refused_decides_nothing(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("n1", "item", notification(), 0)])
    said = [("t1", "status", [1, "failed"], at(1)), ("t1", "status", [2, "queued"], at(2))]
    bad = engine.push(INBOX, [*said, ("n1", "due", None, 0)])
    await asyncio.gather(bad, return_exceptions=True)
    assert [event.type for event in engine.events()] == ["notification.raised"]
    assert await sealed(engine) is None


async def test_after_a_crash_the_same_end_is_no_second_event(engine: Engine, routing: EverythingTo) -> None:
    said = [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(1))]
    await engine.push(INBOX, said)
    await engine.crash()
    async with running_engine(engine.storage, engine.clock, routing) as later:
        await later.push(INBOX, said)
        await later.push(INBOX, [("t1", "status", [1, "succeeded"], at(0))], "laptop")
        assert (ends(later), len(await later.deliveries())) == ([(1, "failed")], 1)
        await later.folding.fold()
        await later.push(INBOX, [("t1", "status", [1, "canceled"], at(0) - 1)], "tablet")
        assert ends(later) == [(1, "failed")]


async def test_a_crash_before_the_commit_leaves_the_decision_to_who_comes_back(
    engine: Engine, routing: EverythingTo
) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    engine.store.at_commit.close()
    pushed = engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))])
    await engine.store.at_commit.arrival()
    await engine.crash()
    pushed.cancel()
    async with running_engine(engine.storage, engine.clock, routing) as later:
        assert later.events() == []
        await later.push(INBOX, [("t1", "status", [1, "failed"], at(1))])
        assert ends(later) == [(1, "failed")]


async def test_whoever_sends_is_told_once_it_is_saved_and_not_before(engine: Engine) -> None:
    told: list[tuple[Sequence[Event], Sequence[Delivery]]] = []
    engine.pipeline.decided = lambda *decided: told.append(decided)
    engine.store.at_commit.close()
    pushed = engine.push(INBOX, [("n1", "item", notification(), 0), ("t1", "item", task(), 0)])
    await engine.store.at_commit.arrival()
    assert told == []
    engine.store.at_commit.open()
    await pushed
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], 0)])
    ((events, deliveries),) = told
    assert [event.item for event in events] == ["n1"]
    assert [delivery.event for delivery in deliveries] == [events[0].id]


async def test_one_who_was_told_and_fails_takes_nothing_back(engine: Engine) -> None:
    def fail(*_decided: object) -> None:
        raise RuntimeError("no")

    engine.pipeline.decided = fail
    assert await engine.push(INBOX, [("n1", "item", notification(), 0)]) == 1
    assert await engine.push(INBOX, [("n2", "item", notification(), 0)]) == 2
    assert engine.ledger(INBOX).items == 2


async def test_routes_that_fail_keep_no_task_from_ending(engine: Engine, routing: EverythingTo) -> None:
    routing.fails = True
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(1))])
    assert (ends(engine), await engine.deliveries()) == ([(1, "failed")], [])
    assert await sealed(engine) == (1, "failed")


# ------------------------------------------------------------------ attempts


async def test_two_ends_of_one_attempt_are_one_event(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(2))])
    await engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(1))], "laptop")
    assert ends(engine) == [(1, "failed")]
    assert await sealed(engine) == (1, "failed")


async def test_a_reopened_task_that_ends_again_is_another_event_with_its_own_deliveries(
    engine: Engine,
) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(1))])
    await engine.push(INBOX, [("t1", "status", [1, "queued"], at(2))])
    await engine.push(INBOX, [("t1", "status", [2, "succeeded"], at(3))])
    assert ends(engine) == [(1, "failed"), (2, "succeeded")]
    assert [row.event.attempt for row in await engine.deliveries()] == [1, 2]
    assert await sealed(engine) == (2, "succeeded")


@pytest.mark.parametrize("reopened", [[1, "queued"], [2, "running"]])
async def test_an_end_counts_even_where_its_reopening_shares_the_turn(
    engine: Engine, reopened: list[Any]
) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    await asyncio.gather(
        engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))], "agent"),
        engine.push(INBOX, [("t1", "status", reopened, at(2))], "phone"),
    )
    assert ends(engine) == [(1, "failed")]
    assert await sealed(engine) == (1, "failed")
    await engine.push(INBOX, [("t1", "status", [2, "succeeded"], at(3))])
    assert ends(engine) == [(1, "failed"), (2, "succeeded")]


async def test_everything_an_agent_did_offline_is_told_attempt_by_attempt(engine: Engine) -> None:
    said = [
        ("t1", "item", task(), 0),
        ("t1", "status", [1, "failed"], at(1)),
        ("t1", "status", [1, "queued"], at(2)),
        ("t1", "status", [2, "running"], at(3)),
        ("t1", "status", [2, "failed"], at(4)),
        ("t1", "status", [3, "succeeded"], at(5)),
    ]
    await engine.push(INBOX, said)
    assert ends(engine) == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert await sealed(engine) == (3, "succeeded")


async def test_an_attempt_outranked_by_a_later_one_is_not_final_any_more(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [2, "running"], at(0))])
    await engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(5))])
    assert (engine.events(), await sealed(engine)) == ([], None)


# ------------------------------------------------------------------ what comes late


async def test_an_end_that_came_before_its_task_is_told_when_the_task_comes(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "status", [1, "failed"], at(2))], "laptop")
    assert engine.events() == []
    await engine.folding.fold()
    await engine.push(INBOX, [("t1", "item", task(), 0)], "phone")
    assert ends(engine) == [(1, "failed")]
    final: Any = await engine.value(INBOX, "t1", "final")
    assert (final["status"], final["hlc"]) == ("failed", at(2))
    await engine.push(INBOX, [("t1", "item", task(), 0)], "laptop")
    assert len(engine.events()) == 1


async def test_of_what_came_before_its_task_only_the_latest_attempt_is_told(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))])
    await engine.push(INBOX, [("t1", "status", [2, "succeeded"], at(2))])
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    assert ends(engine) == [(2, "succeeded")]


async def test_a_task_that_came_with_a_later_attempt_tells_the_end_it_found(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))], "laptop")
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [2, "running"], at(2))])
    assert ends(engine) == [(1, "failed")]


async def test_an_end_stated_on_what_turns_out_to_be_a_notification_is_none(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "status", [1, "failed"], at(1))])
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    assert [event.type for event in engine.events()] == ["notification.raised"]


async def test_a_late_end_of_an_item_in_history_is_told_once(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "archived", True, 0)])
    await engine.folding.fold()
    engine.advance(2 * 86_400)
    await engine.sweeper.sweep()
    assert (TopicName(INBOX), ItemId("t1")) in engine.storage.tables.history
    for device in ("phone", "laptop"):
        await engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))], device)
    assert (ends(engine), len(await engine.deliveries())) == ([(1, "failed")], 1)
    await engine.push(INBOX, [("t1", "status", [2, "running"], at(3))])
    await engine.push(INBOX, [("t1", "status", [2, "succeeded"], at(4))])
    assert ends(engine) == [(1, "failed"), (2, "succeeded")]


# ------------------------------------------------------------------ notifications


async def test_a_notification_is_raised_when_it_is_published_once_and_by_nothing_else(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "read", True, 0)])
    for actor in ("a", "b"):
        await engine.push(INBOX, [("n1", "item", notification(), 0)], actor)
    await engine.push(INBOX, [("n1", "archived", True, 0)])
    (event,) = engine.events()
    assert (event.type, event.item, event.attempt, event.status) == ("notification.raised", "n1", 0, None)


async def test_one_published_to_many_is_an_event_in_each_place(engine: Engine, routing: EverythingTo) -> None:
    await join_team(engine, "bob", "eve")
    caller = engine.identity("svc", "publish")
    topics = [TopicName(name) for name in (INBOX, "inbox/bob", SPACE)]
    for _ in range(2):
        await engine.actions.create_many(caller, topics, "n1", notification())
    assert sorted(event.topic for event in engine.events()) == sorted(topics)
    users = {event.topic: users for event, _, users in routing.asked}
    assert users == {INBOX: ["ann"], "inbox/bob": ["bob"], SPACE: ["bob", "eve"]}


async def test_routes_see_the_record_as_it_is_saved(engine: Engine, routing: EverythingTo) -> None:
    await engine.push(INBOX, [("n1", "item", notification("Full", level="error", tags=["disk"]), 0)])
    ((_, record, _),) = routing.asked
    assert record == await engine.value(INBOX, "n1", "item")
    assert (record["title"], record["level"], record["tags"]) == ("Full", "error", ["disk"])


# ------------------------------------------------------------------ spaces


async def test_an_event_of_a_space_is_for_all_its_members_as_of_the_turn(
    engine: Engine, routing: EverythingTo
) -> None:
    await join_team(engine, "ann", "bob")
    await engine.push(SPACE, [("t1", "item", task(), 0), ("t1", "status", [1, "running"], at(0))])
    await join_team(engine, "eve")
    await engine.storage.directory.delete_member(TopicName(SPACE), UserId("bob"))
    await engine.push(SPACE, [("t1", "status", [1, "failed"], at(1))])
    assert [users for _, _, users in routing.asked] == [["ann", "eve"]]
    assert [(row.user, row.channel) for row in await engine.deliveries()] == [("ann", "ops"), ("eve", "ops")]
    (event,) = engine.events()
    assert (event.user, event.topic) == (None, SPACE)


async def test_a_space_whose_end_waited_for_the_task_asks_for_members_then(
    engine: Engine, routing: EverythingTo
) -> None:
    await join_team(engine, "ann")
    await engine.push(SPACE, [("t1", "status", [1, "failed"], at(1))])
    await join_team(engine, "bob")
    await engine.push(SPACE, [("t1", "item", task(), 0)])
    assert [users for _, _, users in routing.asked] == [["ann", "bob"]]


async def test_members_are_read_only_where_an_event_may_come_of_it(engine: Engine) -> None:
    await join_team(engine, "ann")
    await engine.push(SPACE, [("t1", "item", task(), 0)])
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(1))])
    assert [wanted.members for wanted in engine.store.reads] == [{SPACE}, set()]
    await engine.push(SPACE, [("t1", "status", [1, "running"], at(1)), ("t1", "progress", [1, 0.1], at(1))])
    engine.store.forget()
    said = [("t1", "status", [1, "paused"], at(2)), ("t1", "progress", [1, 0.5, "half"], at(2))]
    await engine.push(SPACE, said)
    await engine.push(INBOX, [("space/team/t1", "read", True, 0), ("space/team/t1", "seen", True, 0)])
    assert [wanted.members for wanted in engine.store.reads if wanted.members] == []
    await engine.push(SPACE, [("t1", "status", [1, "succeeded"], at(3))])
    assert [wanted.members for wanted in engine.store.reads if wanted.members] == [{SPACE}]


async def test_routes_see_the_whole_record_also_of_a_task_that_only_the_tables_hold(
    engine: Engine, routing: EverythingTo
) -> None:
    await engine.push(INBOX, [("t1", "item", task(title="备份", tags=["nightly"]), 0)])
    await engine.folding.fold()
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], 0)])
    await engine.push(INBOX, [("t1", "status", [1, "failed"], 0)])
    [(_, record, _)] = routing.asked
    assert (record["title"], record["tags"]) == ("备份", ["nightly"])


async def test_routes_see_the_whole_record_whoever_else_states_in_the_turn(
    engine: Engine, routing: EverythingTo
) -> None:
    await engine.push(INBOX, [("t1", "item", task(title="备份"), 0)])
    await engine.folding.fold()
    progress = engine.push(INBOX, [("t1", "progress", [1, 0.5], at(1))])
    await asyncio.gather(progress, engine.push(INBOX, [("t1", "status", [1, "failed"], at(2))]))
    [(_, record, _)] = routing.asked
    assert record["title"] == "备份"


async def test_the_same_record_again_is_known_from_the_tables_and_another_is_refused(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(title="备份"), 0)])
    await engine.folding.fold()
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], 0)])
    engine.store.forget()
    await engine.push(INBOX, [("t1", "item", task(title="备份"), 0)])
    assert engine.store.commits == []
    with pytest.raises(Exists):
        await engine.push(INBOX, [("t1", "item", task(title="other"), 0)])


async def test_an_end_by_command_beside_a_push_on_the_same_task_shows_routes_the_whole_record(
    engine: Engine, routing: EverythingTo
) -> None:
    await engine.push(INBOX, [("t1", "item", task(title="备份"), 0)])
    await engine.folding.fold()
    progress = engine.push(INBOX, [("t1", "progress", [1, 0.5], at(1))])
    ended: asyncio.Future[Item] = asyncio.get_running_loop().create_future()
    ann, values = engine.identity("ann"), {"status": "failed"}
    engine.actions.begun.change(ann, TopicName(INBOX), "t1", values, None, "item", *into(ended))
    await asyncio.gather(progress, ended)
    [(_, record, _)] = routing.asked
    assert record["title"] == "备份"
