"""One channel's way out: a task that sleeps until something is due, takes what may leave, sees it through.

What decides lives elsewhere: ``preparation`` (what is said), ``gate`` (whether to call), ``policy`` (what
follows). Every change of a row is on disk before its consequence: the lease before the call, the outcome
before the next part. What waits for a token of the channel's bucket is not leased.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from hub.delivery.aging import end_old
from hub.delivery.alerts import Alerts
from hub.delivery.audit_lines import Call, audit_of
from hub.delivery.calling import call
from hub.delivery.gate import Gate, Standstill
from hub.delivery.policy import backoff, broken_off, has_ended, key_of, leased, mark_of, next_step
from hub.delivery.readying import made_ready, says_the_same
from hub.delivery.recording import Record, Recorder
from hub.delivery.surroundings import Flight, Surroundings
from hub.delivery.telling import tell_change, tell_pause, tell_retry
from hub.delivery.trial import trial_message
from hub.errors import Unavailable
from hub.model import DeliveryRow, Outcome
from hub.ports import Channel
from hub.state.ulid import new_ulid
from hub.telemetry.logs import get

log = get("hub.delivery")

PAGE: Final = 32
"""Rows read at a time."""
PAUSE_SECONDS: Final = 5.0
"""After an error of the lane's own."""
STORAGE_BACKOFF: Final = (0.5, 15.0)
"""Seconds: the first wait for a storage that refuses, at most, and the longest."""
STANDS_STILL: Final = {
    "paused": "is paused",
    "waiting": "takes no calls for a while",
    "open": "is out of reach",
}
"""Why nothing was sent, by the state of the gate."""


