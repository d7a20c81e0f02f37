"""Pages that follow the robot live: one bounded queue each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from hub.sandbox import views
from hub.sandbox.robot import Call, Robot

MAX_FOLLOWERS: Final = 50
MAX_WAITING: Final = 1000
"""Events kept for one page; one that falls further behind is cut off, and gets everything when it returns."""
BEAT: Final = 15.0
"""Seconds of silence after which a comment is sent, so that a page that is gone is noticed."""


class Feed:
    """Server-sent events of one robot."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._queues: set[asyncio.Queue[bytes | None]] = set()
        robot.watch(self._tell)

    @property
    def full(self) -> bool:
        """Whether nobody more may follow."""
        return len(self._queues) >= MAX_FOLLOWERS

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Everything so far, then each change; ends when the reader is too slow or the feed is closed."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING)
        self._queues.add(queue)
        try:
            yield views.event(self._robot, None)
            while (event := await self._next(queue)) is not None:
                yield event
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        """Nobody follows any more."""
        for queue in tuple(self._queues):
            self._cut_off(queue)

    async def _next(self, queue: asyncio.Queue[bytes | None]) -> bytes | None:
        try:
            return await asyncio.wait_for(queue.get(), BEAT)
        except TimeoutError:
            return b":\n\n"

    def _tell(self, call: Call | None) -> None:
        if not self._queues:
            return
        event = views.event(self._robot, call)
        for queue in tuple(self._queues):
            if queue.full():
                self._cut_off(queue)
            else:
                queue.put_nowait(event)

    def _cut_off(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._queues.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
