"""Programs that end tasks, and what receives the messages: a sink for webhooks, or the sandbox, within
the load. A task is created and ended; that is completed with ``ok``, or once it was received.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Literal, cast

from bench.load.http import length_of
from bench.load.socket import masked
from bench.load.statements import NativeDevice, pack
from bench.load.window import Tally
from hub.sandbox import Call, Sandbox
from hub.telemetry import logs

_OK: Final = 3
_FIRST_COMMAND: Final = 10
_TASK: Final = re.compile(rb"task-\d+-\d+")
_TAKEN: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class EndingPlan:
    """``tokens``: one a program, which may publish. ``sink``: who receives, on ``sink_port``; "store":
    nobody. ``robots``: that the tasks are shared out among by tag. ``in_flight``: of each program."""

    port: int
    tokens: Sequence[tuple[str, str]]
    in_flight: int
    sink: Literal["store", "webhook", "robots"]
    sink_port: int = 0
    robots: int = 1


class Ender(NativeDevice):
    """One program; its tasks lie in its own inbox."""

    __slots__ = ("_load", "_number", "_ref", "_tasks", "number")

    def __init__(self, user: str, number: int, load: EndingLoad) -> None:
        super().__init__(user, f"{user}.program")
        self.number = number
        self._load = load
        self._number = 0
        self._ref = _FIRST_COMMAND
        self._tasks: dict[int, str] = {}

    def create_and_end(self, tag: str) -> str:
        """Create a task and end it, in two commands; its id."""
        self._number += 1
        task = f"task-{self.number}-{self._number}"
        created = {"id": task, "kind": "task", "title": f"备份 {task}", "tags": [tag]}
        frames = self._command("create", created) + self._command(
            "end", {"item": task, "status": "succeeded"}
        )
        self._tasks[self._ref] = task
        self.transport.write(frames)
        return task

    def told(self, message: list[Any]) -> None:
        """The answer to an end is what counts; the rest is opening."""
        if message[0] != _OK:
            super().told(message)
        elif (task := self._tasks.pop(message[1], None)) is not None:
            self._load.was_saved(task)

    def _command(self, name: str, params: dict[str, Any]) -> bytes:
        self._ref += 1
        return masked(pack((6, self._ref, name, params)))


class Sink(asyncio.Protocol):
    """An endpoint of webhooks that says yes to everything."""

    def __init__(self, received: Callable[[bytes], None]) -> None:
        self._received = received
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The hub connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """A request, or a part of one."""
        self._held += data
        head, end, body = self._held.partition(b"\r\n\r\n")
        if end and len(body) >= length_of(head):
            self._held = b""
            assert self._transport is not None
            self._transport.write(_TAKEN)
            self._received(json.loads(body)["data"]["item"]["id"].encode())


class EndingLoad:
    """Implements ``Load``: a unit of work is a finalized event."""

    def __init__(self, plan: EndingPlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._enders: list[Ender] = []
        self._begun: dict[str, float] = {}
        self._next = 0
        self._sandbox: Sandbox | None = None

    async def prepare(self) -> None:
        """Have the sink listen, and connect the programs."""
        plan = self._plan
        if plan.sink == "webhook":
            loop = asyncio.get_running_loop()
            await loop.create_server(lambda: Sink(self._was_received), "127.0.0.1", plan.sink_port)
        elif plan.sink == "robots":
            logs.configure("warning")
            self._sandbox = Sandbox()
            await self._sandbox.start("127.0.0.1", plan.sink_port)
            self._sandbox.watch(self._was_called)
        for number, (user, token) in enumerate(plan.tokens):
            ender = Ender(user, number, self)
            await ender.enter(plan.port, token)
            self._enders.append(ender)

    def begin(self, rate: float | None) -> None:
        """Each program has so many in flight."""
        assert rate is None, "programs are as fast as the hub takes them"
        for ender in self._enders:
            for _ in range(self._plan.in_flight):
                self._end_one(ender)

    def was_saved(self, task: str) -> None:
        """The hub said ok."""
        if self._plan.sink == "store":
            self._completed(task)
        else:
            self.tally.answers.append(perf_counter() - self._begun[task])

    def _was_received(self, text: bytes) -> None:
        found = _TASK.search(text)
        if found is not None:
            self._completed(found[0].decode())

    def _was_called(self, call: Call | None) -> None:
        if call is not None and call.taken:
            self._was_received(call.content.encode())

    def _end_one(self, ender: Ender) -> None:
        self._next += 1
        began = perf_counter()
        task = ender.create_and_end(f"robot{self._next % self._plan.robots}")
        self._begun[task] = began
        self.tally.outstanding += 1

    def _completed(self, task: str) -> None:
        began = self._begun.pop(task, None)
        if began is None:
            return
        tally = self.tally
        tally.done += 1
        tally.outstanding -= 1
        (tally.answers if self._plan.sink == "store" else tally.relays).append(perf_counter() - began)
        # Robots take so many a minute and no more: what is sent to them is sent once.
        if tally.running and self._plan.sink != "robots":
            self._end_one(self._enders[int(task.split("-")[1])])
