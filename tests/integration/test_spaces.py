"""Spaces and documents that people share, over real HTTP and native connections."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Text

from hub.protocol import native_device as wire
from tests.kit.devices import NativeDevice
from tests.kit.hubs import RunningHub

ITEMS = "/v1/spaces/t/items"


async def opened(hub: RunningHub, *topics: str, user: str) -> NativeDevice:
    device = hub.device(user)
    await device.connect()
    for topic in topics:
        await device.open(topic)
    return device


async def told(device: NativeDevice, name: str, **params: Any) -> Any:
    answer = await device.command(name, **params)
    assert isinstance(answer, wire.Ok), answer
    return answer.value


async def test_what_is_read_in_a_space_is_read_everywhere_for_the_reader_alone(hub: RunningHub) -> None:
    admin, service = hub.token("root", "admin"), hub.token("svc", "publish")
    for user, access in (("ann", "read"), ("bob", "write")):
        await hub.http("PUT", f"/v1/spaces/t/members/{user}", {"access": access}, admin)
    for name in ("r", "s", "u"):
        note = {"kind": "notification", "title": "Hello", "id": name}
        assert (await hub.http("POST", ITEMS, note, service))[0] == 201
    ann, bob = hub.token("ann"), hub.token("bob")
    phone = await opened(hub, "inbox/ann", user="ann")

    # What a device pushed shows over HTTP.
    await phone.act("inbox/ann", "space/t/r", "read", True)
    assert (await hub.http("GET", f"{ITEMS}/r", token=ann))[1]["read"] is True
    # What HTTP states shows on the device, and in its commands.
    status, item = await hub.http("PATCH", f"{ITEMS}/s", {"read": True, "pinned": True}, ann)
    assert (status, item["read"], item["pinned"]) == (200, True, True)
    await phone.until(lambda: phone.state.value("inbox/ann", "space/t/s", "pinned") is True)
    assert (await told(phone, "get", topic="space/t", item="s"))["read"] is True
    assert (await told(phone, "counts", topic="space/t"))["unread"] == 1
    assert (await told(phone, "mark", topic="space/t", item="s", pinned=False))["pinned"] is False
    unread = (await hub.http("GET", f"{ITEMS}?unread=1", token=ann))[1]["items"]
    assert [each["id"] for each in unread] == ["u"]
    assert (await told(phone, "read_all", topic="space/t"))["unread"] == 0
    assert (await hub.http("GET", f"{ITEMS}?unread=1", token=ann))[1]["items"] == []

    # Nobody else is concerned, and who may only read states nothing else.
    others = (await hub.http("GET", ITEMS, token=bob))[1]["items"]
    assert [(each["read"], each["pinned"]) for each in others] == [(False, False)] * 3
    status, problem = await hub.http("PATCH", f"{ITEMS}/u", {"read": False, "deleted": True}, ann)
    assert (status, problem["code"]) == (403, "forbidden")
    assert (await hub.http("GET", f"{ITEMS}/u", token=ann))[1]["read"] is True


async def test_who_wrote_a_document_first_shares_it(hub: RunningHub) -> None:
    ann, path = hub.token("ann"), "/v1/docs/plans/may/members"
    assert (await hub.http("PUT", f"{path}/bob", {"access": "read"}, ann))[0] == 403
    laptop = await opened(hub, "doc/plans/may", user="ann")
    doc: Doc[Any] = Doc()
    doc["text"] = Text("hello")
    assert isinstance(await laptop.push_raw("doc/plans/may", doc.get_update()), wire.Ok)
    bob = hub.device("bob")
    await bob.connect()
    assert (await bob.open_refused("doc/plans/may")).code == "forbidden"
    assert await hub.http("PUT", f"{path}/bob", {"access": "read"}, ann) == (
        200,
        {"user": "bob", "access": "read"},
    )
    await bob.open("doc/plans/may")
    members = (await hub.http("GET", path, token=ann))[1]["items"]
    assert members == [{"user": "ann", "access": "write"}, {"user": "bob", "access": "read"}]
    assert (await hub.http("PUT", f"{path}/eve", {"access": "read"}, hub.token("bob")))[0] == 403
    assert (await hub.http("DELETE", f"{path}/bob", token=ann))[0] == 204
    await bob.until(lambda: bob.state.replica("doc/plans/may").access is None)


async def test_me_is_the_caller_and_nobody_is_called_hub(hub: RunningHub) -> None:
    admin, program = hub.token("root", "admin"), hub.token("svc", "user", "publish")
    assert (await hub.http("PUT", "/v1/users/hub", None, admin))[1]["code"] == "bad_id"
    body = {"kind": "task", "title": "x", "id": "i", "users": ["me", "hub", "svc.api"]}
    _, made = await hub.http("POST", "/v1/items", body, program)
    assert [(each["topic"], each["status"]) for each in made["results"]] == [
        ("inbox/svc", 201),
        ("inbox/hub", 422),
        ("inbox/svc.api", 422),
    ]
    assert (await hub.http("GET", "/v1/users/me/items/i", token=program))[0] == 200
    _, users = await hub.http("GET", "/v1/users", token=admin)
    assert {user["user"] for user in users["items"]} == {"root", "svc"}
