"""The timer wheel, driven by a clock that only moves when told."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hub.model import Milliseconds
from hub.ports import SystemClock
from hub.server.wheel import Timer, TimerWheel


class VirtualClock:
    def __init__(self) -> None:
        self.seconds = 1000.1

    def now(self) -> Milliseconds:
        return Milliseconds(round(self.seconds * 1000))

    def monotonic(self) -> float:
        return self.seconds


class Bench:
    """A wheel with its clock, and what fired when."""

    def __init__(self, resolution: float = 0.25, slots: int = 8) -> None:
        self.clock = VirtualClock()
        self.wheel = TimerWheel(self.clock, resolution, slots)
        self.fired: list[tuple[str, float]] = []

    def schedule(self, delay: float, name: str = "timer") -> Timer:
        return self.wheel.schedule(delay, self.note(name))

    def note(self, name: str) -> Callable[[], None]:
        return lambda: self.fired.append((name, self.clock.seconds))

    def go(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.wheel.advance()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.fired]


def test_a_timer_fires_once_within_one_resolution_after_its_delay() -> None:
    bench = Bench()
    bench.schedule(1.0)
    bench.go(0.99)
    assert bench.names == []
    bench.go(0.25)
    bench.go(5)
    assert bench.names == ["timer"]


@given(
    delays=st.lists(st.floats(min_value=0, max_value=50), max_size=20),
    step=st.floats(min_value=0.01, max_value=40),
)
def test_no_timer_is_early_or_later_than_a_resolution_and_a_step(delays: list[float], step: float) -> None:
    bench = Bench()
    begun = bench.clock.seconds
    for number, delay in enumerate(delays):
        bench.schedule(delay, str(number))
    while bench.clock.seconds - begun < 51:
        bench.go(step)
    assert sorted(bench.names) == sorted(map(str, range(len(delays))))
    for name, at in bench.fired:
        late = at - begun - delays[int(name)]
        assert -1e-6 <= late <= 0.25 + step + 1e-6


def test_timers_further_ahead_than_the_ring_wait_their_revolutions() -> None:
    bench = Bench(slots=4)
    bench.schedule(10.0)
    for _ in range(39):
        bench.go(0.25)
    assert bench.names == []
    bench.go(0.5)
    assert bench.names == ["timer"]


def test_a_process_that_slept_fires_everything_due_and_nothing_else() -> None:
    bench = Bench(slots=4)
    for delay in range(1, 50):
        bench.schedule(float(delay), str(delay))
    bench.go(30.5)
    assert sorted(map(int, bench.names)) == list(range(1, 31))


def test_a_cancelled_timer_never_fires_and_cancelling_twice_or_late_does_nothing() -> None:
    bench = Bench()
    kept, dropped = bench.schedule(1.0, "kept"), bench.schedule(1.0, "dropped")
    last = bench.schedule(1.0, "last")
    dropped.cancel()
    dropped.cancel()
    assert not dropped.pending
    assert kept.pending
    bench.go(2)
    kept.cancel()
    last.cancel()
    assert bench.names == ["kept", "last"]
    assert not kept.pending


def test_a_timer_that_fired_or_was_cancelled_is_free_without_the_garbage_collector() -> None:
    bench = Bench()
    bench.go(1)
    gc.collect()
    gc.disable()
    try:
        bench.schedule(0.2)
        bench.schedule(1.0).cancel()
        bench.go(0.5)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_timer_may_cancel_another_that_is_due_in_the_same_tick() -> None:
    bench = Bench()
    bench.wheel.schedule(1.0, lambda: victim.cancel())
    victim = bench.schedule(1.0, "victim")
    bench.schedule(1.0, "bystander")
    bench.go(2)
    assert bench.names == ["bystander"]


def test_a_timer_scheduled_while_firing_waits_for_a_later_tick() -> None:
    bench = Bench()

    def again() -> None:
        bench.note("again")()
        bench.wheel.schedule(0, again)

    bench.wheel.schedule(0, again)
    for _ in range(3):
        bench.go(0.25)
    assert bench.names == ["again"] * 3


def test_a_failing_timer_is_logged_and_the_others_fire() -> None:
    bench = Bench()

    def fail() -> None:
        raise RuntimeError("broken")

    bench.wheel.schedule(1.0, fail)
    bench.schedule(1.0)
    with capture_logs() as logs:
        bench.go(2)
    assert bench.names == ["timer"]
    assert [entry["event"] for entry in logs] == ["wheel.timer_failed"]


def test_now_is_the_clock_as_of_the_last_tick() -> None:
    bench = Bench()
    before = bench.wheel.now
    bench.clock.seconds += 0.1
    assert bench.wheel.now == before
    bench.go(1)
    assert bench.wheel.now == bench.clock.seconds


async def test_a_started_wheel_ticks_with_the_event_loop_until_stopped() -> None:
    stopped, running = (TimerWheel(SystemClock(), resolution=0.001) for _ in range(2))
    fired: list[str] = []
    done = asyncio.Event()
    stopped.schedule(0.002, lambda: fired.append("stopped"))
    running.schedule(0.004, done.set)
    for wheel in (stopped, running):
        wheel.start()
    stopped.stop()
    stopped.stop()
    await asyncio.wait_for(done.wait(), 5)
    running.stop()
    assert fired == []
