"""Python's cycle collector, on the hub's terms.

Reference counts free what a hub makes: nothing that it does over and over leaves a cycle behind, and a test
holds it to that. So the collector is an insurance, and is kept from costing what it costs by default: to look
again and again at hundreds of thousands of objects that are alive, in pauses of up to a second.

- Once a second it looks at what was made since, where that is little. Much of it is statements under load:
  that is set aside unseen (``gc.freeze``), and freed as ever when the last reference goes.
- Everything is looked at when memory grew by half and 50 MB since the last time, and once an hour, in case
  there were cycles in what was set aside.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Final

from hub.ports import Clock

TICK_SECONDS: Final = 1.0
LITTLE: Final = 10_000
"""Objects, made less freed: looking at them takes some two milliseconds."""
GROWTH: Final = 1.5
"""Everything is looked at when so many times the memory is taken that was after the last time, …"""
FLOOR_BLOCKS: Final = 500_000
"""… and so many of Python's blocks more, some 50 MB: what a hub needs to come into use is no leak, …"""
FULL_SECONDS: Final = 3600.0
"""… and after so long."""


class Collector:
    """Owns when garbage is looked for, for the whole process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blocks = 0
        self._last = 0.0

    def begin(self) -> None:
        """From now on only this object starts the collector."""
        gc.disable()
        self._look_at_all()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Look at all or at what is new, or set it aside."""
        late = self._clock.monotonic() - self._last >= FULL_SECONDS
        if late or sys.getallocatedblocks() >= GROWTH * self._blocks + FLOOR_BLOCKS:
            self._look_at_all()
            return
        if gc.get_count()[0] <= LITTLE:
            gc.collect(0)
        gc.freeze()

    def _look_at_all(self) -> None:
        """A pause: some 0.3 µs an object."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._blocks = sys.getallocatedblocks()
        self._last = self._clock.monotonic()
