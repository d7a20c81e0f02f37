"""uvicorn's HTTP protocol with what it lacks: bounds on a request's head, on how long one may take, on how
many there are, and an end for peers that don't take their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub import errors
from hub.server.addresses import AddressCounts, TrustedProxies, plain
from hub.server.handshake import UpgradeRequest, refuse
from hub.server.http.answer import PROBLEM, Answer, encode_json
from hub.server.http.gate import KNOWN
from hub.server.http.problems import document
from hub.server.room import Room
from hub.server.wheel import Timer, TimerWheel

_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """How large and how slow a request may be. Sizes in bytes, times in seconds.

    Args:
        head_bytes: request line and headers; what one read brings beyond it may pass.
        head_seconds: from the first byte (of a new connection: from its start) to the end of the head; and
            from there to the end of the body, while nobody knows who asks.
        body_seconds: from there to the end of the body, for those with a valid token.
        drain_seconds: how long the peer may take nothing of an answer.
    """

    head_bytes: int = 16_384
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    drain_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Entrance:
    """What all plain HTTP connections of a process share.

    Args:
        wheel: times requests.
        limits: how large and how slow they may be.
        addresses: how many connections each address has, upgraded ones included.
        proxies: not counted, for they speak for others.
        room: how many there may be in all.
    """

    wheel: TimerWheel
    limits: RequestLimits
    addresses: AddressCounts
    proxies: TrustedProxies
    room: Room


class HttpProtocol(HttpToolsProtocol):
    """One socket that speaks HTTP, until it is upgraded.

    Args:
        entrance: what all of them share.
        since: from when it is awaited (the wheel's seconds); None for now.
        uvicorn: what uvicorn passes.
    """

    def __init__(self, entrance: Entrance, since: float | None = None, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        # URLs may hold tokens. uvicorn decides by how the process's loggers happen to be set up.
        self.access_log = False
        self._entrance = entrance
        self._wheel = entrance.wheel
        self._limits = entrance.limits
        self._counted: str | None = None
        self._in_head = True
        self._head_bytes = 0
        self._timer: Timer | None = None
        # When what is awaited must be there; None while nothing is.
        self._due: float | None = None
        self._quiet_since = since if since is not None else self._wheel.now
        self._drain_timer: Timer | None = None
        # What the peer had not taken at the last look; None where that says nothing about the peer.
        self._untaken: int | None = None

    def connection_made(self, transport: Any) -> None:
        """A request must come in time."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain(self.client[0]), self.client[1])
            self._count(self.client[0])
        if not self._entrance.room.enter(self, len(self.connections)):
            self.transport.write(refuse(errors.Unavailable("the hub has no room for another connection")))
            self.transport.close()
        self._expect(self._limits.head_seconds - (self._wheel.now - self._quiet_since))
        self._drain_timer = self._wheel.schedule(self._limits.drain_seconds, self._check_taken)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more. What knows this object is let go, so that all of it is freed at once
        instead of by the cycle collector, sometime."""
        self._forget()
        super().connection_lost(exc)
        self.cycle = None  # type: ignore[assignment]  # as before the first request
        self.scope = None  # type: ignore[assignment]  # as before the first request

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
        self._expect(self._limits.head_seconds)
        extensions: Any = {KNOWN: self._be_patient}
        self.scope["extensions"] = extensions
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there; what comes next is another's head."""
        self._in_head, self._due = True, None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Until the next request nothing happens here."""
        self._quiet_since = self._wheel.now
        super().on_response_complete()

    def resume_writing(self) -> None:
        """The peer took what was written."""
        self._untaken = None
        super().resume_writing()

    @property
    def waiting_since(self) -> float | None:
        """As ``room.Guest``."""
        idle = self._due is not None or self.timeout_keep_alive_task is not None
        return self._quiet_since if idle else None

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
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        target = self.url.decode("latin-1")
        request = UpgradeRequest(scope["method"], target, scope["http_version"], headers)
        reactor.upgrade(request, "" if self.client is None else self.client[0])
        self.transport.set_protocol(reactor)
        self.parser = None  # type: ignore[assignment]  # as uvicorn does when a connection is lost

    def abort(self) -> None:
        """Give the socket up at once."""
        self.transport.abort()

    def _count(self, address: str) -> None:
        """One more of its address. Where they are too many, the answer to any request is that."""
        if self._entrance.proxies.trusts(address):
            return
        try:
            self._entrance.addresses.enter(address)
            self._counted = address
        except errors.Limit as refusal:
            self.app = _Refusing(refusal)

    def _be_patient(self) -> None:
        """The caller is known: the body may take its time."""
        if self._due is not None and not self._in_head:
            self._expect(self._limits.body_seconds)

    def _check_taken(self) -> None:
        """Give up a peer that took nothing since the last look, though nothing was written meanwhile."""
        transport = self.transport
        waiting = transport.get_write_buffer_size()
        if waiting and self._untaken is not None and waiting >= self._untaken:
            self.abort()
            return
        settled = self.flow.write_paused or transport.is_closing()
        self._untaken = waiting if settled else None
        self._drain_timer = self._wheel.schedule(self._limits.drain_seconds, self._check_taken)

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
        """It is no plain HTTP connection any more."""
        self._due = None
        self._entrance.room.leave(self)
        if self._counted is not None:
            self._entrance.addresses.leave(self._counted)
            self._counted = None
        if self._drain_timer is not None:
            self._drain_timer.cancel()
            self._drain_timer = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Refusing:
    """Answers every request with a refusal, and ends the connection (ASGI)."""

    def __init__(self, refusal: errors.Refusal) -> None:
        headers = [(b"connection", b"close")]
        if refusal.retry_after is not None:
            headers.append((b"retry-after", b"%d" % -(-refusal.retry_after // 1000)))
        self._answer = Answer(refusal.status, encode_json(document(refusal)), PROBLEM, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._answer(scope, receive, send)
