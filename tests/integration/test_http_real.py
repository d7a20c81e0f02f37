"""HTTP against a whole hub: real sockets, the real engine, a real SQLite file."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgpack  # type: ignore[import-untyped]  # ships no types
import pytest
from pycrdt import Doc, Map

from tests.kit.hubs import RunningHub, running_hub

PATIENCE = 10.0
TASK = {"kind": "task", "title": "Build"}
NOTE = {"kind": "notification", "title": "Hello"}


@asynccontextmanager
async def followed(hub: RunningHub, token: str, user: str = "me", **headers: str) -> AsyncIterator[Events]:
    """A stream, as a browser's ``EventSource`` reads it."""
    url = f"{hub.url}/v1/users/{user}/stream?token={token}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        yield Events(response)


class Events:
    """The events of a stream, one by one."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.last_id = ""
        self._lines = response.content

    async def next(self, *kinds: str) -> tuple[str, Any] | None:
        """The next event of one of these kinds; None at the stream's end."""
        async with asyncio.timeout(PATIENCE):
            event: dict[str, str] = {}
            async for raw in self._lines:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                event[name] = value
                if name:
                    continue
                self.last_id = event.get("id") or self.last_id
                if event.get("event") in kinds:
                    return event["event"], json.loads(event["data"])
                event = {}
        return None


