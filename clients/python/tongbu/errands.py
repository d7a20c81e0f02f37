"""Errands: commands to somebody else's inbox, kept until the hub has answered them. No I/O.

Each has an item's id and a stamp of its own, so saying one again changes nothing. What concerns one item goes
in order, one after the other; different items don't wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hub.model import Hlc, Json
from hub.protocol.frames import pack, unpack
from hub.protocol.native_device import No
from tongbu.errors import OutboxFull
from tongbu.items import RefusedStatement
from tongbu.store import Batch

MAX_ERRANDS = 100_000
"""That may wait."""
AT_ONCE = 32
"""That the hub has before it at one time."""


class Errand:
    """One command."""

    __slots__ = ("away", "doubted", "hlc", "item", "kept", "name", "number", "params", "topic")

    def __init__(
        self, number: int, topic: str, item: str, name: str, params: dict[str, Json], hlc: Hlc
    ) -> None:
        self.number = number
        self.topic = topic
        self.item = item
        self.name = name
        self.params = params
        self.hlc = hlc
        self.kept = False
        self.away = False
        self.doubted = False

    @property
    def message(self) -> dict[str, Json]:
        """The command's parameters on the wire."""
        names = "id" if self.name in ("create", "start") else "item"
        return {**self.params, "topic": self.topic, names: self.item, "hlc": self.hlc}


class Errands:
    """All that wait, in order. ``answered`` is told each answer's item."""

    def __init__(self, answered: Callable[[str, str, dict[str, Any]], None]) -> None:
        self._waiting: dict[int, Errand] = {}
        self._last: dict[tuple[str, str], Errand] = {}
        self._away: set[tuple[str, str]] = set()
        self._answered = answered
        self.retry_at = 0.0
        self.tries = 0

    @property
    def oldest(self) -> int | None:
        """The number of the first."""
        return next(iter(self._waiting), None)

    @property
    def all(self) -> list[Errand]:
        """In order."""
        return list(self._waiting.values())

    def holds(self, number: int) -> bool:
        """Whether one still waits."""
        return number in self._waiting

    def waits(self, topic: str, item: str) -> bool:
        """Whether anything waits for an item."""
        return (topic, item) in self._last

    def load(self, rows: Iterable[Any]) -> None:
        """As the store has them: (number, topic, item, name, packed params, hlc)."""
        for number, topic, item, name, params, hlc in rows:
            errand = Errand(number, topic, item, name, unpack(params), Hlc(hlc))
            errand.kept = True
            self._add(errand)

    def enter(self, errand: Errand, batch: Batch) -> None:
        """Another one; progress stands for earlier progress that was not sent, unless that was more. Raises
        ``OutboxFull``."""
        if len(self._waiting) >= MAX_ERRANDS:
            raise OutboxFull
        last = self._last.get((errand.topic, errand.item))
        if last is not None and _stands_for(errand, last):
            self._drop(last, batch)
        self._add(errand)
        batch.put("put_errand", *_row(errand))

    def withdraw(self, errand: Errand) -> None:
        """The store did not take it."""
        self._drop(errand, Batch())

    def restamp(self, hlcs: Iterable[Hlc], batch: Batch) -> None:
        """Give them, in order, these stamps."""
        for errand, hlc in zip(self.all, hlcs, strict=True):
            if errand.hlc != hlc:
                errand.hlc = hlc
                batch.put("put_errand", *_row(errand))

    def next(self) -> list[Errand]:
        """Those that can go now; they are on their way from now on."""
        ready: list[Errand] = []
        for errand in self._waiting.values():
            if len(self._away) >= AT_ONCE:
                break
            where = errand.topic, errand.item
            if where not in self._away and not errand.kept:
                break
            if where not in self._away:
                self._away.add(where)
                errand.away = True
                ready.append(errand)
        return ready

    def lost(self) -> None:
        """The connection ended: those on their way are said again."""
        for errand in self._waiting.values():
            errand.away = False
        self._away.clear()

    def done(self, errand: Errand, value: Any, batch: Batch) -> None:
        """The hub did it, and says how the item stands."""
        self.tries = 0
        self._drop(errand, batch)
        if isinstance(value, dict):
            self._answered(errand.topic, errand.item, value)

    def again(self, errand: Errand) -> None:
        """It waits again."""
        errand.away = False
        self._away.discard((errand.topic, errand.item))

    def refused(self, errand: Errand, no: No, batch: Batch) -> list[RefusedStatement]:
        """It is given up; with an item's creation what followed about the item."""
        given_up = [errand]
        if errand.name in ("create", "start"):
            where = errand.topic, errand.item
            given_up = [each for each in self.all if (each.topic, each.item) == where]
        for each in given_up:
            self._drop(each, batch)
        return [
            RefusedStatement(each.topic, each.item, each.name, dict(each.params), no.code, no.message)
            for each in given_up
        ]

    def _add(self, errand: Errand) -> None:
        self._waiting[errand.number] = errand
        self._last[errand.topic, errand.item] = errand

    def _drop(self, errand: Errand, batch: Batch) -> None:
        if self._waiting.pop(errand.number, None) is None:
            return
        where = errand.topic, errand.item
        if errand.away:
            self._away.discard(where)
        if self._last.get(where) is errand:
            del self._last[where]
        batch.put("drop_errand", errand.number)


def _stands_for(later: Errand, earlier: Errand) -> bool:
    """Whether the earlier of two in a row makes no difference any more: of progress the most counts."""
    return not earlier.away and earlier.name == later.name == "progress" and _far(later) >= _far(earlier)


def _far(errand: Errand) -> tuple[float, float]:
    """Attempt and progress."""
    attempt, progress = errand.params.get("attempt", 1), errand.params.get("progress", 0.0)
    assert isinstance(attempt, int), "checked when it was stated"
    assert isinstance(progress, int | float), "checked when it was stated"
    return attempt, progress


def _row(errand: Errand) -> tuple[object, ...]:
    return errand.number, errand.topic, errand.item, errand.name, pack(errand.params), errand.hlc
