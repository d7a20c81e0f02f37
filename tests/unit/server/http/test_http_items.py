"""``hub.server.http.items``: items over HTTP reach the engine as documented, and its answers come back."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from hub.engine.actions import Created, ItemFilter, Page
from hub.errors import (
    BadField,
    BadId,
    BadRequest,
    ClockAhead,
    Exists,
    Forbidden,
    Limit,
    NotFound,
    Refusal,
    Unavailable,
)
from hub.model import TopicName
from hub.server.http.bodies import Class, Level, Status
from hub.server.http.call import decode
from hub.server.http.items import moment
from hub.state.attempts import RANK
from hub.state.records import CLASSES, LEVELS, check_record
from tests.unit.server.http.harness import ITEM, MAX_BODY, Desk

TASK = {"kind": "task", "title": "Build"}
OWNERS = [("users/me", "inbox/ann"), ("users/bob", "inbox/bob"), ("spaces/team", "space/team")]


class TestCreate:
    @pytest.mark.parametrize(("owner", "topic"), OWNERS)
    async def test_a_new_item_is_created_at_its_location(self, desk: Desk, owner: str, topic: str) -> None:
        answer = await desk.send("POST", f"/v1/{owner}/items", {**TASK, "id": "b-7", "hlc": 1024})
        assert (answer.status, answer.json) == (201, {**ITEM, "id": "b-7"})
        assert desk.actions.calls == [("create", "ann", topic, "b-7", TASK, 1024)]
        assert answer.headers["location"] == f"/v1/{owner.replace('me', 'ann')}/items/b-7"

    async def test_the_same_again_is_ok(self, desk: Desk) -> None:
        desk.actions.created = False
        answer = await desk.send("POST", "/v1/users/me/items", TASK)
        assert answer.status == 200
        assert answer.headers["location"] == "/v1/users/ann/items/i1"

    async def test_every_key_of_a_record_reaches_the_engine_as_it_was_sent(self, desk: Desk) -> None:
        record: dict[str, Any] = {
            "kind": "notification",
            "title": "同步",
            "body": "b",
            "level": "error",
            "class": "core",
            "source": "ci",
            "tags": ["deploy"],
            "link": "https://example.org/x",
            "data": {"a": [1, 2.5, None, True, {"b": "c"}]},
        }
        await desk.send("POST", "/v1/users/me/items", record)
        assert desk.actions.calls[0][4] == record == check_record(record)

    async def test_null_is_taken_for_absent(self, desk: Desk) -> None:
        await desk.send("POST", "/v1/users/me/items", {**TASK, "body": None, "id": None, "hlc": None})
        assert desk.actions.calls == [("create", "ann", "inbox/ann", None, TASK, None)]

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"title": "x"}, "kind"),
            ({"kind": "task"}, "title"),
            ({**TASK, "kind": "memo"}, "kind"),
            ({**TASK, "title": 5}, "title"),
            ({**TASK, "title": ""}, "title"),
            ({**TASK, "title": "x" * 501}, "title"),
            ({**TASK, "tags": "deploy"}, "tags"),
            ({**TASK, "hlc": "1024"}, "hlc"),
            ({**TASK, "hlc": -1}, "hlc"),
            ({**TASK, "hlc": 2**53}, "hlc"),
            ({**TASK, "id": 7}, "id"),
            ([], "array"),
        ],
    )
    async def test_a_wrong_body_is_a_bad_value_that_is_named(
        self, desk: Desk, body: object, named: str
    ) -> None:
        answer = await desk.send("POST", "/v1/users/me/items", body)
        assert (answer.status, answer.code) == (422, "bad_value")
        assert named in answer.json["detail"]
        assert not desk.actions.calls

    @pytest.mark.parametrize("key", ["colour", "order", "by", "due", "read"])
    @pytest.mark.parametrize("target", ["/v1/users/me/items", "/v1/spaces/team/items", "/v1/items"])
    async def test_a_key_that_no_record_has_is_a_bad_field(self, desk: Desk, target: str, key: str) -> None:
        answer = await desk.send("POST", target, {**TASK, key: 1})
        assert (answer.status, answer.code) == (422, "bad_field")
        assert key in answer.json["detail"]
        assert not desk.actions.calls

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"kind": NaN}', b'{"title":"\\ud800"}']
    )
    async def test_what_is_no_json_is_a_bad_request(self, desk: Desk, body: bytes) -> None:
        answer = await desk.send("POST", "/v1/users/me/items", body)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert not desk.actions.calls

    def test_json_nested_too_deep_for_the_decoder_is_a_bad_request(self) -> None:
        """How deep that is differs between versions of Python."""
        with pytest.raises(BadRequest, match="nested too deep"):
            decode(msgspec.json.Decoder(), b"[" * 100_000 + b"]" * 100_000)

    @pytest.mark.parametrize("parts", [1, 5])
    async def test_a_body_over_the_limit_is_too_big(self, desk: Desk, parts: int) -> None:
        body = b'{"kind":"task","title":"x","body":"' + b"x" * MAX_BODY + b'"}'
        answer = await desk.send("POST", "/v1/users/me/items", body, parts=parts)
        assert (answer.status, answer.code) == (413, "too_big")
        assert answer.headers["connection"] == "close"
        assert not desk.actions.calls

    async def test_a_body_that_is_announced_as_too_big_is_heard_out_and_dropped(self, desk: Desk) -> None:
        announced = {"Content-Length": str(MAX_BODY + 1)}
        answer = await desk.send("POST", "/v1/users/me/items", TASK, headers=announced, parts=2)
        assert (answer.status, answer.code) == (413, "too_big")
        assert not desk.actions.calls

    async def test_a_body_that_comes_in_parts_is_put_together(self, desk: Desk) -> None:
        answer = await desk.send("POST", "/v1/users/me/items", TASK, parts=4)
        assert answer.status == 201


class TestRefusals:
    @pytest.mark.parametrize(
        ("refusal", "status"),
        [
            (Exists(), 409),
            (Forbidden(), 403),
            (NotFound(), 404),
            (BadId(), 422),
            (BadField(), 422),
            (ClockAhead(), 422),
            (Limit(), 429),
            (Unavailable(), 503),
        ],
    )
    async def test_a_refusal_of_the_engine_is_a_problem_document(
        self, desk: Desk, refusal: Refusal, status: int
    ) -> None:
        desk.actions.refuses = refusal
        for method, target, body in (
            ("POST", "/v1/users/me/items", TASK),
            ("GET", "/v1/users/me/items", None),
            ("GET", "/v1/users/me/items/i1", None),
            ("PATCH", "/v1/users/me/items/i1", {"read": True}),
            ("DELETE", "/v1/users/me/items/i1", None),
        ):
            answer = await desk.send(method, target, body)
            assert (answer.status, answer.code) == (status, refusal.code)
            assert answer.json["detail"] == refusal.message

    async def test_a_problem_tells_when_to_try_again_and_no_place_in_a_push_that_was_none(
        self, desk: Desk
    ) -> None:
        desk.actions.refuses = Unavailable("full", at=3, retry_after=1500)
        answer = await desk.send("GET", "/v1/users/me/items")
        assert ("at" in answer.json, answer.json["retry_after"]) == (False, 1500)
        assert answer.headers["retry-after"] == "2"


class TestRead:
    @pytest.mark.parametrize(("owner", "topic"), OWNERS)
    async def test_an_item_is_read(self, desk: Desk, owner: str, topic: str) -> None:
        answer = await desk.send("GET", f"/v1/{owner}/items/b-7")
        assert (answer.status, answer.json) == (200, ITEM)
        assert desk.actions.calls == [("item", "ann", topic, "b-7")]

    @pytest.mark.parametrize(("owner", "topic"), OWNERS)
    async def test_a_list_is_a_page_of_fifty_unless_asked_otherwise(
        self, desk: Desk, owner: str, topic: str
    ) -> None:
        desk.actions.page = Page([ITEM], "c1")
        answer = await desk.send("GET", f"/v1/{owner}/items")
        assert answer.json == {"items": [ITEM], "next": "c1"}
        assert desk.actions.calls == [("items", "ann", topic, ItemFilter(), 50, None)]

    async def test_filters_reach_the_engine(self, desk: Desk) -> None:
        await desk.send(
            "GET",
            "/v1/users/me/items?kind=task&unread=1&status=running&since=1700000000000&history=1&limit=7&cursor=c",
        )
        which = ItemFilter("task", True, "running", 1_700_000_000_000, True)
        assert desk.actions.calls == [("items", "ann", "inbox/ann", which, 7, "c")]

    @pytest.mark.parametrize(("text", "value"), [("0", False), ("false", False), ("true", True), ("1", True)])
    async def test_switches_are_0_1_false_or_true(self, desk: Desk, text: str, value: bool) -> None:
        await desk.send("GET", f"/v1/users/me/items?unread={text}&history={text}")
        assert desk.actions.calls[0][3] == ItemFilter(unread=value, history=value)

    async def test_the_history_can_be_listed_alone(self, desk: Desk) -> None:
        await desk.send("GET", "/v1/users/me/items?history=only")
        assert desk.actions.calls[0][3] == ItemFilter(history="only")

    async def test_a_larger_limit_is_clamped(self, desk: Desk) -> None:
        await desk.send("GET", "/v1/users/me/items?limit=100000")
        assert desk.actions.calls[0][4] == 1000

    @pytest.mark.parametrize(
        "query",
        [
            "limit=0",
            "limit=-1",
            "limit=ten",
            "limit=1.5",
            "kind=memo",
            "status=done",
            "unread=maybe",
            "history=all",
            "since=yesterday",
            "since=-5",
            "since=" + "9" * 400,
            "cursor=" + "c" * 257,
            "colour=red",
        ],
    )
    async def test_a_wrong_query_is_a_bad_value_that_is_named(self, desk: Desk, query: str) -> None:
        answer = await desk.send("GET", f"/v1/users/me/items?{query}")
        assert (answer.status, answer.code) == (422, "bad_value")
        assert query.partition("=")[0] in answer.json["detail"]
        assert not desk.actions.calls

    @pytest.mark.parametrize("query", ["x" * 9000, "a=%ff", "&".join(f"a{n}=1" for n in range(60))])
    async def test_a_query_that_cannot_be_decoded_is_a_bad_request(self, desk: Desk, query: str) -> None:
        assert (await desk.send("GET", f"/v1/users/me/items?{query}")).code == "bad_request"

    @pytest.mark.parametrize(
        ("text", "milliseconds"),
        [
            (None, None),
            ("0", 0),
            ("1700000000000", 1_700_000_000_000),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T22:13:20", 1_700_000_000_000),
            ("2023-11-15T06:13:20+08:00", 1_700_000_000_000),
            ("2023-11-15T06:13:20 08:00", 1_700_000_000_000),
            ("2023-11-14", 1_699_920_000_000),
        ],
    )
    def test_since_is_milliseconds_or_iso_8601(self, text: str | None, milliseconds: int | None) -> None:
        assert moment(text) == milliseconds


class TestChange:
    @pytest.mark.parametrize(("owner", "topic"), OWNERS)
    async def test_changes_reach_the_engine_and_the_item_comes_back(
        self, desk: Desk, owner: str, topic: str
    ) -> None:
        answer = await desk.send("PATCH", f"/v1/{owner}/items/b-7", {"read": True, "hlc": 2048})
        assert (answer.status, answer.json) == (200, ITEM)
        assert desk.actions.calls == [("change", "ann", topic, "b-7", {"read": True}, 2048)]

    async def test_every_field_may_be_stated(self, desk: Desk) -> None:
        changes = {
            "seen": True,
            "read": False,
            "archived": True,
            "pinned": True,
            "deleted": False,
            "snoozed": None,
            "title": "t",
            "body": "b",
            "due": 5,
            "priority": None,
            "assignee": "bob",
            "status": "running",
            "progress": 0.5,
            "note": "half",
            "attempt": 2,
        }
        await desk.send("PATCH", "/v1/users/me/items/b-7", changes)
        assert desk.actions.calls[0][4] == changes

    @pytest.mark.parametrize("key", ["final", "sent", "by", "order", "kind", "read_upto", "colour"])
    async def test_a_field_nobody_states_here_is_a_bad_field(self, desk: Desk, key: str) -> None:
        answer = await desk.send("PATCH", "/v1/users/me/items/b-7", {"read": True, key: 1})
        assert (answer.status, answer.code) == (422, "bad_field")
        assert key in answer.json["detail"]
        assert not desk.actions.calls

    @pytest.mark.parametrize(
        "changes",
        [
            {"read": 1},
            {"read": "true"},
            {"read": None},
            {"snoozed": "tomorrow"},
            {"progress": 1.5},
            {"progress": "half"},
            {"status": "done"},
            {"attempt": 0},
            {"priority": 10},
            {},
            {"attempt": 2},
            {"hlc": 5},
        ],
    )
    async def test_a_wrong_value_or_none_at_all_is_a_bad_value(
        self, desk: Desk, changes: dict[str, object]
    ) -> None:
        answer = await desk.send("PATCH", "/v1/users/me/items/b-7", changes)
        assert (answer.status, answer.code) == (422, "bad_value")
        assert not desk.actions.calls

    async def test_deleting_states_deleted(self, desk: Desk) -> None:
        answer = await desk.send("DELETE", "/v1/users/me/items/b-7?hlc=2048")
        assert (answer.status, answer.body) == (204, b"")
        assert desk.actions.calls == [("change", "ann", "inbox/ann", "b-7", {"deleted": True}, 2048)]


class TestMany:
    async def test_each_target_is_answered_for_itself(self, desk: Desk) -> None:
        desk.actions.made = [
            Created(TopicName("inbox/ann"), {**ITEM, "id": "b-7"}, True),
            Created(TopicName("inbox/bob"), {**ITEM, "id": "b-7"}, False),
            Created(TopicName("space/team"), None, False, Exists()),
        ]
        token = desk.token("robot", "publish")
        body = {**TASK, "id": "b-7", "users": ["ann", "bob", "ann"], "spaces": ["team"]}
        answer = await desk.send("POST", "/v1/items", body, token=token)
        assert desk.actions.calls == [
            ("create_many", "robot", ["inbox/ann", "inbox/bob", "space/team"], "b-7", TASK)
        ]
        assert answer.status == 200
        assert answer.json["id"] == "b-7"
        first, second, third = answer.json["results"]
        assert first == {"topic": "inbox/ann", "status": 201}
        assert second == {"topic": "inbox/bob", "status": 200}
        assert (third["topic"], third["status"], third["problem"]["code"]) == ("space/team", 409, "exists")

    async def test_me_is_the_caller_once(self, desk: Desk) -> None:
        body = {**TASK, "users": ["me", "bob", "robot"]}
        await desk.send("POST", "/v1/items", body, token=desk.token("robot", "publish"))
        assert desk.actions.calls[0][2] == ["inbox/robot", "inbox/bob"]

    @pytest.mark.parametrize(
        "targets",
        [
            {},
            {"users": []},
            {"users": "ann"},
            {"users": [1]},
            {"users": [f"u{number}" for number in range(600)], "spaces": [f"s{n}" for n in range(401)]},
            {"users": ["ann"], "hlc": 5},
        ],
    )
    async def test_there_are_1_to_1000_targets(self, targets: dict[str, object]) -> None:
        desk = Desk()
        answer = await desk.send("POST", "/v1/items", {**TASK, **targets})
        assert answer.status in (413, 422)
        assert not desk.actions.calls


def test_what_bodies_may_say_is_what_the_engine_takes() -> None:
    assert sorted(get_args(Level)) == sorted(LEVELS)
    assert sorted(get_args(Class)) == sorted(CLASSES)
    assert sorted(get_args(Status)) == sorted(RANK)