class TestItems:
    async def test_the_same_item_again_is_the_same_and_other_content_is_a_conflict(
        self, hub: RunningHub
    ) -> None:
        token = hub.token("ann")
        status, item = await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "b-7"}, token)
        assert (status, item["id"], item["status"], item["attempt"]) == (201, "b-7", "queued", 1)
        assert (item["by"], item["progress"], item["read"]) == ("ann.api", 0, False)
        again = await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "b-7"}, token)
        assert again == (200, item)
        status, problem = await hub.http(
            "POST", "/v1/users/me/items", {**TASK, "title": "Other", "id": "b-7"}, token
        )
        assert (status, problem["code"]) == (409, "exists")
        assert await hub.http("GET", "/v1/users/ann/items/b-7", token=token) == (200, item)

    async def test_an_item_without_an_id_gets_one_at_its_location(self, hub: RunningHub) -> None:
        headers = {"Authorization": f"Bearer {hub.token('ann')}"}
        async with aiohttp.ClientSession(hub.url, headers=headers) as session:
            async with session.post("/v1/users/me/items", json=TASK) as created:
                location, item = created.headers["Location"], await created.json()
            async with session.get(location) as read:
                assert (read.status, await read.json()) == (200, item)
            async with session.head(location) as head:
                assert (head.status, await head.read()) == (200, b"")

    async def test_a_change_comes_back_as_it_stands_also_where_it_lost(self, hub: RunningHub) -> None:
        token = hub.token("ann")
        _, item = await hub.http("POST", "/v1/users/me/items", TASK, token)
        path = f"/v1/users/me/items/{item['id']}"
        changes = {"status": "running", "progress": 0.5, "note": "half", "pinned": True}
        status, item = await hub.http("PATCH", path, changes, token)
        assert status == 200
        assert {name: item[name] for name in changes} == changes
        status, item = await hub.http("PATCH", path, {"pinned": False, "hlc": 1024}, token)
        assert (status, item["pinned"]) == (200, True)

    async def test_bad_input_gets_its_code_and_changes_nothing(self, hub: RunningHub) -> None:
        token = hub.token("ann")
        await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "b-7"}, token)
        before = await hub.http("GET", "/v1/users/me/items", token=token)
        path = "/v1/users/me/items"
        for method, target, body, status, code in (
            ("POST", path, {**TASK, "id": "-7"}, 422, "bad_id"),
            ("POST", path, {**TASK, "level": "loud"}, 422, "bad_value"),
            ("POST", path, {**TASK, "link": "javascript:alert(1)"}, 422, "bad_value"),
            ("POST", path, {**TASK, "order": 1}, 422, "bad_field"),
            ("POST", path, {**TASK, "hlc": 2**53 - 1}, 422, "clock_ahead"),
            ("POST", path, NOTE, 403, "forbidden"),
            ("PATCH", f"{path}/b-7", {"final": {}}, 422, "bad_field"),
            ("PATCH", f"{path}/b-7", {"read": "yes"}, 422, "bad_value"),
            ("PATCH", f"{path}/b-7", {"read": True, "hlc": 2**53 - 1}, 422, "clock_ahead"),
            ("PATCH", f"{path}/nowhere", {"read": True}, 404, "not_found"),
            ("GET", f"{path}/nowhere", None, 404, "not_found"),
            ("GET", "/v1/users/b ob/items", None, 422, "bad_id"),
            ("GET", "/v1/users/bob/items", None, 403, "forbidden"),
            ("GET", f"{path}?cursor=nonsense", None, 422, "bad_value"),
        ):
            answered, problem = await hub.http(method, target, body, token)
            assert (answered, problem["code"]) == (status, code), (method, target, body)
        assert await hub.http("GET", path, token=token) == before

    async def test_pages_hold_every_item_once_newest_first(self, hub: RunningHub) -> None:
        token = hub.token("ann")
        for number in range(7):
            await hub.http("POST", "/v1/users/me/items", {**TASK, "id": f"t{number}"}, token)
        found, cursor = [], ""
        while cursor is not None:
            path = f"/v1/users/me/items?limit=3{f'&cursor={cursor}' if cursor else ''}"
            _, page = await hub.http("GET", path, token=token)
            found += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert found == [f"t{number}" for number in reversed(range(7))]

    async def test_lists_are_filtered(self, hub: RunningHub) -> None:
        token = hub.token("ann", "user", "publish")
        await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "t1"}, token)
        _, note = await hub.http("POST", "/v1/users/me/items", {**NOTE, "id": "n1"}, token)
        await hub.http("POST", "/v1/users/me/items", {**NOTE, "id": "n2"}, token)
        await hub.http("PATCH", "/v1/users/me/items/n1", {"read": True}, token)
        for query, ids in (
            ("kind=task", ["t1"]),
            ("kind=notification", ["n2", "n1"]),
            ("unread=1", ["n2", "t1"]),
            ("unread=0&kind=notification", ["n1"]),
            ("status=queued", ["t1"]),
            (f"since={note['at'] + 3_600_000}", []),
            ("since=2020-01-01T00:00:00Z&kind=task", ["t1"]),
        ):
            _, page = await hub.http("GET", f"/v1/users/me/items?{query}", token=token)
            assert [item["id"] for item in page["items"]] == ids, query

    async def test_read_all_reads_what_there_is(self, hub: RunningHub) -> None:
        token = hub.token("ann", "user", "publish")
        for number in range(3):
            await hub.http("POST", "/v1/users/me/items", {**NOTE, "id": f"n{number}"}, token)
        _, second = await hub.http("GET", "/v1/users/me/items/n1", token=token)
        _, counts = await hub.http("POST", "/v1/users/me/read-all", {"upto": second["order"]}, token)
        assert counts == {"unread": 1, "unseen": 1, "open": 0}
        await hub.http("POST", "/v1/users/me/read-all", None, token)
        _, counts = await hub.http("GET", "/v1/users/me/counts", token=token)
        assert counts == {"unread": 0, "unseen": 0, "open": 0}

    async def test_one_item_reaches_many(self, hub: RunningHub) -> None:
        admin = hub.token("root", "admin")
        await hub.http("PUT", "/v1/spaces/team/members/ann", {"access": "write"}, admin)
        body = {**NOTE, "users": ["ann", "bob", "b ob"], "spaces": ["team", "nowhere"]}
        status, answer = await hub.http("POST", "/v1/items", body, hub.token("ci", "publish"))
        assert status == 200
        assert [result["status"] for result in answer["results"]] == [201, 201, 422, 201, 404]
        _, item = await hub.http("GET", f"/v1/users/me/items/{answer['id']}", token=hub.token("bob"))
        assert (item["title"], item["by"]) == ("Hello", "ci.api")
        _, page = await hub.http("GET", "/v1/spaces/team/items", token=hub.token("ann"))
        assert [item["id"] for item in page["items"]] == [answer["id"]]


