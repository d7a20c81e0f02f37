"""Nothing that a hub does over and over leaves a cycle behind: reference counts free it, at once.

The hub runs almost without the cycle collector's help: what is left here may stay in its memory for an hour.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
import uvloop
import websockets
from pycrdt import Doc, Text

from hub.model import Json
from hub.protocol import native_device as wire
from hub.protocol import yjs
from tests.kit.devices import NativeDevice
from tests.kit.hubs import RunningHub, running_hub

PATIENCE = 10.0
TIMES = 3
"""So often each thing is done: what is left once may be something that is made once."""
TASK: dict[str, Json] = {"kind": "task", "title": "a task"}
ITEMS = "/v1/users/ann/items"


class Doings:
    """What peers do over and over, each under names of its own."""

    def __init__(self, hub: RunningHub) -> None:
        self.hub = hub
        self.token = hub.token("ann", "user", "publish")
        self._made = 0

    def name(self) -> str:
        self._made += 1
        return f"t{self._made}"

    async def connected(self) -> NativeDevice:
        """A device that did what devices do: it opened, stated and asked."""
        device = NativeDevice(self.hub.native_url, self.token, wall=self.hub.clock.now)
        await device.connect()
        await device.open("inbox/ann")
        item = self.name()
        await device.act("inbox/ann", item, "item", TASK)
        await device.act("inbox/ann", item, "status", [1, "running"])
        await device.command("progress", item=item, progress=0.5)
        await device.command("create", id=self.name(), **TASK)
        return device

    async def native_closed(self) -> None:
        """A native connection that ends in an orderly way."""
        device = await self.connected()
        await device.send(device.state.close("inbox/ann"))
        await device.disconnect()

    async def native_aborted(self) -> None:
        """A native connection that drops off the network."""
        await (await self.connected()).vanish()

    async def native_misses(self) -> None:
        """Commands, a push and an open that are refused."""
        device = await self.connected()
        for answer in (
            await device.command("progress", item="nowhere", progress=0.5),
            await device.command("create", id="t1", kind="task", title="another"),
            await device.command("progress", item="t1", progress="much"),
            await device.command("nonsense"),
            await device.push_raw("inbox/ann", [["t1", "item", {**TASK, "title": "another"}, 1]]),
            await device.open_refused("inbox/bob"),
        ):
            assert isinstance(answer, wire.No), answer
        await device.disconnect()

    async def native_refused(self) -> None:
        """A native connection whose token is none."""
        device = NativeDevice(self.hub.native_url, "no token", wall=self.hub.clock.now)
        await device.connect(wait=False)
        await device.ended()

    async def document(self) -> None:
        """A document's update by the Yjs wire."""
        doc: Doc[Text] = Doc()
        doc["t"] = Text("x")
        url = f"{self.hub.yjs_url}/board?token={self.token}"
        async with websockets.connect(url, compression=None) as socket:
            await socket.recv()
            await socket.send(yjs.sync_step2(doc.get_update()))
            await socket.send(yjs.sync_step1(yjs.encode_state_vector({})))
            while not isinstance(yjs.decode(bytes(await socket.recv(decode=False))), yjs.SyncUpdate):
                pass

    async def requests(self) -> None:
        """Items created, changed, listed and read, each on a connection of its own."""
        item = self.name()
        for method, path, body, status in (
            ("POST", ITEMS, {**TASK, "id": item}, 201),
            ("POST", ITEMS, {**TASK, "id": item}, 200),
            ("PATCH", f"{ITEMS}/{item}", {"status": "running", "progress": 0.5}, 200),
            ("GET", f"{ITEMS}/{item}", None, 200),
            ("GET", ITEMS, None, 200),
            ("GET", "/healthz", None, 200),
        ):
            assert (await self.hub.http(method, path, body, self.token))[0] == status

    async def refused_requests(self) -> None:
        """What is answered with a problem before it comes to a turn."""
        for method, path, body, token, status in (
            ("GET", f"{ITEMS}/nowhere", None, self.token, 404),
            ("POST", ITEMS, {**TASK, "level": "loud"}, self.token, 422),
            ("GET", ITEMS, None, None, 401),
            ("GET", "/v1/nowhere", None, self.token, 404),
        ):
            assert (await self.hub.http(method, path, body, token))[0] == status

    async def refused_writes(self) -> None:
        """What is answered with a problem by its turn."""
        item = self.name()
        await self.hub.http("POST", ITEMS, {**TASK, "id": item}, self.token)
        for method, path, body, status in (
            ("PATCH", f"{ITEMS}/nowhere", {"read": True}, 404),
            ("POST", ITEMS, {**TASK, "id": item, "title": "other"}, 409),
        ):
            assert (await self.hub.http(method, path, body, self.token))[0] == status

    async def kept_alive(self) -> None:
        """Several requests on one connection."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(self.hub.url, headers=headers) as session:
            for _ in range(3):
                async with session.get(ITEMS) as response:
                    await response.read()

    async def stream(self) -> None:
        """An event stream that shows something and is left."""
        url = f"{self.hub.url}/v1/users/me/stream?token={self.token}"
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session, session.get(url) as events:
            assert events.status == 200
            await self.hub.http("POST", ITEMS, {**TASK, "id": self.name()}, self.token)
            await events.content.readuntil(b"\n\n")


Doing = Callable[[Doings], Awaitable[None]]
DOINGS: list[Doing] = [
    Doings.native_closed,
    Doings.native_aborted,
    Doings.native_refused,
    Doings.document,
    Doings.requests,
    Doings.refused_requests,
    Doings.kept_alive,
    Doings.stream,
]


@contextmanager
def garbage() -> Iterator[Counter[str]]:
    """What of the hub only the cycle collector would have freed, by type, once this ends."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    before = gc.get_debug()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found.update(filter(of_the_hub, map(type_name, gc.garbage)))
    finally:
        gc.set_debug(before)
        gc.garbage.clear()
        gc.enable()
        gc.collect()


