"""Bounded asynchronous iteration: what many change and one reads at its own pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")


class Follower(AsyncIterator[T], Generic[T]):
    """Iterates over keys that changed, each once until it is read, in order of the first change.

    What is yielded for a key is looked up when it is read, so a follower never sees what is outdated. One
    that has more than ``most`` keys waiting gets a single reset instead and goes on.

    Args:
        most: keys that may wait.
        reset: what is yielded in place of too many.
        look: what is yielded for a key.
    """

    def __init__(self, most: int, reset: Callable[[], T], look: Callable[[str], T]) -> None:
        self._most = most
        self._reset = reset
        self._look = look
        self._keys: dict[str, None] = {}
        self._lagged = False
        self._error: Exception | None = None
        self._ended = False
        self._wake = asyncio.Event()

    def __aiter__(self) -> Follower[T]:
        return self

    async def __anext__(self) -> T:
        while not (self._lagged or self._keys):
            if self._error is not None:
                raise type(self._error)(str(self._error))
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        if self._lagged:
            self._lagged = False
            self._keys.clear()
            return self._reset()
        key = next(iter(self._keys))
        del self._keys[key]
        return self._look(key)

    def tell(self, key: str) -> None:
        """A key changed."""
        if self._lagged:
            return
        self._keys[key] = None
        if len(self._keys) > self._most:
            self.lag()
        self._wake.set()

    def lag(self) -> None:
        """Everything may have changed."""
        self._keys.clear()
        self._lagged = True
        self._wake.set()

    def stop(self, error: Exception | None) -> None:
        """After what waits: raise, or end."""
        self._error, self._ended = error, True
        self._wake.set()

    async def aclose(self) -> None:
        """End the iteration."""
        self._keys.clear()
        self._lagged = False
        self.stop(None)


class Followers(Generic[T]):
    """Everybody who follows one thing. One that nobody holds any more is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: WeakSet[Follower[T]] = WeakSet()
        self._stopped: Exception | None = None
        self._over = False

    def follow(self, reset: Callable[[], T], look: Callable[[str], T]) -> Follower[T]:
        """Another one, from now on."""
        follower = Follower(self._most, reset, look)
        if self._over:
            follower.stop(self._stopped)
        self._all.add(follower)
        return follower

    def tell(self, key: str) -> None:
        """A key changed."""
        for each in list(self._all):
            each.tell(key)

    def lag(self) -> None:
        """Everything may have changed."""
        for each in list(self._all):
            each.lag()

    def stop(self, error: Exception | None) -> None:
        """Nothing comes any more, for that reason; None: it simply ends."""
        self._stopped, self._over = error, True
        for each in list(self._all):
            each.stop(error)


class Queue(Follower[T]):
    """Iterates over what is put, in order; when more than ``most`` wait, the oldest are dropped."""

    def __init__(self, most: int) -> None:
        self._values: dict[str, T] = {}
        self._number = 0
        super().__init__(most, self._first, self._take)

    def put(self, value: T) -> None:
        """Another one."""
        while len(self._values) >= self._most:
            oldest = next(iter(self._values))
            del self._values[oldest]
            self._keys.pop(oldest, None)
        self._number += 1
        self._values[str(self._number)] = value
        self.tell(str(self._number))

    def _take(self, key: str) -> T:
        return self._values.pop(key)

    def _first(self) -> T:
        return self._values.pop(next(iter(self._values)))
