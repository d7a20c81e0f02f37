"""Counts, lists and streams: always what a fresh look at all registers would derive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine.following import PENDING_ITEMS
from hub.engine.shapes import ItemFilter, StreamEvent
from hub.errors import BadValue
from hub.model import Counts, Identity, ItemId, Slot, TopicName, UserId
from hub.state.clock import hlc_of
from hub.state.derive import ReadUpto, count_all, derive
from hub.state.names import ALL
from hub.storage.memory import MemoryStorage
from tests.kit.clocks import START, StillClock
from tests.kit.engines import Engine, Sizes, notification, running_engine, task

INBOX = "inbox/ann"
NAME = TopicName(INBOX)
DAY = 86_400


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(retention=DAY) as engine:
        yield engine


def ann(engine: Engine) -> Identity:
    return engine.identity("ann")


async def derived(engine: Engine) -> Counts:
    registers = await engine.registers(INBOX)
    marks = ReadUpto(registers.get(ALL))
    states = [derive(each, marks, engine.clock.now()) for each in registers.values()]
    return count_all(state for state in states if state is not None)


# ------------------------------------------------------------------ counts

ITEMS = ("n0", "n1", "n2", "t0", "t1")
SAID = st.one_of(
    st.sampled_from(ITEMS).map(lambda item: (item, "item", task() if item[0] == "t" else notification())),
    st.tuples(
        st.sampled_from(ITEMS), st.sampled_from(["read", "seen", "archived", "deleted"]), st.booleans()
    ),
    st.tuples(
        st.sampled_from(ITEMS),
        st.just("snoozed"),
        st.one_of(st.none(), st.integers(-2, 8).map(lambda n: START + 1000 * n)),
    ),
    st.tuples(
        st.sampled_from(["t0", "t1"]),
        st.just("status"),
        st.tuples(st.integers(1, 2), st.sampled_from(["queued", "running", "failed"])).map(list),
    ),
    st.tuples(st.just("*"), st.just("read_upto"), st.integers(-1, 1).map(lambda n: START + n)),
)
PUSH = st.tuples(st.just("push"), st.lists(st.tuples(SAID, st.integers(0, 5)), min_size=1, max_size=4))
STEP = st.one_of(PUSH, PUSH, st.sampled_from([("pass", 1), ("pass", 3), ("sweep", 0), ("evict", 0)]))


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(STEP, min_size=2, max_size=20))
def test_counts_and_followers_agree_with_what_is_derived_from_scratch(steps: list[Any]) -> None:
    asyncio.run(count_through(steps))


async def count_through(steps: list[Any]) -> None:
    clock = StillClock()
    engine = Engine(MemoryStorage(clock), clock, Sizes(retention=3600))
    await engine.start()
    stream = Listener(engine)
    await stream.listen()
    for kind, what in steps:
        if kind == "push":
            said = [(*each, hlc_of(START, stamp)) for each, stamp in what]
            with contextlib.suppress(BadValue):
                await engine.push(INBOX, said)
        elif kind == "pass":
            clock.advance(what)
        elif kind == "sweep":
            await engine.folding.fold()
            clock.advance(7200)
            await engine.sweeper.sweep()
            clock.advance(-7200)
        elif not engine.ledger(INBOX).followers:
            engine.ledger(INBOX).view = None
        counts = await engine.actions.counts(ann(engine), NAME)
        assert counts == await derived(engine)
        await stream.heard()
        assert stream.counts == counts
        live = await listed(engine)
        assert live.keys() == await known(engine)
        # What moves to history leaves without a word: by time, as devices forget it.
        assert {item: shown for item, shown in stream.items.items() if item in live} == live
    await stream.stop()
    await engine.crash()


class Listener:
    """A program that follows a stream as the page says: items replace items, reset reads everything again."""

    def __init__(self, engine: Engine, last_event_id: str | None = None) -> None:
        self.engine = engine
        self.events: list[StreamEvent] = []
        self.items: dict[str, Any] = {}
        self.counts: Counts | None = None
        self.last_id = last_event_id
        self._begun = asyncio.Event()
        self._taken = 0
        self._task: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        self._task = asyncio.create_task(self._run())
        async with asyncio.timeout(5):
            await self._begun.wait()

    async def _run(self) -> None:
        async for event in self.engine.actions.stream(ann(self.engine), NAME, self.last_id):
            self.events.append(event)
            self._begun.set()

    async def heard(self) -> None:
        """Take everything that was told."""
        for _ in range(10):
            await asyncio.sleep(0)
        for event in self.events[self._taken :]:
            await self._take(event)
        self._taken = len(self.events)

    async def _take(self, event: StreamEvent) -> None:
        data: Any = event.data
        if event.kind == "reset":
            self.items = await listed(self.engine)
        elif event.kind == "item" and data["deleted"]:
            self.items.pop(data["id"], None)
        elif event.kind == "item":
            self.items[data["id"]] = data
        elif event.kind == "counts":
            self.counts, self.last_id = Counts(**data), event.id

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events if event.kind != "beat"]


async def known(engine: Engine) -> set[ItemId]:
    """Live items that a list shows."""
    registers = await engine.registers(INBOX)
    return {
        item
        for item, each in registers.items()
        if Slot("item") in each and not (Slot("deleted") in each and each[Slot("deleted")].value)
    }


async def listed(engine: Engine) -> dict[str, Any]:
    page = await engine.actions.items(ann(engine), NAME, ItemFilter(), 1000, None)
    return {str(item["id"]): item for item in page.items}


async def test_a_snooze_that_ends_brings_its_item_back_into_the_counts(engine: Engine) -> None:
    said = [("n0", "item", notification(), 0), ("n0", "snoozed", START + 5000, 0)]
    await engine.push(INBOX, said)
    assert (await engine.actions.counts(ann(engine), NAME)).unread == 0
    engine.clock.advance(4.999)
    assert (await engine.actions.counts(ann(engine), NAME)).unread == 0
    engine.clock.advance(0.001)
    assert (await engine.actions.counts(ann(engine), NAME)).unread == 1


async def test_counts_without_readers_are_derived_when_they_are_asked_for(engine: Engine) -> None:
    await engine.push(INBOX, [("n0", "item", notification(), 0)])
    assert engine.ledger(INBOX).view is None
    assert engine.store.ledger_reads == []
    assert (await engine.actions.counts(ann(engine), NAME)).unread == 1
    assert len(engine.store.ledger_reads) == 1
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    assert (await engine.actions.counts(ann(engine), NAME)).unread == 2
    assert len(engine.store.ledger_reads) == 1


# ------------------------------------------------------------------ lists


async def pages(engine: Engine, which: ItemFilter, limit: int) -> list[list[str]]:
    found, cursor = [], None
    while True:
        page = await engine.actions.items(ann(engine), NAME, which, limit, cursor)
        found.append([str(item["id"]) for item in page.items])
        if page.next is None:
            return found
        cursor = page.next


async def test_pages_go_from_the_newest_to_the_oldest_and_leave_nothing_out(engine: Engine) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(7)])
    assert await pages(engine, ItemFilter(), 3) == [["n6", "n5", "n4"], ["n3", "n2", "n1"], ["n0"]]


async def test_what_came_since_the_first_page_moves_no_later_page(engine: Engine) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(4)])
    first = await engine.actions.items(ann(engine), NAME, ItemFilter(), 2, None)
    await engine.push(INBOX, [("n9", "item", notification(), 0), ("n1", "read", True, 0)])
    second = await engine.actions.items(ann(engine), NAME, ItemFilter(), 2, first.next)
    assert [item["id"] for item in second.items] == ["n1", "n0"]


async def test_history_follows_the_live_items_where_it_is_asked_for(engine: Engine) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(6)])
    await engine.push(INBOX, [(f"n{number}", "archived", True, 0) for number in (1, 3, 5)])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    assert await pages(engine, ItemFilter(), 2) == [["n4", "n2"], ["n0"]]
    every = await pages(engine, ItemFilter(history=True), 2)
    assert [item for page in every for item in page] == ["n4", "n2", "n0", "n5", "n3", "n1"]
    assert all(len(page) <= 2 for page in every)


async def test_the_history_is_listed_alone_where_only_that_is_asked_for(engine: Engine) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(6)])
    only = ItemFilter(history="only")
    assert await pages(engine, only, 2) == [[]]
    await engine.push(INBOX, [(f"n{number}", "archived", True, 0) for number in (1, 3, 5)])
    await engine.push(INBOX, [("n3", "read", True, 0)])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    assert await pages(engine, only, 2) == [["n5", "n3"], ["n1"]]
    assert await pages(engine, ItemFilter(unread=True, history="only"), 2) == [["n5", "n1"], []]
    live = await engine.actions.items(ann(engine), NAME, ItemFilter(), 1, None)
    after_a_live_one = await engine.actions.items(ann(engine), NAME, only, 2, live.next)
    assert [item["id"] for item in after_a_live_one.items] == ["n5", "n3"]


async def test_filters_choose_and_deleted_items_are_never_listed(engine: Engine) -> None:
    said = [("n0", "item", notification(), 0), ("t0", "item", task(), 0), ("t1", "item", task(), 0)]
    await engine.push(INBOX, [*said, ("t1", "status", [1, "running"], 0), ("n1", "item", notification(), 0)])
    await engine.push(INBOX, [("n0", "read", True, 0), ("n2", "item", notification(), 0)])
    await engine.push(INBOX, [("n2", "deleted", True, 0)])
    expected = {
        ItemFilter(kind="task"): ["t1", "t0"],
        ItemFilter(unread=True): ["n1", "t1", "t0"],
        ItemFilter(unread=False): ["n0"],
        ItemFilter(status="running"): ["t1"],
        ItemFilter(kind="notification", unread=True): ["n1"],
        ItemFilter(since=START + 1): [],
    }
    for which, items in expected.items():
        assert await pages(engine, which, 100) == [items]


@pytest.mark.parametrize("cursor", ["x", "h", "-1", "1.5", "12345678901234567", "²"])
async def test_a_cursor_that_no_page_gave_is_refused(engine: Engine, cursor: str) -> None:
    with pytest.raises(BadValue):
        await engine.actions.items(ann(engine), NAME, ItemFilter(), 10, cursor)


# ------------------------------------------------------------------ streams


async def test_a_stream_begins_with_the_counts_and_shows_what_changes(engine: Engine) -> None:
    await engine.push(INBOX, [("n0", "item", notification(), 0)])
    stream = Listener(engine)
    await stream.listen()
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    await stream.heard()
    assert stream.kinds() == ["counts", "item", "counts"]
    assert stream.counts == Counts(2, 2, 0)
    assert set(stream.items) == {"n1"}
    await stream.stop()
    assert engine.ledger(INBOX).readers == {}
    assert (engine.ledger(INBOX).followers, len(engine.sessions)) == (0, 0)


async def test_a_stream_resumes_with_what_was_missed(engine: Engine) -> None:
    await engine.push(INBOX, [("n0", "item", notification(), 0), ("n1", "item", notification(), 0)])
    stream = Listener(engine)
    await stream.listen()
    await stream.heard()
    await stream.stop()
    await engine.push(INBOX, [("n1", "read", True, 0)])
    later = Listener(engine, stream.last_id)
    await later.listen()
    await later.heard()
    assert later.kinds() == ["counts", "item", "counts"]
    assert set(later.items) == {"n1"}
    await later.stop()


async def test_a_stream_that_is_in_sync_is_told_nothing_again(engine: Engine) -> None:
    await engine.push(INBOX, [("n0", "item", notification(), 0)])
    last_id = f"{engine.ledger(INBOX).incarnation}-1"
    stream = Listener(engine, last_id)
    await stream.listen()
    await stream.heard()
    assert stream.kinds() == ["counts"]
    await stream.stop()


async def test_who_missed_a_mark_on_everything_reads_everything_again(engine: Engine) -> None:
    await engine.push(INBOX, [("n0", "item", notification(), 0)])
    last_id = f"{engine.ledger(INBOX).incarnation}-1"
    await engine.push(INBOX, [("*", "read_upto", START, 0)])
    stream = Listener(engine, last_id)
    await stream.listen()
    await stream.heard()
    assert stream.kinds() == ["counts", "reset", "counts"]
    assert stream.items["n0"]["read"] is True
    await stream.stop()


@pytest.mark.parametrize("last_id", ["", "x", "1-1", "{}-99", "{}--1", "{}-x", "{}", "{}-0"])
async def test_a_stream_that_can_not_be_resumed_begins_with_reset(engine: Engine, last_id: str) -> None:
    await engine.push(INBOX, [("n0", "item", notification(), 0), ("n0", "archived", True, 0)])
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()  # so that the floor is 1
    stream = Listener(engine, last_id.format(engine.ledger(INBOX).incarnation))
    await stream.listen()
    await stream.heard()
    assert stream.kinds() == ["counts", "reset", "counts"]
    assert set(stream.items) == {"n1"}
    await stream.stop()


async def test_a_follower_that_is_too_slow_gets_reset_instead_of_a_backlog(engine: Engine) -> None:
    events = engine.actions.stream(ann(engine), NAME, None)
    first = asyncio.ensure_future(anext(aiter(events)))
    assert (await first).kind == "counts"
    for start in range(0, PENDING_ITEMS + 100, 100):
        said = [(f"n{number}", "item", notification(), 0) for number in range(start, start + 100)]
        await engine.push(INBOX, said)
    told = [await anext(aiter(events)) for _ in range(2)]
    assert [event.kind for event in told] == ["reset", "counts"]
    assert told[1].data == {"unread": 1100, "unseen": 1100, "open": 0}
    await events.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_a_stream_ends_with_its_token(engine: Engine) -> None:
    stream = Listener(engine)
    await stream.listen()
    engine.clock.advance(3601)
    await engine.push(INBOX, [("n0", "item", notification(), 0)])
    await stream.heard()
    assert stream.kinds() == ["counts"]
    assert engine.ledger(INBOX).followers == 0


async def test_a_device_is_connected_as_long_as_its_stream_is_open(engine: Engine) -> None:
    events = engine.actions.stream(engine.identity("ann", device="phone"), NAME, None)
    assert (await anext(aiter(events))).kind == "counts"
    assert engine.sessions.connected(UserId("ann")) == {"phone"}
    assert not engine.sessions.connected(UserId("bob"))
    await events.aclose()  # type: ignore[attr-defined]  # an async generator
    assert not engine.sessions.connected(UserId("ann"))


async def test_a_stream_ends_when_its_device_is_revoked(engine: Engine) -> None:
    caller = engine.identity("ann", device="phone")
    events = engine.actions.stream(caller, NAME, None)
    assert (await anext(aiter(events))).kind == "counts"
    assert (await anext(aiter(events))).kind == "beat"
    engine.sessions.device_revoked(caller.device)  # type: ignore[arg-type]  # it has one
    with pytest.raises(StopAsyncIteration):
        await anext(aiter(events))
    assert engine.ledger(INBOX).followers == 0


# ------------------------------------------------------------------ memory


async def test_views_that_do_not_fit_leave_and_come_back_right() -> None:
    async with running_engine(view_memory=5000) as engine:
        users = [f"u{number}" for number in range(6)]
        for user in users:
            await engine.push(
                f"inbox/{user}", [(f"n{number}", "item", notification(), 0) for number in range(8)]
            )
        for _ in range(3):
            counts = await asyncio.gather(
                *(engine.actions.counts(engine.identity(user), TopicName(f"inbox/{user}")) for user in users)
            )
            assert {each.unread for each in counts} == {8}
        resident = [user for user in users if engine.ledger(f"inbox/{user}").view is not None]
        assert len(resident) == 1


async def test_counts_that_are_asked_for_together_do_not_take_each_others_view_away() -> None:
    async with running_engine(view_memory=30_000) as engine:
        names = [TopicName(f"inbox/{user}") for user in ("ann", "bob")]
        callers = [engine.identity(user) for user in ("ann", "bob")]
        for name, caller in zip(names, callers, strict=True):
            await engine.push(name, [("n0", "item", notification(), 0)])
            await engine.actions.counts(caller, name)
        said = [(f"m{number}", "item", notification(), 0) for number in range(40)]
        await engine.push(names[0], said)
        counts = await asyncio.gather(*map(engine.actions.counts, callers, names))
        assert [each.unread for each in counts] == [41, 1]


async def test_the_view_of_a_follower_stays() -> None:
    async with running_engine(view_memory=1000) as engine:
        await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(8)])
        stream = Listener(engine)
        await stream.listen()
        for user in ("bob", "eve"):
            await engine.actions.counts(engine.identity(user), TopicName(f"inbox/{user}"))
        assert engine.ledger(INBOX).view is not None
        await engine.push(INBOX, [("n0", "read", True, 0)])
        await stream.heard()
        assert stream.counts == Counts(7, 7, 0)
        await stream.stop()


async def test_empty_views_are_not_kept_for_ever() -> None:
    async with running_engine(view_memory=20_000) as engine:
        for number in range(40):
            user = f"u{number}"
            await engine.actions.counts(engine.identity(user), TopicName(f"inbox/{user}"))
        views = [engine.ledger(f"inbox/u{number}").view for number in range(40)]
        assert sum(view is not None for view in views) <= 10


async def test_marking_everything_read_again_and_again_piles_nothing_up(engine: Engine) -> None:
    said = [("n0", "item", notification(), 0), ("n0", "snoozed", START + 10_000_000, 0)]
    await engine.push(INBOX, said)
    await engine.actions.counts(ann(engine), NAME)
    view = engine.ledger(INBOX).view
    assert view is not None
    for number in range(20):
        await engine.push(INBOX, [("*", "read_upto", START, hlc_of(START, number))])
    assert view.item(ItemId("n0")) is not None
    assert len(view._dues) == 1
