"""More documents than memory is meant to hold, all edited: native wire, many documents a connection."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from bench.load.authors import UPDATE, Author
from bench.load.socket import masked
from bench.load.statements import NativeDevice, pack
from bench.load.window import Tally

_PER_CONNECTION: Final = 100
_FIRST_PUSH: Final = 1_000
_WELCOME, _OPENED, _OK = 0, 1, 3


@dataclass(frozen=True, slots=True)
class ResidencePlan:
    """``tokens``: one of the user whose documents they are; ``characters``: in each at the beginning."""

    port: int
    tokens: Sequence[tuple[str, str]]
    documents: int
    characters: int
    in_flight: int


class Editor(NativeDevice):
    """One connection with its documents: a push to one of them, at random, after the other."""

    __slots__ = ("_authors", "_handles", "_names", "_plan", "_ref", "_tally", "_waiting", "editing")

    def __init__(self, user: str, names: Sequence[str], plan: ResidencePlan, tally: Tally) -> None:
        super().__init__(user, f"{user}.{names[0].rpartition('/')[2]}")
        self._plan = plan
        self._names = names
        self._tally = tally
        self._handles: list[int] = []
        self._authors = [Author(lambda message: message) for _ in names]
        self._ref = _FIRST_PUSH
        self._waiting: dict[int, float] = {}
        self.editing = False

    def told(self, message: list[Any]) -> None:
        """Documents are opened and filled one after the other; then answers."""
        kind = message[0]
        if kind == _WELCOME:
            self._open_next()
        elif kind == _OPENED:
            self._handles.append(message[2])
            self._push(len(self._handles) - 1, "x" * self._plan.characters)
        elif kind == _OK:
            self._answered(self._waiting.pop(message[1]))
        else:
            super().told(message)

    def edit(self) -> None:
        """One character into one document."""
        self._tally.outstanding += 1
        self._push(random.randrange(len(self._names)), "e")

    def _open_next(self) -> None:
        place = len(self._handles)
        if place == len(self._names):
            self.editing = True
            self.ready.set_result(None)
        else:
            self.send(pack((2, place + 1, self._names[place], 0, 0, b"\x00")))

    def _push(self, place: int, text: str) -> None:
        self._ref += 1
        [message] = self._authors[place].wrote(text)
        self.transport.write(masked(pack((3, self._ref, self._handles[place], update_of(message)))))
        self._waiting[self._ref] = perf_counter()

    def _answered(self, asked: float) -> None:
        if not self.editing:
            self._open_next()
            return
        tally = self._tally
        tally.done += 1
        tally.outstanding -= 1
        tally.answers.append(perf_counter() - asked)
        if tally.running:
            self.edit()


def update_of(message: bytes) -> bytes:
    """The update alone, without what y-protocols puts before it."""
    place = len(UPDATE)
    while message[place] & 0x80:
        place += 1
    return message[place + 1 :]


class ResidenceLoad:
    """Implements ``Load``: a unit of work is one update, saved."""

    def __init__(self, plan: ResidencePlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._editors: list[Editor] = []

    async def prepare(self) -> None:
        """Open and fill every document."""
        plan = self._plan
        [(user, token)] = plan.tokens
        for first in range(0, plan.documents, _PER_CONNECTION):
            last = min(first + _PER_CONNECTION, plan.documents)
            names = [f"doc/board{number}" for number in range(first, last)]
            editor = Editor(user, names, plan, self.tally)
            await editor.enter(plan.port, token)
            self._editors.append(editor)

    def begin(self, rate: float | None) -> None:
        """So many updates in flight altogether."""
        assert rate is None, "as fast as the hub takes them"
        for number in range(self._plan.in_flight):
            self._editors[number % len(self._editors)].edit()
