"""``hub.server.http.stream``: an inbox as server-sent events, for as long as the token is good."""

from __future__ import annotations

import asyncio

import pytest

from hub.engine.actions import StreamEvent
from hub.errors import Forbidden, Limit, Unavailable
from hub.server.http import event_stream
from hub.server.http.event_stream import Streams
from hub.server.http.stream import StreamRoutes, encode_event
from tests.unit.server.http.harness import ITEM, Desk

COUNTS = StreamEvent("counts", "7-3", {"unread": 1, "unseen": 0, "open": 2})


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (
            StreamEvent("item", "", {"id": "i1", "title": "a\nb"}),
            b'event: item\ndata: {"id":"i1","title":"a\\nb"}',
        ),
        (COUNTS, b'id: 7-3\nevent: counts\ndata: {"unread":1,"unseen":0,"open":2}'),
        (StreamEvent("reset", "", None), b"event: reset\ndata: {}"),
        (StreamEvent("beat", "", None), b": beat"),
    ],
)
def test_an_event_is_a_block_of_lines(event: StreamEvent, lines: bytes) -> None:
    assert encode_event(event) == lines + b"\n\n"


class TestFollowing:
    async def test_events_arrive_as_they_happen_and_the_end_closes_the_stream(self, desk: Desk) -> None:
        desk.actions.events.put_nowait(COUNTS)
        following = await desk.follow("/v1/users/me/stream")
        assert await following.status == 200
        assert following.headers["content-type"].startswith("text/event-stream")
        assert following.headers["cache-control"] == "no-store"
        await following.until(b"event: counts")
        assert following.body.startswith(b"retry: ")
        desk.actions.events.put_nowait(StreamEvent("item", "", ITEM))
        await following.until(b"event: item")
        assert not following.ended
        desk.actions.events.put_nowait(None)
        assert following.task is not None
        await following.task
        assert following.ended
        assert desk.actions.streams_closed == 1

    async def test_it_resumes_from_the_header_or_the_query(self, desk: Desk) -> None:
        for target, headers in (
            ("/v1/users/me/stream", {"Last-Event-ID": "7-3"}),
            ("/v1/users/me/stream?last_event_id=7-3", {}),
            ("/v1/users/me/stream", {}),
        ):
            desk.actions.events.put_nowait(None)
            following = await desk.follow(target, headers=headers)
            assert following.task is not None
            await following.task
        assert [call[3] for call in desk.actions.calls] == ["7-3", "7-3", None]

    async def test_a_stream_without_events_is_a_stream_all_the_same(self, desk: Desk) -> None:
        desk.actions.events.put_nowait(None)
        following = await desk.follow("/v1/users/me/stream")
        assert following.task is not None
        await following.task
        assert (following.status.result(), following.ended) == (200, True)

    async def test_an_event_source_may_send_its_token_in_the_query(self, desk: Desk) -> None:
        desk.actions.events.put_nowait(None)
        following = await desk.follow(f"/v1/users/me/stream?token={desk.token()}", token=None)
        assert await following.status == 200
        answer = await desk.send("GET", f"/v1/users/me/counts?token={desk.token()}", token=None)
        assert (answer.status, answer.code) == (401, "unauthorized")

    @pytest.mark.parametrize("refusal", [Forbidden(), Unavailable()])
    async def test_a_refusal_is_an_answer_of_its_own(self, desk: Desk, refusal: Exception) -> None:
        desk.actions.events.put_nowait(refusal)
        answer = await desk.send("GET", "/v1/users/bob/stream")
        assert answer.code == getattr(refusal, "code", None)
        assert desk.actions.streams_closed == 1

    async def test_a_last_event_id_has_bounds(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/v1/users/me/stream", headers={"Last-Event-ID": "x" * 257})
        assert (answer.status, answer.code) == (422, "bad_value")


class TestEnds:
    async def test_when_the_follower_leaves_the_engine_is_told(self, desk: Desk) -> None:
        desk.actions.events.put_nowait(COUNTS)
        following = await desk.follow("/v1/users/me/stream")
        await following.until(b"counts")
        following.gone.set()
        assert following.task is not None
        await following.task
        assert desk.actions.streams_closed == 1

    async def test_when_the_token_expires_the_stream_ends(self, desk: Desk) -> None:
        token = desk.token("ann", ttl=2)
        desk.town.clock.advance(1.99)
        desk.actions.events.put_nowait(COUNTS)
        following = await desk.follow("/v1/users/me/stream", token=token)
        assert following.task is not None
        await following.task
        assert following.ended
        assert desk.actions.streams_closed == 1

    async def test_a_refusal_on_the_way_ends_the_stream(self, desk: Desk) -> None:
        desk.actions.events.put_nowait(COUNTS)
        desk.actions.events.put_nowait(Unavailable())
        following = await desk.follow("/v1/users/me/stream")
        assert following.task is not None
        await following.task
        assert following.ended

    async def test_who_takes_nothing_for_long_is_given_up(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_stream, "SEND_TIMEOUT", 0.01)
        monkeypatch.setattr(event_stream, "LAST_WRITE", 0.01)
        desk.actions.events.put_nowait(COUNTS)
        following = await desk.follow("/v1/users/me/stream")
        following.stuck = asyncio.Event()
        assert following.task is not None
        await following.task
        assert desk.actions.streams_closed == 1

    async def test_a_follower_that_is_slow_for_a_moment_holds_the_engine_back(self, desk: Desk) -> None:
        following = await desk.follow("/v1/users/me/stream")
        following.stuck = asyncio.Event()
        for _ in range(10):
            desk.actions.events.put_nowait(COUNTS)
        for _ in range(20):
            await asyncio.sleep(0)
        assert desk.actions.events.qsize() >= 8
        following.stuck.set()
        desk.actions.events.put_nowait(None)
        assert following.task is not None
        await following.task
        assert following.body.count(b"event: counts") == 10

    async def test_streams_are_limited_and_their_places_are_given_back(self, desk: Desk) -> None:
        streams = Streams(desk.town.clock)
        streams.most = 1
        route = StreamRoutes(desk.actions, streams).routes()[0]
        assert route.path == "/v1/users/{user}/stream"
        streams.opened()
        with pytest.raises(Limit, match="too many streams"):
            await route.handle(None)  # type: ignore[arg-type]  # refused before it looks at the call
        streams.closed()
        with pytest.raises(AttributeError):
            await route.handle(None)  # type: ignore[arg-type]  # now it looks

    async def test_how_long_a_stream_lasts_is_no_time_of_an_answer(self, desk: Desk) -> None:
        for _ in range(2):
            desk.actions.events.put_nowait(None)
        following = await desk.follow("/v1/users/me/stream")
        assert following.task is not None
        await following.task
        assert sum(desk.metrics.http_seconds.counts) == 0
        await desk.send("GET", "/v1/users/me/counts")
        assert sum(desk.metrics.http_seconds.counts) == 1
