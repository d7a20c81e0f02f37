"""What all sockets of a process share, and what one of them may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from hub.ports import PeerHandler
from hub.server.addresses import AddressCounts
from hub.server.connection import Outbound
from hub.server.handshake import Doorway


@dataclass(frozen=True, slots=True)
class ReactorLimits:
    """What one socket may do. Sizes in bytes, times in seconds.

    Args:
        hello_bytes: the largest message until ``Peer.limit_messages``.
        beat: how long the hub may say nothing; and hear nothing, before it sends a ping.
        idle: how long it may hear nothing at all.
        close: how long the peer may take to answer a close frame, and to leave.
    """

    hello_bytes: int = 4096
    beat: float = 20.0
    idle: float = 60.0
    close: float = 10.0


@dataclass(frozen=True, slots=True)
class ReactorContext:
    """What all sockets of a process share."""

    limits: ReactorLimits
    outbound: Outbound
    doorway: Doorway
    addresses: AddressCounts


class ServerState(Protocol):
    """The part of uvicorn's state that a WebSocket protocol has to keep."""

    connections: set[Any]


class Nobody:
    """The handler of a socket that has none yet, or no more."""

    idle_message = b""
    concatenates = False

    def receive(self, message: bytes) -> None:
        """Nobody listens."""

    def fatal_message(self, error: Exception) -> bytes:
        """Nothing to say."""
        return b""

    def drained(self) -> None:
        """Nothing was dropped."""

    def resumed(self) -> None:
        """Nothing was received."""

    def lost(self) -> None:
        """Nobody minds."""


NOBODY: PeerHandler = Nobody()
