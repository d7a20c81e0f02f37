"""Programs that report the progress of tasks in the inboxes of people who are away: native commands, each
into any of its inboxes, drawn anew each time. Nobody has those inboxes open. Completed with ``ok``.

A program says which attempt it reports of and asks for the seq alone; what it has to say at one moment leaves
in one message.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from bench.load.socket import masked
from bench.load.statements import NativeDevice, pack
from bench.load.window import Tally
from hub.state.clock import hlc_of

_OK: Final = 3
_FIRST_COMMAND: Final = 10
_CREATE_IN_FLIGHT: Final = 32
_TASK: Final = "backup"


@dataclass(frozen=True, slots=True)
class PublishingPlan:
    """``tokens``: one a program, which may publish; ``inboxes`` are shared out among them."""

    port: int
    tokens: Sequence[tuple[str, str]]
    inboxes: int
    in_flight: int


class Publisher(NativeDevice):
    """One program; its tasks lie in the inboxes ``away<first>`` to ``away<last>``, one in each."""

    __slots__ = ("_creating", "_inboxes", "_ref", "_said", "_tally", "_to_create", "_waiting", "filled")

    def __init__(self, user: str, inboxes: range, tally: Tally) -> None:
        super().__init__(user, f"{user}.program")
        self._inboxes = inboxes
        self._ref = _FIRST_COMMAND
        self._tally = tally
        self._to_create = iter(inboxes)
        self._creating = len(inboxes)
        self._said: list[bytes] = []
        self._waiting: dict[int, float] = {}
        self.filled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fill(self) -> None:
        """Create a task in every inbox."""
        for _ in range(min(_CREATE_IN_FLIGHT, len(self._inboxes))):
            self._create()
        self._say()

    def report(self, count: int) -> None:
        """Report the progress of the next tasks."""
        for _ in range(count):
            self._report()
        self._say()

    def received(self, message: bytes) -> None:
        """What the answers lead to is said at once."""
        super().received(message)
        self._say()

    def told(self, message: list[Any]) -> None:
        """Answers; the rest is opening."""
        if message[0] == _OK:
            self._answered(message[1])
        else:
            super().told(message)

    def _report(self) -> None:
        stamp = hlc_of(time.time_ns() // 1_000_000)
        progress = min(1.0, self._ref / 10_000_000)
        params = {"item": _TASK, "attempt": 1, "progress": progress, "hlc": stamp, "answer": "seq"}
        self._command("progress", random.choice(self._inboxes), params)
        self._tally.outstanding += 1

    def _create(self) -> None:
        record = {"id": _TASK, "kind": "task", "title": "备份 the laptop"}
        self._command("create", next(self._to_create), record)

    def _command(self, name: str, inbox: int, params: dict[str, Any]) -> None:
        params["topic"] = f"inbox/away{inbox}"
        self._ref += 1
        self._waiting[self._ref] = perf_counter()
        self._said.append(pack((6, self._ref, name, params)))

    def _say(self) -> None:
        if self._said:
            self.transport.write(masked(b"".join(self._said)))
            self._said.clear()

    def _answered(self, ref: int) -> None:
        asked = self._waiting.pop(ref)
        if self._creating:
            self._created()
            return
        tally = self._tally
        tally.done += 1
        tally.outstanding -= 1
        tally.answers.append(perf_counter() - asked)
        if tally.running:
            self._report()

    def _created(self) -> None:
        self._creating -= 1
        if self._creating == 0:
            self.filled.set_result(None)
        elif self._creating >= _CREATE_IN_FLIGHT:
            self._create()


class PublishingLoad:
    """Implements ``Load``."""

    def __init__(self, plan: PublishingPlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._publishers: list[Publisher] = []

    async def prepare(self) -> None:
        """Create a task in every inbox."""
        plan = self._plan
        each = plan.inboxes // len(plan.tokens)
        for number, (user, token) in enumerate(plan.tokens):
            publisher = Publisher(user, range(number * each, (number + 1) * each), self.tally)
            await publisher.enter(plan.port, token)
            self._publishers.append(publisher)
        for publisher in self._publishers:
            publisher.fill()
        await asyncio.gather(*(publisher.filled for publisher in self._publishers))

    def begin(self, rate: float | None) -> None:
        """Each program has so many reports in flight."""
        assert rate is None, "programs are as fast as the hub takes them"
        for publisher in self._publishers:
            publisher.report(self._plan.in_flight)
