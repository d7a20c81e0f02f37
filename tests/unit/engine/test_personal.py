"""What is personal about a space's items: each reader states and sees their own, through every action."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine.commands import run_command
from hub.engine.shapes import Item, ItemFilter, StreamEvent
from hub.errors import BadField, BadId, BadValue, ClockAhead, Forbidden, NotFound, UnknownTopic
from hub.model import Counts, Identity, ItemId, TopicName, UserId
from hub.ports import MemberRow
from hub.state.clock import hlc_of
from hub.state.derive import ReadUpto, count_all, derive
from hub.state.names import personal_name
from tests.kit.clocks import START
from tests.kit.engines import Engine, notification, running_engine, task

SPACE = "space/t"
NAME = TopicName(SPACE)
INBOX = "inbox/ann"
DAY = 86_400
NOTHING = Counts(0, 0, 0)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(retention=DAY) as engine:
        await furnish(engine)
        yield engine


async def furnish(engine: Engine) -> None:
    """A space that ``ann`` may read and ``bob`` may write, with two notifications and a task."""
    directory = engine.storage.directory
    await directory.put_member(MemberRow(NAME, UserId("ann"), "read"))
    await directory.put_member(MemberRow(NAME, UserId("bob"), "write"))
    said = [("r", "item", notification(), 0), ("s", "item", notification(), 0), ("w", "item", task(), 0)]
    await engine.push(SPACE, said)


def who(engine: Engine, user: str = "ann") -> Identity:
    return engine.identity(user)


async def change(engine: Engine, caller: Identity, item: str, **changes: Any) -> Item:
    return await engine.actions.change(caller, NAME, item, changes)


async def listed(engine: Engine, caller: Identity, **which: Any) -> list[str]:
    page = await engine.actions.items(caller, NAME, ItemFilter(**which), 10, None)
    return [str(item["id"]) for item in page.items]


# ------------------------------------------------------------------ what a device pushed


async def test_what_a_device_stated_in_its_inbox_is_seen_in_every_answer(engine: Engine) -> None:
    ann = who(engine)
    await engine.push(INBOX, [("space/t/r", "read", True, 0), ("space/t/w", "pinned", True, 0)])
    assert (await engine.actions.item(ann, NAME, "r"))["read"] is True
    assert (await engine.actions.item(ann, NAME, "w"))["pinned"] is True
    assert await listed(engine, ann, unread=False) == ["r"]
    assert await listed(engine, ann, unread=True) == ["w", "s"]
    assert await engine.actions.counts(ann, NAME) == Counts(1, 1, 1)
    assert (await run_command(engine.actions, ann, "get", {"topic": SPACE, "item": "r"}))["read"] is True  # type: ignore[index, call-overload]  # an item
    assert await run_command(engine.actions, ann, "counts", {"topic": SPACE}) == {
        "unread": 1,
        "unseen": 1,
        "open": 1,
    }


async def test_it_is_nobody_elses_and_of_no_other_space(engine: Engine) -> None:
    await engine.storage.directory.put_member(MemberRow(TopicName("space/u"), UserId("ann"), "read"))
    await engine.push("space/u", [("r", "item", notification(), 0)])
    await change(engine, who(engine), "r", read=True)
    assert (await engine.actions.item(who(engine, "bob"), NAME, "r"))["read"] is False
    assert await engine.actions.counts(who(engine, "bob"), NAME) == Counts(2, 2, 1)
    assert (await engine.actions.item(who(engine), TopicName("space/u"), "r"))["read"] is False
    assert await engine.actions.counts(who(engine), TopicName("space/u")) == Counts(1, 1, 0)


@pytest.mark.parametrize("scopes", [("admin",), ("publish",)])
async def test_who_has_no_inbox_of_their_own_sees_a_space_as_it_is(
    engine: Engine, scopes: tuple[Any, ...]
) -> None:
    caller = engine.identity("ann", *scopes)
    await engine.push(INBOX, [("space/t/t1", "read", True, 0)])
    if scopes == ("publish",):
        made, _ = await engine.actions.create(caller, NAME, "t1", notification())
        assert made["read"] is False
        assert (await engine.actions.item(caller, NAME, "t1"))["read"] is False
    else:
        await engine.push(INBOX, [("space/t/r", "read", True, 0)])
        assert (await engine.actions.item(caller, NAME, "r"))["read"] is False
        assert await engine.actions.counts(caller, NAME) == Counts(2, 2, 1)
    for act in (
        change(engine, caller, "r", read=True),
        engine.actions.read_all(caller, NAME),
    ):
        with pytest.raises(Forbidden):
            await act


async def test_what_was_stated_before_the_item_came_is_in_the_answer_to_its_creator(engine: Engine) -> None:
    bob = engine.identity("bob", "user", "publish")
    await engine.push("inbox/bob", [("space/t/n", "pinned", True, 0), ("space/t/x", "pinned", True, 0)])
    item, created = await engine.actions.create(bob, NAME, "n", notification())
    assert (created, item["pinned"]) == (True, True)
    started = await engine.actions.start(bob, NAME, "x", task())
    assert (started["status"], started["pinned"]) == ("running", True)


# ------------------------------------------------------------------ stating


@pytest.mark.parametrize(
    ("field", "value"),
    [("read", True), ("seen", True), ("archived", True), ("pinned", True), ("snoozed", START + 60_000)],
)
async def test_what_is_personal_is_stated_in_the_own_inbox_also_by_who_may_only_read(
    engine: Engine, field: str, value: Any
) -> None:
    before = engine.ledger(SPACE).seq
    answer = await change(engine, who(engine), "r", **{field: value})
    assert answer[field] == value
    assert await engine.value(INBOX, "space/t/r", field) == value
    assert engine.ledger(SPACE).seq == before


async def test_a_mark_states_both_kinds_each_where_it_belongs(engine: Engine) -> None:
    params = {"topic": SPACE, "item": "w", "read": True, "title": "new", "deleted": False, "hlc": 5}
    answer: Any = await run_command(engine.actions, who(engine, "bob"), "mark", params)
    assert (answer["read"], answer["title"]) == (True, "new")
    assert await engine.value(SPACE, "w", "title") == "new"
    assert await engine.value("inbox/bob", "space/t/w", "read") is True
    register = (await engine.registers("inbox/bob"))[ItemId("space/t/w")]
    assert [each.hlc for each in register.values()] == [5]


async def test_a_change_of_which_a_part_is_refused_changes_nothing(engine: Engine) -> None:
    inbox, space = engine.ledger(INBOX).seq, engine.ledger(SPACE).seq
    refused: list[tuple[str, str, dict[str, Any], type[Exception]]] = [
        ("ann", "w", {"read": True, "title": "x"}, Forbidden),
        ("bob", "r", {"read": True, "status": "running"}, BadField),
        ("bob", "w", {"read": True, "title": ""}, BadValue),
        ("bob", "w", {"read": "yes", "title": "x"}, BadValue),
        ("bob", "w", {"read": True, "colour": "red"}, BadField),
        ("bob", "nowhere", {"read": True}, NotFound),
        ("bob", "*", {"read": True}, BadField),
        ("bob", "a/b", {"read": True}, BadId),
        ("eve", "r", {"read": True}, Forbidden),
        ("bob", "r", {}, BadValue),
    ]
    for user, item, changes, error in refused:
        with pytest.raises(error):
            await change(engine, who(engine, user), item, **changes)
    with pytest.raises(ClockAhead):
        await engine.actions.change(who(engine), NAME, "r", {"read": True}, hlc_of(START + 120_000))
    with pytest.raises(UnknownTopic):
        await engine.actions.change(who(engine), TopicName("space/none"), "r", {"read": True})
    assert (engine.ledger(INBOX).seq, engine.ledger(SPACE).seq) == (inbox, space)
    assert engine.ledger("inbox/bob").seq == engine.ledger("inbox/eve").seq == 0


async def test_an_item_in_history_keeps_what_is_personal_about_it(engine: Engine) -> None:
    await engine.push(SPACE, [("r", "deleted", True, 0), ("w", "status", [1, "failed"], 0)])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    assert (await change(engine, who(engine), "w", pinned=True))["pinned"] is True
    assert (await engine.actions.item(who(engine), NAME, "w"))["pinned"] is True
    page = await engine.actions.items(who(engine), NAME, ItemFilter(history=True), 10, None)
    assert [(item["id"], item["pinned"]) for item in page.items] == [("s", False), ("w", True)]


@pytest.mark.parametrize("params", [{}, {"attempt": 2}])
@pytest.mark.parametrize("topic", [SPACE, INBOX])
async def test_a_mark_without_a_field_is_a_bad_value(
    engine: Engine, topic: str, params: dict[str, Any]
) -> None:
    with pytest.raises(BadValue, match="at least one field"):
        await run_command(engine.actions, who(engine, "bob"), "mark", {"topic": topic, "item": "w", **params})
    with pytest.raises(BadField):
        await run_command(engine.actions, who(engine, "bob"), "progress", {"topic": SPACE, "item": "w"})


# ------------------------------------------------------------------ everything read


async def test_read_all_marks_the_space_in_the_own_inbox(engine: Engine) -> None:
    ann = who(engine)
    assert await engine.actions.read_all(ann, NAME) == Counts(0, 0, 1)
    order = engine.ledger(SPACE).order
    assert await engine.value(INBOX, "space/t/*", "read_upto:ann.api") == order
    assert (await engine.actions.item(ann, NAME, "r"))["read"] is True
    assert await listed(engine, ann, unread=True) == ["w"]
    assert await engine.actions.counts(who(engine, "bob"), NAME) == Counts(2, 2, 1)
    await engine.push(SPACE, [("late", "item", notification(), 0)])
    assert await engine.actions.counts(ann, NAME) == Counts(1, 1, 1)


async def test_read_all_takes_what_is_beyond_the_last_item_for_the_last(engine: Engine) -> None:
    params = {"topic": SPACE, "upto": 2**53 - 1}
    assert await run_command(engine.actions, who(engine), "read_all", params) == {
        "unread": 0,
        "unseen": 0,
        "open": 1,
    }
    assert await engine.value(INBOX, "space/t/*", "read_upto:ann.api") == engine.ledger(SPACE).order


async def test_read_all_below_the_standing_mark_makes_nothing_unread(engine: Engine) -> None:
    ann = who(engine)
    await engine.actions.read_all(ann, NAME)
    await change(engine, ann, "r", read=False)
    first = (await engine.actions.item(ann, NAME, "r"))["order"]
    assert await engine.actions.read_all(ann, NAME, first) == Counts(0, 0, 1)  # type: ignore[arg-type]  # an order
    assert await engine.value(INBOX, "space/t/r", "read") is True


async def test_a_space_whose_orders_ran_ahead_of_the_clock_is_read_item_by_item(engine: Engine) -> None:
    engine.clock.advance(DAY)
    await engine.push(SPACE, [("late", "item", notification(), 0)])
    engine.clock.advance(-DAY)
    assert await engine.actions.read_all(who(engine), NAME) == Counts(0, 0, 1)
    assert await engine.value(INBOX, "space/t/late", "read") is True


# ------------------------------------------------------------------ agreement

ITEMS = ("r", "s", "w")
PERSONAL = st.one_of(
    st.tuples(
        st.sampled_from([f"space/t/{item}" for item in ITEMS]),
        st.sampled_from(["read", "seen", "archived"]),
        st.booleans(),
    ),
    st.tuples(st.just("space/t/r"), st.just("snoozed"), st.sampled_from([None, START + 1000, START + 9000])),
    st.tuples(st.just("space/t/*"), st.just("read_upto"), st.integers(START - 1, START + 3)),
    st.tuples(st.just("space/u/r"), st.just("read"), st.booleans()),
)
SHARED = st.one_of(
    st.tuples(st.sampled_from(["r", "w"]), st.just("deleted"), st.booleans()),
    st.tuples(
        st.just("w"), st.just("status"), st.sampled_from([[1, "running"], [1, "failed"], [2, "queued"]])
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    said=st.lists(st.tuples(st.booleans(), PERSONAL, SHARED, st.integers(0, 5)), max_size=8),
    seconds=st.integers(0, 10),
)
def test_every_answer_is_what_is_derived_from_both_ledgers(said: list[Any], seconds: int) -> None:
    asyncio.run(agree(said, seconds))


async def agree(said: list[Any], seconds: int) -> None:
    async with running_engine() as engine:
        await furnish(engine)
        ann = who(engine)
        follower = engine.actions.stream(ann, NAME, None)
        assert (await anext(follower)).kind == "counts"
        for is_personal, personal, shared, stamp in said:
            each = (*(personal if is_personal else shared), hlc_of(START, stamp))
            await engine.push(INBOX if is_personal else SPACE, [each])
        engine.clock.advance(seconds)
        registers, own = await engine.registers(SPACE), await engine.registers(INBOX)
        marks = ReadUpto(own.get(ItemId("space/t/*")))
        states = {}
        for item in ITEMS:
            state = derive(
                registers[ItemId(item)], marks, engine.clock.now(), own.get(personal_name("t", item), {})
            )
            assert state is not None
            states[item] = state
        counts = count_all(states.values())
        assert await engine.actions.counts(ann, NAME) == counts
        page = await engine.actions.items(ann, NAME, ItemFilter(), 10, None)
        assert {str(item["id"]): item["read"] for item in page.items} == {
            item: state.read for item, state in states.items() if not state.deleted
        }
        for listed_item in page.items:
            assert await engine.actions.item(ann, NAME, str(listed_item["id"])) == listed_item
        while (event := await anext(follower)).kind != "counts":
            if event.kind == "beat":
                break
        assert event.kind == "beat" or Counts(**event.data) == counts  # type: ignore[arg-type]  # counts
        await follower.aclose()  # type: ignore[attr-defined]  # an async generator


# ------------------------------------------------------------------ streams


class Heard:
    """A stream of ``ann``'s, listened to step by step."""

    def __init__(self, engine: Engine, last_event_id: str | None = None, topic: str = SPACE) -> None:
        self.events = engine.actions.stream(who(engine), TopicName(topic), last_event_id)
        self.last_id = ""

    async def next(self) -> list[StreamEvent]:
        """The next group: up to its counts, or one beat."""
        group: list[StreamEvent] = []
        async with asyncio.timeout(5):
            while not group or group[-1].kind not in ("counts", "beat"):
                group.append(await anext(self.events))
        self.last_id = group[-1].id or self.last_id
        return group

    async def stop(self) -> None:
        await self.events.aclose()  # type: ignore[attr-defined]  # an async generator


