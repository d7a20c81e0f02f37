"""Devices and editors that write until the hub is gone, and note what they are told.

They keep what was not acknowledged, and bring it again to the next hub.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, ClassVar

import websockets
from pycrdt import Array, Doc, Map, Text, TransactionEvent
from websockets.asyncio.client import ClientConnection

from hub.model import Json
from hub.protocol import native_device as wire
from hub.protocol import yjs
from hub.protocol.body import statements_of
from hub.protocol.native import SUBPROTOCOL
from hub.state.attempts import RANK
from tests.e2e.scene import GONE, Scene
from tests.kit.devices import wall_clock
from tests.kit.replicas import DeviceState, Replica

IN_FLIGHT = 4
"""Pushes of one device that wait for their answer."""
ITEMS = 40
"""Of each device in a ledger: few, so that registers are joined, folded and moved again and again."""
STATUSES = list(RANK)


class WitnessState(DeviceState):
    """A device that notes what it is told. Documents' updates go to ``documents``."""

    def __init__(self, scene: Scene, name: str) -> None:
        super().__init__(name, wall_clock)
        self.scene = scene
        self.documents: dict[str, Notebook] = {}
        self.drafts: dict[int, tuple[str, bytes]] = {}

    def _brought(self, replica: Replica, message: wire.Opened | wire.Relay, body: list[Any]) -> list[bytes]:
        answers = super()._brought(replica, message, body)
        promises = self.scene.promises
        promises.at_seq(replica.name, replica.incarnation, message.seq)
        if replica.name.startswith("doc/"):
            updates, replica.updates = replica.updates, []
            promises.updated(replica.name, updates)
            self.documents[replica.name].take(updates)
        else:
            promises.stated(replica.name, statements_of(body))
        return answers

    def _ok(self, ok: wire.Ok) -> list[bytes]:
        if ok.ref in self.pushed:
            replica, statements = self.pushed[ok.ref]
            self.scene.promises.stated(replica.name, statements)
            self.scene.promises.at_seq(replica.name, replica.incarnation, ok.value)
            self.scene.acknowledge()
        elif ok.ref in self.drafts:
            name, update = self.drafts.pop(ok.ref)
            replica = self.replica(name)
            replica.seq = max(replica.seq, ok.value)
            self.documents[name].saved(update)
            self.scene.promises.updated(name, [update])
            self.scene.promises.at_seq(name, replica.incarnation, ok.value)
            self.scene.acknowledge()
        return super()._ok(ok)

    def _no(self, no: wire.No) -> list[bytes]:
        raise AssertionError(f"the hub refuses what it should take: {no}")

    def lost(self) -> None:
        super().lost()
        self.drafts.clear()


class Notebook:
    """A Yjs document as one device has it, its own updates kept until they are acknowledged."""

    LARGE = 6_000
    KEYS = 12
    LONGEST = 400

    def __init__(self, name: str) -> None:
        self.name = name
        self.unsaved: list[bytes] = []
        self.document: Doc[Any] = Doc()
        self.map = self.document.get("map", type=Map)
        self.text = self.document.get("text", type=Text)
        self.array = self.document.get("array", type=Array)
        self._taking = False
        self.document.observe(self._changed)

    def _changed(self, event: TransactionEvent) -> None:
        if not self._taking:
            self.unsaved.append(event.update)

    def take(self, updates: Iterable[bytes]) -> None:
        """What others wrote."""
        self._taking = True
        for update in updates:
            self.document.apply_update(update)
        self._taking = False

    def edit(self, chance: random.Random) -> bytes:
        """One transaction; its update."""
        with self.document.transaction():
            match chance.randrange(4):
                case 0:
                    self.text.insert(self._offset(chance.random()), chance.choice("同步任务abc"))
                case 1 if len(self.text) > self.LONGEST:
                    del self.text[self._offset(0.1) : self._offset(0.6)]
                case 2:
                    self.array.append(chance.randrange(100))
                    if len(self.array) > 20:
                        self.array.pop(0)
                case _:
                    size = self.LARGE if chance.random() < 0.2 else 20
                    self.map[f"{self.name}{chance.randrange(self.KEYS)}"] = "值" * chance.randrange(1, size)
        return self.unsaved[-1]

    def _offset(self, part: float) -> int:
        """Where a character begins, so far into the text; pycrdt counts bytes of UTF-8."""
        text = str(self.text)
        return len(text[: int(part * len(text))].encode())

    def saved(self, update: bytes) -> None:
        """Acknowledged."""
        self.unsaved.remove(update)


