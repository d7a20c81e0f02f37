"""Plain HTTP connections when they are too many or too slow."""

from __future__ import annotations

import json

from structlog.testing import capture_logs

from hub.server.http_protocol import RequestLimits
from tests.integration.sockets.harness import PATIENCE, Raw, Running, running, upgrade_head

GET = b"GET / HTTP/1.1\r\nHost: hub.example\r\n\r\n"
HALF = b"POST %b HTTP/1.1\r\nHost: hub.example\r\nContent-Length: 9\r\n\r\nhalf"


async def asking(served: Running) -> Raw:
    """A connection that was answered, and stays."""
    raw = await served.raw()
    raw.write(GET)
    assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
    await raw.read(14)
    return raw


async def test_an_address_may_have_only_so_many_plain_connections_and_sockets_together() -> None:
    async with running(connections_per_address=2) as served:
        first, second = await asking(served), await served.upgraded()
        third = await served.raw()
        third.write(GET)
        head, _, body = (await third.rest()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 429 ")
        assert b"\r\nretry-after: 60" in head
        assert json.loads(body)["type"] == "urn:tongbu:problem:limit"
        second.write(b"\x88\x80mask")
        await second.rest()
        again = await asking(served)
        first.write(upgrade_head())
        assert (await first.head()).startswith(b"HTTP/1.1 101 ")
        for raw in (first, second, third, again):
            await raw.close()


async def test_a_trusted_proxy_speaks_for_many_and_is_not_counted() -> None:
    async with running(connections_per_address=1, trusted_proxies=("127.0.0.1",)) as served:
        for raw in [await asking(served) for _ in range(3)]:
            await raw.close()


async def test_when_no_more_sockets_may_be_opened_those_that_wait_longest_make_room_and_one_line_tells() -> (
    None
):
    async with running(sockets_at_most=4) as served:
        socket, old = await served.upgraded(), await served.raw()
        old.write(HALF % b"/")
        with capture_logs() as logs:
            others = [await asking(served) for _ in range(8)]
        assert await old.rest() == b""
        told = [log for log in logs if log["event"] == "listener.full"]
        assert [(log["log_level"], log["sockets"]) for log in told] == [("warning", 4)]
        socket.write(b"\x82\x80mask")
        assert await socket.read(2) == b"\x82\x00"
        for raw in (socket, old, *others):
            await raw.close()


async def test_when_nobody_waits_a_newcomer_is_told_that_there_is_no_room() -> None:
    async with running(sockets_at_most=2) as served:
        sockets = [await served.upgraded() for _ in range(2)]
        late = await served.raw()
        head, _, body = (await late.rest()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert json.loads(body)["code"] == "unavailable"
        for raw in (*sockets, late):
            await raw.close()


async def test_a_body_may_take_its_time_only_where_it_is_known_who_sends_it() -> None:
    limits = RequestLimits(head_seconds=0.05, body_seconds=PATIENCE)
    async with running(requests=limits) as served:
        known, stranger = await served.raw(), await served.raw()
        known.write(HALF % b"/known")
        stranger.write(HALF % b"/")
        assert await stranger.rest() == b""
        known.write(b"other")
        assert (await known.head()).startswith(b"HTTP/1.1 200 ")
        for raw in (known, stranger):
            await raw.close()
