"""Unmodified Yjs providers: one Node process each, driven by ``node/peer.mjs``."""

from __future__ import annotations

import asyncio
import json
import shutil
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.e2e.processes import HubProcess

NODE = Path(__file__).with_name("node")
LINE_LIMIT = 64 * 1024 * 1024


def need_node() -> str:
    """The Node command. Without it there is nothing to test with; without the packages somebody forgot."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: no unmodified Yjs providers to test with")
    if not (NODE / "node_modules" / "y-websocket").is_dir():
        pytest.fail(f"the Node packages are not installed: npm ci in {NODE}, or make test")
    return node


class YjsPeer:
    """A Y.Doc with its provider. Every method asks Node; waiting ones fail after 15 s."""

    package = "y-websocket"
    """The provider's module beside ``peer.mjs``."""

    def __init__(self) -> None:
        self.client_id = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._ids = count(1)

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            need_node(), NODE / "peer.mjs", self.package, stdin=pipe, stdout=pipe, limit=LINE_LIMIT
        )
        self._reader = asyncio.create_task(self._read(self._process))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reader is not None
        self._process.stdin.close()
        await self._reader
        await self._process.wait()

    async def vanish(self) -> None:
        """The process is killed: no close frame, no last word."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            answer = json.loads(line)
            future = self._answers.pop(answer["id"])
            if "error" in answer:
                future.set_exception(AssertionError(answer["error"]))
            else:
                future.set_result(answer["value"])
        for future in self._answers.values():
            future.set_exception(AssertionError("the peer has ended"))

    async def ask(self, operation: str, **given: Any) -> Any:
        """One operation of ``peer.mjs``; its value."""
        assert self._process is not None
        assert self._process.stdin is not None
        number = next(self._ids)
        self._answers[number] = future = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"id": number, "op": operation, **given}).encode() + b"\n")
        return await future

    # ------------------------------------------------------------------ doing

    def url(self, hub: HubProcess) -> str:
        """Where the provider connects."""
        return hub.yjs_url

    async def start(self, hub: HubProcess, name: str, token: str | None, **options: Any) -> None:
        """Make the provider, as an application does; ``connect=False``: only once it is told to."""
        self.client_id = await self.ask("start", url=self.url(hub), name=name, token=token, **options)

    async def edit(self, edit: str, **given: Any) -> None:
        """One transaction, see ``edits`` in ``peer.mjs``; ``type`` makes one a character."""
        await self.ask("edit", edit=edit, **given)

    async def offline(self) -> None:
        await self.ask("offline")

    async def online(self) -> None:
        await self.ask("online")

    # ------------------------------------------------------------------ looking

    async def contents(self) -> dict[str, Any]:
        """``map``, ``array``, ``text`` and ``xml`` as JSON."""
        found: dict[str, Any] = await self.ask("contents")
        return found

    async def synced(self) -> None:
        """Until the first exchange with the hub is done."""
        await self.ask("synced")

    async def closed(self, code: int) -> None:
        """Until the hub has closed the socket with that code, once at least."""
        await self.ask("closed", code=code)

    async def stopped(self) -> bool:
        """Whether the provider has given up for good."""
        found: bool = await self.ask("stopped")
        return found

    async def sees(self, *states: dict[str, Any]) -> None:
        """Until the others are exactly these, by their ``name``."""
        await self.ask("sees", states=sorted(states, key=lambda state: state["name"]))


class HocuspocusPeer(YjsPeer):
    """One Hocuspocus socket; ``start`` attaches the first document, ``attach`` another one. What is asked is
    about the one attached or chosen last."""

    package = "hocuspocus"

    def url(self, hub: HubProcess) -> str:
        return hub.hocuspocus_url

    async def attach(self, name: str, **options: Any) -> Any:
        """Another document on the same socket; what ``choose`` knows it by with ``sessionAwareness``."""
        return await self.ask("attach", name=name, **options)

    async def choose(self, key: str) -> None:
        """What follows is about the document of that name."""
        await self.ask("choose", key=key)

    async def saved(self) -> None:
        """Until ``hasUnsyncedChanges`` is false."""
        await self.ask("saved")

    async def unsynced(self) -> int:
        """``unsyncedChanges``."""
        found: int = await self.ask("unsynced")
        return found

    async def told(self, what: str) -> list[Any]:
        """What came: ``denied``, ``closed``, ``authenticated``, ``stateless``, ``unsynced``."""
        found: list[Any] = await self.ask("told", what=what)
        return found

    async def hears(self, what: str, count: int = 1) -> None:
        """Until so much of it came."""
        await self.ask("hears", what=what, count=count)


async def converged(hub: HubProcess, name: str, token: str, *peers: YjsPeer) -> dict[str, Any]:
    """Until every peer and the hub hold all that any of them holds, as Yjs itself judges; the contents."""
    judge = peers[0]
    everything = [await peer.ask("state") for peer in peers]
    wanted = await judge.ask("judge", updates=everything)
    for peer in peers:
        await peer.ask("reached", snapshot=wanted["snapshot"])
        assert await peer.contents() == wanted["contents"]
    # An edit is on its way to the hub when its peer has it: asked until it has arrived.
    async with asyncio.timeout(20):
        while await judge.ask("judge", updates=await held(hub, name, token)) != wanted:
            pass
    contents: dict[str, Any] = wanted["contents"]
    return contents


async def held(hub: HubProcess, name: str, token: str) -> list[str]:
    """What the hub gives to somebody who has nothing of a document: updates in base64."""
    status, answers = await hub.http("POST", "/v1/sync", [{"topic": f"doc/{name}"}], token)
    assert status == 200
    updates: list[str] = answers[0]["body"]
    return updates
