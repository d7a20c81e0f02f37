"""One WebSocket of a load: frames out and in, as cheap as Python has them, so that the load is no bottleneck.

Extensions are never offered, so what arrives is whole or fragmented binary, text or control frames. A server
under test sends messages in one frame each; pings are answered, anything else ends the run.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import cast

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

TEXT = 0x81
_BINARY, _CLOSE, _PING, _PONG = 0x82, 0x88, 0x89, 0x8A
_MASK = b"\x37\xfa\x21\x3d"


class Broken(Exception):
    """The server did what no run expects: closed, refused, or spoke another language."""


def masked(payload: bytes, head: int = _BINARY) -> bytes:
    """One frame as a device sends it. Always the same mask: only proxies need a random one."""
    size = len(payload)
    if size < 126:
        header = bytes((head, 0x80 | size))
    elif size < 65_536:
        header = bytes((head, 0xFE)) + size.to_bytes(2, "big")
    else:
        header = bytes((head, 0xFF)) + size.to_bytes(8, "big")
    return b"".join((header, _MASK, apply_mask(payload, _MASK)))


class LoadSocket(asyncio.Protocol):
    """Connects, upgrades, and hands every binary message to ``received``."""

    __slots__ = ("_held", "_upgraded", "closed", "ready", "transport")

    transport: asyncio.Transport

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._held = b""
        self._upgraded: asyncio.Future[None] | None = loop.create_future()
        self.ready: asyncio.Future[None] = loop.create_future()
        """Settled by the load once the connection can work; fails when it is lost before."""
        self.closed = False

    async def connect(self, port: int, path: str, subprotocol: str | None = None) -> None:
        """Connect to 127.0.0.1 and upgrade. Raises ``Broken``."""
        loop = asyncio.get_running_loop()
        assert self._upgraded is not None
        upgraded = self._upgraded
        await loop.create_connection(lambda: self, "127.0.0.1", port)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        offered = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{offered}\r\n".encode()
        )
        await upgraded

    def send(self, payload: bytes) -> None:
        """Send one message."""
        self.transport.write(masked(payload))

    def received(self, message: bytes) -> None:
        """One whole binary message came."""
        raise NotImplementedError

    def text(self, message: bytes) -> None:
        """One whole text message came; only some wires have them."""
        raise Broken(f"a text that no server here sends: {message[:80]!r}")

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected; the upgrade follows."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what came apart."""
        if self._held:
            data, self._held = self._held + data, b""
        if self._upgraded is not None:
            data = self._open(data)
        offset, size = 0, len(data)
        while size - offset >= 2:
            length, start = data[offset + 1], offset + 2
            if length > 125:
                wide = 2 if length == 126 else 8
                length, start = int.from_bytes(data[start : start + wide], "big"), start + wide
            end = start + length
            if end > size:
                break
            if data[offset] == _BINARY:
                self.received(data[start:end])
            else:
                self._control(data[offset], data[start:end])
            offset = end
        if offset < size:
            self._held = data[offset:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody asked for that while the load runs."""
        lost = Broken(f"the server closed a connection: {exc or 'end of stream'}")
        for waiting in (self._upgraded, self.ready):
            if waiting is not None and not waiting.done():
                waiting.set_exception(lost)
        self.closed = True

    def _open(self, data: bytes) -> bytes:
        """The answer to the upgrade, as far as it is there; what follows it."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            self._held = data
            return b""
        assert self._upgraded is not None
        if head.startswith(b"HTTP/1.1 101 "):
            self._upgraded.set_result(None)
        else:
            self._upgraded.set_exception(Broken(head.partition(b"\r\n")[0].decode("latin-1")))
        self._upgraded = None
        return rest

    def _control(self, head: int, payload: bytes) -> None:
        if head == TEXT:
            self.text(payload)
        elif head == _PING:
            self.transport.write(masked(payload, _PONG))
        elif head == _CLOSE:
            code = int.from_bytes(payload[:2], "big")
            self.connection_lost(Broken(f"close {code} {payload[2:].decode(errors='replace')}"))
            self.transport.close()
        elif head != _PONG:
            raise Broken(f"a frame of a sort that no server here sends: {head:#x}")
