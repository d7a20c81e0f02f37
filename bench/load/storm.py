"""A reconnect storm: every device comes back at once, each with the inbox it had, in sync or behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from bench.load.past import PER_TASK, PastDevice
from bench.load.socket import Broken
from bench.load.statements import NativeDevice
from bench.load.window import Tally
from hub.protocol import native_device as wire

_AT_A_TIME: Final = 256
"""Of the devices that connect; the rest wait, as they would in the queue of the kernel."""
_BEFORE: Final = 12
_REST_SECONDS: Final = 0.3
_WELCOME, _OPENED = 0, 1


@dataclass(frozen=True, slots=True)
class StormPlan:
    """``tokens``: users and theirs; ``devices``: of each; ``behind``: how many changes each missed."""

    port: int
    tokens: Sequence[tuple[str, str]]
    devices: int
    behind: int


class ReturningDevice(NativeDevice):
    """Opens its inbox where it left off."""

    __slots__ = ("_behind", "_incarnation", "_seq")

    def __init__(self, user: str, name: str, left: tuple[int, int], behind: int) -> None:
        super().__init__(user, name)
        self._incarnation, self._seq = left
        self._behind = behind

    def told(self, message: list[Any]) -> None:
        """Opens with what it has, and sees that it is brought what it lacks."""
        if message[0] == _WELCOME:
            self.send(wire.open_topic(1, self._topic, self._incarnation, self._seq))
            return
        if message[0] == _OPENED and (message[6] or len(message[7]) != self._behind):
            raise Broken(f"opened with {len(message[7])} statements, full {message[6]}")
        super().told(message)


class StormLoad:
    """Implements ``Load`` for bursts: a unit of work is a device that is back."""

    def __init__(self, plan: StormPlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._left: dict[str, tuple[int, int]] = {}
        self._back: list[ReturningDevice] = []
        self._storm: asyncio.Future[None] | None = None

    async def prepare(self) -> None:
        """Fill the inboxes, and let each device be known."""
        plan = self._plan
        for user, token in plan.tokens:
            self._left[user] = await self._fill(user, token)
        await self._all_back()
        self._leave()

    def begin(self, rate: float | None) -> None:
        """Let all come back; soon after, they are gone again."""
        assert rate is None, "a storm has no rate"
        self.tally.outstanding = len(self._plan.tokens) * self._plan.devices
        self._storm = asyncio.ensure_future(self._all_back())
        self._storm.add_done_callback(self._over)

    def _over(self, storm: asyncio.Future[None]) -> None:
        storm.result()
        asyncio.get_running_loop().call_later(_REST_SECONDS, self._leave)

    async def _fill(self, user: str, token: str) -> tuple[int, int]:
        """Where the devices left off: before the changes that they missed."""
        plan = self._plan
        past = PastDevice(user, f"{user}.past", _BEFORE)
        await past.enter(plan.port, token)
        left = past.incarnation, past.seqs[-1]
        past.transport.abort()
        if plan.behind:
            missed = PastDevice(user, f"{user}.past", _BEFORE + plan.behind)
            missed.skip(_BEFORE)
            await missed.enter(plan.port, token)
            missed.transport.abort()
        return left

    async def _all_back(self) -> None:
        plan = self._plan
        coming = [
            (user, token, f"{user}.{number}") for user, token in plan.tokens for number in range(plan.devices)
        ]
        await asyncio.gather(*(self._some_back(coming[place::_AT_A_TIME]) for place in range(_AT_A_TIME)))

    async def _some_back(self, coming: Sequence[tuple[str, str, str]]) -> None:
        tally = self.tally
        for user, token, name in coming:
            device = ReturningDevice(user, name, self._left[user], self._plan.behind)
            began = perf_counter()
            await device.enter(self._plan.port, token)
            tally.answers.append(perf_counter() - began)
            tally.done += 1
            tally.outstanding -= 1
            self._back.append(device)

    def _leave(self) -> None:
        for device in self._back:
            device.transport.abort()
        self._back = []
        self.tally.outstanding = 0


def missed_of(behind: int) -> int:
    """The nearest number of changes that whole tasks make."""
    return behind // PER_TASK * PER_TASK
