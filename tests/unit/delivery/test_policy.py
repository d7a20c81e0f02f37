"""``hub.delivery.policy``: one outcome, the row and the time give the next row."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import DeliverySettings
from hub.delivery.policy import (
    Rules,
    backoff,
    due_at_start,
    ended,
    expired,
    has_ended,
    is_old,
    key_of,
    leased,
    mark_of,
    next_step,
)
from hub.model import DeliveryRow, Event, ItemId, Milliseconds, Outcome, OutcomeKind, TopicName, UserId
from hub.state.ulid import new_ulid
from tests.kit.channels import BAD_CONFIG, BAD_MESSAGE, NEVER, OK, REFUSED, UNKNOWN, limited

AT = 1_000_000
NOW = Milliseconds(AT + 2_000)
DAY_MS = 86_400_000
ROBOT = Rules.of(DeliverySettings(), idempotent=False)
HOOK = Rules.of(DeliverySettings(), idempotent=True)
EVENT = Event("e", "task.finalized", TopicName("inbox/ann"), ItemId("i"), 1, "succeeded", Milliseconds(AT))

LATER = replace(EVENT, at=Milliseconds(NOW + DAY_MS))
"""As it seems to a clock that was set back."""


def leased_row(**changes: Any) -> DeliveryRow:
    """On its first call, begun two seconds after the event."""
    row = DeliveryRow(
        id="d",
        event=EVENT,
        channel="ops",
        route="r",
        user=UserId("ann"),
        state="pending",
        due=Milliseconds(AT),
        since=Milliseconds(AT),
        bodies=(b"one",),
    )
    return leased(replace(row, **changes), NOW, 6)


def step(row: DeliveryRow, outcome: Outcome, now: int = NOW, rules: Rules = ROBOT) -> DeliveryRow:
    return next_step(row, outcome, Milliseconds(now), rules, Random(1))


def test_a_lease_counts_the_call_before_it_is_made() -> None:
    row = leased_row()
    assert (row.state, row.attempts, row.leased_until) == ("leased", 1, NOW + 6_000)


def test_a_message_that_was_taken_is_sent_with_the_vendors_id() -> None:
    row = step(leased_row(error="before"), Outcome("ok", ref="msg-7"))
    assert (row.state, row.ref, row.error, row.part) == ("sent", "msg-7", None, 1)
    assert (row.ended_at, row.leased_until) == (NOW, None)


def test_after_a_part_comes_the_next_in_the_same_place_of_the_order() -> None:
    row = step(leased_row(bodies=(b"1", b"2"), unsure=True), OK)
    assert (row.state, row.part, row.due, row.unsure) == ("pending", 1, AT, False)
    assert step(leased(row, NOW, 6), OK).state == "sent"


def test_what_never_left_waits_longer_each_time_and_uses_no_retry() -> None:
    row = leased_row()
    for attempt in range(1, 50):
        row = step(row, NEVER)
        assert (row.state, row.retries, row.attempts) == ("pending", 0, attempt)
        assert NOW <= row.due <= NOW + 60_000
        row = leased(row, NOW, 6)


@pytest.mark.parametrize("outcome", [REFUSED, Outcome("refresh_token", error="42001")])
def test_what_was_refused_is_tried_three_times_more_and_then_dead(outcome: Outcome) -> None:
    row = leased_row()
    for retry in (1, 2, 3):
        row = step(row, outcome)
        assert (row.state, row.retries, row.unsure) == ("pending", retry, False)
        assert NOW <= row.due <= NOW + 1_000 * 2 ** (retry - 1)
        row = leased(row, NOW, 6)
    row = step(row, outcome)
    assert (row.state, row.attempts, row.ended_at) == ("dead", 4, NOW)
    assert row.error == f"{outcome.error}; given up after 3 retries"


def test_a_call_without_answer_is_repeated_once_and_then_dead_because_it_may_have_arrived() -> None:
    first = step(leased_row(), UNKNOWN)
    assert (first.state, first.unsure, first.retries) == ("pending", True, 1)
    second = step(leased(first, NOW, 6), UNKNOWN)
    assert second.state == "dead"
    assert second.error == "no answer in time; sent twice without an answer, it may have arrived"


def test_a_repetition_that_is_refused_keeps_its_doubt() -> None:
    row = step(leased(step(leased_row(), UNKNOWN), NOW, 6), REFUSED)
    assert (row.state, row.unsure, row.retries) == ("pending", True, 2)
    assert step(leased(row, NOW, 6), UNKNOWN).state == "dead"


def test_a_vendor_that_knows_repetitions_is_asked_three_times_more() -> None:
    row = leased_row()
    for retry in (1, 2, 3):
        row = step(row, UNKNOWN, rules=HOOK)
        assert (row.state, row.retries) == ("pending", retry)
        row = leased(row, NOW, 6)
    row = step(row, UNKNOWN, rules=HOOK)
    assert row.state == "dead"
    assert row.error == "no answer in time; given up after 3 retries; it may have arrived"


@pytest.mark.parametrize("outcome", [BAD_MESSAGE, Outcome("bad_recipient", error="nobody there")])
def test_a_repetition_that_is_refused_for_good_may_have_arrived_before(outcome: Outcome) -> None:
    assert step(leased_row(), outcome).error == outcome.error
    row = step(leased_row(unsure=True), outcome)
    assert (row.state, row.error) == ("dead", f"{outcome.error}; it may have arrived")


def test_a_last_call_without_answer_leaves_the_doubt_to_a_replay() -> None:
    row = step(leased_row(), UNKNOWN, rules=Rules.of(DeliverySettings(retries=0), idempotent=False))
    assert (row.state, row.unsure) == ("dead", True)
    assert row.error == "no answer in time; given up after 0 retries; it may have arrived"


@pytest.mark.parametrize("outcome", [limited(60), Outcome("quota", until=3600, error="full"), BAD_CONFIG])
def test_what_stops_the_channel_leaves_the_row_in_its_place(outcome: Outcome) -> None:
    row = step(leased_row(retries=2), outcome)
    assert (row.state, row.due, row.retries, row.error) == ("pending", AT, 2, outcome.error)
    assert row.leased_until is None


@pytest.mark.parametrize("outcome", [BAD_MESSAGE, Outcome("bad_recipient", error="81013")])
def test_what_will_never_be_taken_is_dead_at_once(outcome: Outcome) -> None:
    row = step(leased_row(), outcome)
    assert (row.state, row.error, row.retries) == ("dead", outcome.error, 0)


def test_what_was_taken_for_some_is_partial() -> None:
    row = step(leased_row(), Outcome("partial", error="invaliduser bob", ref="m"))
    assert (row.state, row.error, row.ref) == ("partial", "invaliduser bob", "m")


@pytest.mark.parametrize("outcome", [BAD_MESSAGE, UNKNOWN, REFUSED])
def test_what_ends_after_some_part_was_taken_is_partial(outcome: Outcome) -> None:
    row = leased_row(bodies=(b"1", b"2"), part=1, retries=3)
    assert step(row, outcome).state == "partial"


@pytest.mark.parametrize("outcome", [NEVER, REFUSED, limited(60), BAD_CONFIG])
def test_what_is_on_its_way_for_a_day_ends_after_its_next_attempt(outcome: Outcome) -> None:
    before = step(leased_row(), outcome, AT + DAY_MS - 1)
    assert before.state == "pending"
    row = step(leased_row(), outcome, AT + DAY_MS)
    assert (row.state, row.error) == ("dead", f"not sent within 24 hours: {outcome.error}")


def test_an_expired_row_says_that_it_may_have_arrived() -> None:
    row = expired(leased_row(unsure=True), "the channel is paused", NOW, 90)
    assert row.error == "not sent within 90 seconds: the channel is paused; it may have arrived"


def test_what_a_route_lets_wait_does_not_grow_old_by_it() -> None:
    rules = Rules.of(DeliverySettings(), idempotent=False, delay=3_600)
    assert step(leased_row(), NEVER, AT + DAY_MS + 3_599_999, rules).state == "pending"
    assert step(leased_row(), NEVER, AT + DAY_MS + 3_600_000, rules).state == "dead"


def test_age_counts_from_the_replay() -> None:
    row = leased_row(since=Milliseconds(AT + DAY_MS))
    assert not is_old(row, Milliseconds(AT + 2 * DAY_MS - 1), 86_400)
    assert is_old(row, Milliseconds(AT + 2 * DAY_MS), 86_400)


def test_nothing_is_older_than_its_event() -> None:
    row = leased_row(since=Milliseconds(AT - DAY_MS))
    assert not is_old(row, NOW, 86_400)


@pytest.mark.parametrize(
    ("changes", "sooner"),
    [
        ({}, AT),
        ({"due": Milliseconds(AT + 30_000)}, AT + 30_000),
        ({"since": Milliseconds(NOW + DAY_MS), "due": Milliseconds(NOW + DAY_MS + 30_000)}, NOW + 30_000),
        ({"attempts": 2, "due": Milliseconds(NOW + 59_000)}, NOW + 59_000),
        ({"attempts": 2, "due": Milliseconds(NOW + DAY_MS)}, NOW + 60_000),
        ({"since": Milliseconds(NOW + DAY_MS)}, AT),
        ({"since": Milliseconds(NOW), "due": Milliseconds(NOW + DAY_MS), "event": LATER}, NOW),
    ],
)
def test_nothing_stays_due_by_a_clock_that_was_ahead(changes: dict[str, Any], sooner: int) -> None:
    row = replace(leased_row(), state="pending", **({"attempts": 0} | changes))
    assert due_at_start(row, NOW, None, 60) == sooner


def test_a_route_tells_how_long_a_row_that_was_left_may_wait() -> None:
    row = replace(leased_row(due=Milliseconds(NOW + DAY_MS)), state="pending", attempts=0)
    assert due_at_start(row, NOW, 30, 60) == NOW + 30_000
    assert due_at_start(replace(row, due=Milliseconds(NOW + 5)), NOW, 30, 60) == NOW + 5


def test_an_end_keeps_the_word_for_what_was_suppressed() -> None:
    row = ended(leased_row(bodies=(b"1", b"2"), part=1), "suppressed", "read", NOW)
    assert row.state == "suppressed"


def test_every_part_has_a_key_of_its_own_that_stays() -> None:
    assert key_of(leased_row()) == "d"
    several = leased_row(bodies=(b"1", b"2"))
    assert [key_of(several), key_of(replace(several, part=1))] == ["d-1", "d-2"]
    assert key_of(step(several, UNKNOWN)) == "d-1"


def test_the_mark_is_of_the_ids_random_part() -> None:
    assert mark_of("0123456789ABCDEFGHJKMNPQRS") == "#abcdef"
    now = Milliseconds(AT)
    assert len({mark_of(new_ulid(now)) for _ in range(100)}) > 90


@given(st.integers(1, 10_000), st.integers())
def test_a_back_off_lies_between_nothing_and_a_bound_that_doubles(turn: int, seed: int) -> None:
    wait = backoff(turn, 1.0, 60.0, Random(seed))
    assert 0 <= wait <= min(60.0, 2.0 ** min(turn - 1, 30))


def test_back_offs_are_spread_over_all_of_it() -> None:
    random = Random(3)
    waits = [backoff(7, 1.0, 60.0, random) for _ in range(200)]
    assert min(waits) < 3
    assert max(waits) > 57


KINDS = get_args(OutcomeKind)
OUTCOMES = st.builds(Outcome, st.sampled_from(KINDS), st.sampled_from(["never", "refused", "unknown"]))


@given(st.lists(OUTCOMES, min_size=1, max_size=40), st.integers(1, 3), st.booleans())
def test_whatever_a_vendor_says_calls_that_may_have_arrived_are_few(
    outcomes: list[Outcome], parts: int, idempotent: bool
) -> None:
    rules = HOOK if idempotent else ROBOT
    row = leased_row(bodies=tuple(b"x" * (part + 1) for part in range(parts)))
    doubted = 0
    for outcome in outcomes:
        row = step(row, outcome, rules=rules)
        doubted += outcome.kind == "retry" and outcome.arrival == "unknown"
        assert row.retries <= 3
        assert row.part <= parts
        if has_ended(row):
            assert row.ended_at == NOW
            assert row.state == "sent" or row.error
            assert (row.state == "sent") == (row.part == parts)
            break
        row = leased(row, NOW, 6)
    assert doubted <= (4 if idempotent else 2 * parts)