def kinds(group: list[StreamEvent]) -> list[str]:
    return [event.kind for event in group]


async def test_a_stream_of_a_space_shows_what_changes_for_the_follower_alone(engine: Engine) -> None:
    stream = Heard(engine)
    assert (await stream.next())[0].data == {"unread": 2, "unseen": 2, "open": 1}
    assert kinds(await stream.next()) == ["beat"]
    await engine.push(INBOX, [("space/t/r", "read", True, 0), ("n", "item", notification(), 0)])
    item, counts = await stream.next()
    data: Any = item.data
    assert (data["id"], data["read"]) == ("r", True)
    assert counts.data == {"unread": 1, "unseen": 1, "open": 1}
    await engine.push(SPACE, [("w", "status", [1, "running"], 0)])
    item, _ = await stream.next()
    data = item.data
    assert (data["id"], data["status"]) == ("w", "running")
    await engine.push(INBOX, [("space/t/*", "read_upto", START, 0)])
    assert kinds(await stream.next()) == ["reset", "counts"]
    await stream.stop()
    for topic in (SPACE, INBOX):
        assert (engine.ledger(topic).readers, engine.ledger(topic).followers) == ({}, 0)
    assert len(engine.sessions) == 0


async def test_what_else_happens_in_the_inbox_wakes_no_follower_of_a_space(engine: Engine) -> None:
    stream = Heard(engine)
    await stream.next()
    assert kinds(await stream.next()) == ["beat"]
    next_group = asyncio.ensure_future(stream.next())
    other = [("n", "item", notification(), 0), ("space/u/r", "read", True, 0), ("*", "read_upto", 5, 0)]
    await engine.push(INBOX, other)
    await engine.push("inbox/bob", [("space/t/r", "read", True, 0)])
    await engine.quiet()
    assert not next_group.done()
    await engine.push(INBOX, [("space/t/s", "pinned", True, 0)])
    assert kinds(await next_group) == ["item", "counts"]
    await stream.stop()


