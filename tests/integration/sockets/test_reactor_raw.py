"""The listener under raw sockets: what well-behaved clients never do, and HTTP beside it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub import errors
from hub.ports import SystemClock
from hub.server.context import ReactorLimits
from hub.server.http_protocol import RequestLimits
from hub.server.listener import Listener
from hub.server.wheel import TimerWheel
from hub.telemetry.metrics import Metrics
from tests.integration.sockets.harness import (
    PATIENCE,
    SETTINGS,
    Application,
    Certificate,
    EchoHandlers,
    Raw,
    Running,
    running,
    upgrade_head,
)
from tests.unit.server.fakes import close_payload, masked, unmasked

GET = b"GET / HTTP/1.1\r\nHost: hub.example\r\n\r\n"
CLOSE = masked(close_payload(1000), 8)


# ------------------------------------------------------------ frames


async def test_frames_cut_anywhere_come_back(served: Running) -> None:
    raw = await served.upgraded()
    stream = (
        masked(b"one") + masked(b"tw", fin=False) + masked(b"ping", 9) + masked(b"o", 0) + masked(b"three")
    )
    for at in range(len(stream)):
        raw.write(stream[at : at + 1])
        await raw.writer.drain()
    pong, messages = unmasked(b"ping", 10), unmasked(b"one") + unmasked(b"two") + unmasked(b"three")
    answer = await raw.read(len(pong) + len(messages))
    assert pong in answer
    assert answer.replace(pong, b"") == messages
    await raw.close()


async def test_a_frame_that_is_not_masked_is_told_so_and_the_stream_ends(served: Running) -> None:
    raw = await served.upgraded()
    raw.write(unmasked(b"x"))
    frame = await raw.rest()
    assert frame[0] == 0x88
    assert frame[2:4] == (1002).to_bytes(2, "big")
    await raw.close()
    await asyncio.wait_for(served.handler.lost_event.wait(), PATIENCE)


async def test_a_declared_length_over_the_limit_ends_at_once(served: Running) -> None:
    raw = await served.upgraded()
    raw.write(b"\x82\xff" + (2**40).to_bytes(8, "big"))
    answer = await raw.rest()
    assert answer.startswith(unmasked(b"fatal too_big"))
    assert (4413).to_bytes(2, "big") in answer
    await raw.close()


async def test_a_client_that_half_closes_gets_its_answers_and_then_the_end(served: Running) -> None:
    raw = await served.upgraded()
    raw.write(masked(b"question"))
    assert await raw.read(10) == unmasked(b"question")
    raw.writer.write_eof()
    assert await raw.rest() == b""
    await asyncio.wait_for(served.handler.lost_event.wait(), PATIENCE)
    await raw.close()


async def test_a_client_that_vanishes_is_lost_once(served: Running) -> None:
    raw = await served.upgraded()
    raw.writer.transport.abort()
    await asyncio.wait_for(served.handler.lost_event.wait(), PATIENCE)
    served.handler.peer.answer(b"too late")
    assert served.handler.losses == 1


async def test_a_client_that_does_not_answer_the_close_frame_is_cut_off() -> None:
    async with running(sockets=ReactorLimits(close=0.05)) as served:
        raw = await served.upgraded()
        served.handler.peer.close(4403, "revoked")
        assert await raw.rest() == unmasked(close_payload(4403, "revoked"), 8)
        await asyncio.wait_for(served.handler.lost_event.wait(), PATIENCE)
        await raw.close()


async def test_a_silent_client_is_pinged_gets_beats_and_is_closed() -> None:
    async with running(sockets=ReactorLimits(beat=0.05, idle=0.4, close=0.05)) as served:
        raw = await served.upgraded()
        served.handler.idle_message = b"beat"
        sent = await raw.rest()
        assert unmasked(b"", 9) in sent
        assert unmasked(b"beat") in sent
        assert sent.endswith(unmasked(close_payload(4508, errors.TooSlow().message), 8))
        await raw.close()


# ------------------------------------------------------------ slow readers


async def relay_until_dropped(served: Running, relay: bytes) -> int:
    """How many were taken, one a turn."""
    for taken in range(100_000):
        if not served.handler.peer.relay(relay):
            return taken
        await asyncio.sleep(0)
    raise AssertionError("nothing was ever dropped")


async def test_a_slow_reader_loses_relays_and_is_told_when_it_has_drained(served: Running) -> None:
    raw = await served.upgraded(receive_bytes=4096)
    relay = bytes(50_000)
    taken = await relay_until_dropped(served, relay)
    served.handler.peer.answer(b"never dropped")
    expected = (unmasked(relay) * taken) + unmasked(b"never dropped")
    assert await raw.read(len(expected)) == expected
    await asyncio.wait_for(served.handler.drained_event.wait(), PATIENCE)
    assert served.handler.peer.relay(b"again")
    assert await raw.read(7) == unmasked(b"again")
    await raw.close()


async def test_a_reader_that_takes_nothing_is_given_up() -> None:
    async with running(drain_seconds=0.05, sockets=ReactorLimits(close=0.05)) as served:
        raw = await served.upgraded(receive_bytes=4096)
        await relay_until_dropped(served, bytes(50_000))
        await asyncio.wait_for(served.handler.lost_event.wait(), PATIENCE)
        assert served.metrics.closes == {4508: 1}
        await raw.close()


async def test_a_client_that_floods_and_never_reads_is_not_read_either(served: Running) -> None:
    raw = await served.upgraded(receive_bytes=4096)
    frame = masked(bytes(60_000))
    async with asyncio.timeout(PATIENCE):
        while raw.writer.transport.get_write_buffer_size() < 20 * len(frame):
            raw.write(frame)
            await asyncio.sleep(0)
    received = sum(map(len, served.handler.messages))
    for _ in range(50):
        await asyncio.sleep(0)
    assert sum(map(len, served.handler.messages)) == received
    raw.writer.transport.abort()


# ------------------------------------------------------------ upgrades


async def test_http_and_websockets_share_the_port_and_even_a_connection(served: Running) -> None:
    raw = await served.raw()
    for _ in range(2):
        raw.write(GET)
        assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
        assert await raw.read(14) == b"http 127.0.0.1"
    raw.write(upgrade_head("/echo?token=abc"))
    assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
    raw.write(masked(b"hello"))
    assert await raw.read(7) == unmasked(b"hello")
    assert served.handler.upgrade.token == "abc"
    raw.write(CLOSE)
    assert await raw.rest() == unmasked(close_payload(1000), 8)
    await raw.close()


async def test_a_bad_upgrade_is_answered_and_the_connection_closed(served: Running) -> None:
    raw = await served.raw()
    raw.write(upgrade_head().replace(b"Version: 13", b"Version: 8"))
    assert (await raw.rest()).startswith(b"HTTP/1.1 400 ")
    await raw.close()


async def test_an_address_may_have_only_so_many_connections() -> None:
    async with running(connections_per_address=1) as served:
        first, second = await served.upgraded(), await served.raw()
        second.write(upgrade_head())
        answer = await second.rest()
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "limit"
        for raw in (first, second):
            await raw.close()


async def test_sockets_and_requests_see_the_same_client_behind_a_trusted_proxy() -> None:
    forwarded = "X-Forwarded-For: 203.0.113.9, 198.51.100.7"
    for proxies, address in ((("127.0.0.0/8",), "198.51.100.7"), ((), "127.0.0.1")):
        async with running(trusted_proxies=proxies) as served:
            raw = await served.raw()
            raw.write(GET.replace(b"\r\n\r\n", f"\r\n{forwarded}\r\n\r\n".encode()))
            await raw.head()
            expected = f"http {address}".encode()
            assert await raw.read(len(expected)) == expected
            raw.write(upgrade_head("/echo", forwarded))
            await raw.head()
            assert served.handler.upgrade.address == address
            await raw.close()


async def test_a_token_in_the_url_is_never_logged(served: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        for target in ("/echo?token=secret", "/elsewhere?token=secret", "/?token=secret"):
            raw = await served.raw()
            raw.write(
                upgrade_head(target)
                if target != "/?token=secret"
                else GET.replace(b"/ ", b"/?token=secret ", 1)
            )
            await raw.head()
            raw.write(masked(b"", 3))
            await raw.close()
    assert "secret" not in caplog.text
    assert "secret" not in str(logs)


async def test_nagles_algorithm_is_off(served: Running) -> None:
    raw = await served.upgraded()
    transport = served.listener.connections[0]._transport
    end = transport.get_extra_info("socket")
    assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await raw.close()


# ------------------------------------------------------------ requests that don't come


async def test_a_head_that_grows_without_end_is_refused(served: Running) -> None:
    raw = await served.raw()
    raw.write(b"GET / HTTP/1.1\r\nX-Filler: ")
    async with asyncio.timeout(PATIENCE):
        while not raw.reader.at_eof() and not raw.writer.transport.is_closing():
            raw.write(b"x" * 4096)
            await asyncio.sleep(0.001)
    await raw.close()
    assert served.listener.connections == []


async def test_a_head_larger_than_allowed_is_told_so() -> None:
    async with running(requests=RequestLimits(head_bytes=100)) as served:
        raw = await served.raw()
        raw.write(b"GET / HTTP/1.1\r\nX-Filler: " + b"x" * 100)
        assert (await raw.rest()).startswith(b"HTTP/1.1 431 ")
        await raw.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost:", GET + b"GET", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a second head", "half a body"],
)
async def test_who_does_not_finish_a_request_in_time_is_cut_off(sent: bytes) -> None:
    async with running(requests=RequestLimits(head_seconds=0.05, body_seconds=0.05)) as served:
        raw = await served.raw()
        raw.write(sent)
        answer = await raw.rest()
        assert answer.count(b"HTTP/1.1 200 ") == sent.count(GET)
        await raw.close()


async def test_an_empty_line_does_not_keep_a_connection_open() -> None:
    async with running(requests=RequestLimits(head_seconds=0.05, body_seconds=0.05)) as served:
        raw = await served.raw()
        raw.write(GET)
        await raw.head()
        raw.write(b"\r\n")
        assert await raw.rest() == b"http 127.0.0.1"
        await raw.close()


async def test_an_answer_may_take_longer_than_a_request(served: Running) -> None:
    async with running(requests=RequestLimits(head_seconds=0.03, body_seconds=0.03)) as served:
        raw = await served.raw()
        raw.write(GET.replace(b"/ ", b"/slow ", 1))
        await asyncio.wait_for(served.application.reached.wait(), PATIENCE)
        waited = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, waited.set)
        await waited.wait()
        served.application.release.set()
        assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
        await raw.close()


# ------------------------------------------------------------ start and stop


async def test_a_port_in_use_is_told(served: Running) -> None:
    with pytest.raises(errors.PortInUse, match=str(served.port)):
        async with running(port=served.port):
            raise AssertionError("it started")


@pytest.mark.parametrize(
    ("host", "message"), [("192.0.2.1", "server.host"), ("no such host", "no address to listen on")]
)
async def test_an_address_that_is_not_ours_is_told(host: str, message: str) -> None:
    with pytest.raises(errors.BadConfig, match=message):
        async with running(host=host):
            raise AssertionError("it started")


async def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path, certificate: Certificate) -> None:
    for broken in (tmp_path / "absent.pem", certificate.key):
        with pytest.raises(errors.BadConfig, match=r"server\.tls_cert"):
            async with running(tls_cert=str(broken), tls_key=str(certificate.key)):
                raise AssertionError("it started")


async def test_an_application_that_refuses_to_start_is_told() -> None:
    async def refuse(scope: object, receive: object, send: object) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no"})  # type: ignore[operator]  # ASGI callables are untyped here

    wheel = TimerWheel(SystemClock())
    listener = Listener(refuse, EchoHandlers(), SETTINGS, wheel, Metrics())
    with pytest.raises(errors.StartError, match="refused to start"):
        await listener.start()
    await listener.stop(1)


async def test_ipv6_is_served_where_it_is_asked_for() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    async with running(host="::1") as served:
        reader, writer = await asyncio.open_connection("::1", served.port)
        raw = Raw(reader, writer)
        raw.write(upgrade_head())
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
        assert served.handler.upgrade.address == "::1"
        await raw.close()


async def test_an_ipv4_client_of_a_listener_on_all_addresses_keeps_its_address() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no dual-stack sockets here")
    async with running(host="::") as served:
        raw = await served.raw()
        raw.write(GET)
        await raw.head()
        assert await raw.read(14) == b"http 127.0.0.1"
        raw.write(upgrade_head())
        await raw.head()
        assert served.handler.upgrade.address == "127.0.0.1"
        await raw.close()


async def test_stopping_waits_for_the_request_being_answered(served: Running) -> None:
    raw = await served.raw()
    raw.write(GET.replace(b"/ ", b"/slow ", 1))
    await asyncio.wait_for(served.application.reached.wait(), PATIENCE)
    stopping = asyncio.create_task(served.listener.stop(PATIENCE))
    await asyncio.sleep(0)
    served.application.release.set()
    assert (await raw.head()).startswith(b"HTTP/1.1 200 ")
    await asyncio.wait_for(stopping, PATIENCE)
    await raw.close()


async def test_stopping_gives_up_what_does_not_end_in_time(served: Running) -> None:
    slow, silent = await served.raw(), await served.upgraded()
    slow.write(GET.replace(b"/ ", b"/slow ", 1))
    await asyncio.wait_for(served.application.reached.wait(), PATIENCE)
    async with asyncio.timeout(PATIENCE):
        await served.listener.stop(0.05)
        await served.handler.lost_event.wait()
    assert await silent.rest() == unmasked(close_payload(4503, errors.GoingAway().message), 8)
    for raw in (slow, silent):
        await raw.close()


async def test_stopping_twice_or_before_starting_does_nothing() -> None:
    listener = Listener(Application(), EchoHandlers(), SETTINGS, TimerWheel(SystemClock()), Metrics())
    assert listener.connections == []
    listener.stop_accepting()
    await listener.stop(1)
    await listener.start()
    await listener.stop(1)
    await listener.stop(1)
