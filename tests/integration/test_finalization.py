"""A task ends and one message goes out: real sockets, a real SQLite file, a robot's server to receive it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub import config
from hub.app import App
from tests.kit.devices import PATIENCE
from tests.kit.hubs import RunningHub
from tests.kit.sandboxes import RunningSandbox, running_sandbox

INBOX = "inbox/ann"
TASK = {"kind": "task", "title": "Build", "id": "t1"}
CONFIG = """
[storage]
data = "{folder}"
[server]
port = 0
drain_timeout = 2.0
[channels.ops]
kind = "wecom_robot"
key = "a-key-that-nobody-may-see"
base_url = "{robot}"
[[routes]]
channels = ["ops"]
[routes.match]
kind = "task"
"""


@pytest.fixture
async def robot() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


@asynccontextmanager
async def forwarding_hub(folder: Path, robot: RunningSandbox) -> AsyncIterator[RunningHub]:
    """A hub that sends what is known of tasks to the robot."""
    file = folder / "hub.toml"
    file.write_text(CONFIG.format(folder=folder / "data", robot=robot.url))
    app = App.build(config.load(file))
    hub = RunningHub(app, folder / "data", await app.start(), app.clock)
    try:
        yield hub
    finally:
        for device in hub.devices:
            await device.disconnect()
        await hub.stop()


@asynccontextmanager
async def followed(hub: RunningHub, path: str, token: str, **headers: str) -> AsyncIterator[Stream]:
    """Server-sent events."""
    sent = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream", **headers}
    async with aiohttp.ClientSession(headers=sent) as session, session.get(hub.url + path) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)


class Stream:
    """The events of a stream, one by one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._lines = response.content

    async def next(self) -> dict[str, Any]:
        """``{"id"?, "event", "data"}`` of the next event."""
        event: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE):
            async for raw in self._lines:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if not name and "event" in event:
                    return {**event, "data": json.loads(event["data"])}
                if name and value:
                    event[name] = value
        raise AssertionError("the stream ended")

    async def until_sent(self) -> dict[str, Any]:
        """The first item that shows a receipt."""
        while True:
            event = await self.next()
            if event["event"] == "item" and event["data"]["sent"]:
                item: dict[str, Any] = event["data"]
                return item


async def end(hub: RunningHub, status: str = "succeeded") -> None:
    """A task of ``ann``'s begins and ends."""
    token, path = hub.token("agent", "publish"), "/v1/users/ann/items"
    assert (await hub.http("POST", path, TASK, token))[0] in (200, 201)
    assert (await hub.http("PATCH", f"{path}/t1", {"status": status}, token))[0] == 200


async def listed(hub: RunningHub, path: str) -> list[dict[str, Any]]:
    status, page = await hub.http("GET", path, token=hub.token("root", "admin"))
    assert (status, page["next"]) == (200, None)
    items: list[dict[str, Any]] = page["items"]
    return items


