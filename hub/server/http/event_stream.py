"""Server-sent events (HTML Living Standard §9.2): how they leave, for as long as somebody may follow.

::

    retry: 2417

    id: 123.8
    event: item
    data: {"id": "build-7", …}

    : beat

A stream ends when its token expires or the hub goes away; an ``EventSource`` then comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, Protocol

from litestar.types import Receive, Scope, Send

from hub.errors import HubError, Limit
from hub.ports import Clock
from hub.server.http.answer import Header, encode_json
from hub.server.http.call import Call
from hub.telemetry import logs

MEDIA_TYPE: Final = "text/event-stream"
SEND_TIMEOUT: Final = 60.0
"""Seconds that one event may take to fit into the socket's buffer."""
LAST_WRITE: Final = 1.0
"""Seconds that the end of a stream may take to fit into the socket's buffer."""
RETRY: Final = (1000, 5000)
"""Milliseconds after which followers come back, spread out."""
MAX_STREAMS: Final = 20_000
BEAT: Final = b": beat\n\n"

_HEADERS: Final[list[Header]] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]

_log = logs.get("http")


class Blocks(Protocol):
    """What is sent, block by block. A ``HubError`` or the last block ends the stream."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks."""
        ...

    async def aclose(self) -> None:
        """Nobody follows any more. Called once, last, also where nothing was asked for."""
        ...


class Streams:
    """Counts the streams that are open, those of all routes together.

    Args:
        clock: tells when a token expires.
    """

    most = MAX_STREAMS
    """How many may be open at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open = 0

    def check_room(self) -> None:
        """Raises ``Limit`` where no further one may be opened."""
        if self._open >= self.most:
            raise Limit("too many streams are open", retry_after=RETRY[1])

    def answer(self, call: Call, blocks: Blocks) -> EventStream:
        """An answer that lasts until the caller's token expires."""
        return EventStream(self, call, blocks, (call.identity.expires_at - self._clock.now()) / 1000)

    def opened(self) -> None:
        """Count one more."""
        self._open += 1

    def closed(self) -> None:
        """Count one less."""
        self._open -= 1


class EventStream:
    """One stream as an ASGI response, for at most ``seconds``."""

    __slots__ = ("_blocks", "_call", "_seconds", "_streams")

    def __init__(self, streams: Streams, call: Call, blocks: Blocks, seconds: float) -> None:
        self._streams = streams
        self._call = call
        self._blocks = blocks
        self._seconds = seconds

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send blocks until they end, the follower is gone, or time is up."""
        self._streams.opened()
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(self._call.disconnected())
        try:
            await asyncio.wait(
                (sending, leaving), timeout=max(self._seconds, 0), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._streams.closed()
            await cancel(leaving)
            await cancel(sending)
            await self._blocks.aclose()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WRITE):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        try:
            await _put(send, b"retry: %d\n\n" % random.randint(*RETRY))
            async for block in self._blocks:
                await _put(send, block)
        except TimeoutError:
            return
        except HubError as error:
            _log.info("http.stream_ended", code=error.code)
        except Exception:
            _log.exception("http.stream_failed")


def block(event: str, data: Any, event_id: str = "") -> bytes:
    """One event: its name, JSON, and the id to resume from (b"" for none)."""
    lines = b"event: %s\ndata: %s\n\n" % (event.encode(), encode_json(data))
    return b"id: %s\n%s" % (event_id.encode(), lines) if event_id else lines


def is_stream(headers: Iterable[Header]) -> bool:
    """Whether an answer with these headers is a stream."""
    return _HEADERS[0] in headers


async def cancel(future: asyncio.Future[Any]) -> None:
    """Cancel and await; what it raised was told already, or is nobody's business any more."""
    future.cancel()
    await asyncio.wait((future,))
    if not future.cancelled():
        future.exception()


async def close(events: AsyncIterator[Any]) -> None:
    """End an iterator that may be a generator."""
    aclose = getattr(events, "aclose", None)
    if aclose is not None:
        await aclose()


async def _put(send: Send, lines: bytes) -> None:
    """Send; raises ``TimeoutError`` when the follower takes nothing."""
    async with asyncio.timeout(SEND_TIMEOUT):
        await send({"type": "http.response.body", "body": lines, "more_body": True})