async def test_what_is_personal_about_a_space_wakes_no_follower_of_the_inbox(engine: Engine) -> None:
    stream = Heard(engine, topic=INBOX)
    await stream.next()
    assert kinds(await stream.next()) == ["beat"]
    next_group = asyncio.ensure_future(stream.next())
    await engine.push(INBOX, [("space/t/r", "snoozed", START + 5000, 0), ("space/t/*", "read_upto", 5, 0)])
    await engine.quiet()
    assert not next_group.done()
    await engine.push(INBOX, [("n", "item", notification(), 0)])
    assert kinds(await next_group) == ["item", "counts"]
    await stream.stop()


async def test_a_stream_of_a_space_resumes_with_what_was_missed_in_both(engine: Engine) -> None:
    stream = Heard(engine)
    await stream.next()
    await stream.stop()
    await engine.push(INBOX, [("space/t/r", "read", True, 0), ("space/u/s", "read", True, 0)])
    await engine.push(SPACE, [("w", "status", [1, "running"], 0)])
    later = Heard(engine, stream.last_id)
    assert kinds(await later.next()) == ["counts"]
    group = await later.next()
    assert {event.data["id"] for event in group[:-1]} == {"r", "w"}  # type: ignore[index, call-overload]  # items
    await later.stop()
    for last_id in (stream.last_id.rpartition("-")[0], f"{stream.last_id}-1-1", f"{stream.last_id}9"):
        lost = Heard(engine, last_id)
        await lost.next()
        assert kinds(await lost.next())[0] == "reset"
        await lost.stop()


