"""``hub.server.http``: users, members, devices and tokens over HTTP, with real people behind."""

from __future__ import annotations

import pytest

from hub.model import DeviceId, UserId
from tests.unit.server.http.harness import Desk

ADMIN = "root"


@pytest.fixture
def admin(desk: Desk) -> str:
    return desk.token(ADMIN, "admin")


class TestUsers:
    async def test_a_user_is_created_renamed_read_and_removed(self, desk: Desk, admin: str) -> None:
        created = await desk.send("PUT", "/v1/users/bob", {"name": "Bob"}, token=admin)
        assert created.status == 201
        assert created.json == {"user": "bob", "name": "Bob", "created_at": desk.town.clock.wall}
        renamed = await desk.send("PUT", "/v1/users/bob", {"name": "Robert"}, token=admin)
        assert (renamed.status, renamed.json["name"]) == (200, "Robert")
        assert (await desk.send("GET", "/v1/users/bob", token=admin)).json == renamed.json
        removed = await desk.send("DELETE", "/v1/users/bob", token=admin)
        assert (removed.status, removed.body) == (204, b"")
        for method in ("GET", "DELETE"):
            gone = await desk.send(method, "/v1/users/bob", token=admin)
            assert (gone.status, gone.code) == (404, "not_found")

    async def test_a_user_may_be_put_without_a_body(self, desk: Desk, admin: str) -> None:
        answer = await desk.send("PUT", "/v1/users/bob", token=admin)
        assert (answer.status, answer.json["name"]) == (201, "bob")

    async def test_users_are_listed_in_pages(self, desk: Desk, admin: str) -> None:
        for name in ("ann", "bob", "cat"):
            await desk.send("PUT", f"/v1/users/{name}", token=admin)
        first = (await desk.send("GET", "/v1/users?limit=3", token=admin)).json
        assert [user["user"] for user in first["items"]] == ["ann", "bob", "cat"]
        rest = (await desk.send("GET", f"/v1/users?limit=3&cursor={first['next']}", token=admin)).json
        assert [user["user"] for user in rest["items"]] == [ADMIN]
        assert rest["next"] is None

    async def test_me_is_the_caller(self, desk: Desk) -> None:
        assert (await desk.send("GET", "/v1/users/me")).json["user"] == "ann"

    @pytest.mark.parametrize("body", [{"name": ""}, {"name": 5}, {"name": "x" * 101}])
    async def test_a_wrong_body_is_a_bad_value(self, desk: Desk, admin: str, body: object) -> None:
        answer = await desk.send("PUT", "/v1/users/bob", body, token=admin)
        assert (answer.status, answer.code) == (422, "bad_value")
        assert UserId("bob") not in desk.town.tables.users

    @pytest.mark.parametrize("name", ["b ob", "hub", "ann.api"])
    async def test_a_name_that_nobody_may_bear_is_a_bad_id(self, desk: Desk, admin: str, name: str) -> None:
        answer = await desk.send("PUT", f"/v1/users/{name}", token=admin)
        assert (answer.status, answer.code) == (422, "bad_id")
        body = {"access": "read"}
        answer = await desk.send("PUT", f"/v1/spaces/team/members/{name}", body, token=admin)
        assert (answer.status, answer.code) == (422, "bad_id")

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/v1/users"), ("PUT", "/v1/users/ann"), ("GET", "/v1/users/bob")]
    )
    async def test_others_are_forbidden_without_the_scope_admin(
        self, desk: Desk, method: str, path: str
    ) -> None:
        answer = await desk.send(method, path)
        assert (answer.status, answer.code) == (403, "forbidden")


