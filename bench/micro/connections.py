"""Whole connections without sockets: what one takes to come and go, and one message to many of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from types import SimpleNamespace
from typing import Any, Final

from bench.load.socket import masked
from bench.micro.case import Act, Case, case
from bench.micro.frames import Deaf
from hub.config import Config
from hub.engine.dialects import Dialects
from hub.protocol import native_device as wire
from hub.server.addresses import AddressCounts, TrustedProxies
from hub.server.arrival import Arrival
from hub.server.connection import Outbound
from hub.server.context import ReactorContext, ReactorLimits
from hub.server.flusher import Flusher
from hub.server.handshake import Doorway
from hub.server.http_protocol import Entrance, RequestLimits
from hub.server.listener import listener_settings
from hub.server.reactor import WebSocketReactor
from hub.server.room import Room
from tests.kit.engines import Engine, running_engine
from tests.unit.server.fakes import Process, State

_READERS: Final = 1_000
_MESSAGE: Final = bytes(range(40))
_UPGRADE: Final = (
    b"GET /v1/connect HTTP/1.1\r\nHost: 127.0.0.1:8787\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: tongbu.v1\r\n\r\n"
)


class Silent(asyncio.Transport):
    """Takes everything."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50_000)})
        self.protocol: Any = None

    def write(self, data: object) -> None:
        """Taken."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing comes."""

    def resume_reading(self) -> None:
        """Nothing comes."""


class Door:
    """Where sockets arrive at an engine. What was to be called soon is called with ``turn``."""

    def __init__(self, engine: Engine) -> None:
        self._soon: deque[Callable[[], None]] = deque()
        outbound = Outbound(
            Flusher(self._soon.append, lambda _, callback: self._soon.append(callback)),
            engine.wheel,
            engine.metrics,
            1_048_576,
            30.0,
        )
        doorway = Doorway(
            Dialects(engine.services), listener_settings(Config()).allows_origin, TrustedProxies()
        )
        context = ReactorContext(ReactorLimits(), outbound, doorway, AddressCounts(20_000))
        room = Room(20_000, lambda: engine.wheel.now)
        self._entrance = Entrance(engine.wheel, RequestLimits(), context.addresses, doorway.proxies, room)
        self._uvicorn = {
            "config": SimpleNamespace(ws_protocol_class=lambda **state: WebSocketReactor(context, **state)),
            "server_state": State(),
        }

    def arrive(self) -> Silent:
        """A socket that asked for an upgrade at once."""
        transport = Silent()
        transport.protocol = Arrival(self._entrance, **self._uvicorn)
        transport.protocol.connection_made(transport)
        transport.protocol.data_received(_UPGRADE)
        return transport

    def turn(self) -> None:
        """Let what is queued be written."""
        while self._soon:
            self._soon.popleft()()


@contextmanager
def _coming_and_going() -> Iterator[Act]:
    """A device that the hub knows connects, says hello, has its inbox opened, and is gone."""
    with asyncio.Runner() as runner:
        life = AsyncExitStack()
        engine = runner.run(life.enter_async_context(running_engine()))
        door = Door(engine)
        hello = masked(wire.hello(engine.token("ann", ttl=86_400), "ann.phone", "bench", "bench"))
        opening = masked(wire.open_topic(1, "inbox/ann", 0, 0))

        def come(meanwhile: Callable[[], None]) -> None:
            transport = door.arrive()
            for said in (hello, opening):
                transport.protocol.data_received(said)
                meanwhile()
                door.turn()
            transport.protocol.connection_lost(None)

        try:
            come(lambda: runner.run(engine.quiet()))  # from now on all of it is in memory
            yield lambda: come(lambda: None)
        finally:
            runner.run(life.aclose())


def _to_many() -> Act:
    process = Process(Deaf)
    sockets = [process.connect() for _ in range(_READERS)]
    peers = [socket.reactor._peer for socket in sockets]
    for peer in peers:
        peer._transport = Silent()

    def relay() -> None:
        for peer in peers:
            peer.relay(_MESSAGE)
        while process.soon or process.later:
            process.turn()
            process.gathered()

    return relay


CASES: Final = (
    Case("connections: a known device comes, opens its inbox and goes", _coming_and_going),
    case("connections: one message to 1,000 readers", _to_many, 10),
)
