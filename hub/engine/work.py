"""What waits in a topic's queue. The pipeline knows works only by this shape."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from hub.engine.topics import Topic
from hub.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from hub.engine.loading import Loader
    from hub.engine.turn import Turn

T = TypeVar("T", bound=Topic)


class Work(Generic[T]):
    """One push, open or read of one topic.

    A turn calls ``wants``, then ``load`` (which may take the topic out of the turn until what it needs is in
    memory), then ``join``; after the commit ``settle``, or ``fail`` if it was refused or the commit failed.
    Exactly one of ``settle`` and ``fail`` is called, once, in queue order within the topic.
    """

    __slots__ = ("topic",)

    late = False
    """Joined after the turn's other works of the topic."""

    def __init__(self, topic: T) -> None:
        self.topic = topic

    def wants(self, turn: Turn) -> None:
        """Name what must be read before the join. The topic's row is always read."""

    def load(self, loader: Loader) -> Awaitable[None] | None:
        """What has to be brought into memory first, or None. The topic's row is known."""
        return None

    def join(self, turn: Turn) -> None:
        """Join into the turn's overlay. A ``Refusal`` must leave the overlay as it was."""

    def settle(self) -> None:
        """The commit is on disk: answer."""

    def fail(self, refusal: Refusal) -> None:
        """Nothing of this work took effect: answer that."""


class LookUp(Work[Topic]):
    """Only the topic's row: afterwards the topic is known."""

    __slots__ = ("_looked_up",)

    def __init__(self, topic: Topic, looked_up: asyncio.Future[None]) -> None:
        super().__init__(topic)
        self._looked_up = looked_up

    def settle(self) -> None:
        """The topic is known."""
        if not self._looked_up.done():
            self._looked_up.set_result(None)

    def fail(self, refusal: Refusal) -> None:
        """Could not be read."""
        if not self._looked_up.done():
            self._looked_up.set_exception(refusal)