class TestScopes:
    async def test_a_publisher_tends_what_it_created_and_lists_nothing(self, hub: RunningHub) -> None:
        ci, other = hub.token("ci", "publish"), hub.token("cd", "publish")
        path = "/v1/users/ann/items/b-7"
        assert (await hub.http("POST", "/v1/users/ann/items", {**TASK, "id": "b-7"}, ci))[0] == 201
        status, item = await hub.http("PATCH", path, {"status": "succeeded"}, ci)
        assert (status, item["status"]) == (200, "succeeded")
        assert (await hub.http("GET", path, token=ci))[0] == 200
        for method, target, body, token in (
            ("GET", "/v1/users/ann/items", None, ci),
            ("GET", "/v1/users/ann/counts", None, ci),
            ("PATCH", path, {"read": True}, ci),
            ("DELETE", path, None, ci),
            ("GET", path, None, other),
            ("PATCH", path, {"status": "running"}, other),
        ):
            status, problem = await hub.http(method, target, body, token)
            assert (status, problem["code"]) == (403, "forbidden"), (method, target)

    async def test_an_administrator_sees_everything_but_the_core(self, hub: RunningHub) -> None:
        ci, admin = hub.token("ci", "publish"), hub.token("root", "admin")
        await hub.http("POST", "/v1/users/ann/items", {**NOTE, "id": "n1"}, ci)
        await hub.http("POST", "/v1/users/ann/items", {**NOTE, "id": "n2", "class": "core"}, ci)
        _, page = await hub.http("GET", "/v1/users/ann/items", token=admin)
        assert [item["id"] for item in page["items"]] == ["n1"]
        assert (await hub.http("GET", "/v1/users/ann/items/n2", token=admin))[0] == 403
        assert (await hub.http("GET", "/v1/users/me/items/n2", token=hub.token("ann")))[0] == 200


class TestStream:
    async def test_changes_are_shown_as_they_happen_and_a_stream_resumes(self, hub: RunningHub) -> None:
        token = hub.token("ann", "user", "publish")
        async with followed(hub, token) as events:
            assert events.status == 200
            assert await events.next("counts") == ("counts", {"unread": 0, "unseen": 0, "open": 0})
            await hub.http("POST", "/v1/users/me/items", {**NOTE, "id": "n1"}, token)
            shown = await events.next("item")
            assert shown is not None
            assert shown[1]["id"] == "n1"
            assert await events.next("counts") == ("counts", {"unread": 1, "unseen": 1, "open": 0})
            last = events.last_id
        await hub.http("POST", "/v1/users/me/items", {**NOTE, "id": "n2"}, token)
        async with followed(hub, token, **{"Last-Event-ID": last}) as events:
            resumed = await events.next("item", "reset")
            assert resumed is not None
            assert (resumed[0], resumed[1]["id"]) == ("item", "n2")

    async def test_another_history_is_a_reset(self, hub: RunningHub) -> None:
        async with followed(hub, hub.token("ann"), **{"Last-Event-ID": "1-1"}) as events:
            assert await events.next("item", "reset") == ("reset", {})

    async def test_a_stream_ends_when_its_device_is_revoked_its_token_expires_or_the_hub_goes(
        self, hub: RunningHub
    ) -> None:
        async with followed(hub, hub.token("ann", device="phone")) as revoked:
            await revoked.next("counts")
            await hub.http("DELETE", "/v1/users/me/devices/phone", token=hub.token("ann"))
            assert await revoked.next("item") is None
        async with followed(hub, hub.token("ann", ttl=1)) as expired:
            assert await expired.next("item") is None
        async with followed(hub, hub.token("ann")) as drained:
            await drained.next("counts")
            await hub.stop()
            assert await drained.next("item") is None

    async def test_anothers_inbox_is_forbidden(self, hub: RunningHub) -> None:
        async with followed(hub, hub.token("ann"), "bob") as events:
            assert events.status == 403


