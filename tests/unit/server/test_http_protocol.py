"""Plain HTTP connections whose peers take nothing of their answers."""

from __future__ import annotations

from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from hub.server.addresses import AddressCounts, TrustedProxies
from hub.server.http_protocol import Entrance, HttpProtocol, RequestLimits
from hub.server.room import Room
from hub.server.wheel import TimerWheel
from tests.unit.server.fakes import HIGH_WATER, RecordingTransport, VirtualClock


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Never called: these tests write by themselves."""


class Connection:
    """One connection, in virtual time."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.wheel = TimerWheel(self.clock)
        config = uvicorn.Config(application, log_config=None)
        config.load()
        room = Room(None, lambda: self.wheel.now)
        limits = RequestLimits(head_seconds=10_000, drain_seconds=10)
        entrance = Entrance(self.wheel, limits, AddressCounts(1), TrustedProxies(), room)
        self.protocol = HttpProtocol(entrance, config=config, server_state=ServerState(), app_state={})
        self.transport = RecordingTransport()
        self.transport.protocol = self.protocol
        self.protocol.connection_made(self.transport)
        self.transport.blocked = True

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.clock.seconds += 0.25
            self.wheel.advance()


@pytest.fixture
async def connection() -> Connection:
    return Connection()


async def test_a_peer_that_takes_nothing_of_a_full_buffer_is_given_up(connection: Connection) -> None:
    connection.transport.write(bytes(HIGH_WATER + 1))
    connection.wait(9)
    assert not connection.transport.aborted
    connection.wait(12)
    assert connection.transport.aborted


async def test_a_connection_that_was_closed_does_not_wait_for_a_peer_that_takes_nothing(
    connection: Connection,
) -> None:
    connection.transport.write(bytes(100))
    connection.wait(60)
    assert not connection.transport.aborted
    connection.transport.close()
    connection.wait(21)
    assert connection.transport.aborted


async def test_a_peer_that_is_slow_keeps_its_connection(connection: Connection) -> None:
    connection.transport.write(bytes(4 * HIGH_WATER))
    for _ in range(20):
        connection.wait(5)
        connection.transport.take(10_000)
    connection.transport.take(10 * HIGH_WATER)
    connection.transport.blocked = True
    connection.transport.write(bytes(4 * HIGH_WATER))
    connection.wait(9)
    assert not connection.transport.aborted
