"""Load on a hub: devices, editors and programs that do all sorts of things until the hub is gone.

What each is answered or shown it notes in one ``Promises``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import aiohttp

from hub.state.attempts import RANK
from tests.e2e.scene import GONE, Scene
from tests.e2e.writers import ITEMS, Device, Editor

STATUSES = list(RANK)


class Program:
    """HTTP: creates, changes and looks, as somebody who speaks for one user."""

    def __init__(self, scene: Scene, user: str) -> None:
        self.scene = scene
        self.user = user

    async def live(self) -> None:
        """Requests one after the other."""
        token = self.scene.hub.token(self.user, "user", "publish")
        headers = {"Authorization": f"Bearer {token}"}
        with contextlib.suppress(*GONE):
            async with aiohttp.ClientSession(self.scene.hub.url, headers=headers) as session:
                while True:
                    await self._request(session)
                    await self.scene.rest()

    async def _request(self, session: aiohttp.ClientSession) -> None:
        chance = self.scene.chance
        kind, name = chance.choice(("notification", "task")), f"http-{chance.randrange(ITEMS)}"
        items, item = "/v1/users/me/items", f"{kind}-{name}"
        body = {"kind": kind, "title": f"由程序 {item}", "id": item, "level": "info"}
        match chance.randrange(6):
            case 0 | 1:
                await self._answered(session.post(items, json=body), 200, 201)
            case 2:
                await self._answered(session.post(items, json={"kind": kind, "title": "无名"}), 201)
            case 3:
                await self._answered(session.get(f"{items}/{item}"), 200, 404)
            case 4 if kind == "task":
                change = {"status": chance.choice(STATUSES), "note": "好", "progress": chance.random()}
                await self._answered(session.patch(f"{items}/{item}", json=change), 200, 404)
            case _:
                change = {chance.choice(("read", "archived", "pinned")): chance.random() < 0.7}
                await self._answered(session.patch(f"{items}/{item}", json=change), 200, 404)

    async def _answered(self, request: Any, *expected: int) -> None:
        async with request as response:
            answer = await response.json(content_type=None)
            assert response.status in expected, f"{response.status}: {answer}"
            if response.status != 404:
                self.scene.promises.shown_item(f"inbox/{self.user}", answer)
                self.scene.acknowledge()


class Follower:
    """Server-sent events of one inbox."""

    def __init__(self, scene: Scene, user: str) -> None:
        self.scene = scene
        self.user = user

    async def live(self) -> None:
        """One stream."""
        hub = self.scene.hub
        headers = {"Authorization": f"Bearer {hub.token(self.user)}"}
        with contextlib.suppress(*GONE):
            async with (
                aiohttp.ClientSession(hub.url, headers=headers, read_bufsize=2**20) as session,
                session.get("/v1/users/me/stream") as response,
            ):
                event = ""
                async for line in response.content:
                    name, _, value = line.decode().strip().partition(": ")
                    if name == "event":
                        event = value
                    elif name == "data" and event == "item":
                        self.scene.promises.shown_item(f"inbox/{self.user}", json.loads(value))


class Administrator:
    """Members come and go, devices are linked and revoked."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    async def live(self) -> None:
        """Requests one after the other."""
        headers = {"Authorization": f"Bearer {self.scene.hub.token('root', 'admin', 'user')}"}
        with contextlib.suppress(*GONE):
            async with aiohttp.ClientSession(self.scene.hub.url, headers=headers) as session:
                while True:
                    await self._change_a_member(session)
                    await self._link_a_device(session)
                    await self.scene.rest()

    async def _change_a_member(self, session: aiohttp.ClientSession) -> None:
        chance, members = self.scene.chance, self.scene.promises.members
        topic, user = f"doc/of-{chance.randrange(5)}", f"guest-{chance.randrange(5)}"
        path = f"/v1/docs/{topic[4:]}/members/{user}"
        access = chance.choice(("read", "write", None))
        members.pop((topic, user), None)  # unknown until it is answered
        if access is None:
            async with session.delete(path) as response:
                assert response.status in (204, 404)
        else:
            async with session.put(path, json={"access": access}) as response:
                assert response.status == 200
        members[topic, user] = access

    async def _link_a_device(self, session: aiohttp.ClientSession) -> None:
        promises = self.scene.promises
        async with session.post("/v1/devices/link") as response:
            code = (await response.json())["code"]
        async with session.post("/v1/devices/claim", json={"code": code, "name": "手机"}) as response:
            assert response.status == 200, await response.text()
            device = (await response.json())["device"]
        promises.devices["root"].add(device)
        if self.scene.chance.random() < 0.5:
            async with session.delete(f"/v1/users/me/devices/{device}") as response:
                assert response.status == 204
            promises.revoked.add(device)


class Load:
    """All of it together, on two inboxes, a space and two documents."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.devices = [
            Device(scene, "ann", "phone", ["inbox/ann", "space/team", "doc/plan"]),
            Device(scene, "ann", "laptop", ["inbox/ann", "space/team"]),
            Device(scene, "bob", "tablet", ["inbox/bob", "space/team", "doc/team/notes"]),
        ]
        self.editors = [
            Editor(scene, "ann", "tab", "plan"),
            Editor(scene, "bob", "desk", "plan"),
            Editor(scene, "bob", "board", "team/notes"),
        ]
        self.others: list[Program | Follower | Administrator] = [
            Program(scene, "ann"),
            Program(scene, "bob"),
            Follower(scene, "ann"),
            Administrator(scene),
        ]

    async def prepare(self) -> None:
        """Who may do what."""
        admin = self.scene.hub.token("root", "admin")
        for path in ("spaces/team", "docs/plan", "docs/team%2Fnotes"):
            for user in ("ann", "bob"):
                answer = await self.scene.hub.http(
                    "PUT", f"/v1/{path}/members/{user}", {"access": "write"}, admin
                )
                assert answer[0] == 200

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everybody lives; at the end, once the hub is gone, everybody has noticed."""
        lives: list[Coroutine[Any, Any, None]] = [
            *(device.live() for device in self.devices),
            *(editor.live() for editor in self.editors),
            *(other.live() for other in self.others),
        ]
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for life in lives:
                group.create_task(life)
            yield
