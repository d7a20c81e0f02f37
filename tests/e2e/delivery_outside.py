"""The world outside a hub, which outlives it: WeChat's sandbox and a receiver of webhooks, both moody.

They note all they get, and during which of the hub's lives.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import aiohttp
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from hub.ports import SystemClock
from hub.sandbox import Call, FaultKind, Sandbox
from tests.e2e.delivery_plan import KEY, ROBOTS, SECRET, key_of

CALL_TIMEOUT: Final = 0.4
"""Seconds that the hub gives a call."""
MOODS: Final[dict[FaultKind, int]] = {
    "slow": 8, "timeout": 4, "half": 4, "-1": 4, "502": 4, "refuse": 3, "html": 2, "40058": 2, "93000": 1,
    "45009": 1, "429": 1,
}  # fmt: skip
"""What the next call may meet, and how often in comparison."""
SLOW_SECONDS: Final = (0.05, 0.2, CALL_TIMEOUT + 0.3)
HOOK_MOODS: Final = {"hang": 2, "cut": 2, "slow": 4, "500": 3, "400": 1, "410": 1}
LOST: Final = frozenset({"timeout", "half", "slow"})
"""How the sandbox says that the caller may not know of a message that was taken."""


class FastClock(SystemClock):
    """A vendor whose minute is over in less than a second: each life of the hub has a full bucket."""

    def monotonic(self) -> float:
        return super().monotonic() * 100


class Take(NamedTuple):
    """One message that the group received. ``life`` of the hub, from 0."""

    number: int
    life: int
    content: str
    answer: str

    def __repr__(self) -> str:
        words = f"{self.content[:30]!r}…{self.content[-9:]!r}"
        return f"<call {self.number} in life {self.life}: {words}: {self.answer}>"

    @property
    def is_lost(self) -> bool:
        """Whether the hub may not have been told."""
        return self.answer in LOST


class HookCall(NamedTuple):
    """One webhook, its signature verified."""

    hook: str
    id: str
    body: bytes
    event: str
    user: str
    status: int
    """What was answered; 0 for nothing."""


class Outside:
    """Both of them. ``mood`` is the chance that a call goes wrong."""

    def __init__(self, chance: random.Random, mood: float) -> None:
        self.mood = mood
        self.life = 0
        self.takes: defaultdict[str, list[Take]] = defaultdict(list)
        self.hook_calls: list[HookCall] = []
        self.calls = 0
        self.sandbox = Sandbox(FastClock())
        self.hook_url = ""
        self._chance = chance
        self._robots = {key_of(robot): robot for robot in ROBOTS}
        self._called = asyncio.Event()
        self._verifier = Webhook(SECRET)

    async def more_calls(self, number: int, within: float) -> bool:
        """Until so many more calls have come; whether they did within so many seconds."""
        wanted = self.calls + number
        try:
            async with asyncio.timeout(within):
                while self.calls < wanted:
                    self._called.clear()
                    await self._called.wait()
        except TimeoutError:
            return False
        return True

    async def quiet(self) -> None:
        """Until what had reached the sockets by now was read: connections are accepted in their order."""
        async with aiohttp.ClientSession() as session:
            for url in (f"{self.sandbox.url}/faults", self.hook_url):
                async with session.get(url) as response:
                    await response.read()

    def calm_down(self) -> None:
        """From now on nothing goes wrong."""
        self.mood = 0.0
        self.sandbox.clear_faults()

    def _count(self) -> None:
        self.calls += 1
        self._called.set()

    def _robot_called(self, call: Call | None) -> None:
        if call is None:
            return
        robot = self._robots[call.key]
        if call.taken:
            self.takes[robot].append(Take(call.number, self.life, call.content, call.answer))
        if self._chance.random() < self.mood and len(self.sandbox.faults) < 50:
            (kind,) = self._chance.choices(list(MOODS), list(MOODS.values()))
            self.sandbox.fault(kind, 1, KEY + call.key, self._chance.choice(SLOW_SECONDS))
        self._count()

    async def _hook_called(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        told = self._verifier.verify(body, dict(request.headers))["data"]
        mood = "fine"
        if self._chance.random() < self.mood:
            (mood,) = self._chance.choices(list(HOOK_MOODS), list(HOOK_MOODS.values()))
        status = int(mood) if mood.isdecimal() else 0 if mood in ("hang", "cut") else 204
        self.hook_calls.append(
            HookCall(
                request.match_info["hook"],
                request.headers["webhook-id"],
                body,
                told["event"]["id"],
                told["user"],
                status,
            )
        )
        self._count()
        return await self._answer(request, mood, status)

    async def _answer(self, request: web.Request, mood: str, status: int) -> web.StreamResponse:
        if mood == "hang":
            await asyncio.Event().wait()
        elif mood == "slow":
            await asyncio.sleep(self._chance.uniform(0, CALL_TIMEOUT / 2))
        elif mood == "cut" and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 204)

    async def _nothing(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Both listen."""
        await self.sandbox.start()
        self.sandbox.watch(self._robot_called)
        application = web.Application()
        application.router.add_post("/{hook}", self._hook_called)
        application.router.add_get("/", self._nothing)
        runner = web.AppRunner(application, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.hook_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield
        finally:
            await runner.cleanup()
            await self.sandbox.stop()
