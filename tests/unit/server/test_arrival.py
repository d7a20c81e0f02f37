"""A socket's first bytes: upgrades in plain form are read at once, everything else speaks HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from hub.server.addresses import AddressCounts, TrustedProxies
from hub.server.arrival import Arrival, upgrade_request
from hub.server.handshake import UpgradeRequest
from hub.server.http_protocol import Entrance, HttpProtocol, RequestLimits
from hub.server.room import Room
from hub.server.wheel import TimerWheel
from tests.unit.server.fakes import RecordingTransport, VirtualClock

HEAD = (
    b"GET /v1/connect?token=a%20b HTTP/1.1\r\nHost: hub.example\r\nUpgrade: WebSocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
PLAIN = b"GET /healthz HTTP/1.1\r\nHost: hub.example\r\n\r\n"


class Parsed:
    """What uvicorn's parser makes of a request."""

    def __init__(self, head: bytes) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.parser = httptools.HttpRequestParser(self)
        with pytest.raises(httptools.HttpParserUpgrade):
            self.parser.feed_data(head)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_message_complete(self) -> None:
        self.complete = True

    def request(self) -> UpgradeRequest:
        method, version = self.parser.get_method().decode(), self.parser.get_http_version()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        return UpgradeRequest(method, self.url.decode("latin-1"), version, headers)


class Upgraded:
    """In the reactor's place."""

    def __init__(self, server_state: ServerState) -> None:
        self.request: UpgradeRequest | None = None
        self.address = ""

    def connection_made(self, transport: Any) -> None:
        """Handed over."""

    def upgrade(self, request: UpgradeRequest, address: str) -> None:
        self.request, self.address = request, address


class Socket(RecordingTransport):
    """One whose protocol may change."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


class Door:
    """Sockets in virtual time."""

    def __init__(self, per_address: int = 10, sockets: int | None = None) -> None:
        self.clock = VirtualClock()
        self.wheel = TimerWheel(self.clock)
        self.state = ServerState()
        self.config = uvicorn.Config(answer, log_config=None)
        self.config.load()
        self.config.ws_protocol_class = Upgraded  # type: ignore[assignment]  # as much of it as is called
        self.addresses = AddressCounts(per_address)
        self.entrance = Entrance(
            self.wheel,
            RequestLimits(),
            self.addresses,
            TrustedProxies(),
            Room(sockets, lambda: self.wheel.now),
        )

    def arrive(self) -> Socket:
        transport = Socket()
        transport.protocol = Arrival(
            self.entrance, config=self.config, server_state=self.state, app_state={}, _loop=None
        )
        transport.protocol.connection_made(transport)
        return transport

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.clock.seconds += 0.25
            self.wheel.advance()


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Never called: nothing here waits for an answer."""


def receive(transport: Socket, data: bytes) -> Any:
    """What the socket speaks after these bytes."""
    protocol: Any = transport.protocol
    protocol.data_received(data)
    return transport.protocol


async def test_an_upgrade_in_plain_form_reaches_the_reactor_as_it_was_sent() -> None:
    upgraded = receive(Door().arrive(), HEAD)
    assert isinstance(upgraded, Upgraded)
    assert upgraded.request is not None
    assert (upgraded.request.method, upgraded.request.version) == ("GET", "1.1")
    assert upgraded.request.target == "/v1/connect?token=a%20b"
    assert upgraded.request.fields == Parsed(HEAD).request().fields
    assert not upgraded.request.repeated
    assert upgraded.address == "192.0.2.1"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        HEAD[:20],
        HEAD + b"\x82",
        HEAD.replace(b"GET", b"POST", 1),
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HEAD.replace(b"Host:", b"Content-Length: 0\r\nHost:"),
        HEAD.replace(b"Host:", b"Transfer-Encoding: chunked\r\nHost:"),
        HEAD.replace(b"Host:", b"Upgrade: websocket\r\nHost:"),
        HEAD.replace(b"\r\nHost", b"\r\n folded\r\nHost"),
        HEAD.replace(b"hub.example", b"hub\x00example"),
        HEAD.replace(b"\r\n", b"\n"),
        b"",
    ],
)
def test_everything_else_is_left_to_the_http_parser(data: bytes) -> None:
    assert upgrade_request(data) is None


async def test_a_request_that_is_no_upgrade_speaks_http() -> None:
    door = Door()
    transport = door.arrive()
    assert isinstance(receive(transport, PLAIN), HttpProtocol)
    assert door.state.connections == {transport.protocol}


async def test_a_head_in_pieces_is_upgraded_all_the_same() -> None:
    transport = Door().arrive()
    receive(transport, HEAD[:50])
    assert isinstance(receive(transport, HEAD[50:]), Upgraded)


@pytest.mark.parametrize("said", [b"", b"GET /"])
async def test_a_socket_has_ten_seconds_from_its_start_for_its_first_head(said: bytes) -> None:
    door = Door()
    transport = door.arrive()
    door.wait(7)
    if said:
        receive(transport, said)
    door.wait(2.5)
    assert not transport.aborted
    door.wait(1)
    assert transport.aborted


async def test_a_silent_socket_counts_for_its_address_until_it_is_gone_or_upgraded() -> None:
    door = Door(per_address=1)
    first, second = door.arrive(), door.arrive()
    assert receive(second, PLAIN).app is not door.config.loaded_app
    receive(first, HEAD)
    third = door.arrive()
    assert receive(third, PLAIN).app is door.config.loaded_app


async def test_silent_sockets_make_room_and_are_told_where_there_is_none() -> None:
    door = Door(sockets=1)
    oldest = door.arrive()
    door.wait(1)
    assert not door.arrive().closed
    assert oldest.aborted
    none_left = Door(sockets=0).arrive()
    assert none_left.closed
    assert none_left.writes[0].startswith(b"HTTP/1.1 503")


async def test_a_silent_socket_is_closed_when_the_server_stops() -> None:
    door = Door()
    transport = door.arrive()
    [arrival] = door.state.connections
    arrival.shutdown()
    assert transport.closed
    arrival.connection_lost(None)
    assert not door.state.connections


fields = st.tuples(
    st.sampled_from(
        [b"Host", b"Origin", b"Cookie", b"upgrade", b"Connection", b"content-length", b"X y", b""]
    ),
    st.sampled_from([b":", b": ", b" :", b":\t"]),
    st.sampled_from(
        [b"websocket", b"upgrade", b"0", b"a b\xe4", b"", b" \t ", b"\x00", b"x\r", b"keep, Upgrade"]
    ),
)


@given(
    st.sampled_from([b"/v1/connect", b"/yjs/doc/a?token=x", b"/%00", b"/a#b", b"http://h/", b"/a b", b"*"]),
    st.lists(fields, max_size=4),
)
@example(b"/", [])
def test_what_is_read_at_once_is_what_the_http_parser_reads(
    target: bytes, headers: list[tuple[bytes, bytes, bytes]]
) -> None:
    lines = b"".join(name + colon + value + b"\r\n" for name, colon, value in headers)
    head = b"GET " + target + b" HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n" + lines + b"\r\n"
    ours = upgrade_request(head)
    if ours is None:
        return
    parsed = Parsed(head)
    assert parsed.complete
    theirs = parsed.request()
    assert (ours.target, ours.fields) == (theirs.target, theirs.fields)
    assert ours.repeated == theirs.repeated
