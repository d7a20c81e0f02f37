"""The wires that a document's devices may speak: what they say to get in, and how an update travels.

All carry the same Yjs updates, so that servers which pass frames on are compared by the same bytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Final

from bench.load.authors import UPDATE
from bench.load.documents import ASKS_FOR_ALL, DocumentLoad, DocumentPlan, Room, Typist, TypistOf
from bench.load.merged import typed
from bench.load.socket import TEXT, Broken, masked
from bench.load.varuint import varstring
from bench.load.window import Tally

_AUTH: Final = b"\x02\x00"
_AUTH_REPLY, _SYNC_REPLY, _SYNC_STATUS = 2, 4, 8
_DENIED: Final = 1


class HocuspocusTypist(Typist):
    """Hocuspocus: the document's name before each message, a token in the first, a status for each update."""

    __slots__ = ("_prefix",)

    def __init__(self, room: Room, place: int, tally: Tally) -> None:
        super().__init__(room, place, tally)
        self._prefix = b""

    async def join(self, port: int, path: str) -> None:
        """Connect, say a token, and ask for the document."""
        self._prefix = varstring(self.name)
        await self.connect(port, "/")
        self.send(self._prefix + _AUTH + varstring("") + varstring("4.7.0"))
        self.send(self._prefix + ASKS_FOR_ALL)

    def framed(self, message: bytes) -> bytes:
        """With the name."""
        return masked(self._prefix + message)

    def received(self, message: bytes) -> None:
        """A status, or what y-websocket would say after the name."""
        body = message[len(self._prefix) :]
        kind = body[0]
        if kind == _SYNC_STATUS:
            if body[1] != 1:
                raise Broken("Hocuspocus refused an update")
            self.was_answered()
        elif kind == _AUTH_REPLY and body[1] == _DENIED:
            raise Broken("Hocuspocus refused the token")
        elif body[:2] == UPDATE:
            self._saw_merged(body)
        else:
            super().received(b"\x00" + body[1:] if kind == _SYNC_REPLY else body)

    def _saw_merged(self, message: bytes) -> None:
        """Hocuspocus sends what came in one tick of its loop as one update, to its authors too."""
        for client, clock in typed(message):
            typist = self.room.typists.get(client)
            if typist is not None and typist is not self:
                self.saw_until(typist, clock)


class SocketIoTypist(Typist):
    """socket.io over Engine.IO 4: an event of one binary argument is a text frame and a binary one."""

    __slots__ = ()
    _EVENT: Final = masked(b'451-["u",{"_placeholder":true,"num":0}]', TEXT)

    async def join(self, port: int, path: str) -> None:
        """Connect; the rest is said when the server has spoken."""
        await self.connect(port, f"/socket.io/?EIO=4&transport=websocket&room={self.name}")

    def framed(self, message: bytes) -> bytes:
        """The event, and its argument."""
        return self._EVENT + masked(message)

    def text(self, message: bytes) -> None:
        """Engine.IO: 0 open, 2 ping, 4 a packet of socket.io, of which 40 is connected and 44 refused."""
        if message[:1] == b"0":
            self.transport.write(masked(b"40", TEXT))
        elif message[:1] == b"2":
            self.transport.write(masked(b"3", TEXT))
        elif message[:2] == b"40":
            self.ready.set_result(None)
        elif message[:2] != b"45":
            raise Broken(f"socket.io said {message!r}")


class NatsTypist(Typist):
    """NATS over WebSocket: its text protocol as a stream within binary frames."""

    __slots__ = ("_stream",)
    _CONNECT: Final = (
        b'CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1","echo":false}\r\n'
    )

    def __init__(self, room: Room, place: int, tally: Tally) -> None:
        super().__init__(room, place, tally)
        self._stream = b""

    async def join(self, port: int, path: str) -> None:
        """Connect and subscribe; the answer to a ping says that it is done."""
        await self.connect(port, "/")
        self.send(self._CONNECT + f"SUB {self.name} 1\r\nPING\r\n".encode())

    def framed(self, message: bytes) -> bytes:
        """One publication."""
        return masked(f"PUB {self.name} {len(message)}\r\n".encode() + message + b"\r\n")

    def received(self, message: bytes) -> None:
        """Some of the stream."""
        stream = self._stream + message
        while end := stream.find(b"\r\n") + 1:
            line, rest = stream[: end - 1], stream[end + 1 :]
            if line.startswith(b"MSG "):
                size = int(line.rpartition(b" ")[2])
                if len(rest) < size + 2:
                    break
                super().received(rest[:size])
                rest = rest[size + 2 :]
            else:
                self._said(line)
            stream = rest
        self._stream = stream

    def _said(self, line: bytes) -> None:
        if line == b"PONG":
            self.ready.set_result(None)
        elif line == b"PING":
            self.send(b"PONG\r\n")
        elif line.startswith(b"-ERR"):
            raise Broken(f"NATS said {line!r}")


class CentrifugeTypist(Typist):
    """Centrifugo's JSON protocol: commands and replies, several in a frame are divided by line feeds."""

    __slots__ = ()
    _DATA: Final = b'"data":"'
    _CONNECT, _SUBSCRIBE, _PUBLISH = 1, 2, 3

    async def join(self, port: int, path: str) -> None:
        """Connect and subscribe."""
        await self.connect(port, "/connection/websocket")
        self._command({"id": self._CONNECT, "connect": {}})
        self._command({"id": self._SUBSCRIBE, "subscribe": {"channel": self.name}})

    def framed(self, message: bytes) -> bytes:
        """One publication; JSON carries no bytes, so they are a text in base64."""
        data = base64.b64encode(message).decode()
        command = {"id": self._PUBLISH, "publish": {"channel": self.name, "data": data}}
        return masked(json.dumps(command).encode(), TEXT)

    def text(self, message: bytes) -> None:
        """Pushes; replies; ``{}`` is a ping."""
        for line in message.split(b"\n"):
            start = line.find(self._DATA)
            if start >= 0:
                start += len(self._DATA)
                self.received(base64.b64decode(line[start : line.index(b'"', start)]))
            elif line == b"{}":
                self.transport.write(masked(b"{}", TEXT))
            elif b'"error"' in line or b'"disconnect"' in line:
                raise Broken(f"centrifuge said {line!r}")
            elif line.startswith(b'{"id":2'):
                self.ready.set_result(None)
            elif line.startswith(b'{"id":3'):
                self.was_answered()

    def _command(self, command: Mapping[str, object]) -> None:
        self.transport.write(masked(json.dumps(command).encode(), TEXT))


WIRES: Final[Mapping[str, TypistOf]] = {
    "y": Typist,
    "hocuspocus": HocuspocusTypist,
    "socket.io": SocketIoTypist,
    "nats": NatsTypist,
    "centrifuge": CentrifugeTypist,
}


def load_of(plan: DocumentPlan) -> DocumentLoad:
    """The load on the wire that the plan names."""
    return DocumentLoad(plan, WIRES[plan.wire])
