"""``hub.delivery.dispatcher`` when vendors fail: each test is named for its fault. Time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.config import DeliverySettings
from hub.errors import Internal, NotFound
from hub.model import ItemId, Outcome
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

DAY = 86_400


def told(logs: Iterable[Any], event: str) -> list[Any]:
    return [line for line in logs if line["event"] == event]


# ---------------------------------------------------------------------- bad_config (93000)


async def test_93000_pauses_the_channel_with_one_alert_and_nothing_is_lost() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.always = BAD_CONFIG
        with capture_logs() as logs:
            ids = await rig.decide(*"abcdefgh")
            await rig.advance(3_600, step=5)
        assert len(told(logs, "channel.paused")) == 1
        assert told(logs, "channel.paused")[0]["log_level"] == "error"
        assert told(logs, "channel.paused")[0]["code"] == "93000"
        assert await rig.states(*ids) == ["pending"] * 8
        assert rig.metrics.channels_paused["ops"] == 1
        assert rig.dispatcher.states()["ops"].state == "paused"
        assert rig.dispatcher.states()["ops"].reason == BAD_CONFIG.error
        # The first, and a probe every five minutes.
        assert len(rig.ops.calls) == 1 + 3_600 // 300
        assert all(row.retries == 0 for row in [await rig.row(each) for each in ids])


async def test_a_paused_channel_resumes_at_once_after_a_test_that_arrived() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(BAD_CONFIG)
        ids = await rig.decide("a", "b")
        await rig.quiet()
        with capture_logs() as logs:
            assert await rig.dispatcher.test("ops", "root") == OK
            await rig.quiet()
        assert await rig.states(*ids) == ["sent", "sent"]
        assert rig.ops.bodies[2:] == ["a ann", "b ann"]
        assert len(told(logs, "channel.resumed")) == 1
        assert rig.metrics.channels_paused["ops"] == 0
        assert rig.dispatcher.states()["ops"].state == "ok"


async def test_a_paused_channel_resumes_with_the_probe_that_arrived() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(BAD_CONFIG)
        ids = await rig.decide("a", "b")
        await rig.advance(298)
        assert len(rig.ops.calls) == 1
        await rig.advance(3)
        assert await rig.states(*ids) == ["sent", "sent"]


async def test_what_a_paused_channel_kept_for_a_day_is_dead_and_says_why() -> None:
    async with dispatching(Dispatch(DeliverySettings(paused_probe=7 * DAY))) as rig:
        rig.ops.always = BAD_CONFIG
        first, second = await rig.decide("a", "b")
        await rig.advance(DAY - 60, step=30)
        assert await rig.states(first, second) == ["pending", "pending"]
        await rig.advance(180, step=30)
        assert await rig.states(first, second) == ["dead", "dead"]
        untried = await rig.row(second)
        assert untried.attempts == 0
        assert untried.error == f"not sent within 24 hours: the channel is paused: {BAD_CONFIG.error}"


async def test_a_receiver_that_answers_404_to_some_calls_alerts_once_an_hour() -> None:
    missing = Outcome("bad_config", error="404 Not Found", code="404")
    async with dispatching(Dispatch(DeliverySettings(paused_probe=60), ops=HOOK)) as rig:
        with capture_logs() as logs:
            for minute in range(61):
                rig.ops.answers.append(missing)
                await rig.decide(f"a{minute}")
                await rig.advance(61, step=61)
            assert rig.metrics.channels_paused["ops"] == 0
        levels = [line["log_level"] for line in told(logs, "channel.paused")]
        assert (levels.count("error"), levels.count("info"), len(levels)) == (2, 59, 61)
        assert len(told(logs, "channel.resumed")) == 61


async def test_a_failed_test_tells_its_outcome_and_leaves_the_pause_and_its_probe() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.always = BAD_CONFIG
        await rig.decide("a")
        await rig.advance(297)
        assert await rig.dispatcher.test("ops") == BAD_CONFIG
        assert rig.dispatcher.states()["ops"].state == "paused"
        assert len(rig.ops.calls) == 2
        await rig.advance(5)
        assert rig.ops.bodies[2:] == ["a ann"]


async def test_there_is_no_test_of_a_channel_that_is_not() -> None:
    async with dispatching(Dispatch()) as rig:
        with pytest.raises(NotFound):
            await rig.dispatcher.test("opz")


# ---------------------------------------------------------------------- rate limits (45009)


async def test_45009_in_a_backlog_waits_sixty_seconds_and_drains_in_order() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.extend([OK, OK, limited(60)])
        with capture_logs() as logs:
            ids = await rig.decide(*"abcde")
            await rig.advance(59)
        assert rig.ops.bodies == ["a ann", "b ann", "c ann"]
        assert await rig.states(*ids) == ["sent", "sent", "pending", "pending", "pending"]
        assert rig.dispatcher.states()["ops"].state == "waiting"
        assert [line["log_level"] for line in told(logs, "channel.waiting")] == ["warning"]
        until = rig.dispatcher.states()["ops"].until
        assert until is not None
        assert abs(until - rig.clock.now() - 1_000) <= 1
        await rig.advance(2)
        assert rig.ops.bodies[3:] == ["c ann", "d ann", "e ann"]
        assert await rig.states(*ids) == ["sent"] * 5
        assert rig.ops.calls[3].at - rig.ops.calls[2].at >= 60
        row = await rig.row(ids[2])
        assert (row.attempts, row.retries) == (2, 0)


async def test_a_vendors_window_is_measured_by_the_monotonic_clock() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(limited(60))
        await rig.decide("a")
        await rig.quiet()
        rig.clock.jump(DAY)
        await rig.advance(58)
        assert len(rig.ops.calls) == 1
        await rig.advance(4)
        assert len(rig.ops.calls) == 2


async def test_a_backlog_leaves_by_the_bucket_twenty_in_any_minute() -> None:
    async with dispatching(Dispatch()) as rig:
        items = [f"i{number:02}" for number in range(60)]
        ids = await rig.decide(*items)
        await rig.advance(300)
        assert await rig.states(*ids) == ["sent"] * 60
        assert rig.ops.bodies == [f"{item} ann" for item in items]
        times = [call.at for call in rig.ops.calls]
        assert max(sum(at <= other < at + 60 for other in times) for at in times) <= 20
        assert times[4] == times[0]


async def test_what_waits_for_the_bucket_is_not_leased() -> None:
    async with dispatching(Dispatch()) as rig:
        ids = await rig.decide(*"abcdefgh")
        await rig.quiet()
        assert await rig.states(*ids) == ["sent"] * 5 + ["pending"] * 3
        assert [(await rig.row(each)).attempts for each in ids] == [1] * 5 + [0] * 3


# ---------------------------------------------------------------------- refusals, no way, no answer


async def test_502_is_tried_three_times_more_with_jitter_and_then_dead() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.always = REFUSED
        with capture_logs() as logs:
            (ident,) = await rig.decide("a")
            await rig.advance(60)
        row = await rig.row(ident)
        assert (row.state, row.attempts, row.retries) == ("dead", 4, 3)
        assert row.error == "502 Bad Gateway; given up after 3 retries"
        assert rig.ops.bodies == ["a ann"] * 4
        waits = [later.at - earlier.at for earlier, later in pairwise(rig.ops.calls)]
        assert all(wait <= 4 + 1 for wait in waits)
        assert len(told(logs, "delivery.retry")) == 3
        assert [line["log_level"] for line in told(logs, "delivery.dead")] == ["error"]
        assert rig.metrics.deliveries["ops", "dead"] == 1


async def test_502_that_passes_is_sent() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.extend([REFUSED, Outcome("retry", "refused", error="-1 system busy", code="-1")])
        (ident,) = await rig.decide("a")
        await rig.advance(30)
        row = await rig.row(ident)
        assert (row.state, row.attempts, row.retries, row.error) == ("sent", 3, 2, None)


async def test_an_hour_without_connection_loses_nothing_and_uses_no_retry() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.always = NEVER
        ids = await rig.decide(*"abcdefghij")
        await rig.advance(3_600, step=2)
        rows = [await rig.row(each) for each in ids]
        assert {row.state for row in rows} == {"pending"}
        assert {row.retries for row in rows} == {0}
        # Five failures open the breaker; from then on one call every half minute tries the way.
        assert 3_600 / 35 < len(rig.ops.calls) <= 5 + 3_600 / 30
        rig.ops.always = OK
        await rig.advance(120)
        assert await rig.states(*ids) == ["sent"] * 10


async def test_the_breaker_opens_after_five_failures_and_then_tries_one_call() -> None:
    async with dispatching(Dispatch(ops=HOOK)) as rig:
        rig.ops.always = NEVER
        with capture_logs() as logs:
            ids = await rig.decide(*(f"i{number}" for number in range(20)))
            await rig.quiet()
            called = len(rig.ops.calls)
            assert 5 <= called <= 8, "those in flight when the fifth failed"
            await rig.advance(29)
            assert len(rig.ops.calls) == called
            assert rig.dispatcher.states()["ops"].state == "open"
            await rig.advance(2)
            assert len(rig.ops.calls) == called + 1
            rig.ops.always = OK
            await rig.advance(31)
        assert len(told(logs, "channel.waiting")) == 1
        assert len(told(logs, "channel.resumed")) == 1
        await rig.advance(60)
        assert await rig.states(*ids) == ["sent"] * 20


async def test_a_robot_that_gave_no_answer_gets_one_repetition_with_the_mark() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.always = UNKNOWN
        (ident,) = await rig.decide("a")
        await rig.advance(30)
        row = await rig.row(ident)
        assert (row.state, row.attempts, row.unsure) == ("dead", 2, True)
        assert row.error is not None
        assert "may have arrived" in row.error
        assert rig.ops.bodies == ["a ann", "a ann #a1b2c3"]
        assert len({call.key for call in rig.ops.calls}) == 1


async def test_a_webhook_that_gave_no_answer_gets_the_same_bytes_again() -> None:
    async with dispatching(Dispatch(ops=HOOK)) as rig:
        rig.ops.answers.extend([UNKNOWN, UNKNOWN, UNKNOWN])
        (ident,) = await rig.decide("a")
        await rig.advance(30)
        assert await rig.states(ident) == ["sent"]
        assert len({(call.body, call.key) for call in rig.ops.calls}) == 1
        assert len(rig.ops.calls) == 4


async def test_a_channel_that_raises_gave_no_answer() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(RuntimeError("key=canary"))
        with capture_logs() as logs:
            (ident,) = await rig.decide("a")
            await rig.advance(5)
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies == ["a ann", "a ann #a1b2c3"]
        assert "canary" not in str(logs)


async def test_a_call_that_never_ends_is_given_up_and_counts_as_one_without_answer() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(asyncio.get_running_loop().create_future())
        (ident,) = await rig.decide("a")
        await rig.advance(4)
        assert await rig.states(ident) == ["leased"]
        await rig.advance(6)
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies == ["a ann", "a ann #a1b2c3"]


async def test_a_message_that_will_never_be_taken_is_dead_and_the_next_goes() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.answers.append(BAD_MESSAGE)
        ids = await rig.decide("a", "b")
        await rig.quiet()
        assert await rig.states(*ids) == ["dead", "sent"]


async def test_a_day_without_success_is_the_end() -> None:
    async with dispatching(Dispatch(DeliverySettings(max_age=3_600))) as rig:
        rig.ops.always = NEVER
        tried, delayed = [*(await rig.decide("a")), *(await rig.decide("b", delay=3_500))]
        await rig.advance(3_720, step=5)
        row = await rig.row(tried)
        assert (row.state, row.error) == ("dead", "not sent within 1 hour: connection refused")
        assert row.attempts > 1
        assert (await rig.row(delayed)).state == "dead"


# ---------------------------------------------------------------------- several parts


async def test_parts_follow_each_other_before_another_message_begins() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 3
        ids = await rig.decide("a", "b")
        await rig.advance(8)
        assert await rig.states(*ids) == ["sent", "sent"]
        assert rig.ops.bodies == [f"{item} ann ({part}/3)" for item in "ab" for part in (1, 2, 3)]
        assert [call.key for call in rig.ops.calls[:3]] == [f"{ids[0]}-{part}" for part in (1, 2, 3)]


async def test_half_of_several_parts_goes_on_where_it_stopped() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 3
        rig.ops.answers.extend([OK, UNKNOWN])
        (ident,) = await rig.decide("a")
        await rig.advance(10)
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies == [
            "a ann (1/3)",
            "a ann (2/3)",
            "a ann (2/3) #a1b2c3",
            "a ann (3/3)",
        ]


async def test_half_of_several_parts_that_can_not_go_on_is_partial() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 2
        rig.ops.answers.extend([OK, BAD_MESSAGE])
        (ident,) = await rig.decide("a")
        await rig.quiet()
        row = await rig.row(ident)
        assert (row.state, row.part, row.error) == ("partial", 1, BAD_MESSAGE.error)
        assert rig.metrics.deliveries["ops", "partial"] == 1


async def test_a_part_waits_for_the_bucket_unleased_and_before_everybody_else() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 4
        first, second = await rig.decide("a", "b")
        await rig.quiet()
        row = await rig.row(second)
        assert (len(rig.ops.calls), row.state, row.part) == (5, "pending", 1)
        assert (await rig.row(first)).state == "sent"
        await rig.decide("c")
        await rig.advance(13)
        assert rig.ops.bodies[5:8] == ["b ann (2/4)", "b ann (3/4)", "b ann (4/4)"]


async def test_a_message_that_is_half_told_is_told_to_its_end_before_others_of_a_backlog() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 2
        rig.ops.answers.extend([OK, REFUSED])
        await rig.decide(*"abcd")
        await rig.advance(60)
        assert rig.ops.bodies[5:9] == ["c ann (2/2)", "a ann (2/2)", "d ann (1/2)", "d ann (2/2)"]


async def test_the_rest_of_a_partial_one_is_sent_by_a_replay() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 2
        rig.ops.answers.extend([OK, BAD_MESSAGE])
        (ident,) = await rig.decide("a")
        await rig.quiet()
        await rig.outbox.replay(ident, rig.clock.now())
        rig.dispatcher.wake("ops")
        await rig.quiet()
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies == ["a ann (1/2)", "a ann (2/2)", "a ann (2/2)"]


async def test_a_replay_of_what_is_shorter_now_is_sent_whole() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.ops.parts = 2
        rig.ops.answers.extend([OK, BAD_MESSAGE])
        (ident,) = await rig.decide("a")
        await rig.quiet()
        rig.ops.parts = 1
        await rig.outbox.replay(ident, rig.clock.now())
        rig.dispatcher.wake("ops")
        await rig.quiet()
        assert await rig.states(ident) == ["sent"]
        assert rig.ops.bodies[2:] == ["a ann"]


# ---------------------------------------------------------------------- faults of our own


async def test_a_template_that_raises_ends_only_its_delivery() -> None:
    async with dispatching(Dispatch()) as rig:

        def says(message: Any) -> str:
            if message.event.item == "b":
                raise KeyError("secret words")
            return str(message.event.item)

        rig.ops.says = says
        with capture_logs() as logs:
            ids = await rig.decide("a", "b", "c")
            await rig.quiet()
        assert await rig.states(*ids) == ["sent", "dead", "sent"]
        error = (await rig.row(ids[1])).error
        assert error is not None
        assert "KeyError" in error
        assert "secret words" not in error + str(logs)


async def test_an_item_that_can_not_be_read_ends_only_its_delivery() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.items.faults[ItemId("b")] = ValueError("secret words")
        with capture_logs() as logs:
            ids = await rig.decide("a", "b", "c")
            await rig.quiet()
        assert await rig.states(*ids) == ["sent", "dead", "sent"]
        assert "secret words" not in str(logs)


async def test_an_item_that_the_hub_fails_on_holds_nobody_up_and_is_asked_for_again() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.items.faults[ItemId("a")] = Internal()
        ids = await rig.decide("a", "b")
        await rig.quiet()
        assert await rig.states(*ids) == ["pending", "sent"]
        assert (await rig.row(ids[0])).error == "the hub failed to read the item; its log tells more"
        asked = rig.items.asked[ItemId("a")]
        await rig.advance(55)
        assert rig.items.asked[ItemId("a")] == asked
        del rig.items.faults[ItemId("a")]
        await rig.advance(10)
        assert await rig.states(*ids) == ["sent", "sent"]


async def test_an_item_that_the_hub_fails_on_for_a_day_is_dead() -> None:
    async with dispatching(Dispatch(DeliverySettings(max_age=300))) as rig:
        rig.items.faults[ItemId("a")] = Internal()
        (ident,) = await rig.decide("a")
        await rig.advance(310)
        row = await rig.row(ident)
        assert (row.state, row.attempts) == ("dead", 0)
        assert "failed to read the item" in (row.error or "")


async def test_a_call_that_our_own_code_stops_ends_only_its_delivery_with_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(body: bytes, mark: str) -> bytes:
        raise KeyError("secret words")

    async with dispatching(Dispatch()) as rig:
        monkeypatch.setattr(rig.ops, "repeated", broken)
        rig.ops.answers.append(UNKNOWN)
        with capture_logs() as logs:
            ids = await rig.decide("a", "b")
            await rig.advance(3)
        assert await rig.states(*ids) == ["dead", "sent"]
        row = await rig.row(ids[0])
        assert row.error is not None
        assert "KeyError" in row.error
        assert "may have arrived" in row.error
        assert "secret words" not in row.error
        assert len(told(logs, "delivery.failed")) == 1


async def test_a_lane_whose_code_raises_goes_on_after_a_pause_and_others_are_not_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with dispatching(Dispatch(ops=ROBOT, hook=HOOK)) as rig:
        due = rig.outbox.due

        async def broken(channel: str, *rest: Any) -> Any:
            if channel == "ops":
                raise ZeroDivisionError
            return await due(channel, *rest)

        monkeypatch.setattr(rig.outbox, "due", broken)
        with capture_logs() as logs:
            ids = [*(await rig.decide("a")), *(await rig.decide("b", channel="hook"))]
            await rig.advance(3)
        assert await rig.states(*ids) == ["pending", "sent"]
        assert len(told(logs, "delivery.lane_failed")) == 1
        monkeypatch.undo()
        await rig.advance(5)
        assert await rig.states(*ids) == ["sent", "sent"]


async def test_an_end_without_a_call_that_can_not_be_written_is_not_read_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with dispatching(Dispatch()) as rig:
        rig.items.settle_fault = ZeroDivisionError()
        rig.items.faults[ItemId("a")] = ValueError()
        reads: list[str] = []
        due = rig.outbox.due

        async def counted(channel: str, *rest: Any) -> Any:
            reads.append(channel)
            return await due(channel, *rest)

        monkeypatch.setattr(rig.outbox, "due", counted)
        (ident,) = await rig.decide("a")
        await rig.advance(58)
        assert (await rig.states(ident), len(reads)) == (["pending"], 2)
        assert rig.items.asked[ItemId("a")] == 1
        rig.items.settle_fault = None
        await rig.advance(4)
        assert await rig.states(ident) == ["dead"]


async def test_an_end_that_can_not_be_written_holds_nobody_up_and_is_tried_again() -> None:
    async with dispatching(Dispatch()) as rig:
        rig.items.settle_fault = ZeroDivisionError()
        with capture_logs() as logs:
            (first,) = await rig.decide("a")
            await rig.quiet()
        assert len(told(logs, "delivery.record_failed")) == 1
        assert await rig.states(first) == ["leased"]
        rig.items.settle_fault = None
        (second,) = await rig.decide("b")
        await rig.quiet()
        assert await rig.states(first, second) == ["leased", "sent"]
        await rig.advance(62)
        assert await rig.states(first, second) == ["sent", "sent"]
        assert rig.ops.bodies == ["a ann", "b ann"]
