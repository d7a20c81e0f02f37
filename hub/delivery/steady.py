"""The wall clock as deliveries see it: even; where the machine's jumps, what waits moves along."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hub.errors import Unavailable
from hub.model import Delivery, DeliveryRow, Milliseconds
from hub.ports import Clock, Outbox
from hub.telemetry.logs import get

log = get("hub.delivery")

JUMP_MS: Final = 5_000
"""What the machine's wall clock may differ before it has jumped, in ms."""
MAX_FRESH: Final = 10_000
"""Deliveries remembered as decided after a jump that is not carried out yet."""


class SteadyClock:
    """Wall time that jumps only together with ``due`` and ``since`` of every delivery on its way.

    Between two calls of ``keep_up`` time goes by the monotonic clock. ``keep_up`` follows the wall clock
    where it drifted; where it jumped, it has the outbox shift what waits, and jumps. Rows read before that
    are ``carried`` over when they are saved. What was decided after the jump has its times by the new clock
    already, and is put right again.
    """

    __slots__ = ("_clock", "_fresh", "_lock", "_offset", "_outbox", "frame")

    def __init__(self, clock: Clock, outbox: Outbox) -> None:
        self._clock = clock
        self._outbox = outbox
        self._offset = self._machine()
        self._fresh: list[tuple[Delivery, int]] = []
        """Decided after a jump that is not carried out yet, each with the machine's offset at that moment."""
        self._lock = asyncio.Lock()
        self.frame = 0
        """All jumps so far, in ms: to give to ``carried`` with what is read now."""

    def begin(self) -> None:
        """Go by the machine's clock as it stands now: nothing was read from the disk before."""
        self._offset += self._ahead()
        self._fresh.clear()

    def now(self) -> Milliseconds:
        """Wall time in ms, by the clock that the rows on disk follow."""
        return Milliseconds(round(self._clock.monotonic() * 1000) + self._offset)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return self._clock.monotonic()

    def is_behind(self, frame: int) -> bool:
        """Whether rows that were read since ``frame`` was taken may have their times by another clock than
        ``now`` tells: a jump was carried out meanwhile, or is being carried out. Then they are to be read
        again, after ``keep_up``."""
        return self._lock.locked() or frame != self.frame

    def carried(self, row: DeliveryRow, frame: int) -> DeliveryRow:
        """A row that was read in ``frame``, with its times by the present clock."""
        moved = self.frame - frame
        return _moved(row, moved) if moved else row

    def decided(self, deliveries: Sequence[Delivery]) -> None:
        """These were just saved, with times by the machine's clock."""
        if deliveries and self._has_jumped() and len(self._fresh) < MAX_FRESH:
            self._fresh += [(delivery, self._machine()) for delivery in deliveries]

    async def keep_up(self) -> None:
        """Follow the machine's clock. Raises ``Unavailable``: a jump is not carried out yet."""
        if self._has_jumped() or self._fresh or self._lock.locked():
            async with self._lock:
                if self._has_jumped():
                    await self._jump(self._ahead())
                while self._fresh:
                    await self._put_right()
        else:
            self._offset += self._ahead()

    def _machine(self) -> int:
        """The machine's wall time less its monotonic time, in ms."""
        return self._clock.now() - round(self._clock.monotonic() * 1000)

    def _ahead(self) -> int:
        return self._machine() - self._offset

    def _has_jumped(self) -> bool:
        return abs(self._ahead()) > JUMP_MS

    async def _jump(self, milliseconds: int) -> None:
        await self._outbox.shift(milliseconds)
        self._offset += milliseconds
        self.frame += milliseconds
        log.warning("clock.jumped", milliseconds=milliseconds)

    async def _put_right(self) -> None:
        fresh, offset = self._fresh.pop()
        try:
            row = await self._outbox.delivery(fresh.id)
            if row is not None and row.state == "pending" and not row.attempts:
                due = fresh.due + self._offset - offset
                await self._outbox.save([_moved(row, due - row.due)])
        except Unavailable:
            self._fresh.append((fresh, offset))
            raise


def _moved(row: DeliveryRow, milliseconds: int) -> DeliveryRow:
    due, since = Milliseconds(row.due + milliseconds), Milliseconds(row.since + milliseconds)
    return replace(row, due=due, since=since)
