"""``/v1/deliveries`` and ``/v1/channels``: what the operator sees and does; never what a message says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.errors import Unavailable
from hub.model import Milliseconds, Outcome, TopicName
from hub.ports import DeliveryFilter
from hub.server.http.bodies import MAX_PAGE
from tests.unit.server.http.harness import Desk, ToldChannel, delivered, raised

ROUTES = (
    ("GET", "/v1/deliveries"),
    ("GET", "/v1/deliveries/d1"),
    ("POST", "/v1/deliveries/d1/retry"),
    ("GET", "/v1/channels"),
    ("POST", "/v1/channels/ops/test"),
)


@pytest.fixture
def admin(desk: Desk) -> str:
    return desk.token("root", "admin")


@pytest.mark.parametrize(("method", "target"), ROUTES)
async def test_they_are_for_administrators(desk: Desk, method: str, target: str) -> None:
    answer = await desk.send(method, target, token=None)
    assert (answer.status, answer.code) == (401, "unauthorized")
    answer = await desk.send(method, target, token=desk.token("ann", "user", "publish"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert desk.desk.calls == []


@pytest.mark.parametrize(("method", "target"), ROUTES)
async def test_where_the_storage_refuses_they_say_so(
    desk: Desk, admin: str, method: str, target: str
) -> None:
    desk.desk.refuses = Unavailable()
    answer = await desk.send(method, target, token=admin)
    assert (answer.status, answer.code) == (503, "unavailable")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/deliveries/d9"),
        ("POST", "/v1/deliveries/d9/retry"),
        ("POST", "/v1/channels/other/test"),
    ],
)
async def test_what_is_unknown_is_not_found(desk: Desk, admin: str, method: str, target: str) -> None:
    answer = await desk.send(method, target, token=admin)
    assert (answer.status, answer.code) == (404, "not_found")


class TestDeliveries:
    async def test_one_is_told_flat_without_what_it_says(self, desk: Desk, admin: str) -> None:
        event = raised(1, topic=TopicName("space/team"))
        row = delivered(2, event=event, state="dead", attempts=2, error="40058", ref="m-1")
        desk.desk.rows = [(1, delivered(1)), (2, replace(row, ended_at=Milliseconds(9)))]
        pending = (await desk.send("GET", "/v1/deliveries/d1", token=admin)).json
        assert pending == {
            "id": "d1",
            "event": "e1",
            "item": "i1",
            "channel": "ops",
            "state": "pending",
            "attempts": 0,
            "due": 7,
            "error": None,
            "ref": None,
            "user": "ann",
            "topic": "inbox/ann",
            "route": "route-1",
            "at": 1,
            "ended_at": None,
        }
        dead = (await desk.send("GET", "/v1/deliveries/d2", token=admin)).json
        told = {"state": "dead", "attempts": 2, "error": "40058", "ref": "m-1", "ended_at": 9}
        assert {name: dead[name] for name in told} == told
        assert (dead["topic"], dead["user"]) == ("space/team", "ann")

    async def test_pages_go_on_where_the_one_before_ended(self, desk: Desk, admin: str) -> None:
        first = (await desk.send("GET", "/v1/deliveries?limit=2", token=admin)).json
        assert [each["id"] for each in first["items"]] == ["d3", "d2"]
        last = (await desk.send("GET", f"/v1/deliveries?limit=2&cursor={first['next']}", token=admin)).json
        assert ([each["id"] for each in last["items"]], last["next"]) == (["d1"], None)

    @pytest.mark.parametrize(
        ("query", "which"),
        [
            ("", {}),
            ("state=dead", {"state": "dead"}),
            ("channel=ops", {"channel": "ops"}),
            ("event=e1", {"event": "e1"}),
            ("item=i1", {"item": "i1"}),
            ("topic=space/team", {"topic": "space/team"}),
            ("state=pending&channel=ops&item=i1", {"state": "pending", "channel": "ops", "item": "i1"}),
        ],
    )
    async def test_filters_reach_the_desk(
        self, desk: Desk, admin: str, query: str, which: dict[str, Any]
    ) -> None:
        assert (await desk.send("GET", f"/v1/deliveries?{query}", token=admin)).status == 200
        assert desk.desk.calls == [("deliveries", DeliveryFilter(**which), None, 51)]

    async def test_a_page_is_at_most_so_long(self, desk: Desk, admin: str) -> None:
        await desk.send("GET", "/v1/deliveries?limit=5000&cursor=3", token=admin)
        assert desk.desk.calls[-1][-2:] == (3, MAX_PAGE + 1)

    @pytest.mark.parametrize(
        "query",
        [
            "state=lost",
            "channel=a/b",
            "event=*",
            "item=a%20b",
            "topic=x",
            "cursor=d1",
            "limit=0",
            "colour=red",
        ],
    )
    async def test_what_can_not_be_a_filter_is_refused(self, desk: Desk, admin: str, query: str) -> None:
        answer = await desk.send("GET", f"/v1/deliveries?{query}", token=admin)
        assert (answer.status, answer.code) == (422, "bad_value")
        assert desk.desk.calls == []

    async def test_a_retry_answers_the_delivery_as_it_stands_then(self, desk: Desk, admin: str) -> None:
        answer = await desk.send("POST", "/v1/deliveries/d2/retry", token=admin)
        assert (answer.status, answer.json["id"], answer.json["state"]) == (200, "d2", "pending")
        assert desk.desk.calls == [("retry", "d2")]


class TestChannels:
    async def test_all_are_told_with_how_they_are(self, desk: Desk, admin: str) -> None:
        paused = ToldChannel("hook", "webhook", "example.org", "paused", "40058", Milliseconds(5), 3)
        desk.desk.views = [paused, ToldChannel()]
        answer = await desk.send("GET", "/v1/channels", token=admin)
        assert answer.json == {
            "items": [
                {
                    "name": "hook",
                    "kind": "webhook",
                    "host": "example.org",
                    "state": "paused",
                    "reason": "40058",
                    "until": 5,
                    "waiting": 3,
                },
                {
                    "name": "ops",
                    "kind": "wecom_robot",
                    "host": "qyapi.weixin.qq.com",
                    "state": "ok",
                    "reason": None,
                    "until": None,
                    "waiting": 0,
                },
            ],
            "next": None,
        }

    @pytest.mark.parametrize(
        ("outcome", "told"),
        [
            (Outcome("ok", ref="m-1"), {"ok": True, "outcome": "ok", "error": None}),
            (
                Outcome("bad_config", error="93000: the key is wrong", code="93000"),
                {"ok": False, "outcome": "bad_config", "error": "93000: the key is wrong"},
            ),
            (Outcome("partial", error="x"), {"ok": False, "outcome": "partial", "error": "x"}),
        ],
    )
    async def test_a_test_answers_how_the_call_ended(
        self, desk: Desk, admin: str, outcome: Outcome, told: dict[str, Any]
    ) -> None:
        desk.desk.outcome = outcome
        answer = await desk.send("POST", "/v1/channels/ops/test", token=admin)
        assert (answer.status, answer.json) == (200, told)
