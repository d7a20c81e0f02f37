"""The benchmark's own lists agree with one another, and a burst is measured whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from bench.budget import BUDGETS
from bench.load.socket import Broken
from bench.load.window import Order, Tally, Window, measured
from bench.measure import Spread
from bench.peers import PEERS
from bench.processes import Cores, Failed
from bench.report import lines, standing
from bench.row import FULL, HUB, QUICK, Row
from bench.rows import MEASUREMENTS, ON_REQUEST, Measurement, Step, asked_for, peers_of, steps
from bench.rows import measured as measured_rows
from bench.stand import Stand, compared
from hub.config.outward import MAX_CHANNELS


def window(cost_us: float, server: float = 0.5, load: float = 0.5) -> Window:
    return Window(int(server / cost_us * 1e6), 1.0, server, load, None, None)


def test_every_budget_has_a_row() -> None:
    assert set(BUDGETS) <= set(MEASUREMENTS)


def test_every_peer_of_a_row_can_be_started() -> None:
    for name in peers_of(list(MEASUREMENTS)):
        command, environment = PEERS[name].started_by(4711, "/somewhere")
        assert "4711" in " ".join((*command, *environment.values())) or name == "nats"
        assert PEERS[name].means


def test_no_peer_is_set_up_for_nothing() -> None:
    assert set(peers_of(list(MEASUREMENTS))) == set(PEERS)


def test_what_is_measured_on_request_is_a_row() -> None:
    assert set(ON_REQUEST) <= set(MEASUREMENTS)


def test_connections_leave_room_for_descriptors() -> None:
    """Each process may hold 20,000 descriptors on many machines."""
    for size in (FULL, QUICK):
        assert max(*size.connections, size.readers, size.storm) <= 18_000


def test_the_hub_may_be_configured_with_so_many_robots() -> None:
    assert max(FULL.robots, QUICK.robots) <= MAX_CHANNELS


def test_a_ratio_is_taken_round_by_round() -> None:
    windows = {HUB: [window(10), window(40)], "ws": [window(20), window(40)]}

    row = compared("fanout", "a frame", windows, {HUB: "saved"}, "ws")

    assert row.value == pytest.approx(Spread(0.75, 0.5, 1.0), rel=1e-3)
    assert row.means["ws"] == PEERS["ws"].means


def test_a_load_that_was_waited_for_is_named() -> None:
    slow_load, slow_server = window(10, server=0.4, load=0.99), window(10, server=0.99, load=0.97)

    assert "BOTTLENECK" in lines(Row("publish", "an item", windows={HUB: [slow_load]}))
    assert "BOTTLENECK" not in lines(Row("publish", "an item", windows={HUB: [slow_server]}))


class Slow:
    """Completes one unit so many seconds after it was begun."""

    def __init__(self, seconds: float) -> None:
        self.tally = Tally()
        self._seconds = seconds

    async def prepare(self) -> None:
        """Nothing."""

    def begin(self, rate: float | None) -> None:
        """One unit."""
        asyncio.get_running_loop().call_later(self._seconds, self._complete)

    def _complete(self) -> None:
        self.tally.done += 1


async def test_a_window_grows_until_something_was_completed() -> None:
    found = await measured(Slow(0.05), [os.getpid()], Order(0, 0.01))

    assert found.work == 1
    assert 0.02 < found.seconds < 5


async def test_a_window_in_which_nothing_is_ever_completed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.load.window._LONGEST_SECONDS", 0.02)
    with pytest.raises(Broken, match="nothing was completed"):
        await measured(Slow(5), [os.getpid()], Order(0, 0.01))


def test_a_row_that_breaks_off_is_told_as_not_measured() -> None:
    def broken(stand: Stand) -> Iterator[Row]:
        yield Row("documents", "updates")
        raise Failed("the load ended")

    step = Step(1, ["documents", "statements"], Measurement(broken, (1, 1)), 1)

    found = list(measured_rows(step, Stand(Cores(0, 1), QUICK, ())))

    assert [(row.name, row.failure) for row in found] == [("documents", ""), ("statements", "the load ended")]
    assert "NOT MEASURED: the load ended" in lines(found[1])


def test_rows_that_are_measured_together_are_one_step_and_each_step_tells_what_is_ahead() -> None:
    found = steps(("connect", "statements", "scale"), quick=True)

    assert [step.names for step in found] == [["documents", "statements"], ["connect"], ["scale"]]
    assert [step.number for step in found] == [1, 2, 3]
    seconds = [step.measurement.seconds[True] for step in found]
    assert [step.ahead for step in found] == [sum(seconds), sum(seconds[1:]), seconds[2]]


def test_a_run_is_expected_to_take_no_longer_than_the_guide_says() -> None:
    assert steps(asked_for(quick=False), quick=False)[0].ahead < 25 * 60
    assert steps(asked_for(quick=True), quick=True)[0].ahead < 4 * 60


def test_a_quick_run_measures_what_has_a_budget_and_a_full_one_all_but_what_takes_long() -> None:
    assert set(asked_for(quick=True)) == set(BUDGETS)
    assert set(asked_for(quick=False)) == set(MEASUREMENTS) - set(ON_REQUEST)


def test_a_row_is_told_with_the_sizes_that_were_measured() -> None:
    row = Row("scale", "beside others", Spread(1.0, 1.0, 1.0), sizes={"many": 1_000, "few": 200})

    assert "cost of a statement at 1,000 connections against 200 " in standing([row])
    assert "18,000 connections against 1,000" in standing([])


class Burst:
    """Completes so many units, one after the other; or never."""

    def __init__(self, units: int, done: bool = True) -> None:
        self.tally = Tally()
        self._units = units
        self._done = done

    async def prepare(self) -> None:
        """Nothing."""

    def begin(self, rate: float | None) -> None:
        """All at once."""
        self.tally.outstanding = self._units
        if self._done:
            asyncio.get_running_loop().call_soon(self._complete)

    def _complete(self) -> None:
        self.tally.done += self.tally.outstanding
        self.tally.outstanding = 0


async def test_a_burst_lasts_until_its_last_unit() -> None:
    found = await measured(Burst(7), [os.getpid()], Order(0, 5, burst=True))

    assert found.work == 7
    assert found.seconds < 5


async def test_a_burst_that_does_not_end_breaks_the_run() -> None:
    with pytest.raises(Broken, match="never completed"):
        await measured(Burst(7, done=False), [os.getpid()], Order(0, 0.01, burst=True))