class Lane:
    """Owns what is in flight on one channel, and when it looks again."""

    def __init__(self, channel: Channel, hub: Surroundings) -> None:
        self.channel = channel
        self._hub = hub
        self._recorder = Recorder(hub.outbox, hub.items, hub.time, hub.metrics)
        self._gate = Gate(channel.traits, hub.settings.paused_probe, hub.time.monotonic())
        self._alerts = Alerts()
        self._calls: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Lock()
        self._testing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._refusals = 0
        self._draining = False

    # ------------------------------------------------------------------ when

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def standstill(self) -> Standstill:
        """How the channel stands."""
        return self._gate.standstill(self._hub.time.monotonic())

    async def run(self) -> None:
        """Look, sleep, look again, until cancelled; calls in flight are given up then."""
        try:
            while True:
                self._wake.clear()
                await self._sleep(await self._look())
        finally:
            await self._give_up()

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109  the time others give it
        """Take nothing new; let calls in flight end and be recorded, for ``timeout`` seconds at most."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                async with self._taking:
                    pass
                while self._calls:
                    await asyncio.wait(self._calls)
        await self._give_up()

    async def _give_up(self) -> None:
        calls = list(self._calls)
        for each in calls:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def _sleep(self, seconds: float | None) -> None:
        timer = None if seconds is None else self._hub.timers.schedule(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _look(self) -> float | None:
        """One turn. Seconds until the next is worth it; None: not before something happens."""
        try:
            wait = await self._turn()
        except Unavailable as refusal:
            self._refusals += 1
            if self._refusals == 1:
                log.warning("delivery.unavailable", channel=self.channel.name, reason=refusal.message)
            return backoff(self._refusals, *STORAGE_BACKOFF, self._hub.random)
        except Exception:
            log.exception("delivery.lane_failed", channel=self.channel.name)
            return PAUSE_SECONDS
        self._refusals = 0
        return wait

    async def _turn(self) -> float | None:
        await self._hub.time.keep_up()
        await self._recorder.flush()
        async with self._taking:
            wait = await self._begin()
        return _sooner(wait, self._recorder.wait())

    async def _begin(self) -> float | None:
        """Begin what may begin. Seconds until more may; None: not before a call in flight has ended, or
        something is decided."""
        while not self._draining and not self._recorder.full:
            time = self._hub.time
            free = self._free()
            if not free:
                return self._gate.wait(time.monotonic()) or None
            frame = time.frame
            page = await self._hub.outbox.due(self.channel.name, time.now(), PAGE)
            rows = [row for row in page if not self._recorder.holds(row.id)]
            wait = None if page else await self._until_due()
            if time.is_behind(frame):
                await time.keep_up()
                continue
            if not rows:
                return wait
            await self._take(sorted(rows, key=_is_begun, reverse=True), free, frame)
        return None

    def _free(self) -> int:
        return self._gate.free(self._hub.time.monotonic(), len(self._calls))

    async def _until_due(self) -> float | None:
        due = await self._hub.outbox.next_due(self.channel.name)
        return None if due is None else max(due - self._hub.time.now(), 0) / 1000

    # ------------------------------------------------------------------ out

    async def _take(self, rows: Sequence[DeliveryRow], free: int, frame: int) -> None:
        """Make rows ready in order until ``free`` of them can leave; lease these in one transaction; go."""
        going: list[Flight] = []
        over: list[Record] = []
        for row in rows:
            if len(going) == free:
                break
            flight = await made_ready(row, frame, self.channel, self._hub)
            if flight.row.state != "leased":
                over.append(Record(flight.row, (), frame))
            elif not any(says_the_same(flight.row, other.row) for other in going):
                going.append(flight)
        await self._recorder.record(*over)
        await self._lease(going[: self._free()])

    async def _lease(self, going: Sequence[Flight]) -> None:
        if not going:
            return
        time = self._hub.time
        self._gate.take(len(going), time.monotonic())
        try:
            await time.keep_up()
            await self._hub.outbox.save([time.carried(each.row, each.frame) for each in going])
        except BaseException:
            self._gate.give_back(len(going))
            raise
        for flight in going:
            self._depart(flight)

    def _depart(self, flight: Flight) -> None:
        task = asyncio.create_task(self._see_through(flight), name=f"delivery.{self.channel.name}")
        self._calls.add(task)
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery.lane_failed", channel=self.channel.name, exc_info=error)
        self._wake.set()

    async def _see_through(self, flight: Flight) -> None:
        """One part after the other, while the channel lets them. A fault of ours ends this delivery only."""
        going: Flight | None = flight
        while going is not None:
            flight = going
            try:
                going = await self._part(flight)
            except Exception as error:
                log.exception("delivery.failed", delivery=flight.row.id, channel=self.channel.name)
                return await self._break_off(flight, error)

    async def _break_off(self, flight: Flight, error: Exception) -> None:
        """End what can't be gone on with: nobody would look at its lease again before the next start."""
        if self._recorder.holds(flight.row.id):
            return
        time = self._hub.time
        row = broken_off(time.carried(flight.row, flight.frame), type(error).__name__, time.now())
        await self._record(Record(row, (), time.frame))

    async def _part(self, flight: Flight) -> Flight | None:
        """One call and what follows of it. The flight of the next part, if it may leave at once."""
        row, time, traits = flight.row, self._hub.time, self.channel.traits
        body = row.bodies[row.part]
        if row.unsure and not traits.idempotent:
            body = self.channel.repeated(body, mark_of(row.id))
        begun = Call(time.now(), row.id, body, flight.masked)
        outcome = await call(self.channel, body, key_of(row), self._hub)
        self._judge(outcome)
        rules = self._hub.rules(row, traits.idempotent)
        after = next_step(time.carried(row, flight.frame), outcome, time.now(), rules, self._hub.random)
        record = Record(after, [audit_of(begun, self.channel.name, traits, outcome)], time.frame)
        if after.part > row.part and not has_ended(after) and self._goes_on():
            return await self._next_part(after, record)
        if outcome.kind != "ok" and not has_ended(after):
            tell_retry(after, outcome)
        await self._record(record)
        return None

    def _goes_on(self) -> bool:
        """Whether a further part may leave at once, in the place of the one before."""
        if self._draining or self._recorder.wait() is not None:
            return False
        return self._gate.free(self._hub.time.monotonic(), len(self._calls) - 1) > 0

    async def _next_part(self, row: DeliveryRow, record: Record) -> Flight | None:
        """Lease the next part in the transaction that records the last one."""
        time = self._hub.time
        self._gate.take(1, time.monotonic())
        lease = leased(row, time.now(), self._hub.call_limit)
        if await self._recorder.lease(Record(lease, record.audits, record.frame), otherwise=record):
            return Flight(lease, {}, record.frame)
        self._gate.give_back(1)
        return None

    async def _record(self, record: Record) -> None:
        """Save what a call came to; what can't be saved now is held."""
        try:
            await self._recorder.record(record)
        except Unavailable as refusal:
            log.warning("delivery.unrecorded", channel=self.channel.name, reason=refusal.message)

    # ------------------------------------------------------------------ the channel

    async def test(self, actor: str) -> Outcome:
        """Say something at once that is in no delivery; what it tells about the channel counts as any call.

        Raises ``Unavailable`` where the hub is going away.
        """
        async with self._testing:
            time = self._hub.time
            if self._draining:
                raise Unavailable("the hub is going away")
            if (refusal := self._gate.refusal(time.monotonic())) is not None:
                return refusal
            now = time.now()
            body = self.channel.render(trial_message(self.channel, actor, now))[0]
            begun = Call(now, f"test-{new_ulid(now)}", body, {}, "test", actor)
            self._gate.take_test(time.monotonic())
            outcome = await call(self.channel, body, begun.subject, self._hub)
            self._judge(outcome)
            audit = audit_of(begun, self.channel.name, self.channel.traits, outcome)
            await self._record(Record(None, [audit], time.frame))
            self._wake.set()
            return outcome

    def _judge(self, outcome: Outcome) -> None:
        name, now = self.channel.name, self._hub.time.monotonic()
        change, stands = self._gate.judge(outcome, now), self.standstill()
        if change == "paused" or (stands.state == "paused" and outcome.kind == "bad_config"):
            told = self._alerts.paused(outcome.code or stands.reason or "", change is not None, now)
            tell_pause(name, outcome, told)
        elif change is not None:
            tell_change(name, change, outcome, stands)
        if change is not None:
            self._hub.metrics.channels_paused[name] = int(stands.state == "paused")

    async def expire(self) -> None:
        """End what grew old while the channel stood still. Raises ``Unavailable``."""
        stands = self.standstill()
        if stands.state != "ok" and not self._draining:
            async with self._taking:
                reason = f"the channel {STANDS_STILL[stands.state]}: {stands.reason}"
                await end_old(self.channel.name, reason, self._recorder, self._hub)


def _is_begun(row: DeliveryRow) -> bool:
    """A message of several parts is told to its end before another begins."""
    return row.part > 0


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((wait for wait in (one, other) if wait is not None), default=None)
