"""One window of a load: so much work in so much time, and what it cost the server and the load itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final, Protocol

from bench.load.socket import Broken
from bench.measure import Percentiles, cpu_seconds, percentiles

_DRAIN_SECONDS: Final = 30.0
_LONGEST_SECONDS: Final = 60.0
"""Of a window in which nothing is completed; it grows up to here."""
_PACE_SECONDS: Final = 0.001


@dataclass(frozen=True, slots=True)
class Order:
    """How long to load before measuring, how long to measure (seconds; longer where nothing was completed
    until then), and how much work a second; None: as much as the server takes. ``burst``: instead, so much as
    the load sends at once, measured from its first to its last unit; ``seconds`` is how long that may take.
    """

    warm_up: float
    seconds: float
    rate: float | None = None
    burst: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """What one window came to. ``work``: units that were completed in it.

    ``answer``: from sending to the server's ``ok``; ``relay``: to the last of the other devices. CPU in
    seconds: the server's with all its threads, and the load's own.
    """

    work: int
    seconds: float
    server_cpu: float
    load_cpu: float
    answer: Percentiles | None
    relay: Percentiles | None

    @property
    def cost(self) -> float:
        """Server CPU in µs a unit of work."""
        return self.server_cpu / self.work * 1e6

    @property
    def per_second(self) -> float:
        """Units of work a second."""
        return self.work / self.seconds


class Tally:
    """Counts what a load completes while it runs."""

    __slots__ = ("_pacing", "answers", "done", "outstanding", "paced", "relays", "running")

    def __init__(self) -> None:
        self.running = False
        self.paced = False
        """Whether the next unit is sent when it is due, not when one before it is completed."""
        self._pacing: asyncio.Task[None] | None = None
        self.outstanding = 0
        """Sent and not completed."""
        self.begin()

    def begin(self) -> None:
        """A window begins: forget what came before."""
        self.done = 0
        self.answers: list[float] = []
        self.relays: list[float] = []

    def pace(self, senders: Sequence[Callable[[], None]], rate: float) -> None:
        """Let the senders send in turns, so many units a second together, until nothing runs any more."""
        self.paced = True
        self._pacing = asyncio.ensure_future(self._pace(senders, rate))

    async def _pace(self, senders: Sequence[Callable[[], None]], rate: float) -> None:
        turns = cycle(senders)
        started, sent = time.perf_counter(), 0
        while self.running:
            due = int((time.perf_counter() - started) * rate)
            for _ in range(due - sent):
                next(turns)()
            sent = due
            await asyncio.sleep(_PACE_SECONDS)
        self.paced = False


class Load(Protocol):
    """One sort of load on one server."""

    tally: Tally

    async def prepare(self) -> None:
        """Connect and get everything ready."""
        ...

    def begin(self, rate: float | None) -> None:
        """Start to send; ``tally.running`` says how long."""
        ...


async def measured(load: Load, server_pids: Sequence[int], order: Order) -> Window:
    """Run one window. Raises ``Broken`` where nothing is completed, or answers are missing afterwards."""
    tally = load.tally
    tally.running = True
    if not order.burst:
        load.begin(order.rate)
        await asyncio.sleep(order.warm_up)
    tally.begin()
    started, own, server = time.perf_counter(), time.process_time(), _cpu(server_pids)
    if order.burst:
        load.begin(order.rate)
        await _drained(tally, order.seconds)
    else:
        await _loaded(tally, order.seconds)
    ended, own, server = time.perf_counter(), time.process_time() - own, _cpu(server_pids) - server
    work, answers, relays = tally.done, tally.answers, tally.relays
    tally.running = False
    await _drained(tally, _DRAIN_SECONDS)
    if not work:
        raise Broken(f"nothing was completed in {ended - started:.0f} s")
    return Window(work, ended - started, server, own, percentiles(answers), percentiles(relays))


def _cpu(pids: Sequence[int]) -> float:
    return sum(map(cpu_seconds, pids))


async def _loaded(tally: Tally, seconds: float) -> None:
    """So many seconds, and on a machine too busy for one unit in them as many more as it takes."""
    await asyncio.sleep(seconds)
    deadline = time.perf_counter() + _LONGEST_SECONDS
    while not tally.done:
        if time.perf_counter() > deadline:
            return
        await asyncio.sleep(seconds)


async def _drained(tally: Tally, seconds: float) -> None:
    """Wait for what is on its way, so that one window does not run into the next."""
    deadline = time.perf_counter() + seconds
    while tally.outstanding:
        if time.perf_counter() > deadline:
            raise Broken(f"{tally.outstanding} sent and never completed")
        await asyncio.sleep(0.01)
