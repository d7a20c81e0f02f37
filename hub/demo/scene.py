"""Where the demo plays: a hub as a process of its own, a sandbox for WeChat, and the people's devices."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

import tongbu
from hub.demo.network import Network
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import Scope, UserId
from hub.ports import SystemClock
from hub.sandbox.server import Sandbox

OWNER: Final = UserId("ann")
CHANNEL: Final = "wechat"
DELAY: Final = 2.0
"""Seconds that a message waits for somebody to read the result."""
START_SECONDS: Final = 20.0
WAIT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05
_TOKEN_SECONDS: Final = 3600
_SETTINGS: Final = """\
[channels.{channel}]
kind = "wecom_robot"
key = "00000000-0000-0000-0000-00000000demo"
base_url = "{sandbox}"
language = "{language}"

[[routes]]
match = {{ kind = "task" }}
channels = ["{channel}"]
delay = {delay}
unless = ["read"]

[[routes]]
match = {{ kind = "notification", level = ["error", "critical"] }}
channels = ["{channel}"]
delay = {delay}
unless = ["read"]
"""


Holds = Callable[[], bool]


class Failed(Exception):
    """The demo can't go on; the sentence says why."""


class Scene:
    """Everything that runs. ``async with`` starts it, and ends and removes it.

    Args:
        folder: for the hub's data, its log, and the devices' stores.
        language: of the messages.
    """

    def __init__(self, folder: Path, language: str) -> None:
        self._folder = folder
        self._language = language
        self._stack = AsyncExitStack()
        self._hub: asyncio.subprocess.Process | None = None
        self._port = 0
        self.sandbox = Sandbox()
        self.air: Network
        """What the phone goes through."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self.sandbox.start()
            stack.push_async_callback(self.sandbox.stop)
            stack.push_async_callback(self._end_hub)
            self._write_settings()
            await self.start_hub()
            self.air = Network(self._port)
            await self.air.mend()
            stack.push_async_callback(self.air.cut)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # ------------------------------------------------------------------ the hub

    @property
    def url(self) -> str:
        """The hub's own address."""
        return f"http://127.0.0.1:{self._port}"

    async def start_hub(self) -> None:
        """Start the hub's process, on the port it had before. Raises ``Failed``."""
        with (self._folder / "hub.log").open("ab") as log:
            self._hub = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hub", "serve"),
                *("--config", str(self._folder / "hub.toml"), "--data", str(self._folder / "data")),
                *("--port", str(self._port)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._hub.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            line = (await self._hub.stdout.readline()).decode()
        if not line.startswith("ready "):
            raise Failed(f"The hub did not start:\n{(self._folder / 'hub.log').read_text()[-2000:]}")
        self._port = int(line.strip().rpartition(":")[2])

    async def kill_hub(self) -> None:
        """SIGKILL: it has no time to do anything."""
        assert self._hub is not None
        self._hub.kill()
        await self._hub.wait()

    async def _end_hub(self) -> None:
        if self._hub is not None and self._hub.returncode is None:
            self._hub.terminate()
            await self._hub.wait()

    def _write_settings(self) -> None:
        settings = _SETTINGS.format(
            channel=CHANNEL, sandbox=self.sandbox.url, delay=DELAY, language=self._language
        )
        (self._folder / "hub.toml").write_text(settings, encoding="utf-8")

    # ------------------------------------------------------------------ devices

    async def device(self, name: str, *scopes: Scope, through_air: bool = False) -> tongbu.Hub:
        """A device of the owner, connected; its store outlives what it is cut off from."""
        url = self.air.url if through_air else self.url
        entered = tongbu.connect(
            url,
            token=self._token(*scopes),
            store=self._folder / f"{name}.db",
            device_name=name,
            platform="demo",
        )
        hub = await self._stack.enter_async_context(entered)
        await hub.connected(START_SECONDS)
        await hub.inbox().open()
        return hub

    def _token(self, *scopes: Scope) -> str:
        tokens = LocalTokens(load_secret(self._folder / "data", create=True), SystemClock())
        return tokens.issue(OWNER, scopes, _TOKEN_SECONDS)

    # ------------------------------------------------------------------ looking

    def received(self, words: str) -> int:
        """How many messages with those words WeChat has."""
        return sum(words in call.content for call in self.sandbox.messages)

    async def deliveries(self, item: str) -> list[dict[str, Any]]:
        """What the hub says about an item's deliveries."""
        headers = {"Authorization": f"Bearer {self._token('admin')}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.url}/v1/deliveries", params={"item": item}, headers=headers) as response,
        ):
            response.raise_for_status()
            answer = await response.json()
        found: list[dict[str, Any]] = answer["items"]
        return found


async def until(holds: Holds, seconds: float = WAIT_SECONDS) -> bool:
    """Wait until something holds; False if it did not within ``seconds``."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not holds():
        if loop.time() > end:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True
