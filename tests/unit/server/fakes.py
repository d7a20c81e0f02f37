"""What stands in for the network and the engine in tests of the sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from hub import errors
from hub.model import Milliseconds
from hub.ports import Peer, PeerHandler, Upgrade
from hub.server.addresses import AddressCounts, TrustedProxies
from hub.server.connection import Outbound
from hub.server.context import ReactorContext, ReactorLimits
from hub.server.flusher import Flusher
from hub.server.handshake import Doorway, UpgradeRequest
from hub.server.reactor import WebSocketReactor
from hub.server.wheel import TimerWheel
from hub.telemetry.metrics import Metrics

HIGH_WATER = 65_536
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x12\x34\x56\x78"


def masked(
    payload: bytes, opcode: int = 2, *, fin: bool = True, reserved: int = 0, mask: bytes = MASK
) -> bytes:
    """A frame as a client sends it."""
    head = bytes((fin << 7 | reserved << 4 | opcode,))
    return head + _length(len(payload), 0x80) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def unmasked(payload: bytes, opcode: int = 2, *, fin: bool = True) -> bytes:
    """A frame as a server sends it."""
    return bytes((fin << 7 | opcode,)) + _length(len(payload), 0) + payload


def close_payload(code: int, reason: str = "") -> bytes:
    return code.to_bytes(2, "big") + reason.encode()


def _length(length: int, flag: int) -> bytes:
    if length < 126:
        return bytes((flag | length,))
    if length < 65_536:
        return bytes((flag | 126,)) + length.to_bytes(2, "big")
    return bytes((flag | 127,)) + length.to_bytes(8, "big")


class VirtualClock:
    """Moves when told."""

    def __init__(self) -> None:
        self.seconds = 1000.1

    def now(self) -> Milliseconds:
        return Milliseconds(round(self.seconds * 1000))

    def monotonic(self) -> float:
        return self.seconds


class RecordingTransport(asyncio.Transport):
    """Keeps every write. While ``blocked``, the peer reads nothing, and what is written waits."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.blocked = False
        self.waiting = 0
        self.closed = self.aborted = self.eof = False
        self.reading = True
        self.protocol: Any = None
        self._full = False

    def write(self, data: Any) -> None:
        assert not self.closed
        assert not self.eof
        self.writes.append(bytes(data))
        if self.blocked:
            self.waiting += len(data)
            if self.waiting > HIGH_WATER and not self._full:
                self._full = True
                self.protocol.pause_writing()

    def take(self, size: int) -> None:
        """The peer reads so many of the bytes that wait; with none left, it reads on."""
        self.waiting = max(0, self.waiting - size)
        if self._full and self.waiting <= HIGH_WATER // 4:
            self._full = self.blocked = False
            self.protocol.resume_writing()

    @property
    def sent(self) -> bytes:
        return b"".join(self.writes)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 50_000) if name == "peername" else default

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.eof = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class RecordingHandler:
    """Keeps what it receives. A message ``!`` is malformed, ``?`` fails, ``bye`` closes."""

    concatenates = True

    def __init__(self, peer: Peer, upgrade: Upgrade) -> None:
        self.peer = peer
        self.upgrade = upgrade
        self.idle_message = b""
        self.messages: list[bytes] = []
        self.drains = 0
        self.resumptions = 0
        self.losses = 0

    def receive(self, message: bytes) -> None:
        self.messages.append(message)
        if message == b"!":
            raise errors.Malformed
        if message == b"?":
            raise RuntimeError("broken")
        if message == b"bye":
            self.peer.close(1000, "bye")

    def fatal_message(self, error: Exception) -> bytes:
        assert isinstance(error, errors.Fatal)
        return b"fatal " + error.code.encode()

    def drained(self) -> None:
        self.drains += 1

    def resumed(self) -> None:
        self.resumptions += 1

    def lost(self) -> None:
        self.losses += 1