async def settled(hub: RunningHub, many: int) -> list[dict[str, Any]]:
    """The deliveries, once so many have ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = await listed(hub, "/v1/deliveries")
            if len(rows) == many and all(row["ended_at"] for row in rows):
                return rows


async def test_a_task_that_ends_is_one_message_and_every_reader_is_shown_the_receipt(
    tmp_path: Path, robot: RunningSandbox
) -> None:
    async with forwarding_hub(tmp_path, robot) as hub:
        phone = hub.device("ann")
        await phone.connect()
        await phone.open(INBOX)
        async with followed(hub, "/v1/users/me/stream", hub.token("ann")) as stream:
            await end(hub)
            shown = await stream.until_sent()
        assert shown["sent"]["ops"]["state"] == "sent"
        await phone.until(lambda: phone.state.value(INBOX, "t1", "sent.ops") is not None)
        assert phone.state.value(INBOX, "t1", "sent.ops") == shown["sent"]["ops"]
        _, item = await hub.http("GET", "/v1/users/me/items/t1", token=hub.token("ann"))
        assert (item["sent"], item["final"]["status"]) == (shown["sent"], "succeeded")
        (event,), (row,) = await listed(hub, "/v1/events"), await listed(hub, "/v1/deliveries")
        assert (event["id"], event["attempt"]) == (item["final"]["event"], 1)
        assert (row["event"], row["state"], row["attempts"]) == (event["id"], "sent", 1)
        assert row["ended_at"] == shown["sent"]["ops"]["at"]
    assert len(robot.sandbox.messages) == 1


async def test_what_a_hub_decided_it_does_not_decide_again_after_a_restart(
    tmp_path: Path, robot: RunningSandbox
) -> None:
    async with forwarding_hub(tmp_path, robot) as hub:
        await end(hub, "failed")
        await settled(hub, 1)
    async with forwarding_hub(tmp_path, robot) as hub:
        await end(hub, "failed")
        assert [event["status"] for event in await listed(hub, "/v1/events")] == ["failed"]
        status, item = await hub.http(
            "PATCH", "/v1/users/me/items/t1", {"status": "queued"}, hub.token("ann")
        )
        assert (status, item["attempt"]) == (200, 2)
        await end(hub)
        assert [row["state"] for row in await settled(hub, 2)] == ["sent", "sent"]
        assert [event["attempt"] for event in await listed(hub, "/v1/events")] == [1, 2]
    assert len(robot.sandbox.messages) == 2


async def test_a_group_gets_one_message_for_all_members_of_a_space(
    tmp_path: Path, robot: RunningSandbox
) -> None:
    async with forwarding_hub(tmp_path, robot) as hub:
        admin = hub.token("root", "admin")
        for user in ("ann", "bob", "eve"):
            path = f"/v1/spaces/team/members/{user}"
            assert (await hub.http("PUT", path, {"access": "write"}, admin))[0] == 200
        async with followed(hub, "/v1/spaces/team/stream", hub.token("bob")) as stream:
            token = hub.token("agent", "publish")
            await hub.http("POST", "/v1/spaces/team/items", TASK, token)
            await hub.http("PATCH", "/v1/spaces/team/items/t1", {"status": "failed"}, token)
            shown = await stream.until_sent()
        rows = await settled(hub, 3)
        assert sorted(row["state"] for row in rows) == ["sent", "suppressed", "suppressed"]
        assert {row["user"] for row in rows} == {"ann", "bob", "eve"}
        assert all("the same message went out" in row["error"] for row in rows if row["error"])
        _, item = await hub.http("GET", "/v1/spaces/team/items/t1", token=hub.token("eve"))
        assert (item["sent"]["ops"], shown["sent"]["ops"]["state"]) == (shown["sent"]["ops"], "sent")
    assert len(robot.sandbox.messages) == 1


async def test_events_are_followed_live_and_resumed(tmp_path: Path, robot: RunningSandbox) -> None:
    async with forwarding_hub(tmp_path, robot) as hub:
        admin, publisher = hub.token("root", "admin"), hub.token("svc", "publish")
        note = {"kind": "notification", "title": "Hello"}
        async with followed(hub, "/v1/events", admin) as stream:
            for name in ("n1", "n2", "n3"):
                await hub.http("POST", "/v1/users/ann/items", {**note, "id": name}, publisher)
            seen = [await stream.next() for _ in range(3)]
        assert [event["event"] for event in seen] == ["notification.raised"] * 3
        assert [event["data"]["item"] for event in seen] == ["n1", "n2", "n3"]
        assert [event["id"] for event in seen] == [event["data"]["id"] for event in seen]
        async with followed(hub, "/v1/events", admin, **{"Last-Event-ID": seen[1]["id"]}) as stream:
            assert (await stream.next())["data"]["item"] == "n3"
            await hub.http("POST", "/v1/users/bob/items", {**note, "id": "n4"}, publisher)
            assert (await stream.next())["data"]["user"] == "bob"
        polled = await listed(hub, f"/v1/events?after={seen[1]['id']}")
        assert [event["item"] for event in polled] == ["n3", "n4"]


async def test_a_hub_that_goes_away_ends_what_follows_its_events_in_good_order(
    tmp_path: Path, robot: RunningSandbox
) -> None:
    async with forwarding_hub(tmp_path, robot) as hub:
        sent = {"Authorization": f"Bearer {hub.token('root', 'admin')}", "Accept": "text/event-stream"}
        async with (
            aiohttp.ClientSession(headers=sent) as session,
            session.get(f"{hub.url}/v1/events") as response,
        ):
            stopping = asyncio.ensure_future(hub.stop())
            async with asyncio.timeout(PATIENCE):
                assert (await response.content.read()).startswith(b"retry: ")  # raises where it is cut off
                await stopping


async def test_no_answer_of_the_operators_routes_holds_the_key(tmp_path: Path, robot: RunningSandbox) -> None:
    async with forwarding_hub(tmp_path, robot) as hub:
        await end(hub)
        await settled(hub, 1)
        admin = hub.token("root", "admin")
        told = [
            await hub.http("GET", path, token=admin)
            for path in ("/v1/channels", "/v1/deliveries", "/v1/events", "/openapi.json")
        ]
        told.append(await hub.http("POST", "/v1/channels/ops/test", token=admin))
        assert [status for status, _ in told] == [200] * 5
        assert told[-1][1] == {"ok": True, "outcome": "ok", "error": None}
        (channel,) = told[0][1]["items"]
        assert (channel["name"], channel["kind"], channel["state"]) == ("ops", "wecom_robot", "ok")
        assert "a-key-that-nobody-may-see" not in json.dumps(told)
        assert "cgi-bin" not in json.dumps(told)