async def test_a_snooze_of_the_followers_own_ends_on_time(engine: Engine) -> None:
    await engine.push(INBOX, [("space/t/r", "snoozed", START + 5000, 0)])
    stream = Heard(engine)
    assert (await stream.next())[0].data == {"unread": 1, "unseen": 1, "open": 1}
    assert kinds(await stream.next()) == ["beat"]
    engine.clock.advance(5)
    await engine.push(INBOX, [("space/t/s", "pinned", True, 0)])  # so that it looks at the clock
    shown = await stream.next()
    assert {event.data["id"] for event in shown[:-1]} == {"r", "s"}  # type: ignore[index, call-overload]  # items
    assert shown[-1].data == {"unread": 2, "unseen": 2, "open": 1}
    await stream.stop()


async def test_a_snooze_that_was_over_before_is_no_news(engine: Engine) -> None:
    await engine.push(INBOX, [("space/t/r", "snoozed", START + 5000, 0)])
    engine.clock.advance(5)
    stream = Heard(engine)
    assert (await stream.next())[0].data == {"unread": 2, "unseen": 2, "open": 1}
    assert kinds(await stream.next()) == ["beat"]
    await stream.stop()


async def test_a_stream_of_a_space_ends_with_the_membership(engine: Engine) -> None:
    stream = Heard(engine)
    await stream.next()
    await stream.next()
    await engine.storage.directory.delete_member(NAME, UserId("ann"))
    engine.sessions.access_changed(NAME, UserId("ann"))
    with pytest.raises(StopAsyncIteration):
        await stream.next()
    assert engine.ledger(INBOX).readers == {}
