"""``hub.delivery.limits`` and ``gate``: how fast a channel may call, and when it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.gate import Gate
from hub.delivery.limits import Breaker, TokenBucket
from hub.model import Outcome
from tests.kit.channels import BAD_CONFIG, BAD_MESSAGE, HOOK, NEVER, OK, REFUSED, ROBOT, UNKNOWN, limited


def gate(parallel: int = 1, burst: int = 0) -> Gate:
    traits = replace(ROBOT, parallel=parallel, burst=burst, per_minute=15 if burst else 0)
    return Gate(traits, probe=300, now=0)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200), st.data())
def test_no_sixty_seconds_see_more_than_burst_and_rate(pauses: list[float], data: st.DataObject) -> None:
    bucket, now = TokenBucket(5, 15, 0), 0.0
    taken: list[float] = []
    for pause in pauses:
        now += pause
        count = data.draw(st.integers(0, bucket.available(now)))
        bucket.take(count, now)
        taken += [now] * count
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= 20


def test_a_greedy_channel_gets_its_burst_and_then_one_call_every_four_seconds() -> None:
    bucket, now, taken = TokenBucket(5, 15, 0), 0.0, 0
    while now <= 60:
        count = bucket.available(now)
        bucket.take(count, now)
        taken += count
        now += bucket.wait(now)
    assert taken == 20


def test_waiting_as_long_as_the_bucket_says_is_enough() -> None:
    bucket, now = TokenBucket(5, 15, 0), 0.0
    bucket.take(5, now)
    for _ in range(1_000):
        now += bucket.wait(now)
        assert bucket.available(now) == 1
        bucket.take(1, now)


def test_a_rest_fills_the_bucket_and_no_further() -> None:
    bucket = TokenBucket(5, 15, 0)
    bucket.take(5, 0)
    assert bucket.available(1_000) == 5


def test_what_was_given_back_may_be_taken_again() -> None:
    bucket = TokenBucket(5, 15, 0)
    bucket.take(5, 0)
    bucket.give_back(5)
    assert bucket.available(0) == 5


@pytest.mark.parametrize(("burst", "per_minute"), [(0, 15), (5, 0), (0, 0)])
def test_zero_is_no_limit(burst: int, per_minute: int) -> None:
    bucket = TokenBucket(burst, per_minute, 0)
    bucket.take(1_000, 0)
    assert bucket.available(0) > 1_000
    assert bucket.wait(0) == 0


def test_the_breaker_opens_after_five_failures_in_a_row_for_thirty_seconds() -> None:
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(0)
    breaker.succeeded()
    for _ in range(4):
        breaker.failed(1)
    assert (breaker.tripped, breaker.wait(1)) == (False, 0)
    breaker.failed(1)
    assert (breaker.tripped, breaker.wait(1), breaker.wait(31)) == (True, 30, 0)


def test_what_fails_while_it_is_open_does_not_prolong_it() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0)
    breaker.failed(20)
    assert breaker.wait(20) == 10


def test_a_probe_that_fails_opens_it_again_and_one_that_succeeds_closes_it() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(0)
    breaker.failed(30)
    assert breaker.wait(30) == 30
    breaker.succeeded()
    assert not breaker.tripped
    for _ in range(4):
        breaker.failed(70)
    assert not breaker.tripped


def test_no_more_calls_at_once_than_the_channel_takes() -> None:
    hook = Gate(HOOK, 300, 0)
    assert [hook.free(0, flying) for flying in (0, 3, 8, 9)] == [8, 5, 0, 0]


def test_after_the_breaker_opened_one_call_tries_the_way() -> None:
    way = gate(parallel=8)
    assert [way.judge(NEVER, 0) for _ in range(5)] == [None] * 4 + ["open"]
    assert (way.free(29, 0), way.free(30, 0), way.free(30, 1)) == (0, 1, 0)
    assert way.judge(OK, 31) == "resumed"
    assert way.free(31, 0) == 8


@pytest.mark.parametrize("outcome", [NEVER, REFUSED, UNKNOWN])
def test_the_ways_own_failures_count(outcome: Outcome) -> None:
    way = gate()
    assert [way.judge(outcome, 0) for _ in range(5)][-1] == "open"


@pytest.mark.parametrize("outcome", [BAD_MESSAGE, limited(1), Outcome("refresh_token"), BAD_CONFIG])
def test_what_the_vendor_says_of_a_message_is_no_failure_of_the_way(outcome: Outcome) -> None:
    way = gate()
    for _ in range(4):
        way.judge(NEVER, 0)
    way.judge(outcome, 0)
    way.judge(NEVER, 0)
    assert way.standstill(0).state != "open"


def test_a_vendors_window_stops_everything_until_it_is_over() -> None:
    way = gate(parallel=8)
    assert way.judge(limited(60), 0) == "waiting"
    assert way.judge(limited(30), 1) is None
    assert (way.wait(1), way.free(59.9, 0), way.free(60, 0)) == (59, 0, 8)
    assert way.standstill(60).state == "ok"


@pytest.mark.parametrize(("until", "waits"), [(0, 1), (-5, 1), (10**9, 86_400)])
def test_a_window_has_bounds(until: float, waits: float) -> None:
    way = gate()
    way.judge(limited(until), 0)
    assert way.wait(0) == waits


def test_wrong_settings_pause_the_channel_once_and_one_delivery_tries_every_five_minutes() -> None:
    way = gate(parallel=8)
    assert way.judge(BAD_CONFIG, 0) == "paused"
    assert (way.free(299, 0), way.free(300, 0), way.free(300, 1)) == (0, 1, 0)
    way.take(1, 300)
    assert way.judge(BAD_CONFIG, 301) is None
    assert (way.free(301, 0), way.wait(301)) == (0, 299)
    assert way.standstill(301).reason == BAD_CONFIG.error


@pytest.mark.parametrize("outcome", [OK, Outcome("partial"), BAD_MESSAGE])
def test_a_vendor_that_judges_the_message_has_accepted_who_calls(outcome: Outcome) -> None:
    way = gate()
    way.judge(BAD_CONFIG, 0)
    assert way.judge(outcome, 300) == "resumed"
    assert way.free(300, 0) == 1


@pytest.mark.parametrize("outcome", [NEVER, UNKNOWN, Outcome("refresh_token")])
def test_what_tells_nothing_about_the_settings_leaves_the_pause(outcome: Outcome) -> None:
    way = gate()
    way.judge(BAD_CONFIG, 0)
    way.judge(outcome, 300)
    assert way.standstill(300).state == "paused"


def test_a_test_may_call_a_paused_channel_but_not_beyond_a_window() -> None:
    way = gate(burst=5)
    way.judge(BAD_CONFIG, 0)
    assert way.refusal(0) is None
    way.take(5, 0)
    refusal = way.refusal(0)
    assert refusal is not None
    assert (refusal.kind, refusal.until) == ("rate_limited", 4)
    assert refusal.error == "nothing was sent: the hub's own rate allows no call for 4 s"
    way.judge(limited(60), 0)
    refusal = way.refusal(0)
    assert refusal is not None
    assert (refusal.until, refusal.error) == (60, "nothing was sent: the vendor takes no calls for 60 s")


def test_an_operators_test_does_not_move_the_time_at_which_a_delivery_tries_a_paused_channel() -> None:
    way = gate(burst=5)
    way.judge(BAD_CONFIG, 0)
    way.take_test(299)
    assert way.judge(BAD_CONFIG, 299) is None
    assert (way.wait(299), way.free(300, 0)) == (1, 1)