class Device:
    """One native device: connects, opens, acts and edits until the hub is gone."""

    TASK_FIELDS: ClassVar = ("status", "progress", "title", "due", "priority", "deleted")
    INBOX_FIELDS: ClassVar = (*TASK_FIELDS, "read", "archived", "pinned", "seen", "snoozed")

    def __init__(self, scene: Scene, user: str, name: str, topics: Iterable[str]) -> None:
        self.scene = scene
        self.user = user
        self.state = WitnessState(scene, name)
        self.topics = list(topics)
        self.state.documents = {topic: Notebook(name) for topic in self.topics if topic.startswith("doc/")}
        self._news = asyncio.Event()

    async def live(self) -> None:
        """One connection's life: act until the hub is gone."""
        await self._connect(self._act)

    async def settle(self) -> None:
        """One connection without anything new: bring what is unsaved, take what is missing."""
        await self._connect(self._finish)

    async def _connect(self, work: Callable[[ClientConnection], Coroutine[Any, Any, None]]) -> None:
        hub = self.scene.hub
        try:
            async with (
                websockets.connect(
                    hub.native_url,
                    subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
                    max_size=None,
                    compression=None,
                    proxy=None,
                ) as socket,
                asyncio.TaskGroup() as group,
            ):
                await socket.send(self.state.hello(hub.token(self.user)))
                group.create_task(work(socket))
                await self._listen(socket)
        except* GONE:
            pass
        finally:
            self.state.lost()

    async def _listen(self, socket: ClientConnection) -> None:
        while True:
            message = await socket.recv()
            assert isinstance(message, bytes)
            for answer in self.state.receive(message):
                await socket.send(answer)
            self._news.set()

    async def _enter(self, socket: ClientConnection) -> None:
        """Open everything, and bring again what was not acknowledged of documents."""
        await self._until(lambda: self.state.welcomed)
        self.scene.promises.devices[self.user].add(self.state.device or "")
        for topic in self.topics:
            if not self.state.replica(topic).wanted:
                await socket.send(self.state.open(topic))
        await self._until(lambda: all(self.state.replica(topic).handle for topic in self.topics))
        for topic, notebook in self.state.documents.items():
            for update in list(notebook.unsaved):
                await socket.send(self._draft(topic, update))

    async def _finish(self, socket: ClientConnection) -> None:
        await self._enter(socket)
        for topic in self.topics:
            for message in self.state.push(topic):
                await socket.send(message)
        await self._until(lambda: self.state.settled() and not self.state.drafts)
        await socket.close()

    async def _act(self, socket: ClientConnection) -> None:
        await self._enter(socket)
        while True:
            await self._until(lambda: len(self.state.pushed) + len(self.state.drafts) < IN_FLIGHT)
            await self.scene.rest()
            topic = self.scene.chance.choice(self.topics)
            for message in self._messages(topic):
                await socket.send(message)

    async def _until(self, holds: Any) -> None:
        while not holds():
            self._news.clear()
            await self._news.wait()

    # ------------------------------------------------------------------ what it does

    def _messages(self, topic: str) -> list[bytes]:
        if topic in self.state.documents:
            return [self._draft(topic, self.state.documents[topic].edit(self.scene.chance))]
        for _ in range(self.scene.chance.choice((1, 1, 2, 12))):
            self._state_something(topic)
        return self.state.push(topic)

    def _draft(self, topic: str, update: bytes) -> bytes:
        handle = self.state.replica(topic).handle
        assert handle is not None
        ref = self.state.ref()
        self.state.drafts[ref] = (topic, update)
        return wire.push_update(ref, handle, update)

    def _state_something(self, topic: str) -> None:
        chance, act = self.scene.chance, self.state.act
        item = f"{self.user}-{chance.randrange(ITEMS)}"
        if chance.random() < 0.2:
            act(topic, item, "item", {"kind": "task", "title": f"任务 {item}", "tags": ["load"]})
        elif topic.startswith("inbox/") and chance.random() < 0.05:
            act(topic, "*", "read_upto", chance.randrange(2**40))
        else:
            fields = self.INBOX_FIELDS if topic.startswith("inbox/") else self.TASK_FIELDS
            field = chance.choice(fields)
            act(topic, item, field, self._value(topic, item, field), self._stamp())

    def _stamp(self) -> int | None:
        """Now, or some time ago, as of a device that was away."""
        chance = self.scene.chance
        return self.state.clock.tick() - chance.randrange(2**30) if chance.random() < 0.1 else None

    def _value(self, topic: str, item: str, field: str) -> Json:
        chance = self.scene.chance
        match field:
            case "status":
                return [self._attempt(topic, item), chance.choice(STATUSES)]
            case "progress":
                return [self._attempt(topic, item), chance.random(), "做" * chance.randrange(1, 30)]
            case "title":
                return "题" * chance.choice((1, 10, 400))
            case "due" | "snoozed":
                return chance.choice((None, chance.randrange(2**40)))
            case "priority":
                return chance.randrange(10)
            case _:
                return chance.random() < 0.6

    def _attempt(self, topic: str, item: str) -> int:
        """The current one, or the next where it has ended."""
        final = self.state.value(topic, item, "final")
        ended = final["attempt"] if isinstance(final, dict) else 0
        assert isinstance(ended, int)
        return max(1, ended + self.scene.chance.choice((0, 1)))


