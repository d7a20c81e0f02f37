"""Properties of the clocks; their vectors show single steps."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.state.clock import (
    MAX_HLC,
    MAX_MILLISECONDS,
    HybridClock,
    hlc_of,
    is_ahead,
    lowered,
    milliseconds_of,
)

times = st.integers(0, 5_000)
unhurried = settings(deadline=None)


def test_the_greatest_stamp_is_one_that_javascript_holds() -> None:
    assert hlc_of(MAX_MILLISECONDS, 1023) == MAX_HLC == 2**53 - 1


@unhurried
@given(st.integers(0, MAX_MILLISECONDS), st.integers(0, 1023))
def test_a_stamp_gives_back_its_time(milliseconds: int, counter: int) -> None:
    assert milliseconds_of(hlc_of(milliseconds, counter)) == milliseconds


@unhurried
@given(st.lists(st.integers(0, MAX_HLC), max_size=20), times)
def test_lowering_keeps_the_order_raises_nothing_and_ends_at_the_hubs_now(
    stamps: list[int], now: int
) -> None:
    result = lowered(stamps, now)
    assert all(after <= before for before, after in zip(stamps, result, strict=True))
    assert all(
        (one < other) == (stamps[i] < stamps[j])
        for i, one in enumerate(result)
        for j, other in enumerate(result)
    )
    assert not any(is_ahead(each, now) for each in result)


def test_more_unsent_stamps_than_a_millisecond_holds_are_still_not_ahead() -> None:
    stamps = list(range(hlc_of(10_000), hlc_of(10_000) + 100_000))
    result = lowered(stamps, 1_000)
    assert result == sorted(set(result))
    assert not is_ahead(result[-1], 1_000)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("wall"), times),
        st.tuples(st.just("synchronize"), times),
        st.tuples(st.just("observe"), times.map(hlc_of)),
        st.tuples(st.just("tick"), st.just(0)),
    ),
    max_size=20,
)


@unhurried
@given(steps)
def test_a_device_clock_never_repeats_itself_and_never_falls_behind_what_it_saw(
    taken: list[tuple[str, int]],
) -> None:
    wall = [0]
    clock = HybridClock(lambda: wall[0])
    before = 0
    for step, value in taken:
        if step == "wall":
            wall[0] = value
        elif step == "synchronize":
            clock.synchronize(value)
        elif step == "observe":
            clock.observe(value)
            before = max(before, value)
        else:
            now = clock.tick()
            assert now > before
            before = now
    assert clock.last == before


@unhurried
@given(steps, times)
def test_after_lowering_the_next_stamp_follows_every_unsent_one(
    taken: list[tuple[str, int]], now: int
) -> None:
    wall = [0]
    clock = HybridClock(lambda: wall[0])
    unsent = []
    for step, value in taken:
        if step == "wall":
            wall[0] = value
        elif step == "tick":
            unsent.append(clock.tick())
    lowest = clock.lower(unsent, now)
    assert clock.tick() > max(lowest, default=0)
    assert not is_ahead(clock.last, now)


def test_a_restarted_clock_goes_on_after_what_it_made_and_saw() -> None:
    before = HybridClock(lambda: 1_000)
    before.observe(hlc_of(2_000))
    before.tick()
    after = HybridClock(lambda: 0, last=before.last, seen=before.seen)
    assert after.tick() == before.last + 1
    assert after.seen == hlc_of(2_000)


def test_a_clock_stays_within_what_javascript_holds() -> None:
    clock = HybridClock(lambda: 0, last=MAX_HLC)
    assert clock.tick() == MAX_HLC
