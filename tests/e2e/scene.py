"""What everybody who loads a hub shares."""

from __future__ import annotations

import asyncio
import random

import aiohttp
import websockets

from tests.e2e.processes import HubProcess
from tests.e2e.promises import Promises

GONE = (OSError, websockets.ConnectionClosed, websockets.InvalidMessage, aiohttp.ClientError)
"""What one meets when a hub is killed."""


class Scene:
    """What all of the load shares.

    ``pace`` is how long, in seconds, each waits at most before it does something again. With 0 they are as
    fast as they can, and the hub's batches large; else they keep up with what they are shown, up to the kill.
    """

    def __init__(self, hub: HubProcess, promises: Promises, chance: random.Random) -> None:
        self.hub = hub
        self.promises = promises
        self.chance = chance
        self.pace = 0.0
        self.acknowledged = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def acknowledge(self) -> None:
        self.acknowledged += 1
        for wanted, future in self._waiting:
            if self.acknowledged >= wanted and not future.done():
                future.set_result(None)

    async def rest(self) -> None:
        """Between two actions."""
        await asyncio.sleep(self.chance.uniform(0, self.pace))

    async def more(self, number: int) -> None:
        """Until so many more were acknowledged."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((self.acknowledged + number, future))
        await future
