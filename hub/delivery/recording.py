"""Writing down what calls and preparation came to; what the storage refuses is kept until it takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.delivery.policy import has_ended
from hub.delivery.steady import SteadyClock
from hub.delivery.telling import tell_end
from hub.errors import Unavailable
from hub.model import AuditRow, DeliveryRow
from hub.ports import Items, Outbox
from hub.telemetry.logs import get
from hub.telemetry.metrics import Metrics

log = get("hub.delivery")

RETRY_SECONDS: Final = 60.0
"""What could not be written down, though the storage did not refuse, is tried again after so long."""
MAX_HELD: Final = 100
"""Records held before a lane takes nothing new."""


@dataclass(slots=True, eq=False)
class Record:
    """How one delivery stands now (None: only the audit is to be saved), read in ``frame``.

    ``not_before`` in monotonic seconds.
    """

    row: DeliveryRow | None
    audits: Sequence[AuditRow]
    frame: int
    not_before: float = 0.0


class Recorder:
    """One channel's. An end goes through ``Items.settle``, everything else through ``Outbox.save``."""

    __slots__ = ("_held", "_items", "_lock", "_metrics", "_outbox", "_time")

    def __init__(self, outbox: Outbox, items: Items, time: SteadyClock, metrics: Metrics) -> None:
        self._outbox = outbox
        self._items = items
        self._time = time
        self._metrics = metrics
        self._held: list[Record] = []
        self._lock = asyncio.Lock()

    @property
    def full(self) -> bool:
        """Whether so much is held that nothing new may begin."""
        return len(self._held) >= MAX_HELD

    def holds(self, delivery: str) -> bool:
        """Whether the delivery's row on disk is not the last word."""
        return any(held.row is not None and held.row.id == delivery for held in self._held)

    def wait(self) -> float | None:
        """Seconds until something held is to be tried again; None where nothing is held."""
        if not self._held:
            return None
        return max(min(held.not_before for held in self._held) - self._time.monotonic(), 0.0)

    async def record(self, *records: Record) -> None:
        """Save these, and whatever is held. Raises ``Unavailable``: they are held."""
        self._held.extend(records)
        await self.flush()

    async def lease(self, record: Record, otherwise: Record) -> bool:
        """Save a lease that follows from a call. If that can't be, ``otherwise`` is held in its place: False,
        and nothing may be sent."""
        try:
            await self._write(record)
        except Exception as error:
            self._held.append(otherwise)
            if isinstance(error, Unavailable):
                return False
            raise
        return True

    async def flush(self) -> None:
        """Save what is held. Raises ``Unavailable``: it still is."""
        if not self._held:
            return
        async with self._lock:
            now = self._time.monotonic()
            records = [record for record in self._held if record.not_before <= now]
            results = await asyncio.gather(*map(self._write, records), return_exceptions=True)
            refusals = [self._after(*each) for each in zip(records, results, strict=True)]
        for refusal in refusals:
            if refusal is not None:
                raise refusal

    async def _write(self, record: Record) -> None:
        await self._time.keep_up()
        row = record.row
        if row is None:
            await self._outbox.save((), record.audits)
        elif has_ended(row):
            await self._items.settle(row, record.audits)
        else:
            await self._outbox.save([self._time.carried(row, record.frame)], record.audits)

    def _after(self, record: Record, result: BaseException | None) -> Unavailable | None:
        """Drop what was saved. What to raise."""
        if isinstance(result, Unavailable):
            return result
        if isinstance(result, Exception):
            subject = record.row.id if record.row else None
            log.error("delivery.record_failed", delivery=subject, exc_info=result)
            record.not_before = self._time.monotonic() + RETRY_SECONDS
            return None
        if result is not None:
            return Unavailable("the hub is going away")
        self._held.remove(record)
        if record.row is not None and has_ended(record.row):
            self._count(record.row)
        return None

    def _count(self, row: DeliveryRow) -> None:
        metrics = self._metrics
        metrics.deliveries[row.channel, row.state] += 1
        metrics.deliveries_waiting[row.channel] = max(metrics.deliveries_waiting[row.channel] - 1, 0)
        if row.state == "sent" and row.ended_at is not None:
            metrics.delivery_seconds.observe(max(row.ended_at - row.event.at, 0) / 1000)
        tell_end(row)