class Editor:
    """One y-websocket peer. This wire has no acknowledgements: what others are shown is the promise."""

    def __init__(self, scene: Scene, user: str, name: str, document: str) -> None:
        self.scene = scene
        self.user = user
        self.document = document
        self.notebook = Notebook(name)

    async def live(self) -> None:
        """One connection's life: type until the hub is gone."""
        hub = self.scene.hub
        url = f"{hub.yjs_url}/{self.document}?token={hub.token(self.user)}"
        try:
            async with (
                websockets.connect(url, max_size=None, compression=None, proxy=None) as socket,
                asyncio.TaskGroup() as group,
            ):
                await socket.send(yjs.sync_step1(self.notebook.document.get_state()))
                group.create_task(self._type(socket))
                await self._listen(socket)
        except* GONE:
            pass

    async def _listen(self, socket: ClientConnection) -> None:
        while True:
            message = await socket.recv()
            assert isinstance(message, bytes)
            match yjs.decode(message):
                case yjs.SyncStep1(state_vector):
                    update = self.notebook.document.get_update(state_vector)
                    await socket.send(yjs.sync_step2(update))
                case yjs.SyncUpdate(update):
                    self.scene.promises.updated(f"doc/{self.document}", [update])
                    self.notebook.take([update])
                case yjs.PermissionDenied(reason):
                    raise AssertionError(f"{self.notebook.name} is refused: {reason}")

    async def _type(self, socket: ClientConnection) -> None:
        while True:
            for _ in range(self.scene.chance.choice((1, 1, 8))):
                await socket.send(yjs.update(self.notebook.edit(self.scene.chance)))
            self.notebook.unsaved.clear()
            await (await socket.ping())  # no faster than the hub reads
            await self.scene.rest()
