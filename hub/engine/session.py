"""One peer's open topics and rights, whatever dialect it speaks; and all peers of this process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterable
from itertools import count
from typing import Any, Protocol

from hub.engine.rights import Rights, governing
from hub.engine.topics import Topic
from hub.errors import Refusal
from hub.model import Access, DeviceId, Identity, TopicName, UserId
from hub.telemetry.logs import get

log = get("hub.session")

_ids = count(1)


def next_session_id() -> int:
    """Names a session in this process, never 0."""
    return next(_ids)


class Tasks:
    """Owns the short tasks that a request starts: waits for them at the end, logs what none expected."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it; its end is looked after."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("session.task_failed", exc_info=error)

    async def finish(self) -> None:
        """Returns when none runs."""
        while self._running:
            await asyncio.wait(set(self._running))


class Live(Protocol):
    """A session or stream as ``Sessions`` sees it."""

    identity: Identity | None

    def end(self, reason: str) -> None:
        """The right to be connected is gone: close (4403)."""
        ...

    def leave(self, retry_after: int) -> None:
        """The hub is going away; come back after so many ms."""
        ...

    def topics(self) -> Iterable[Topic]:
        """What it has open."""
        ...

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """The right to a topic changed; None: it is gone."""
        ...


class Sessions:
    """All sessions and streams, by user. Implements ``ports.LiveConnections``."""

    __slots__ = ("_by_user", "_rights", "_tasks", "_total")

    def __init__(self, rights: Rights, tasks: Tasks) -> None:
        self._by_user: dict[UserId, set[Live]] = {}
        self._rights = rights
        self._tasks = tasks
        self._total = 0

    def __len__(self) -> int:
        return self._total

    def of(self, user: UserId) -> int:
        """How many a user has."""
        return len(self._by_user.get(user, ()))

    def add(self, user: UserId, live: Live) -> None:
        """It is identified from now on."""
        self._by_user.setdefault(user, set()).add(live)
        self._total += 1

    def remove(self, user: UserId, live: Live) -> None:
        """It is gone."""
        sessions = self._by_user.get(user)
        if sessions is None or live not in sessions:
            return
        sessions.discard(live)
        self._total -= 1
        if not sessions:
            del self._by_user[user]

    def connected(self, user: UserId) -> frozenset[DeviceId]:
        """The user's devices that have a connection or stream open."""
        identities = [live.identity for live in self._by_user.get(user, ())]
        return frozenset(each.device for each in identities if each is not None and each.device is not None)

    def device_revoked(self, device: DeviceId) -> None:
        """Close the device's connections and streams."""
        for sessions in list(self._by_user.values()):
            for live in list(sessions):
                if live.identity is not None and live.identity.device == device:
                    live.end("the device was revoked")

    def user_deleted(self, user: UserId) -> None:
        """Close all of the user's connections and streams; their memberships are gone."""
        self._rights.forget_user(user)
        for live in list(self._by_user.get(user, ())):
            live.end("the user was deleted")

    def access_changed(self, topic: TopicName, user: UserId) -> None:
        """Look the user's membership up again and tell whoever has the topic open."""
        self._rights.forget(topic)
        self._tasks.start(self._look_again(topic, user))

    async def _look_again(self, name: TopicName, user: UserId) -> None:
        if not self._by_user.get(user):
            return
        await self._rights.learn(name)
        for live in list(self._by_user.get(user, ())):
            for topic in [each for each in live.topics() if governing(each.name) == name]:
                live.access_changed(topic, self._access(live, topic.name))

    def _access(self, live: Live, name: TopicName) -> Access | None:
        if live.identity is None:
            return None
        try:
            return self._rights.access(live.identity, name)
        except Refusal:
            return None

    def going_away(self, spread: float) -> None:
        """Tell everybody to come back, spread out over ``spread`` seconds."""
        for sessions in list(self._by_user.values()):
            for live in list(sessions):
                live.leave(round(1000 * random.uniform(0.5, 0.5 + spread)))
