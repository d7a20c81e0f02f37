"""``hub.delivery.dispatcher`` at work: wakes, order, leases, twins, audit, storage, clock, shutdown."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.config import DeliverySettings, RouteSettings
from hub.delivery.policy import mark_of
from hub.delivery.steady import SteadyClock
from hub.errors import Unavailable
from hub.model import Actor, Delivery, DeliveryRow, ItemId, Milliseconds, Outcome, Register, Seq, Slot
from hub.server.wheel import TimerWheel
from hub.state.clock import hlc_of
from tests.kit.channels import (
    BAD_CONFIG,
    BAD_MESSAGE,
    HOOK,
    NEVER,
    OK,
    REFUSED,
    ROBOT,
    UNKNOWN,
    Dispatch,
    dispatching,
    limited,
)
from tests.kit.stores import Gate

DAY = 86_400


# ---------------------------------------------------------------------- wakes and order


async def test_what_is_decided_is_sent_at_once() -> None:
    async with dispatching(Dispatch()) as rig:
        with capture_logs() as logs:
            (ident,) = await rig.decide("a")
            await rig.quiet()
        row = await rig.row(ident)
        assert (row.state, row.attempts, row.part, row.bodies) == ("sent", 1, 1, (b"a ann",))
        assert row.ended_at == rig.clock.now()
        sent = next(line for line in logs if line["event"] == "delivery.sent")
        assert (sent["delivery"], sent["channel"], sent["log_level"]) == (ident, "ops", "info")
        assert rig.metrics.deliveries["ops", "sent"] == 1
        assert rig.metrics.delivery_calls["ops", "ok"] == 1
        assert sum(rig.metrics.delivery_seconds.counts) == 1
        assert rig.metrics.deliveries_waiting["ops"] == 0


async def test_what_was_decided_before_the_start_is_sent() -> None:
    rig = Dispatch()
    await rig.storage.store.start()
    ids = await rig.decide("a", "b")
    async with dispatching(rig):
        assert await rig.states(*ids) == ["sent", "sent"]


async def test_what_a_route_delays_is_sent_when_its_time_has_come() -> None:
    async with dispatching(Dispatch()) as rig:
        (ident,) = await rig.decide("a", delay=30)
        await rig.advance(29)
        assert await rig.states(ident) == ["pending"]
        await rig.advance(2)
        assert await rig.states(ident) == ["sent"]


async def test_what_is_due_earlier_goes_first_and_of_the_same_time_what_was_decided_first() -> None:
    rig = Dispatch()
    await rig.storage.store.start()
    await rig.decide("c", delay=1)
    await rig.decide("a", "b")
    rig.clock.advance(2)
    async with dispatching(rig):
        assert rig.ops.bodies == ["a ann", "b ann", "c ann"]


async def test_an_idle_dispatcher_reads_nothing_and_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled: list[float] = []
    schedule = TimerWheel.schedule

    def watched(wheel: TimerWheel, delay: float, callback: Any) -> Any:
        scheduled.append(delay)
        return schedule(wheel, delay, callback)

    monkeypatch.setattr(TimerWheel, "schedule", watched)
    async with dispatching(Dispatch(ops=ROBOT, hook=HOOK)) as rig:
        await rig.decide("a")
        await rig.quiet()
        reads = count_calls(rig.outbox, "due", monkeypatch)
        scheduled.clear()
        await rig.advance(59)
        assert (scheduled, reads) == ([], [])
        await rig.advance(600)
        assert scheduled == [60.0] * 10, "housekeeping, once a minute"
        assert reads == []


def count_calls(outbox: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    real = getattr(outbox, name)

    async def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return await real(*arguments)

    monkeypatch.setattr(outbox, name, counted)
    return calls


async def test_a_decision_during_a_look_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async with dispatching(Dispatch()) as rig:
        looked = rig.outbox.next_due
        late: list[str] = []

        async def meanwhile(channel: str) -> Milliseconds | None:
            due = await looked(channel)
            if not late:
                late.extend(await rig.decide("b"))
            return due

        monkeypatch.setattr(rig.outbox, "next_due", meanwhile)
        await rig.decide("a")
        await rig.quiet()
        assert await rig.states(*late) == ["sent"]


async def test_a_webhook_takes_eight_calls_at_once_leased_in_one_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Dispatch(ops=HOOK)
    await rig.storage.store.start()
    await rig.decide(*(f"i{number:02}" for number in range(20)))
    saves = count_calls(rig.outbox, "save", monkeypatch)
    async with dispatching(rig):
        assert rig.ops.most == 8
        assert sorted(rig.ops.bodies) == [f"i{number:02} ann" for number in range(20)]
        assert len(saves[0][0]) == 8


async def test_a_robot_takes_one_call_at_a_time() -> None:
    async with dispatching(Dispatch()) as rig:
        await rig.decide("a", "b", "c")
        await rig.quiet()
        assert rig.ops.most == 1


async def test_one_channels_trouble_is_not_anothers() -> None:
    async with dispatching(Dispatch(ops=ROBOT, hook=HOOK)) as rig:
        rig.ops.always = BAD_CONFIG
        ids = [*(await rig.decide("a")), *(await rig.decide("b", channel="hook"))]
        await rig.quiet()
        assert await rig.states(*ids) == ["pending", "sent"]


async def test_every_lease_is_on_disk_before_its_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async with dispatching(Dispatch()) as rig:
        seen: list[str] = []
        send = rig.ops.send

        async def watched(body: bytes, key: str) -> Outcome:
            row = await rig.row(key.partition("-")[0])
            seen.append(f"{row.state} {row.attempts} {row.part} {len(row.bodies)}")
            return await send(body, key)

        monkeypatch.setattr(rig.ops, "send", watched)
        rig.ops.parts = 2
        rig.ops.answers.extend([OK, REFUSED])
        await rig.decide("a")
        await rig.advance(5)
        assert seen == ["leased 1 0 2", "leased 2 1 2", "leased 3 1 2"]


async def test_bodies_are_frozen_at_the_first_lease() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(REFUSED)
        await rig.decide("a")
        await rig.quiet()
        rig.ops.says = lambda message: "other words"
        await rig.advance(5)
        assert rig.ops.bodies == ["a ann", "a ann"]
        assert rig.items.asked[ItemId("a")] == 1


async def test_unless_is_asked_when_the_delay_is_over_and_not_of_what_an_operator_replays() -> None:
    route = RouteSettings(channels=("ops",), name="r", unless=("deleted",))
    async with dispatching(Dispatch(routes=[route])) as rig:
        (ident,) = await rig.decide("a", route="r", delay=10)
        await rig.advance(9)
        assert rig.items.asked[ItemId("a")] == 0
        deleted = Register(True, hlc_of(rig.clock.now()), Actor("phone"), Seq(2), b"")
        rig.items.stated[ItemId("a")] = {Slot("deleted"): deleted}
        await rig.advance(2)
        row = await rig.row(ident)
        assert (row.state, row.attempts, row.error) == (
            "suppressed",
            0,
            '"deleted" was stated after the event.',
        )
        assert rig.metrics.deliveries["ops", "suppressed"] == 1
        await rig.outbox.replay(ident, rig.clock.now())
        rig.dispatcher.wake("ops")
        await rig.quiet()
        assert await rig.states(ident) == ["sent"]


# ---------------------------------------------------------------------- spaces


async def test_ten_members_who_would_read_the_same_get_one_message() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.says = lambda message: str(message.event.item)
        ids = await rig.decide_for([f"u{number}" for number in range(10)], "a", "space/team")
        await rig.advance(60)
        assert rig.ops.bodies == ["a"]
        assert await rig.states(*ids) == ["sent"] + ["suppressed"] * 9
        assert (await rig.row(ids[5])).error == f"the same message went out as {ids[0]}"


async def test_ten_members_in_flight_at_once_get_one_message() -> None:
    rig = Dispatch(ops=HOOK)
    rig.ops.says = lambda message: str(message.event.item)
    await rig.storage.store.start()
    ids = await rig.decide_for([f"u{number}" for number in range(10)], "a", "space/team")
    async with dispatching(rig):
        assert rig.ops.bodies == ["a"]
        assert sorted(await rig.states(*ids)) == ["sent"] + ["suppressed"] * 9


async def test_members_whose_messages_differ_get_each_their_own() -> None:
    async with dispatching(Dispatch(ops=HOOK)) as rig:
        ids = await rig.decide_for(["ann", "bob"], "a", "space/team")
        await rig.quiet()
        assert await rig.states(*ids) == ["sent", "sent"]


async def test_a_repetition_is_not_sent_when_another_member_got_the_same_meanwhile() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.says = lambda message: str(message.event.item)
        rig.ops.answers.append(REFUSED)
        ids = await rig.decide_for(["ann", "bob"], "a", "space/team")
        await rig.advance(60)
        assert rig.ops.bodies == ["a", "a"]
        assert await rig.states(*ids) == ["suppressed", "sent"]


async def test_while_one_members_message_may_have_arrived_nobody_gets_it_without_the_short_id() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.says = lambda message: str(message.event.item)
        rig.ops.answers.append(UNKNOWN)
        ids = await rig.decide_for(["ann", "bob"], "a", "space/team")
        await rig.advance(60)
        assert rig.ops.bodies == ["a", f"a {mark_of(ids[0])}"]
        assert await rig.states(*ids) == ["sent", "suppressed"]


async def test_a_message_that_could_not_leave_keeps_no_other_members_in_the_hub(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refused(*_: Any) -> None:
        raise Unavailable

    async with dispatching(Dispatch(ops=HOOK)) as rig:
        rig.ops.says = lambda message: str(message.event.item)
        monkeypatch.setattr(rig.outbox, "save", refused)
        ids = await rig.decide_for(["ann", "bob"], "a", "space/team")
        await rig.quiet()
        assert await rig.states(*ids) == ["pending", "pending"]
        monkeypatch.undo()
        await rig.advance(16)
        assert rig.ops.bodies == ["a"]
        assert await rig.states(*ids) == ["sent", "suppressed"]


# ---------------------------------------------------------------------- the audit


async def test_every_call_leaves_a_line_without_the_message() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.says = lambda message: message.title
        rig.ops.answers.extend([REFUSED, OK])
        (ident,) = await rig.decide("call 13800138000")
        await rig.advance(5)
        first, second = rig.audits()
        assert (first.action, first.actor, first.subject, first.channel) == ("send", "hub", ident, "ops")
        assert (first.host, first.recipient) == ("robot.invalid", sha256(b"key").hexdigest())
        assert (first.outcome, second.outcome) == ("retry 502", "ok")
        assert first.size == len(rig.ops.calls[0].body)
        assert first.body == second.body == sha256(rig.ops.calls[0].body).hexdigest()
        assert first.masked == "phone=1"
        assert "call" not in str([first, second])
        assert first.at <= second.at


async def test_a_test_leaves_a_line_with_who_asked_and_counts_against_the_window() -> None:
    async with dispatching(Dispatch()) as rig:
        assert await rig.dispatcher.test("ops", "root") == OK
        (line,) = rig.audits()
        assert (line.action, line.actor, line.outcome) == ("test", "root", "ok")
        for _ in range(4):
            await rig.dispatcher.test("ops")
        outcome = await rig.dispatcher.test("ops")
        assert outcome.kind == "rate_limited"
        assert outcome.until == pytest.approx(4)
        assert len(rig.ops.calls) == 5


async def test_a_test_during_preparation_does_not_make_one_call_too_many() -> None:
    async with dispatching(Dispatch()) as rig:
        await rig.decide("a", "b", "c", "d")
        await rig.quiet()
        rig.items.at_standing.close()
        await rig.decide("e")
        await rig.items.at_standing.arrival()
        await rig.dispatcher.test("ops")
        rig.items.at_standing.open()
        await rig.quiet()
        assert len(rig.ops.calls) == 5
        await rig.advance(5)
        assert len(rig.ops.calls) == 6


async def test_what_was_suppressed_was_not_called_and_leaves_no_line() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.says = lambda message: "same"
        await rig.decide_for(["ann", "bob"], "a", "space/team")
        await rig.quiet()
        assert len(rig.audits()) == 1


# ---------------------------------------------------------------------- crashes and shutdown


async def test_a_crash_between_lease_and_record_is_repeated_with_the_mark() -> None:
    rig = Dispatch()
    async with dispatching(rig):
        rig.ops.always = asyncio.get_running_loop().create_future()
        (ident,) = await rig.decide("a")
        await rig.quiet()
    assert await rig.states(ident) == ["leased"]
    again = Dispatch(storage=rig.storage)
    with capture_logs() as logs:
        async with dispatching(again):
            row = await again.row(ident)
            assert (row.state, row.attempts) == ("sent", 2)
            assert again.ops.bodies == ["a ann #a1b2c3"]
    assert any(line["event"] == "delivery.taken_over" for line in logs)


async def test_after_a_crash_a_webhook_gets_the_same_bytes_again() -> None:
    rig = Dispatch(ops=HOOK)
    async with dispatching(rig):
        rig.ops.always = asyncio.get_running_loop().create_future()
        await rig.decide("a")
        await rig.quiet()
    again = Dispatch(storage=rig.storage, ops=HOOK)
    async with dispatching(again):
        assert [call[1:] for call in again.ops.calls] == [call[1:] for call in rig.ops.calls]


async def test_after_a_crash_a_repetition_without_answer_is_dead() -> None:
    rig = Dispatch()
    async with dispatching(rig):
        rig.ops.always = asyncio.get_running_loop().create_future()
        (ident,) = await rig.decide("a")
        await rig.quiet()
    again = Dispatch(storage=rig.storage)
    again.ops.always = UNKNOWN
    async with dispatching(again):
        assert await again.states(ident) == ["dead"]


ROBOT_HAD_IT = "the message was begun by a channel of kind wecom_robot, this one is webhook"


@pytest.mark.parametrize(
    ("parts", "answers", "state", "error"),
    [
        (1, [REFUSED], "sent", None),
        (1, [UNKNOWN], "dead", f"{ROBOT_HAD_IT}; it may have arrived"),
        (2, [OK, REFUSED], "partial", ROBOT_HAD_IT),
    ],
    ids=["refused", "unsure", "begun"],
)
async def test_a_channel_of_another_kind_under_the_name_never_sends_the_formers_bytes(
    parts: int, answers: Sequence[Outcome], state: str, error: str | None
) -> None:
    rig = Dispatch()
    async with dispatching(rig):
        rig.ops.parts = parts
        rig.ops.answers.extend(answers)
        (ident,) = await rig.decide("a")
        await rig.quiet()
        assert await rig.states(ident) == ["pending"]
    again = Dispatch(storage=rig.storage, ops=HOOK)
    again.ops.says = lambda message: "a webhook's"
    async with dispatching(again):
        await again.advance(3)
        row = await again.row(ident)
        assert (row.state, row.error) == (state, error)
        assert again.ops.bodies == (["a webhook's"] if state == "sent" else [])
        await again.dispatcher.replay(ident, "root")
        await again.quiet()
        assert ((await again.row(ident)).state, again.ops.bodies) == ("sent", ["a webhook's"])


async def test_a_message_of_which_another_kind_of_channel_sent_a_part_is_replayed_as_a_whole() -> None:
    rig = Dispatch()
    async with dispatching(rig):
        rig.ops.parts = 2
        rig.ops.answers.extend([OK, BAD_MESSAGE])
        (ident,) = await rig.decide("a")
        await rig.quiet()
        assert await rig.states(ident) == ["partial"]
    again = Dispatch(storage=rig.storage, ops=HOOK)
    again.ops.parts = 2
    async with dispatching(again):
        await again.dispatcher.replay(ident, "root")
        await again.quiet()
        assert again.ops.bodies == ["a ann (1/2)", "a ann (2/2)"]


async def test_a_drain_lets_calls_end_and_records_them_and_takes_nothing_new() -> None:
    async with dispatching(Dispatch()) as rig:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        first, second = await rig.decide("a", "b")
        await rig.quiet()
        draining = asyncio.create_task(rig.dispatcher.drain(5))
        await rig.quiet()
        assert not draining.done()
        answer.set_result(OK)
        await draining
        await rig.decide("c")
        await rig.quiet()
        assert await rig.states(first, second) == ["sent", "pending"]
        assert rig.ops.bodies == ["a ann"]
        with pytest.raises(Unavailable):
            await rig.dispatcher.test("ops")


async def test_what_does_not_end_in_a_drain_stays_leased_whatever_comes_of_it_later() -> None:
    async with dispatching(Dispatch()) as rig:
        late: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def stubborn(body: bytes, key: str) -> Outcome:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(late)
            return OK

        rig.ops.send = stubborn  # type: ignore[method-assign]  # answers even when it is given up
        (ident,) = await rig.decide("a")
        await rig.quiet()
        await rig.dispatcher.drain(0.01)
        late.set_result(None)
        await rig.quiet()
        assert await rig.states(ident) == ["leased"]
        assert rig.audits() == []


async def test_a_drain_waits_for_what_is_just_being_taken() -> None:
    async with dispatching(Dispatch()) as rig:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        rig.items.at_standing.close()
        (ident,) = await rig.decide("a")
        await rig.items.at_standing.arrival()
        draining = asyncio.create_task(rig.dispatcher.drain(5))
        await rig.quiet()
        rig.items.at_standing.open()
        await rig.quiet()
        assert not draining.done()
        answer.set_result(OK)
        await draining
        assert await rig.states(ident) == ["sent"]


async def test_a_drain_between_two_parts_keeps_the_second_for_the_next_start() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 2
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        (ident,) = await rig.decide("a")
        await rig.quiet()
        draining = asyncio.create_task(rig.dispatcher.drain(5))
        await rig.quiet()
        answer.set_result(OK)
        await draining
        row = await rig.row(ident)
        assert (row.state, row.part, row.unsure) == ("pending", 1, False)


# ---------------------------------------------------------------------- the storage refuses


async def test_what_can_not_be_leased_is_not_sent() -> None:
    async with dispatching(Dispatch()) as rig:
        (ident,) = await rig.decide("a", delay=5)
        rig.refuse()
        with capture_logs() as logs:
            await rig.advance(60)
        assert rig.ops.calls == []
        assert len([line for line in logs if line["event"] == "delivery.unavailable"]) <= 3
        rig.refuse(False)
        await rig.advance(16)
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies == ["a ann"]


async def test_what_was_not_leased_used_no_token() -> None:
    async with dispatching(Dispatch()) as rig:
        await rig.decide("a", "b", "c", "d", "e", delay=5)
        rig.refuse()
        await rig.advance(5.25, step=0.25)
        for _ in range(50):
            rig.dispatcher.wake("ops")
            await rig.quiet()
        rig.refuse(False)
        rig.dispatcher.wake("ops")
        await rig.quiet()
        assert len(rig.ops.calls) == 5


@pytest.mark.parametrize(("outcome", "state"), [(OK, "sent"), (REFUSED, "pending")])
async def test_an_outcome_that_can_not_be_saved_is_saved_first_of_all_when_the_storage_is_back(
    outcome: Outcome, state: str
) -> None:
    async with dispatching(Dispatch()) as rig:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        first, second = await rig.decide("a", "b")
        await rig.quiet()
        rig.refuse()
        answer.set_result(outcome)
        await rig.advance(30)
        assert rig.ops.bodies == ["a ann"]
        rig.refuse(False)
        saved = count_saves(rig)
        await rig.advance(16)
        assert saved[0] == (first, state)
        assert await rig.states(first, second) == ["sent", "sent"]
        assert len(rig.audits()) == len(rig.ops.calls)
        assert rig.ops.bodies.count("a ann") == (1 if outcome is OK else 2)


def count_saves(rig: Dispatch) -> list[tuple[str, str]]:
    """What is written from now on, as (delivery, state)."""
    saved: list[tuple[str, str]] = []
    save, settle = rig.outbox.save, rig.items.settle

    async def watched_save(rows: Sequence[DeliveryRow], audits: Any = ()) -> None:
        await save(rows, audits)
        saved.extend((row.id, row.state) for row in rows)

    async def watched_settle(row: DeliveryRow, audits: Any = ()) -> None:
        await settle(row, audits)
        saved.append((row.id, row.state))

    rig.outbox.save = watched_save  # type: ignore[method-assign]  # to watch it
    rig.items.settle = watched_settle  # type: ignore[method-assign]  # to watch it
    return saved


async def test_a_next_part_that_can_not_be_leased_waits_with_the_part_before_it_recorded() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 2
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        (ident,) = await rig.decide("a")
        await rig.quiet()
        rig.refuse()
        answer.set_result(OK)
        await rig.advance(10)
        assert rig.ops.bodies == ["a ann (1/2)"]
        rig.refuse(False)
        await rig.advance(16)
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies == ["a ann (1/2)", "a ann (2/2)"]


async def test_what_is_held_is_saved_before_another_part_is_leased() -> None:
    async with dispatching(Dispatch(ops=HOOK)) as rig:
        rig.ops.parts = 2
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Future[Outcome]] = [loop.create_future(), loop.create_future()]
        rig.ops.answers.extend(answers)
        first, second = await rig.decide("a", "b")
        await rig.quiet()
        rig.refuse()
        answers[0].set_result(REFUSED)
        await rig.quiet()
        rig.refuse(False)
        saved = count_saves(rig)
        answers[1].set_result(OK)
        await rig.quiet()
        assert saved[:2] == [(first, "pending"), (second, "pending")]


async def test_an_item_that_can_not_be_read_now_is_read_later() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.items.faults[ItemId("a")] = Unavailable()
        (ident,) = await rig.decide("a")
        await rig.advance(10)
        assert await rig.states(ident) == ["pending"]
        del rig.items.faults[ItemId("a")]
        await rig.advance(16)
        assert await rig.states(ident) == ["sent"]


async def test_nothing_is_sent_before_the_leases_of_the_last_process_are_taken_over() -> None:
    rig = Dispatch()
    await rig.storage.store.start()
    (ident,) = await rig.decide("a")
    rig.refuse()
    async with dispatching(rig):
        await rig.advance(4)
        assert rig.ops.calls == []
        rig.refuse(False)
        await rig.advance(2)
        assert await rig.states(ident) == ["sent"]


# ---------------------------------------------------------------------- the clock jumps


@pytest.mark.parametrize("jump", [DAY, -DAY, 3_600, -3_600])
async def test_a_clock_jump_delays_nothing_that_is_decided_after_it(jump: int) -> None:
    async with dispatching(Dispatch()) as rig:
        rig.clock.jump(jump)
        at_once, delayed = [*(await rig.decide("a")), *(await rig.decide("b", delay=30))]
        await rig.quiet()
        assert await rig.states(at_once, delayed) == ["sent", "pending"]
        await rig.advance(29)
        assert await rig.states(delayed) == ["pending"]
        await rig.advance(2)
        assert await rig.states(delayed) == ["sent"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_a_clock_jump_moves_what_waits_with_it(jump: int) -> None:
    async with dispatching(Dispatch()) as rig:
        (ident,) = await rig.decide("a", delay=300)
        await rig.advance(100)
        rig.clock.jump(jump)
        await rig.advance(199)
        assert await rig.states(ident) == ["pending"]
        row = await rig.row(ident)
        assert abs(row.due - rig.clock.now() - 1_000) <= 5, "an operator sees when it is due"
        await rig.advance(2)
        assert await rig.states(ident) == ["sent"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_a_clock_jump_nobody_noticed_before_the_call_ended_delays_nothing(jump: int) -> None:
    async with dispatching(Dispatch()) as rig:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        (ident,) = await rig.decide("a")
        await rig.quiet()
        rig.clock.jump(jump)
        answer.set_result(NEVER)
        await rig.quiet()
        row = await rig.row(ident)
        assert (row.state, 0 <= row.due - rig.clock.now() <= 1_000) == ("pending", True)


async def test_a_clock_jump_between_reading_and_leasing_moves_the_lease() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(asyncio.get_running_loop().create_future())
        rig.items.at_standing.close()
        (ident,) = await rig.decide("a")
        await rig.items.at_standing.arrival()
        due = (await rig.row(ident)).due
        rig.clock.jump(DAY)
        rig.items.at_standing.open()
        await rig.quiet()
        row = await rig.row(ident)
        assert (row.state, row.due) == ("leased", due + DAY * 1_000)


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_a_clock_jump_after_a_lane_has_read_what_is_due_next_neither_hurries_nor_delays_it(
    jump: int,
) -> None:
    async with dispatching(Dispatch()) as rig:
        held, read = Gate(), rig.outbox.next_due

        async def late(channel: str) -> Milliseconds | None:
            due = await read(channel)
            await held.passed()
            return due

        rig.outbox.next_due = late  # type: ignore[method-assign]  # to hold it
        held.close()
        (ident,) = await rig.decide("a", delay=30)
        await held.arrival()
        rig.clock.jump(jump)
        assert await rig.dispatcher.replay("unknown", "root") is None, "but the jump is carried out"
        held.open()
        await rig.advance(29)
        assert await rig.states(ident) == ["pending"]
        await rig.advance(2)
        assert await rig.states(ident) == ["sent"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_what_is_read_while_a_clock_jump_is_carried_out_is_neither_hurried_nor_delayed(
    jump: int,
) -> None:
    """The rows have moved already, and nobody knows yet."""
    async with dispatching(Dispatch()) as rig:
        reading, moving = Gate(), Gate()
        read, move = rig.outbox.due, rig.outbox.shift

        async def late(channel: str, now: Milliseconds, limit: int) -> Sequence[DeliveryRow]:
            await reading.passed()
            return await read(channel, now, limit)

        async def long(milliseconds: int) -> None:
            await move(milliseconds)
            await moving.passed()

        rig.outbox.due, rig.outbox.shift = late, long  # type: ignore[method-assign]  # to hold them
        reading.close()
        moving.close()
        (ident,) = await rig.decide("a", delay=30)
        await reading.arrival()
        rig.clock.jump(jump)
        jumping = asyncio.create_task(rig.dispatcher.replay("unknown", "root"))
        await moving.arrival()
        reading.open()
        await rig.quiet()
        assert await rig.states(ident) == ["pending"]
        moving.open()
        await jumping
        await rig.advance(29)
        assert await rig.states(ident) == ["pending"]
        await rig.advance(2)
        assert await rig.states(ident) == ["sent"]


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_a_clock_jump_during_a_call_neither_kills_nor_delays_what_is_tried_again(jump: int) -> None:
    async with dispatching(Dispatch()) as rig:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rig.ops.answers.append(answer)
        (ident,) = await rig.decide("a")
        await rig.quiet()
        rig.clock.jump(jump)
        (other,) = await rig.decide("b")
        await rig.advance(2)
        answer.set_result(NEVER)
        await rig.advance(4)
        assert await rig.states(ident, other) == ["sent", "sent"]


async def test_a_clock_jump_kills_nothing_of_a_channel_that_stands_still() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.always = BAD_CONFIG
        ids = await rig.decide("a", "b")
        await rig.quiet()
        rig.clock.jump(2 * DAY)
        await rig.advance(200)
        assert await rig.states(*ids) == ["pending", "pending"]


async def test_a_clock_that_is_slewed_is_followed_without_a_word() -> None:
    async with dispatching(Dispatch()) as rig:
        with capture_logs() as logs:
            for _ in range(10):
                rig.clock.jump(4)
                await rig.advance(61)
            (ident,) = await rig.decide("a")
            await rig.quiet()
        assert await rig.states(ident) == ["sent"]
        assert "clock.jumped" not in {line["event"] for line in logs}


async def test_a_jump_that_can_not_be_carried_out_waits_for_the_storage() -> None:
    async with dispatching(Dispatch()) as rig:
        (ident,) = await rig.decide("a", delay=30)
        rig.refuse()
        rig.clock.jump(DAY)
        await rig.advance(25)
        assert rig.ops.calls == []
        rig.refuse(False)
        await rig.advance(2)
        assert rig.ops.calls == []
        await rig.advance(20)
        assert await rig.states(ident) == ["sent"]


@pytest.mark.parametrize("ahead", [300 * DAY, 120, -120, -30 * DAY])
async def test_what_a_process_with_another_clock_left_waits_no_longer_than_it_was_meant_to(
    ahead: int,
) -> None:
    before = Dispatch()
    before.clock.jump(ahead)
    async with dispatching(before):
        before.ops.answers.append(REFUSED)
        tried, *ids = await before.decide("a", "b", "c", delay=0)
        delayed = await before.decide("d", delay=30)
        await before.quiet()
    again = Dispatch(storage=before.storage)
    async with dispatching(again):
        await again.advance(61)
        assert await again.states(tried, *ids, *delayed) == ["sent"] * 4


async def test_a_start_reads_of_the_backlog_only_what_is_not_due(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Dispatch()
    await before.storage.store.start()
    await before.decide(*"abcdef")
    await before.decide("g", delay=30)
    again = Dispatch(storage=before.storage)
    again.ops.always = limited(3_600)
    listed = count_calls(again.outbox, "deliveries", monkeypatch)
    ahead = again.outbox.not_yet_due
    read: list[str] = []

    async def counted(*arguments: Any) -> Any:
        page = await ahead(*arguments)
        read.extend(row.event.item for _, row in page)
        return page

    monkeypatch.setattr(again.outbox, "not_yet_due", counted)
    async with dispatching(again):
        assert (read, listed) == (["g"], [])


async def test_a_clock_set_after_the_start_delays_nothing_of_what_was_left() -> None:
    """As on a board without a clock of its own: it boots in the past and asks the network for the time."""
    before = Dispatch()
    await before.storage.store.start()
    ids = await before.decide("a", "b", delay=30)
    again = Dispatch(storage=before.storage)
    again.clock.jump(-300 * DAY)
    async with dispatching(again):
        await again.advance(5)
        again.clock.jump(300 * DAY)
        await again.advance(27)
        assert await again.states(*ids) == ["sent", "sent"]


async def test_the_clock_that_counts_is_the_one_at_the_start() -> None:
    before = Dispatch()
    await before.storage.store.start()
    (ident,) = await before.decide("a")
    again = Dispatch(storage=before.storage)
    again.clock.jump(DAY)
    async with dispatching(again):
        assert await again.states(ident) == ["sent"]


async def test_nobody_goes_by_the_new_time_before_everything_is_put_right() -> None:
    rig = Dispatch()
    await rig.storage.store.start()
    time = SteadyClock(rig.clock, rig.outbox)
    rig.clock.jump(DAY)
    (ident,) = await rig.decide("a", delay=30)
    row = await rig.row(ident)
    time.decided([delivery_of(row)])
    held, read = Gate(), rig.outbox.delivery

    async def late(delivery: str) -> DeliveryRow | None:
        await held.passed()
        return await read(delivery)

    rig.outbox.delivery = late  # type: ignore[method-assign]  # to hold it
    held.close()
    first = asyncio.create_task(time.keep_up())
    await held.arrival()
    second = asyncio.create_task(time.keep_up())
    await rig.quiet()
    assert not second.done()
    held.open()
    await asyncio.gather(first, second)
    assert (await rig.row(ident)).due == row.due


@pytest.mark.parametrize("second", [DAY, -DAY, 120])
async def test_a_second_clock_jump_before_the_first_is_carried_out_delays_nothing(second: int) -> None:
    rig = Dispatch()
    await rig.storage.store.start()
    time = SteadyClock(rig.clock, rig.outbox)
    rig.clock.jump(-DAY)
    (ident,) = await rig.decide("a", delay=30)
    time.decided([delivery_of(await rig.row(ident))])
    rig.clock.jump(second)
    await time.keep_up()
    assert (await rig.row(ident)).due == rig.clock.now() + 30_000 == time.now() + 30_000


async def test_what_could_not_be_put_right_is_put_right_the_next_time() -> None:
    rig = Dispatch()
    await rig.storage.store.start()
    time = SteadyClock(rig.clock, rig.outbox)
    rig.clock.jump(-DAY)
    (ident,) = await rig.decide("a", delay=30)
    row = await rig.row(ident)
    time.decided([delivery_of(row)])
    save = rig.outbox.save

    async def refuses(rows: Sequence[DeliveryRow], audits: Any = ()) -> None:
        raise Unavailable

    rig.outbox.save = refuses  # type: ignore[method-assign]  # so that it refuses
    with pytest.raises(Unavailable):
        await time.keep_up()
    rig.outbox.save = save  # type: ignore[method-assign]  # and no more
    await time.keep_up()
    assert (await rig.row(ident)).due == row.due


def delivery_of(row: DeliveryRow) -> Delivery:
    return Delivery(
        row.id, row.event.id, row.event.item, row.channel, row.route, row.due, row.user, row.event.topic
    )


# ---------------------------------------------------------------------- housekeeping


async def test_deliveries_for_a_channel_that_is_gone_wait_a_day_and_are_dead_with_a_sentence() -> None:
    async with dispatching(Dispatch()) as rig:
        (ident,) = await rig.decide("a", channel="gone")
        await rig.advance(DAY - 61, step=60)
        assert await rig.states(ident) == ["pending"]
        assert rig.metrics.deliveries_waiting["gone"] == 1
        await rig.advance(180, step=60)
        row = await rig.row(ident)
        assert (row.state, row.error) == (
            "dead",
            "not sent within 24 hours: no such channel is configured",
        )
        assert rig.metrics.deliveries_waiting["gone"] == 0


async def test_an_old_one_whose_end_can_not_be_written_is_tried_again_the_next_minute() -> None:
    async with dispatching(Dispatch(DeliverySettings(max_age=60))) as rig:
        rig.items.settle_fault = ZeroDivisionError()
        (ident,) = await rig.decide("a", channel="gone")
        await rig.advance(125)
        assert await rig.states(ident) == ["pending"]
        rig.items.settle_fault = None
        await rig.advance(61)
        assert await rig.states(ident) == ["dead"]


async def test_what_has_ended_is_dropped_after_its_time() -> None:
    settings = DeliverySettings(keep=600, audit_keep=1_200)
    async with dispatching(Dispatch(settings)) as rig:
        (ident,) = await rig.decide("a")
        await rig.advance(598, step=2)
        assert await rig.outbox.delivery(ident) is not None
        await rig.advance(122, step=2)
        assert await rig.outbox.delivery(ident) is None
        assert len(rig.audits()) == 1
        await rig.advance(600, step=2)
        assert rig.audits() == []


async def test_what_waits_is_counted_anew_every_minute() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(limited(3_600))
        await rig.decide("a", "b")
        await rig.quiet()
        assert rig.metrics.deliveries_waiting["ops"] == 2
        rig.metrics.deliveries_waiting["ops"] = 9
        await rig.advance(61)
        assert rig.metrics.deliveries_waiting["ops"] == 2


async def test_one_part_of_the_housekeeping_that_fails_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with dispatching(Dispatch(DeliverySettings(keep=60))) as rig:
        (ident,) = await rig.decide("a")

        async def broken() -> Any:
            raise ZeroDivisionError

        monkeypatch.setattr(rig.outbox, "waiting", broken)
        with capture_logs() as logs:
            await rig.advance(125)
        assert [line for line in logs if line["event"] == "delivery.housekeeping_failed"]
        assert await rig.outbox.delivery(ident) is None