class TestInbox:
    async def test_counts(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/v1/users/me/counts")
        assert answer.json == {"unread": 1, "unseen": 2, "open": 3}
        assert desk.actions.calls == [("counts", "ann", "inbox/ann")]

    async def test_read_all_with_and_without_a_body(self, desk: Desk) -> None:
        answer = await desk.send("POST", "/v1/users/me/read-all")
        assert answer.json == {"unread": 0, "unseen": 0, "open": 3}
        await desk.send("POST", "/v1/users/me/read-all", {"upto": 17, "hlc": 2048})
        assert desk.actions.calls == [
            ("read_all", "ann", "inbox/ann", None, None),
            ("read_all", "ann", "inbox/ann", 17, 2048),
        ]

    @pytest.mark.parametrize("body", [{"upto": "17"}, {"upto": -1}, []])
    async def test_a_wrong_read_all_is_a_bad_value(self, desk: Desk, body: object) -> None:
        assert (await desk.send("POST", "/v1/users/me/read-all", body)).code == "bad_value"
        assert not desk.actions.calls


class TestMembers:
    @pytest.mark.parametrize(
        ("path", "topic"),
        [
            ("/v1/spaces/team", "space/team"),
            ("/v1/docs/plan", "doc/plan"),
            ("/v1/docs/notes/2024/may", "doc/notes/2024/may"),
            ("/v1/docs/members%2Fmembers", "doc/members/members"),
        ],
    )
    async def test_members_come_and_go(self, desk: Desk, admin: str, path: str, topic: str) -> None:
        put = await desk.send("PUT", f"{path}/members/bob", {"access": "read"}, token=admin)
        assert (put.status, put.json) == (200, {"user": "bob", "access": "read"})
        assert topic in desk.town.tables.members
        assert (await desk.send("GET", f"{path}/members/bob", token=admin)).json == put.json
        mine = await desk.send("GET", f"{path}/members/me", token=desk.token("bob"))
        assert mine.json == put.json
        listed = await desk.send("GET", f"{path}/members", token=admin)
        assert listed.json == {"items": [put.json], "next": None}
        assert (await desk.send("DELETE", f"{path}/members/bob", token=admin)).status == 204
        assert (await desk.send("DELETE", f"{path}/members/bob", token=admin)).code == "not_found"
        assert (await desk.send("GET", f"{path}/members", token=admin)).code == "not_found"

    async def test_members_are_listed_in_pages(self, desk: Desk, admin: str) -> None:
        for name in ("bob", "ann", "cat"):
            await desk.send("PUT", f"/v1/spaces/team/members/{name}", {"access": "write"}, token=admin)
        first = (await desk.send("GET", "/v1/spaces/team/members?limit=2", token=admin)).json
        assert [member["user"] for member in first["items"]] == ["ann", "bob"]
        path = f"/v1/spaces/team/members?limit=2&cursor={first['next']}"
        rest = (await desk.send("GET", path, token=admin)).json
        assert ([member["user"] for member in rest["items"]], rest["next"]) == (["cat"], None)

    @pytest.mark.parametrize("body", [{}, {"access": "own"}, {"access": None}])
    async def test_a_wrong_access_is_a_bad_value(self, desk: Desk, admin: str, body: object) -> None:
        answer = await desk.send("PUT", "/v1/spaces/team/members/bob", body, token=admin)
        assert (answer.status, answer.code) == (422, "bad_value")

    @pytest.mark.parametrize("path", ["/v1/spaces/te am", "/v1/docs/a//b", f"/v1/docs/{'x' * 65}"])
    async def test_a_name_outside_the_alphabet_is_a_bad_id(self, desk: Desk, admin: str, path: str) -> None:
        answer = await desk.send("PUT", f"{path}/members/bob", {"access": "read"}, token=admin)
        assert (answer.status, answer.code) == (422, "bad_id")

    async def test_who_writes_a_document_shares_it(self, desk: Desk, admin: str) -> None:
        path = "/v1/docs/plan/members"
        await desk.send("PUT", f"{path}/ann", {"access": "write"}, token=admin)
        put = await desk.send("PUT", f"{path}/bob", {"access": "read"})
        assert (put.status, put.json) == (200, {"user": "bob", "access": "read"})
        assert [member["user"] for member in (await desk.send("GET", path)).json["items"]] == ["ann", "bob"]
        assert (await desk.send("GET", f"{path}/bob")).json == put.json
        assert (await desk.send("DELETE", f"{path}/bob")).status == 204

    async def test_of_a_document_nobody_has_written_it_is_said_how_to_come_by_it(
        self, desk: Desk, admin: str
    ) -> None:
        path, body = "/v1/docs/plan/members/bob", {"access": "read"}
        answer = await desk.send("PUT", path, body)
        assert (answer.status, answer.code) == (403, "forbidden")
        assert "write something, and it is yours to share" in answer.json["detail"]
        await desk.send("PUT", "/v1/docs/plan/members/cat", body, token=admin)
        assert "write access" in (await desk.send("PUT", path, body)).json["detail"]
        item = await desk.send("PUT", "/v1/docs/inbox/cat/i1/members/bob", body)
        assert "write access" in item.json["detail"]

    async def test_a_key_that_no_body_has_is_a_bad_field(self, desk: Desk, admin: str) -> None:
        for method, path in (
            ("PUT", "/v1/users/bob"),
            ("PUT", "/v1/spaces/team/members/bob"),
            ("POST", "/v1/users/me/read-all"),
            ("POST", "/v1/devices/claim"),
        ):
            answer = await desk.send(method, path, {"colour": "red"}, token=admin)
            assert (answer.status, answer.code) == (422, "bad_field"), path

    async def test_members_are_for_administrators(self, desk: Desk) -> None:
        answer = await desk.send("PUT", "/v1/docs/a/b/members/ann", {"access": "write"})
        assert (answer.status, answer.code) == (403, "forbidden")
        assert (await desk.send("GET", "/v1/docs/a/b/members")).code == "forbidden"


class TestDevices:
    async def _bind(self, desk: Desk, *names: str) -> None:
        for name in names:
            desk.town.clock.advance(1)
            await desk.town.people.hello(desk.town.identity("ann"), name, name.title(), "test")

    async def test_devices_are_listed_oldest_first_in_pages(self, desk: Desk) -> None:
        await self._bind(desk, "phone", "laptop", "tablet")
        first = (await desk.send("GET", "/v1/users/me/devices?limit=2")).json
        assert [device["device"] for device in first["items"]] == ["phone", "laptop"]
        assert first["items"][0]["name"] == "Phone"
        rest = (await desk.send("GET", f"/v1/users/me/devices?limit=2&cursor={first['next']}")).json
        assert ([device["device"] for device in rest["items"]], rest["next"]) == (["tablet"], None)

    async def test_a_cursor_that_was_never_given_is_a_bad_value(self, desk: Desk) -> None:
        assert (await desk.send("GET", "/v1/users/me/devices?cursor=x")).code == "bad_value"

    async def test_a_revoked_device_is_shown_as_such_and_its_token_is_worth_nothing(self, desk: Desk) -> None:
        token = desk.token("ann", device="phone")
        assert (await desk.send("GET", "/v1/users/me", token=token)).status == 200
        assert (await desk.send("DELETE", "/v1/users/me/devices/phone")).status == 204
        answer = await desk.send("GET", "/v1/users/me", token=token)
        assert (answer.status, answer.code) == (401, "unauthorized")
        listed = (await desk.send("GET", "/v1/users/me/devices")).json
        assert listed["items"][0]["revoked_at"] == desk.town.clock.wall
        assert desk.town.live.told == [("revoked", "phone")]

    async def test_a_renamed_device_keeps_that_name_when_it_comes_back(self, desk: Desk) -> None:
        await self._bind(desk, "phone")
        renamed = await desk.send("PATCH", "/v1/users/me/devices/phone", {"name": "小梅的手机 📱"})
        assert (renamed.status, renamed.json["name"], renamed.json["named"]) == (200, "小梅的手机 📱", True)
        await self._bind(desk, "phone")
        assert (await desk.send("GET", "/v1/users/me/devices")).json["items"] == [renamed.json]

    @pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": "a\nb"}, {"name": "x" * 101}])
    async def test_a_name_that_no_line_holds_is_a_bad_value(self, desk: Desk, body: object) -> None:
        await self._bind(desk, "phone")
        answer = await desk.send("PATCH", "/v1/users/me/devices/phone", body)
        assert (answer.status, answer.code) == (422, "bad_value")
        assert (await desk.send("GET", "/v1/users/me/devices")).json["items"][0]["name"] == "Phone"

    async def test_each_device_tells_whether_it_is_connected_now(self, desk: Desk) -> None:
        await self._bind(desk, "phone", "watch")
        desk.town.live.open = frozenset({DeviceId("phone")})
        listed = (await desk.send("GET", "/v1/users/me/devices")).json["items"]
        assert {each["device"]: each["connected"] for each in listed} == {"phone": True, "watch": False}
        renamed = await desk.send("PATCH", "/v1/users/me/devices/phone", {"name": "Work"})
        assert renamed.json["connected"] is True

    async def test_devices_are_renamed_by_their_owners_and_administrators(
        self, desk: Desk, admin: str
    ) -> None:
        await self._bind(desk, "phone")
        path, body = "/v1/users/ann/devices/phone", {"name": "Work"}
        assert (await desk.send("PATCH", path, body, token=desk.token("bob"))).code == "forbidden"
        assert (await desk.send("PATCH", path, body, token=admin)).json["name"] == "Work"
        other = await desk.send("PATCH", "/v1/users/bob/devices/phone", body, token=desk.token("bob"))
        assert other.code == "not_found"
        assert (await desk.send("PATCH", "/v1/users/me/devices/nowhere", body)).code == "not_found"

    async def test_an_unknown_device_is_not_found_and_anothers_list_forbidden(self, desk: Desk) -> None:
        assert (await desk.send("DELETE", "/v1/users/me/devices/nowhere")).code == "not_found"
        assert (await desk.send("GET", "/v1/users/bob/devices")).code == "forbidden"


class TestTokens:
    async def test_a_new_device_is_linked_by_a_code(self, desk: Desk) -> None:
        link = (await desk.send("POST", "/v1/devices/link")).json
        assert link["expires_at"] == desk.town.clock.wall + 120_000
        body = {"code": link["code"], "name": "Watch", "platform": "wear"}
        claimed = await desk.send("POST", "/v1/devices/claim", body, token=None)
        assert (claimed.status, claimed.json["user"]) == (200, "ann")
        device = desk.town.tables.devices[DeviceId(claimed.json["device"])]
        assert (device.name, device.platform) == ("Watch", "wear")
        mine = await desk.send("GET", "/v1/users/me", token=claimed.json["token"])
        assert mine.json["user"] == "ann"
        again = await desk.send("POST", "/v1/devices/claim", body, token=None)
        assert (again.status, again.code) == (404, "not_found")

    async def test_guessing_codes_comes_to_its_limit(self, desk: Desk) -> None:
        for _ in range(100):
            await desk.send("POST", "/v1/devices/claim", {"code": "WRONG000"}, token=None)
        answer = await desk.send("POST", "/v1/devices/claim", {"code": "WRONG000"}, token=None)
        assert (answer.status, answer.code) == (429, "limit")
        assert int(answer.headers["retry-after"]) >= 1

    @pytest.mark.parametrize("body", [{}, {"code": 5}, {"code": "x" * 65}, {"code": "x", "name": "x" * 101}])
    async def test_a_wrong_claim_is_a_bad_value(self, desk: Desk, body: object) -> None:
        answer = await desk.send("POST", "/v1/devices/claim", body, token=None)
        assert (answer.status, answer.code) == (422, "bad_value")

    async def test_linking_needs_the_scope_user(self, desk: Desk) -> None:
        answer = await desk.send("POST", "/v1/devices/link", token=desk.token("robot", "publish"))
        assert (answer.status, answer.code) == (403, "forbidden")

    async def test_a_token_is_renewed_for_the_same_user_device_and_scopes(self, desk: Desk) -> None:
        token = desk.token("ann", "user", "publish", device="phone", ttl=60)
        renewed = (await desk.send("POST", "/v1/token/renew", token=token)).json
        identity = desk.town.tokens.verify(renewed["token"])
        assert (identity.user, identity.device) == ("ann", "phone")
        assert identity.scopes == {"user", "publish"}
        assert renewed["expires_at"] == identity.expires_at > desk.town.clock.wall + 60_000