class Handlers:
    """Serves ``/v1/connect`` (subprotocol ``tongbu.v1``) by what ``make`` makes."""

    def __init__(self, make: Callable[[Peer, Upgrade], Any] = RecordingHandler) -> None:
        self.make = make
        self.made: list[Any] = []

    def serves(self, path: str) -> bool:
        return path.startswith("/v1/connect")

    def subprotocol(self, path: str, offered: Sequence[str]) -> str | None:
        return "tongbu.v1" if "tongbu.v1" in offered else None

    def accept(self, peer: Peer, upgrade: Upgrade) -> PeerHandler:
        handler: PeerHandler = self.make(peer, upgrade)
        self.made.append(handler)
        return handler


class State:
    """uvicorn's, as far as sockets know it."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()


def upgrade_request(
    target: str = "/v1/connect", /, *more: tuple[str, str], **changes: str | None
) -> UpgradeRequest:
    """A request as a browser sends it; headers by keyword, None removes one; ``more`` of them at its end."""
    headers: dict[str, str | None] = {
        "host": "hub.example",
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-key": KEY,
        "sec-websocket-version": "13",
    }
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    pairs = [(name, value) for name, value in headers.items() if value is not None]
    return UpgradeRequest("GET", target, "1.1", [*pairs, *more])


class Process:
    """One process's sockets: virtual time, and callbacks that run when told."""

    def __init__(
        self,
        make: Callable[[Peer, Upgrade], Any] = RecordingHandler,
        *,
        max_bytes: int = 4096,
        buffer_bytes: int = 1_048_576,
        connections_per_address: int = 10_000,
        idle: float = 60.0,
    ) -> None:
        self.clock = VirtualClock()
        self.wheel = TimerWheel(self.clock)
        self.metrics = Metrics()
        self.soon: deque[Callable[[], None]] = deque()
        self.handlers = Handlers(make)
        self.state = State()
        self.later: deque[Callable[[], None]] = deque()
        flusher = Flusher(self.soon.append, lambda _, callback: self.later.append(callback))
        self.context = ReactorContext(
            ReactorLimits(hello_bytes=max_bytes, idle=idle),
            Outbound(flusher, self.wheel, self.metrics, buffer_bytes, drain_seconds=30.0),
            Doorway(
                self.handlers, lambda origin, host: origin in (None, "https://hub.example"), TrustedProxies()
            ),
            AddressCounts(connections_per_address),
        )

    def connect(self, request: UpgradeRequest | None = None) -> Socket:
        return Socket(self, request or upgrade_request())

    def turn(self) -> None:
        """Run what was to be called soon."""
        for _ in range(len(self.soon)):
            self.soon.popleft()()

    def gathered(self) -> None:
        """Run what was to be called a moment later."""
        while self.later:
            self.later.popleft()()

    def wait(self, seconds: float) -> None:
        """Let time pass, a tick at a time."""
        end = self.clock.seconds + seconds
        while self.clock.seconds < end:
            self.clock.seconds = min(end, self.clock.seconds + 0.25)
            self.wheel.advance()
            self.turn()


class Socket:
    """One upgraded socket and its ends."""

    def __init__(self, process: Process, request: UpgradeRequest) -> None:
        self.process = process
        self.transport = RecordingTransport()
        self.reactor = WebSocketReactor(process.context, server_state=process.state)
        self.transport.protocol = self.reactor
        self.reactor.connection_made(self.transport)
        self.reactor.upgrade(request, "192.0.2.1")
        self.response = self.transport.sent
        self.transport.writes.clear()
        self.handler: Any = process.handlers.made[-1] if process.handlers.made else None

    @property
    def peer(self) -> Peer:
        peer: Peer = self.handler.peer
        return peer

    def receive(self, *chunks: bytes) -> None:
        """These bytes arrive, each chunk by itself; then the turn ends."""
        for chunk in chunks:
            if not self.transport.closed:
                self.reactor.data_received(chunk)
        self.process.turn()

    @property
    def sent(self) -> bytes:
        return self.transport.sent
