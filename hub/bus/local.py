"""The bus of one node: what is published is received before ``publish`` returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hub.ports import Commit
from hub.telemetry import logs

_log = logs.get("bus")


class LocalBus:
    """A ``Bus`` of plain calls. A subscriber that fails is logged and keeps nobody else from receiving."""

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: tuple[Callable[[Sequence[Commit]], None], ...] = ()

    def publish(self, commits: Sequence[Commit]) -> None:
        """Hand ``commits`` to every subscriber, in the order they subscribed."""
        for receive in self._subscribers:
            try:
                receive(commits)
            except Exception:
                _log.exception("bus.subscriber_failed", topics=[commit.topic for commit in commits])

    def subscribe(self, receive: Callable[[Sequence[Commit]], None]) -> None:
        """Receive everything published from now on. May be called while publishing."""
        self._subscribers = (*self._subscribers, receive)
