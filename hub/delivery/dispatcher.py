"""Sends what was decided: one lane a channel, and the housekeeping that all of them share.

Wakes come from ``decided``, from timers for what is due next, and from the end of a call or of a channel's
standstill; a hub with nothing to send has none but the housekeeping's, once a minute.
"""

from __future__ import annotations

import asyncio
import random as randomness
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from hub.config.outward import DeliverySettings
from hub.delivery.aging import end_old
from hub.delivery.audit_lines import HUB_ACTOR, replay_audit
from hub.delivery.gate import GateState
from hub.delivery.lane import PAUSE_SECONDS, Lane
from hub.delivery.policy import due_at_start
from hub.delivery.recording import Recorder
from hub.delivery.router import Router
from hub.delivery.steady import SteadyClock
from hub.delivery.surroundings import Surroundings
from hub.errors import NotFound, Unavailable
from hub.model import Delivery, DeliveryRow, Event, Milliseconds, Outcome
from hub.ports import Channel, Clock, Items, Outbox, Timers
from hub.telemetry.logs import get
from hub.telemetry.metrics import Metrics

log = get("hub.delivery")

HOUSEKEEPING_SECONDS: Final = 60.0
TRIM_ROWS: Final = 1_000
"""Dropped in one transaction."""
TRIM_STEPS: Final = 20
"""Of these at most, each time."""
START_ROWS: Final = 200
"""Read at a time when the hub starts."""


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel stands, ``reason`` without secrets.

    ``until`` is when it is tried again, in ms; None where it works, or tries with the next delivery.
    """

    state: GateState
    reason: str | None = None
    until: Milliseconds | None = None


class Dispatcher:
    """Owns the lanes.

    Args:
        outbox: events and deliveries.
        items: what the engine knows of items, and where ends are saved.
        channels: by name.
        router: whose routes say what keeps a delivery in the hub, and in which words it leaves.
        settings: ``[delivery]``.
        clock: the machine's.
        timers: wake the lanes.
        metrics: counts.
        random: for the jitter.
    """

    def __init__(
        self,
        outbox: Outbox,
        items: Items,
        channels: Mapping[str, Channel],
        router: Router,
        settings: DeliverySettings,
        clock: Clock,
        timers: Timers,
        metrics: Metrics,
        random: Random | None = None,
    ) -> None:
        self._time = SteadyClock(clock, outbox)
        self._hub = Surroundings(
            outbox,
            items,
            router,
            settings,
            self._time,
            timers,
            metrics,
            random or randomness.Random(),
        )
        self._lanes = {name: Lane(channel, self._hub) for name, channel in channels.items()}
        self._strays = Recorder(outbox, items, self._time, metrics)
        self._tick = asyncio.Event()
        self._draining = False
        for name in channels:
            metrics.channels_paused[name] = 0
            metrics.deliveries_waiting[name] = 0

    @property
    def channels(self) -> Mapping[str, Channel]:
        """By name, in the order of the configuration."""
        return {name: lane.channel for name, lane in self._lanes.items()}

    def decided(self, events: Sequence[Event], deliveries: Sequence[Delivery]) -> None:
        """These were saved. Wakes whom it concerns; never raises."""
        self._time.decided(deliveries)
        for delivery in deliveries:
            self._hub.metrics.deliveries_waiting[delivery.channel] += 1
        for channel in {delivery.channel for delivery in deliveries}:
            self.wake(channel)

    def wake(self, channel: str) -> None:
        """There may be something to do on a channel; one that is not configured has nobody to wake."""
        if (lane := self._lanes.get(channel)) is not None:
            lane.wake()

    def states(self) -> Mapping[str, ChannelState]:
        """How every channel stands, by name."""
        return {name: self._state(lane) for name, lane in self._lanes.items()}

    async def run(self) -> None:
        """Send, until cancelled; never ends by itself."""
        await self._begin()
        async with asyncio.TaskGroup() as group:
            for name, lane in self._lanes.items():
                group.create_task(lane.run(), name=f"delivery.lane.{name}")
            group.create_task(self._keep_house(), name="delivery.housekeeping")

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109  the time others give it
        """Take nothing new; let calls in flight end and be recorded, for ``timeout`` seconds at most.

        What did not end stays leased on disk, and is taken over by the next start.
        """
        self._draining = True
        await asyncio.gather(*(lane.drain(timeout) for lane in self._lanes.values()))

    async def replay(self, delivery: str, actor: str) -> DeliveryRow | None:
        """See ``Outbox.replay``: due now by the clock that the lanes go by, also when the machine's has just
        jumped. ``actor`` is who asked, for the audit. Raises ``Unavailable``."""
        await self._time.keep_up()
        found, now = await self._hub.outbox.delivery(delivery), self._time.now()
        if found is None:
            return None
        row = await self._hub.outbox.replay(delivery, now, [replay_audit(found, actor, now)])
        self.wake(found.channel)
        return row

    async def test(self, channel: str, actor: str = HUB_ACTOR) -> Outcome:
        """Send a test message at once; success lifts a pause. ``actor`` is who asked, for the audit.

        Where the vendor's window is used up nothing is sent, and the outcome says for how long.

        Raises:
            NotFound: there is no such channel.
            Refusal: the channel can't say it.
        """
        lane = self._lanes.get(channel)
        if lane is None:
            raise NotFound(f"there is no channel {channel}")
        return await lane.test(actor)

    def _state(self, lane: Lane) -> ChannelState:
        stands = lane.standstill()
        until = None if not stands.wait else Milliseconds(self._time.now() + round(stands.wait * 1000))
        return ChannelState(stands.state, stands.reason, until)

    # ------------------------------------------------------------------ housekeeping

    async def _begin(self) -> None:
        """Take over what the process before this one left. Nothing is sent before that."""
        self._time.begin()
        while True:
            try:
                return await self._take_over()
            except Unavailable as refusal:
                log.warning("delivery.unavailable", reason=refusal.message)
                await self._rest(PAUSE_SECONDS)

    async def _take_over(self) -> None:
        """What was leased becomes due, and nothing stays due by a clock that was ahead of ours."""
        await self._time.keep_up()
        unsure = await self._hub.outbox.take_over(self._time.now())
        if unsure:
            log.warning("delivery.taken_over", deliveries=unsure)
        for channel in await self._hub.outbox.waiting():
            await self._bring_forward(channel)

    async def _bring_forward(self, channel: str) -> None:
        """What is brought forward comes before its place in the order, and is not met again."""
        now, place = self._time.now(), None
        while page := await self._hub.outbox.not_yet_due(channel, now, place, START_ROWS):
            number, last = page[-1]
            place = (last.due, number)
            await self._due_sooner([row for _, row in page], now)

    async def _due_sooner(self, rows: Sequence[DeliveryRow], now: Milliseconds) -> None:
        longest = self._hub.settings.backoff_limit
        routes = [self._hub.router.route(row.route) for row in rows]
        due = [
            (row, due_at_start(row, now, None if route is None else route.delay, longest))
            for row, route in zip(rows, routes, strict=True)
        ]
        if late := [replace(row, due=sooner) for row, sooner in due if sooner != row.due]:
            log.warning("delivery.brought_forward", deliveries=len(late))
            await self._hub.outbox.save(late)

    async def _keep_house(self) -> None:
        while True:
            for work in self._work():
                await self._do(work)
            await self._rest(HOUSEKEEPING_SECONDS)

    async def _rest(self, seconds: float) -> None:
        self._tick.clear()
        timer = self._hub.timers.schedule(seconds, self._tick.set)
        try:
            await self._tick.wait()
        finally:
            timer.cancel()

    def _work(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """What is done once a minute; one part's failure is not another's."""
        if self._draining:
            return ()
        expiries = [lane.expire for lane in self._lanes.values()]
        return (self._time.keep_up, self._count, *expiries, self._end_strays, self._trim)

    async def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Unavailable as refusal:
            log.warning("delivery.unavailable", reason=refusal.message)
        except Exception:
            log.exception("delivery.housekeeping_failed")

    async def _count(self) -> None:
        waiting = await self._hub.outbox.waiting()
        gauge = self._hub.metrics.deliveries_waiting
        for channel in {*gauge, *waiting}:
            gauge[channel] = waiting.get(channel, 0)

    async def _end_strays(self) -> None:
        """Deliveries for channels that are not configured wait for them to come back, and not for ever."""
        await self._strays.flush()
        for channel in await self._hub.outbox.waiting():
            if channel not in self._lanes:
                await end_old(channel, "no such channel is configured", self._strays, self._hub)

    async def _trim(self) -> None:
        settings, now = self._hub.settings, self._time.now()
        before = Milliseconds(now - round(settings.keep * 1000))
        audits_before = Milliseconds(now - round(settings.audit_keep * 1000))
        for _ in range(TRIM_STEPS):
            if not await self._hub.outbox.trim(before, audits_before, TRIM_ROWS):
                return
