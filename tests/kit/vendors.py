"""A server that answers as told, byte for byte: what a vendor, a proxy or nobody at all may do to a call."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

Manner = Literal["whole", "cut", "silent", "endless"]
"""``cut``: the connection ends after the bytes. ``silent``: nothing more comes, the connection stays.
``endless``: zeros follow for ever."""


@dataclass(frozen=True, slots=True)
class Reply:
    """``content`` goes out as it is, once the request was read."""

    content: bytes
    manner: Manner = "whole"


@dataclass(slots=True)
class Request:
    """One that came."""

    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass
class Vendor:
    """A listening server. ``requests`` are those read whole; ``connections`` counts sockets."""

    replies: list[Reply] = field(default_factory=list)
    """What comes next, in order; ``otherwise`` then."""
    otherwise: Reply = field(default_factory=lambda: answer(200, '{"errcode":0,"errmsg":"ok"}'))
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether a request was read."""
    connections: int = 0
    port: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            self.requests.append(await _read(reader))
            self.arrived.set()
            await self._reply(writer, self.replies.pop(0) if self.replies else self.otherwise)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    async def _reply(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        writer.write(reply.content)
        await writer.drain()
        match reply.manner:
            case "silent":
                await self._closing.wait()
            case "endless":
                while not self._closing.is_set():
                    writer.write(bytes(64 * 1024))
                    await writer.drain()
            case _:
                writer.close()
                await writer.wait_closed()

    def end(self) -> None:
        self._closing.set()
        for writer in tuple(self._writers):
            writer.transport.abort()


def answer(status: int, content: str | bytes | dict[str, Any] = b"", **headers: str) -> Reply:
    """An HTTP answer. ``Retry_After="5"`` becomes a header."""
    if isinstance(content, dict):
        content = json.dumps(content)
    body = content.encode() if isinstance(content, str) else content
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Reply("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def half(reply: Reply) -> Reply:
    """The same, cut before its last bytes."""
    return Reply(reply.content[:-5], "cut")


@asynccontextmanager
async def vendor(context: ssl.SSLContext | None = None) -> AsyncIterator[Vendor]:
    """A vendor on a port of its own; with TLS where there is a context."""
    made = Vendor()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.end()
        server.close()
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(first.split(" ")[1], headers, body)
