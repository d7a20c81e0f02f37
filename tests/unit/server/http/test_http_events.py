"""``/v1/events``: what the hub decided, in order, as pages and as a stream; for administrators."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hub.errors import BadValue, Unavailable
from hub.model import TopicName
from hub.ports import EventFilter
from hub.server.http import event_stream, events
from hub.server.http.bodies import MAX_PAGE
from tests.unit.server.http.harness import Desk, Following, raised

SSE = {"Accept": "text/event-stream"}


@pytest.fixture
def admin(desk: Desk) -> str:
    return desk.token("root", "admin")


async def follow(desk: Desk, target: str = "/v1/events", **headers: str) -> Following:
    token = desk.token("root", "admin")
    return await desk.follow(target, token=token, headers={**SSE, **headers})


async def ended(following: Following) -> bytes:
    assert following.task is not None
    await following.task
    assert following.ended
    return bytes(following.body)


class TestPages:
    async def test_an_event_is_told_flat(self, desk: Desk, admin: str) -> None:
        desk.desk.known = [
            raised(1),
            raised(2, topic=TopicName("space/team"), type="notification.raised", attempt=0, status=None),
        ]
        answer = await desk.send("GET", "/v1/events", token=admin)
        assert answer.status == 200
        assert answer.json["next"] is None
        assert answer.json["items"] == [
            {
                "id": "e1",
                "type": "task.finalized",
                "topic": "inbox/ann",
                "user": "ann",
                "item": "i1",
                "attempt": 1,
                "status": "failed",
                "at": 1,
            },
            {
                "id": "e2",
                "type": "notification.raised",
                "topic": "space/team",
                "user": None,
                "item": "i1",
                "attempt": 0,
                "status": None,
                "at": 2,
            },
        ]

    async def test_pages_go_on_where_the_one_before_ended(self, desk: Desk, admin: str) -> None:
        first = (await desk.send("GET", "/v1/events?limit=2", token=admin)).json
        assert [each["id"] for each in first["items"]] == ["e1", "e2"]
        last = (await desk.send("GET", f"/v1/events?limit=2&cursor={first['next']}", token=admin)).json
        assert ([each["id"] for each in last["items"]], last["next"]) == (["e3"], None)

    async def test_who_asks_again_names_the_last_event_they_have(self, desk: Desk, admin: str) -> None:
        page = (await desk.send("GET", "/v1/events?after=e2", token=admin)).json
        assert [each["id"] for each in page["items"]] == ["e3"]
        page = (await desk.send("GET", "/v1/events?after=e3", token=admin)).json
        assert page == {"items": [], "next": None}
        answer = await desk.send("GET", "/v1/events?after=e9", token=admin)
        assert (answer.status, answer.code) == (404, "not_found")

    async def test_a_cursor_was_made_on_the_way_from_there_and_counts_alone(
        self, desk: Desk, admin: str
    ) -> None:
        first = (await desk.send("GET", "/v1/events?after=e1&limit=1", token=admin)).json
        assert [each["id"] for each in first["items"]] == ["e2"]
        page = (await desk.send("GET", f"/v1/events?after=e1&cursor={first['next']}", token=admin)).json
        assert [each["id"] for each in page["items"]] == ["e3"]

    @pytest.mark.parametrize(
        ("query", "which"),
        [
            ("type=task.finalized", {"type": "task.finalized"}),
            ("user=ann", {"topic": "inbox/ann"}),
            ("user=me", {"topic": "inbox/root"}),
            ("topic=space/team", {"topic": "space/team"}),
            ("item=i1&user=bob", {"item": "i1", "topic": "inbox/bob"}),
        ],
    )
    async def test_filters_reach_the_desk(
        self, desk: Desk, admin: str, query: str, which: dict[str, Any]
    ) -> None:
        assert (await desk.send("GET", f"/v1/events?{query}", token=admin)).status == 200
        assert desk.desk.calls == [("events", EventFilter(**which), 0, 51)]

    async def test_a_page_is_at_most_so_long(self, desk: Desk, admin: str) -> None:
        await desk.send("GET", "/v1/events?limit=5000", token=admin)
        assert desk.desk.calls[-1][-1] == MAX_PAGE + 1

    @pytest.mark.parametrize(
        "query",
        [
            "type=task.began",
            "user=a%20b",
            "user=..",
            "topic=ann",
            "topic=inbox/a%20b",
            "topic=inbox/ann&user=ann",
            "item=*",
            "limit=0",
            "limit=x",
            "cursor=e1",
            "cursor=-1",
            "cursor=99999999999999999",
            "after=",
            "colour=red",
        ],
    )
    async def test_what_can_not_be_a_filter_is_refused(self, desk: Desk, admin: str, query: str) -> None:
        for headers in ({}, SSE):
            answer = await desk.send("GET", f"/v1/events?{query}", token=admin, headers=headers)
            assert (answer.status, answer.code) == (422, "bad_value")
        assert desk.desk.calls == []

    @pytest.mark.parametrize("headers", [{}, SSE])
    async def test_they_are_for_administrators(self, desk: Desk, headers: dict[str, str]) -> None:
        answer = await desk.send("GET", "/v1/events", token=None, headers=headers)
        assert (answer.status, answer.code) == (401, "unauthorized")
        token = desk.token("ann", "user", "publish")
        for target in ("/v1/events", "/v1/events?after=e9"):
            answer = await desk.send("GET", target, token=token, headers=headers)
            assert (answer.status, answer.code) == (403, "forbidden")

    async def test_a_token_in_the_address_opens_nothing(self, desk: Desk, admin: str) -> None:
        answer = await desk.send("GET", f"/v1/events?token={admin}", token=None)
        assert answer.status == 401

    async def test_where_the_storage_refuses_it_says_so(self, desk: Desk, admin: str) -> None:
        desk.desk.refuses = Unavailable()
        for headers in ({}, SSE):
            answer = await desk.send("GET", "/v1/events", token=admin, headers=headers)
            assert (answer.status, answer.code) == (503, "unavailable")


class TestFollowing:
    async def test_what_was_and_then_what_happens_is_sent_with_its_id(self, desk: Desk) -> None:
        following = await follow(desk)
        assert await following.status == 200
        assert following.headers["content-type"] == "text/event-stream; charset=utf-8"
        await following.until(b"id: e3")
        desk.desk.live.put_nowait(raised(4, type="notification.raised", attempt=0, status=None))
        await following.until(b"id: e4")
        desk.desk.live.put_nowait(None)
        blocks = (await ended(following)).decode().split("\n\n")
        assert blocks[0].startswith("retry: ")
        assert [block.split("\n")[0] for block in blocks[1:-1]] == ["id: e1", "id: e2", "id: e3", "id: e4"]
        name, data = blocks[4].split("\n")[1:]
        assert name == "event: notification.raised"
        assert json.loads(data.removeprefix("data: "))["id"] == "e4"
        assert desk.desk.follows == 0

    @pytest.mark.parametrize(
        ("target", "headers", "after"),
        [
            ("/v1/events", {"Last-Event-ID": "e2"}, 2),
            ("/v1/events?after=e1", {"Last-Event-ID": "e2"}, 2),
            ("/v1/events?after=e2", {}, 2),
            ("/v1/events?cursor=1", {}, 1),
            ("/v1/events", {}, 0),
        ],
    )
    async def test_it_resumes_after_the_last_event(
        self, desk: Desk, target: str, headers: dict[str, str], after: int
    ) -> None:
        desk.desk.live.put_nowait(None)
        body = await ended(await follow(desk, target, **headers))
        assert body.count(b"id: ") == 3 - after
        assert b"reset" not in body
        assert desk.desk.calls[-1] == ("follow", EventFilter(), after)

    async def test_who_has_an_event_that_is_not_kept_any_more_begins_anew_and_is_told(
        self, desk: Desk
    ) -> None:
        desk.desk.live.put_nowait(None)
        body = await ended(await follow(desk, **{"Last-Event-ID": "e-long-gone"}))
        assert body.index(b"event: reset\ndata: {}\n\n") < body.index(b"id: e1")

    async def test_a_last_event_id_has_bounds(self, desk: Desk, admin: str) -> None:
        headers = {**SSE, "Last-Event-ID": "x" * 257}
        answer = await desk.send("GET", "/v1/events", token=admin, headers=headers)
        assert (answer.status, answer.code) == (422, "bad_value")

    async def test_filters_hold_for_what_is_followed_too(self, desk: Desk) -> None:
        desk.desk.live.put_nowait(None)
        await ended(await follow(desk, "/v1/events?user=ann&type=task.finalized"))
        which = EventFilter("task.finalized", TopicName("inbox/ann"))
        assert desk.desk.calls[-1] == ("follow", which, 0)

    async def test_without_events_there_are_beats(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(events, "BEAT_SECONDS", 0.005)
        desk.desk.known = []
        following = await follow(desk)
        await following.until(b": beat\n\n: beat\n\n")
        desk.desk.live.put_nowait(raised(1))
        await following.until(b"id: e1")
        desk.desk.live.put_nowait(None)
        await ended(following)

    async def test_who_may_not_follow_any_more_is_told_nothing_more(self, desk: Desk) -> None:
        desk.desk.known = []
        following = await follow(desk)
        await following.until(b"retry")
        desk.town.clock.advance(1)
        await desk.send("DELETE", "/v1/users/root", token=desk.token("other", "admin"))
        desk.desk.live.put_nowait(raised(1))
        assert b"id: e1" not in await ended(following)
        assert desk.desk.follows == 0

    async def test_a_revoked_device_is_told_nothing_more(self, desk: Desk) -> None:
        token = desk.token("root", "admin", "user", device="laptop")
        desk.desk.known = []
        following = await desk.follow("/v1/events", token=token, headers=SSE)
        await following.until(b"retry")
        await desk.send("DELETE", "/v1/users/root/devices/laptop", token=desk.token("other", "admin"))
        desk.desk.live.put_nowait(raised(1))
        assert b"id: e1" not in await ended(following)

    async def test_when_the_token_expires_it_ends(self, desk: Desk) -> None:
        token = desk.token("root", "admin", ttl=2)
        desk.town.clock.advance(1.99)
        following = await desk.follow("/v1/events", token=token, headers=SSE)
        assert b"id: e3" in await ended(following)

    async def test_when_the_follower_leaves_the_desk_is_told(self, desk: Desk) -> None:
        following = await follow(desk)
        await following.until(b"id: e3")
        following.gone.set()
        await ended(following)
        assert desk.desk.follows == 0

    @pytest.mark.parametrize("error", [Unavailable(), BadValue(), RuntimeError("a bug")])
    async def test_what_fails_on_the_way_ends_it(self, desk: Desk, error: Exception) -> None:
        desk.desk.live.put_nowait(error)
        assert b"id: e3" in await ended(await follow(desk))

    async def test_one_that_is_slow_for_a_moment_holds_the_desk_back(self, desk: Desk) -> None:
        following = await follow(desk)
        following.stuck = asyncio.Event()
        for number in range(4, 14):
            desk.desk.live.put_nowait(raised(number))
        for _ in range(50):
            await asyncio.sleep(0)
        assert desk.desk.live.qsize() >= 8
        following.stuck.set()
        desk.desk.live.put_nowait(None)
        assert (await ended(following)).count(b"id: e") == 13

    async def test_head_asks_for_a_page_whatever_it_accepts(self, desk: Desk, admin: str) -> None:
        answer = await desk.send("HEAD", "/v1/events", token=admin, headers=SSE)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")

    async def test_there_are_only_so_many_streams(
        self, desk: Desk, admin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        following = await follow(desk)
        await following.until(b"id: e3")
        monkeypatch.setattr(event_stream.Streams, "most", 1)
        answer = await desk.send("GET", "/v1/events", token=admin, headers=SSE)
        assert (answer.status, answer.code) == (429, "limit")
        desk.desk.live.put_nowait(None)
        await ended(following)
        desk.desk.live.put_nowait(None)
        await ended(await follow(desk))
