"""A whole hub in this process: real sockets, a real SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from hub import config
from hub.app import App
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import DeviceId, Scope, UserId
from hub.ports import Clock, SystemClock
from hub.storage.folder import DATABASE_NAME
from tests.kit.clocks import StillClock
from tests.kit.devices import NativeDevice

TTL = 3600


@dataclass
class RunningHub:
    """A hub that accepts. ``folder`` is its data folder; start another one on it to see a restart."""

    app: App
    folder: Path
    port: int
    clock: Clock
    devices: list[NativeDevice] = field(default_factory=list)
    stopped: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def native_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/connect"

    @property
    def yjs_url(self) -> str:
        """Append ``/<document>?token=…``."""
        return f"ws://127.0.0.1:{self.port}/yjs/doc"

    def token(self, user: str, *scopes: Scope, device: str | None = None, ttl: int = TTL) -> str:
        """A token; with scope ``user`` unless told otherwise."""
        tokens = LocalTokens(load_secret(self.folder, create=False), self.clock)
        bound = None if device is None else DeviceId(device)
        return tokens.issue(UserId(user), scopes or ("user",), ttl, bound)

    def device(self, user: str, name: str = "device", *scopes: Scope, **options: Any) -> NativeDevice:
        """A device of that user, not connected yet; closed with the hub. Options as of ``NativeDevice``."""
        options.setdefault("wall", self.clock.now)
        token = options.pop("token", None) or self.token(user, *scopes)
        device = NativeDevice(self.native_url, token, name, **options)
        self.devices.append(device)
        return device

    async def http(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """One request with a JSON body: status, and the answer's JSON (None where there is none)."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, json=body, headers=headers) as response,
        ):
            return response.status, await response.json(content_type=None) if await response.read() else None

    def pass_time(self, seconds: float) -> None:
        """Let time pass, where the hub runs on a ``StillClock``, and its timers fire."""
        assert isinstance(self.clock, StillClock)
        self.clock.advance(seconds)
        self.app.wheel.advance()

    def stored(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        connection = sqlite3.connect(f"file:{self.folder / DATABASE_NAME}?mode=ro", uri=True)
        with closing(connection):
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            return {name: sorted(connection.execute(f'SELECT * FROM "{name}"')) for (name,) in names}

    async def stop(self) -> None:
        """Drain and stop, as SIGTERM does. Idempotent."""
        if not self.stopped:
            self.stopped = True
            await self.app.stop()


@asynccontextmanager
async def running_hub(
    folder: Path, clock: Clock | None = None, file: Path | None = None, **overrides: object
) -> AsyncIterator[RunningHub]:
    """A hub over a data folder, stopped at the end.

    Args:
        folder: the data folder; a second hub on the same folder, after the first has ended, is a restart.
        clock: the machine's by default.
        file: a configuration, for channels and routes.
        overrides: settings, two underscores for the dot: ``limits__statements=10``.
    """
    clock = clock or SystemClock()
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    settings = config.load(
        file, {"storage.data": str(folder), "server.port": 0, "server.drain_timeout": 2.0, **given}
    )
    app = App.build(settings, clock)
    hub = RunningHub(app, folder, await app.start(), clock)
    try:
        yield hub
    finally:
        for device in hub.devices:
            await device.disconnect()
        await hub.stop()
