"""Retention: items that were closed long enough leave for history, a bounded number at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from hub.engine.pipeline import Pipeline
from hub.engine.statements import Retire
from hub.engine.topicbook import TopicBook
from hub.errors import Unavailable
from hub.model import ItemId, Milliseconds, TopicName
from hub.ports import Archive, Clock
from hub.telemetry.logs import get

log = get("hub.retention")

SWEEP_ITEMS = 1_000


class Sweeper:
    """Looks for items to retire. ``retention`` in seconds."""

    __slots__ = ("_archive", "_clock", "_pipeline", "_retention", "_stayed", "_topics")

    def __init__(
        self, archive: Archive, pipeline: Pipeline, topics: TopicBook, clock: Clock, retention: float
    ) -> None:
        self._archive = archive
        self._pipeline = pipeline
        self._topics = topics
        self._clock = clock
        self._retention = retention
        self._stayed = 0

    async def run(self, interval: float) -> None:
        """Sweep every ``interval`` seconds, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.sweep()
            except Unavailable as refusal:
                log.warning("retention.unavailable", reason=refusal.message)
            except Exception:
                log.exception("retention.failed")

    async def sweep(self) -> int:
        """Move what expired; how many items were looked at. What stays is passed over by the next sweeps,
        until all was looked at. Raises ``Unavailable``."""
        before = Milliseconds(self._clock.now() - round(self._retention * 1000))
        expired = await self._archive.expired(before, SWEEP_ITEMS, self._stayed)
        by_topic: defaultdict[TopicName, list[ItemId]] = defaultdict(list)
        for topic, item in expired:
            by_topic[topic].append(item)
        stayed = await asyncio.gather(*(self._retire(*each, before) for each in by_topic.items()))
        self._stayed = self._stayed + sum(stayed) if len(expired) == SWEEP_ITEMS else 0
        return len(expired)

    def _retire(self, topic: TopicName, items: list[ItemId], before: Milliseconds) -> asyncio.Future[int]:
        retired: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def done(stayed: int) -> None:
            if not retired.done():
                retired.set_result(stayed)

        self._pipeline.submit(Retire(self._topics.ledger(topic), items, before, done))
        return retired
