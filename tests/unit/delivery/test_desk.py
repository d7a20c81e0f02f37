"""``hub.delivery.desk``: what an operator sees and may do."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from hub.delivery.desk import MAX_FOLLOWERS, ChannelView, DeliveryDesk, EventFollower
from hub.errors import Forbidden, Limit, NotFound, Unavailable
from hub.model import Event, Identity, ItemId, Milliseconds, TopicName, UserId
from hub.ports import DeliveryFilter, EventFilter
from tests.kit.channels import BAD_CONFIG, BAD_MESSAGE, HOOK, OK, ROBOT, Dispatch, dispatching, limited

ROOT = Identity(UserId("root"), frozenset({"admin"}), Milliseconds(0))
ANN = Identity(UserId("ann"), frozenset({"user", "publish"}), Milliseconds(0))
ALL = EventFilter()


class Desk(Dispatch):
    """A dispatcher with its desk told of every decision, as the application does."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.desk = DeliveryDesk(self.outbox, self.dispatcher)
        dispatched = self.dispatcher.decided

        def decided(events: Any, deliveries: Any) -> None:
            dispatched(events, deliveries)
            self.desk.decided(events, deliveries)

        self.dispatcher.decided = decided  # type: ignore[method-assign]  # the application's fan-out


@pytest.fixture
async def rig() -> AsyncIterator[Desk]:
    desk = Desk(ops=ROBOT, hook=HOOK)
    async with dispatching(desk):
        yield desk


async def taken(follower: EventFollower, count: int) -> list[str]:
    async with asyncio.timeout(5):
        return [(await anext(follower)).item for _ in range(count)]


QUESTIONS: list[Callable[[DeliveryDesk, Identity], Awaitable[Any]]] = [
    lambda desk, caller: desk.events(caller, ALL, 0, 10),
    lambda desk, caller: desk.event_number(caller, "e"),
    lambda desk, caller: desk.deliveries(caller, DeliveryFilter(), None, 10),
    lambda desk, caller: desk.delivery(caller, "d"),
    lambda desk, caller: desk.retry(caller, "d"),
    lambda desk, caller: desk.channels(caller),
    lambda desk, caller: desk.test(caller, "ops"),
]


@pytest.mark.parametrize("ask", QUESTIONS)
async def test_every_question_needs_scope_admin(rig: Desk, ask: Any) -> None:
    with pytest.raises(Forbidden):
        await ask(rig.desk, ANN)


async def test_following_needs_scope_admin_and_says_so_at_once(rig: Desk) -> None:
    with pytest.raises(Forbidden):
        rig.desk.follow(ANN, ALL, 0)


async def test_events_come_in_order_from_a_number_on(rig: Desk) -> None:
    await rig.decide("a", "b", "c")
    events = await rig.desk.events(ROOT, ALL, 0, 10)
    assert [event.item for event in events] == ["a", "b", "c"]
    number = await rig.desk.event_number(ROOT, events[0].id)
    assert number == events[0].number
    assert [each.item for each in await rig.desk.events(ROOT, ALL, number, 1)] == ["b"]


async def test_a_follower_sees_what_was_and_then_what_comes_each_once(rig: Desk) -> None:
    await rig.decide("a", "b")
    follower = rig.desk.follow(ROOT, ALL, 0)
    assert await taken(follower, 2) == ["a", "b"]
    waiting = asyncio.create_task(taken(follower, 2))
    await rig.quiet()
    await rig.decide("c", "d")
    assert await waiting == ["c", "d"]


async def test_a_follower_resumes_after_the_number_it_saw_last(rig: Desk) -> None:
    await rig.decide(*(f"i{number:03}" for number in range(250)))
    first = rig.desk.follow(ROOT, ALL, 0)
    events = [await anext(first) for _ in range(120)]
    second = rig.desk.follow(ROOT, ALL, events[-1].number)
    assert await taken(second, 130) == [f"i{number:03}" for number in range(120, 250)]


