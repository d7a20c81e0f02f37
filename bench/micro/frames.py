"""WebSocket frames: in through the inline path, out as bytes."""

from __future__ import annotations

from typing import Any, Final

from websockets.speedups import apply_mask

from bench.load.socket import masked
from bench.micro.case import Act, case
from hub.ports import Peer, Upgrade
from hub.server.framing import framed
from tests.unit.server.fakes import Process

_MESSAGE: Final = bytes(range(40))
_LONG: Final = bytes(1024)
_TOGETHER: Final = 16


class Deaf:
    """A dialect that does nothing with what it is told."""

    concatenates = True
    idle_message = b""

    def __init__(self, peer: Peer, upgrade: Upgrade) -> None:
        peer.limit_messages(65_536)

    def receive(self, message: bytes) -> None:
        """Nothing."""

    def fatal_message(self, error: Exception) -> bytes:
        return b""

    def drained(self) -> None:
        """Nothing."""

    def resumed(self) -> None:
        """Nothing."""

    def lost(self) -> None:
        """Nothing."""


def _arriving(data: bytes) -> Act:
    reactor: Any = Process(Deaf).connect().reactor
    return lambda: reactor.data_received(data)


CASES: Final = (
    case("frames: one message arrives", lambda: _arriving(masked(_MESSAGE))),
    case("frames: 16 messages arrive in one read", lambda: _arriving(masked(_MESSAGE) * _TOGETHER)),
    case("frames: unmask 1 KiB", lambda: lambda: apply_mask(_LONG, b"mask")),
    case("frames: one message leaves", lambda: lambda: framed([_MESSAGE], True)),
    case("frames: 16 messages leave together", lambda: lambda: framed([_MESSAGE] * _TOGETHER, True)),
)