def type_name(each: object) -> str:
    return f"{type(each).__module__}.{type(each).__qualname__}"


def of_the_hub(name: str) -> bool:
    """A client's own cycles are none of the hub's; Python's plain objects are in both."""
    return name.startswith(("hub.", "uvicorn.")) or name == "uvloop.loop.TCPTransport"


async def all_is_over(hub: RunningHub) -> None:
    """The hub has heard of every connection's end."""
    server = hub.app.listener._server
    assert server is not None
    async with asyncio.timeout(PATIENCE):
        while server.server_state.connections:  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0)
    await hub.app.tasks.finish()


REFUSED: list[Doing] = [Doings.native_misses, Doings.refused_writes]


@pytest.mark.parametrize("doing", REFUSED, ids=lambda doing: doing.__name__)
def test_a_refusal_leaves_no_cycle(tmp_path: Path, doing: Doing) -> None:
    assert_nothing_left(tmp_path, doing)


@pytest.mark.parametrize("doing", DOINGS, ids=lambda doing: doing.__name__)
def test_it_leaves_no_cycle(tmp_path: Path, doing: Doing) -> None:
    assert_nothing_left(tmp_path, doing)


def assert_nothing_left(tmp_path: Path, doing: Doing) -> None:
    """On the loop that a hub is served on: transports of Python's own hold themselves."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(left_by(doing, tmp_path)) == {}, doing.__doc__


async def left_by(doing: Doing, folder: Path) -> Counter[str]:
    """What a hub leaves that did it before."""
    async with running_hub(folder / "data") as hub:
        doings = Doings(hub)
        await doing(doings)
        await all_is_over(hub)
        with garbage() as left:
            for _ in range(TIMES):
                await doing(doings)
            await all_is_over(hub)
    return left