class TestSync:
    async def test_a_ledger_is_pushed_and_caught_up_in_one_round_trip(self, hub: RunningHub) -> None:
        phone, laptop = hub.token("ann", device="phone"), hub.token("ann", device="laptop")
        await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "b-7"}, hub.token("ann"))
        push = [["b-7", "pinned", True, 1024]]
        status, [part] = await hub.http("POST", "/v1/sync", [{"topic": "inbox/ann", "push": push}], phone)
        assert (status, part["access"], part["full"]) == (200, "write", True)
        assert ["b-7", "pinned", True, 1024, "phone"] in part["body"]
        known = {"topic": "inbox/ann", "incarnation": part["incarnation"], "seq": part["seq"]}
        _, [same] = await hub.http("POST", "/v1/sync", [known], phone)
        assert (same["full"], same["body"], same["seq"]) == (False, [], part["seq"])
        await hub.http("POST", "/v1/sync", [{**known, "push": [["b-7", "read", True, 2048]]}], laptop)
        _, [behind] = await hub.http("POST", "/v1/sync", [known], phone)
        assert (behind["full"], behind["body"]) == (False, [["b-7", "read", True, 2048, "laptop"]])

    async def test_each_topic_is_refused_for_itself(self, hub: RunningHub) -> None:
        parts = [
            {"topic": "inbox/bob"},
            {"topic": "inbox/ann", "push": [["b-7", "final", {}, 1024]]},
            {"topic": "doc/plan"},
            {"topic": "room/x"},
        ]
        status, answers = await hub.http("POST", "/v1/sync", parts, hub.token("ann"))
        assert status == 200
        assert [answer.get("problem", {}).get("code") for answer in answers] == [
            "forbidden",
            "forbidden",
            None,
            "unknown_topic",
        ]
        assert answers[1]["problem"]["at"] == 0
        assert [answer["access"] for answer in answers] == [None, "write", "write", None]

    async def test_a_topic_named_twice_is_refused_before_anything_is_pushed(self, hub: RunningHub) -> None:
        push = [["b-9", "pinned", True, 1024]]
        parts = [{"topic": "inbox/ann", "push": push}, {"topic": "inbox/ann"}]
        status, problem = await hub.http("POST", "/v1/sync", parts, hub.token("ann"))
        assert (status, problem["code"]) == (422, "bad_value")
        _, [part] = await hub.http("POST", "/v1/sync", [{"topic": "inbox/ann"}], hub.token("ann"))
        assert part["body"] == []

    async def test_what_does_not_fit_one_answer_is_told_to_be_asked_for_alone(
        self, hub: RunningHub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = hub.token("ann")
        monkeypatch.setattr("hub.engine.exchange.ANSWER_BYTES", 10)
        names = ["doc/one", "doc/two"]
        for name in names:
            mine: Doc[Any] = Doc()
            mine["m"] = Map({"k": "v"})
            push = b64encode(mine.get_update()).decode()
            await hub.http("POST", "/v1/sync", [{"topic": name, "push": push}], token)
        _, answers = await hub.http("POST", "/v1/sync", [{"topic": name} for name in names], token)
        assert sorted(answer.get("problem", {}).get("code", "") for answer in answers) == ["", "limit"]
        assert sorted(len(answer["body"]) for answer in answers) == [0, 1]
        for name in names:
            _, [alone] = await hub.http("POST", "/v1/sync", [{"topic": name}], token)
            assert len(alone["body"]) == 1

    async def test_a_document_travels_as_base64_or_binary(self, hub: RunningHub) -> None:
        mine: Doc[Any] = Doc()
        mine["m"] = Map({"k": "v"})
        token = hub.token("ann")
        body = [{"topic": "doc/plan", "push": b64encode(mine.get_update()).decode()}]
        _, [part] = await hub.http("POST", "/v1/sync", body, token)
        assert "problem" not in part
        theirs: Doc[Any] = Doc()
        for update in part["body"]:
            theirs.apply_update(b64decode(update))
        assert theirs.get("m", type=Map).to_py() == {"k": "v"}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}
        packed = msgpack.packb([{"topic": "doc/plan"}])
        async with (
            aiohttp.ClientSession(hub.url, headers=headers) as session,
            session.post("/v1/sync", data=packed) as response,
        ):
            [binary] = msgpack.unpackb(await response.read())
        fresh: Doc[Any] = Doc()
        for update in binary["body"]:
            fresh.apply_update(update)
        assert fresh.get("m", type=Map).to_py() == {"k": "v"}


