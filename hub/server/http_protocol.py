"""uvicorn's HTTP protocol with what it lacks: bounds on a request's head and on how long one may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.server.addresses import plain
from hub.server.handshake import UpgradeRequest
from hub.server.wheel import Timer, TimerWheel

_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How large and how slow a request may be. Sizes in bytes, times in seconds.

    Args:
        head_bytes: request line and headers; what one read brings beyond it may pass.
        head_seconds: from the first byte (of a new connection: from its start) to the end of the head.
        body_seconds: from there to the end of the body.
    """

    head_bytes: int = 16_384
    head_seconds: float = 10.0
    body_seconds: float = 60.0


class HttpProtocol(HttpToolsProtocol):
    """One socket that speaks HTTP, until it is upgraded.

    Args:
        wheel: times requests.
        limits: how large and how slow they may be.
        uvicorn: what uvicorn passes.
    """

    def __init__(self, wheel: TimerWheel, limits: RequestLimits, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        # URLs may hold tokens. uvicorn decides by how the process's loggers happen to be set up.
        self.access_log = False
        self._wheel = wheel
        self._limits = limits
        self._in_head = True
        self._head_bytes = 0
        self._timer: Timer | None = None
        # When what is awaited must be there; None while nothing is.
        self._due: float | None = None

    def connection_made(self, transport: Any) -> None:
        """A request must come in time."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain(self.client[0]), self.client[1])
        self._expect(self._limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, within the limits."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._due is None:
                self._expect(self._limits.head_seconds)
        super().data_received(data)
        too_large = self._in_head and self._head_bytes > self._limits.head_bytes
        if too_large and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins, perhaps right behind the request before it."""
        if self._due is None:
            self._expect(self._limits.head_seconds)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; the body must come in time, too."""
        self._in_head, self._head_bytes = False, 0
        self._expect(self._limits.body_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there; what comes next is another's head."""
        self._in_head, self._due = True, None
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the socket over, with the request as parsed: uvicorn would write it out to be parsed again.

        What holds on to this object is let go, so that its memory doesn't wait for the garbage collector.
        """
        self._forget()
        self.connections.discard(self)
        upgraded: Any = self.ws_protocol_class
        reactor = upgraded(server_state=self.server_state)
        reactor.connection_made(self.transport)
        scope = self.scope
        reactor.upgrade(UpgradeRequest(scope["method"], self.url, scope["http_version"], self.headers))
        self.transport.set_protocol(reactor)
        self.parser = None  # type: ignore[assignment]  # as uvicorn does when a connection is lost

    def abort(self) -> None:
        """Give the socket up at once."""
        self.transport.abort()

    def _expect(self, seconds: float) -> None:
        """The next thing must come within that time. The timer is moved only when it fires."""
        self._due = self._wheel.now + seconds
        if self._timer is None:
            self._timer = self._wheel.schedule(seconds, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._due is None:
            return
        left = self._due - self._wheel.now
        if left > 0:
            self._timer = self._wheel.schedule(left, self._check)
        else:
            self.abort()

    def _forget(self) -> None:
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