async def test_an_event_decided_while_a_follower_reads_is_neither_missed_nor_doubled(
    rig: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = rig.desk.follow(ROOT, ALL, 0)
    read = rig.outbox.events
    late = ["b", "c"]

    async def meanwhile(*arguments: Any) -> Any:
        page = await read(*arguments)
        if late:
            await rig.decide(late.pop(0))
        return page

    monkeypatch.setattr(rig.outbox, "events", meanwhile)
    assert await taken(follower, 2) == ["b", "c"]
    await rig.decide("d")
    assert await taken(follower, 1) == ["d"]


async def test_an_event_between_the_last_number_and_an_empty_page_is_not_passed_over(
    rig: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = rig.desk.follow(ROOT, EventFilter(item=ItemId("wanted")), 0)
    read = rig.outbox.events

    async def late(*arguments: Any) -> Any:
        page = await read(*arguments)
        monkeypatch.undo()
        await rig.decide("other", "wanted")
        return page

    monkeypatch.setattr(rig.outbox, "events", late)
    assert await taken(follower, 1) == ["wanted"]


async def test_waiting_for_the_next_event_may_be_given_up_and_taken_up_again(rig: Desk) -> None:
    follower = rig.desk.follow(ROOT, ALL, 0)
    waiting = asyncio.ensure_future(anext(follower))
    await rig.quiet()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await rig.decide("a")
    assert await taken(follower, 1) == ["a"]


async def test_a_follower_is_woken_by_what_it_asked_for_and_reads_on_from_there(
    rig: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = rig.desk.follow(ROOT, EventFilter(topic=TopicName("inbox/bob")), 0)
    reads: list[int] = []
    read = rig.outbox.events

    async def counted(which: EventFilter, after: int, limit: int) -> Any:
        reads.append(after)
        return await read(which, after, limit)

    monkeypatch.setattr(rig.outbox, "events", counted)
    await rig.decide("a", "b")
    waiting = asyncio.create_task(taken(follower, 1))
    await rig.quiet()
    await rig.decide("c", "d")
    await rig.quiet()
    assert len(reads) == 1
    await rig.decide_for(["bob"], "e", "inbox/bob")
    assert await waiting == ["e"]
    (passed,) = (event for event in await read(ALL, 0, 10) if event.item == "b")
    assert reads == [0, passed.number], "what it passed over is not read again"


async def test_a_follower_that_was_woken_sleeps_again(rig: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = rig.desk.follow(ROOT, ALL, 0)
    waiting = asyncio.create_task(taken(follower, 2))
    await rig.decide("a")
    await rig.quiet()
    reads: list[int] = []
    last = rig.outbox.last_event

    async def counted() -> int:
        reads.append(1)
        await asyncio.sleep(0)
        return await last()

    monkeypatch.setattr(rig.outbox, "last_event", counted)
    await rig.quiet()
    assert reads == []
    await rig.decide("b")
    await waiting


async def test_a_storage_that_refuses_does_not_end_a_follower(
    rig: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = rig.desk.follow(ROOT, ALL, 0)
    await rig.decide("a")

    async def refuses(*_: Any) -> list[Event]:
        raise Unavailable

    monkeypatch.setattr(rig.outbox, "events", refuses)
    with pytest.raises(Unavailable):
        await anext(follower)
    monkeypatch.undo()
    assert await taken(follower, 1) == ["a"]


async def test_followers_are_few_and_one_that_left_makes_room(rig: Desk) -> None:
    followers = [rig.desk.follow(ROOT, ALL, 0) for _ in range(MAX_FOLLOWERS)]
    with pytest.raises(Limit) as refused:
        rig.desk.follow(ROOT, ALL, 0)
    assert refused.value.retry_after
    await followers[0].aclose()
    rig.desk.follow(ROOT, ALL, 0)
    del followers
    gc.collect()
    assert rig.desk.follow(ROOT, ALL, 0)


async def test_a_closed_follower_ends(rig: Desk) -> None:
    follower = rig.desk.follow(ROOT, ALL, 0)
    ending = asyncio.create_task(_all(follower))
    await rig.quiet()
    await follower.aclose()
    assert await ending == []


async def _all(follower: EventFollower) -> list[Event]:
    return [event async for event in follower]


async def test_deliveries_are_listed_and_shown(rig: Desk) -> None:
    first, second = await rig.decide("a", "b")
    await rig.quiet()
    listed = await rig.desk.deliveries(ROOT, DeliveryFilter(state="sent"), None, 10)
    assert [row.id for _, row in listed] == [second, first]
    assert (await rig.desk.delivery(ROOT, first)).state == "sent"


@pytest.mark.parametrize("ask", [QUESTIONS[1], QUESTIONS[3], QUESTIONS[4]])
async def test_what_is_not_there_is_not_found(rig: Desk, ask: Any) -> None:
    with pytest.raises(NotFound):
        await ask(rig.desk, ROOT)


async def test_a_dead_delivery_is_sent_again_and_the_audit_says_who_wanted_it(rig: Desk) -> None:
    rig.ops.answers.append(BAD_MESSAGE)
    (ident,) = await rig.decide("a")
    await rig.quiet()
    row = await rig.desk.retry(ROOT, ident)
    assert (row.state, row.forced) == ("pending", True)
    await rig.quiet()
    assert await rig.states(ident) == ["sent"]
    (line,) = [line for line in rig.audits() if line.action == "replay"]
    assert (line.actor, line.subject, line.channel, line.outcome) == ("root", ident, "ops", "pending")


async def test_a_replay_needs_no_second_transaction_for_its_line(
    rig: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.ops.answers.append(BAD_MESSAGE)
    (ident,) = await rig.decide("a")
    await rig.quiet()

    async def refuses(*_: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(rig.outbox, "save", refuses)
    await rig.desk.retry(ROOT, ident)
    assert [line.subject for line in rig.audits() if line.action == "replay"] == [ident]


async def test_what_was_sent_is_not_sent_again(rig: Desk) -> None:
    (ident,) = await rig.decide("a")
    await rig.quiet()
    assert (await rig.desk.retry(ROOT, ident)).state == "sent"
    await rig.quiet()
    assert len(rig.ops.calls) == 1


async def test_what_waits_for_its_delay_is_sent_now(rig: Desk) -> None:
    (ident,) = await rig.decide("a", delay=3_600)
    await rig.desk.retry(ROOT, ident)
    await rig.quiet()
    assert await rig.states(ident) == ["sent"]


@pytest.mark.parametrize("jump", [-7_200, 7_200])
async def test_a_replay_right_after_the_clock_jumped_is_sent_now_too(rig: Desk, jump: int) -> None:
    rig.ops.answers.append(BAD_MESSAGE)
    (dead,) = await rig.decide("a")
    (waits,) = await rig.decide("b", delay=3_600)
    await rig.quiet()
    rig.clock.jump(jump)
    for ident in (dead, waits):
        await rig.desk.retry(ROOT, ident)
    await rig.quiet()
    assert await rig.states(dead, waits) == ["sent", "sent"]


async def test_channels_show_how_they_stand_and_nothing_secret(rig: Desk) -> None:
    rig.ops.always = BAD_CONFIG
    rig.channels["hook"].always = limited(60)
    await rig.decide("a", "b")
    await rig.decide("c", channel="hook")
    await rig.quiet()
    now = rig.clock.now()
    assert await rig.desk.channels(ROOT) == [
        ChannelView(
            "ops", "wecom_robot", "robot.invalid", "paused", BAD_CONFIG.error, Milliseconds(now + 300_000), 2
        ),
        ChannelView(
            "hook",
            "webhook",
            "hook.invalid",
            "waiting",
            limited(60).error,
            Milliseconds(now + 60_000),
            1,
        ),
    ]


async def test_channels_that_work_have_no_reason(rig: Desk) -> None:
    ops, _ = await rig.desk.channels(ROOT)
    assert ops == ChannelView("ops", "wecom_robot", "robot.invalid", "ok", None, None, 0)


async def test_a_test_tells_how_it_ended(rig: Desk) -> None:
    assert await rig.desk.test(ROOT, "ops") == OK
    assert rig.audits()[0].actor == "root"
    with pytest.raises(NotFound):
        await rig.desk.test(ROOT, "opz")