class TestPeople:
    async def test_a_linked_device_connects_and_is_closed_at_once_when_revoked(self, hub: RunningHub) -> None:
        token = hub.token("ann")
        _, link = await hub.http("POST", "/v1/devices/link", token=token)
        _, claim = await hub.http("POST", "/v1/devices/claim", {"code": link["code"], "name": "Watch"})
        watch = hub.device("ann")
        watch.token = claim["token"]
        await watch.connect()
        assert watch.state.device == claim["device"]
        _, page = await hub.http("GET", "/v1/users/me/devices", token=token)
        assert [(device["device"], device["name"]) for device in page["items"]] == [
            (claim["device"], "Watch")
        ]
        path = f"/v1/users/me/devices/{claim['device']}"
        assert (await hub.http("DELETE", path, token=token))[0] == 204
        assert await watch.ended() == 4403
        status, problem = await hub.http("GET", "/v1/users/me/counts", token=claim["token"])
        assert (status, problem["code"]) == (401, "unauthorized")

    async def test_a_device_of_another_user_is_refused_on_the_socket(self, hub: RunningHub) -> None:
        await hub.http("GET", "/v1/users/me", token=hub.token("ann", device="phone"))
        thief = hub.device("bob", device="phone")
        await thief.connect(wait=False)
        assert await thief.ended() == 4403

    async def test_membership_opens_a_space_and_its_end_closes_it(self, hub: RunningHub) -> None:
        admin = hub.token("root", "admin")
        path = "/v1/spaces/team/members/ann"
        assert (await hub.http("GET", "/v1/spaces/team/items", token=hub.token("ann")))[0] in (403, 404)
        assert await hub.http("PUT", path, {"access": "write"}, admin) == (
            200,
            {"user": "ann", "access": "write"},
        )
        assert (await hub.http("POST", "/v1/spaces/team/items", TASK, hub.token("ann")))[0] == 201
        assert (await hub.http("PUT", path, {"access": "read"}, admin))[0] == 200
        assert (await hub.http("POST", "/v1/spaces/team/items", TASK, hub.token("ann")))[0] == 403
        assert (await hub.http("GET", "/v1/spaces/team/items", token=hub.token("ann")))[0] == 200
        assert (await hub.http("DELETE", path, token=admin))[0] == 204
        status, _ = await hub.http("GET", "/v1/spaces/team/items", token=hub.token("ann"))
        assert status in (403, 404)

    async def test_a_removed_users_connections_are_closed(self, hub: RunningHub) -> None:
        device = hub.device("ann")
        await device.connect()
        assert (await hub.http("DELETE", "/v1/users/ann", token=hub.token("root", "admin")))[0] == 204
        assert await device.ended() == 4403

    async def test_a_publish_names_a_user_who_exists_from_then_on(self, hub: RunningHub) -> None:
        await hub.http("POST", "/v1/users/zoe/items", NOTE, hub.token("ci", "publish"))
        status, user = await hub.http("GET", "/v1/users/zoe", token=hub.token("root", "admin"))
        assert (status, user["user"]) == (200, "zoe")


async def test_what_http_acknowledged_stands_after_a_restart(tmp_path: Path) -> None:
    async with running_hub(tmp_path) as hub:
        ann, phone = hub.token("ann"), hub.token("ann", device="phone")
        admin = hub.token("root", "admin")
        _, item = await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "b-7"}, phone)
        await hub.http("DELETE", "/v1/users/me/devices/phone", token=ann)
        await hub.http("PUT", "/v1/docs/notes/2024/members/ann", {"access": "read"}, admin)
    async with running_hub(tmp_path) as hub:
        assert await hub.http("GET", "/v1/users/me/items/b-7", token=ann) == (200, item)
        assert (await hub.http("POST", "/v1/users/me/items", {**TASK, "id": "b-7"}, ann))[0] == 200
        assert (await hub.http("GET", "/v1/users/me", token=phone))[0] == 401
        _, member = await hub.http("GET", "/v1/docs/notes/2024/members/me", token=ann)
        assert member == {"user": "ann", "access": "read"}


async def test_the_hub_tells_what_it_is_and_how_it_does(hub: RunningHub) -> None:
    assert (await hub.http("GET", "/healthz"))[0] == 200
    status, ready = await hub.http("GET", "/readyz")
    assert (status, ready["ready"]) == (200, True)
    assert (await hub.http("GET", "/v1/connect"))[0] == 426
    status, document = await hub.http("GET", "/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    async with aiohttp.ClientSession(hub.url) as session, session.get("/metrics") as response:
        assert "tongbu_http_requests_total" in await response.text()


async def test_a_body_that_never_ends_is_cut_off(hub: RunningHub) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    headers = {"Authorization": f"Bearer {hub.token('ann')}"}
    async with aiohttp.ClientSession(hub.url, headers=headers) as session:
        try:
            async with session.post("/v1/users/me/items", data=endless()) as response:
                assert response.status == 413
        except aiohttp.ClientConnectionError:
            pass  # the hub may close before the answer was read
    assert (await hub.http("GET", "/healthz"))[0] == 200
