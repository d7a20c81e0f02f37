"""One port for HTTP and WebSockets: bind, serve, drain, stop. Signals stay the caller's business."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, cast

import uvicorn

from hub import errors
from hub.config import Config
from hub.ports import PeerHandlers
from hub.server.addresses import AddressCounts, TrustedProxies
from hub.server.arrival import Arrival
from hub.server.connection import Outbound
from hub.server.context import ReactorContext, ReactorLimits
from hub.server.flusher import Flusher
from hub.server.handshake import Doorway
from hub.server.http_protocol import Entrance, RequestLimits
from hub.server.reactor import WebSocketReactor
from hub.server.room import Room, sockets_at_most
from hub.server.wheel import TimerWheel
from hub.telemetry.metrics import Metrics

_BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Where to listen, and what strangers may do there. Sizes in bytes, times in seconds.

    Args:
        port: 0 takes any free one.
        tls_cert: PEM file, with ``tls_key``; None for plain text.
        trusted_proxies: addresses or networks whose ``X-Forwarded-*`` headers are believed.
        allows_origin: whether a page of an ``Origin`` may open a WebSocket, given the ``Host`` it asked.
        buffer_bytes: a socket's queued relays above this are dropped.
        drain_seconds: a socket that takes nothing for so long is given up.
        sockets_at_most: in all; None for as many as the process has descriptors for, less a reserve.
        keep_alive_seconds: how long an HTTP connection may wait for its next request.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    tls_cert: str | None = None
    tls_key: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    allows_origin: Callable[[str | None, str | None], bool] = lambda origin, host: origin is None
    connections_per_address: int = 20_000
    sockets_at_most: int | None = None
    buffer_bytes: int = 1_048_576
    drain_seconds: float = 30.0
    keep_alive_seconds: int = 75
    requests: RequestLimits = field(default_factory=RequestLimits)
    sockets: ReactorLimits = field(default_factory=ReactorLimits)


class Listener:
    """Serves an ASGI app, and peers to their handlers.

    Args:
        app: answers HTTP requests.
        handlers: take the upgraded sockets.
        settings: where, and within which limits.
        wheel: started and stopped by the caller.
        metrics: counts.
    """

    def __init__(
        self,
        app: Any,
        handlers: PeerHandlers,
        settings: ListenerSettings,
        wheel: TimerWheel,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._settings = settings
        self._wheel = wheel
        self._metrics = metrics
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Bind and accept; the port.

        Raises:
            errors.PortInUse: somebody else listens there.
            errors.BadConfig: the host, the certificate or the key can't be used.
            errors.StartError: the app refuses to start.
        """
        config = self._config()
        bound = _bind(self._settings.host, self._settings.port)
        port: int = bound.getsockname()[1]
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([bound]), name="listener")
        ready = asyncio.create_task(self._server.ready.wait())
        await asyncio.wait((self._serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            bound.close()
            failure = self._serving.exception()
            self._server = self._serving = None
            raise errors.StartError("The HTTP application refused to start; see the log.") from failure
        return port

    @property
    def connections(self) -> list[WebSocketReactor]:
        """The open WebSockets."""
        if self._server is None:
            return []
        every: set[Any] = self._server.server_state.connections
        return [connection for connection in every if isinstance(connection, WebSocketReactor)]

    def stop_accepting(self) -> None:
        """Take no new connections; those that are open stay."""
        if self._server is not None:
            for server in self._server.servers:
                server.close()

    async def stop(self, seconds: float) -> None:
        """Close what is open (4503), wait for requests being answered, then give up what is left. Idempotent.

        Args:
            seconds: to wait at most.
        """
        if self._server is None or self._serving is None:
            return
        self.stop_accepting()
        self._server.config.timeout_graceful_shutdown = seconds  # type: ignore[assignment]  # any number will do
        self._server.leave()
        await asyncio.wait((self._serving,), timeout=seconds + 1)
        every: set[Any] = self._server.server_state.connections
        for connection in list(every):
            connection.abort()
        self._serving.cancel()
        await asyncio.wait((self._serving,))
        self._server = self._serving = None

    def _config(self) -> uvicorn.Config:
        settings, context = self._settings, self._context()
        config = uvicorn.Config(
            self._app,
            http=cast(Any, functools.partial(Arrival, self._entrance(context))),
            ws=cast(Any, functools.partial(WebSocketReactor, context)),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=[str(ip_network(proxy, strict=False)) for proxy in settings.trusted_proxies],
            backlog=_BACKLOG,
            timeout_keep_alive=settings.keep_alive_seconds,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise errors.BadConfig(f"server.tls_cert and server.tls_key can't be used: {error}.") from None
        return config

    def _entrance(self, context: ReactorContext) -> Entrance:
        room = Room(self._settings.sockets_at_most or sockets_at_most(), lambda: self._wheel.now)
        return Entrance(
            self._wheel, self._settings.requests, context.addresses, context.doorway.proxies, room
        )

    def _context(self) -> ReactorContext:
        settings = self._settings
        loop = asyncio.get_running_loop()
        flusher = Flusher(loop.call_soon, loop.call_later)
        return ReactorContext(
            limits=settings.sockets,
            outbound=Outbound(
                flusher, self._wheel, self._metrics, settings.buffer_bytes, settings.drain_seconds
            ),
            doorway=Doorway(self._handlers, settings.allows_origin, TrustedProxies(settings.trusted_proxies)),
            addresses=AddressCounts(settings.connections_per_address),
        )


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, telling when it accepts, told when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Begin to stop."""
        self.should_exit = True
        self._leaving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's own business: uvicorn would raise them again once it has stopped."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept, and say so."""
        try:
            await super().startup(sockets)
        except SystemExit:
            # How uvicorn says that the app's start-up failed; it must not end the event loop.
            self.should_exit = True
            return
        self.ready.set()

    async def main_loop(self) -> None:
        """Renew the ``Date`` header once a second. uvicorn's own loop wakes ten times as often, to look
        whether it should stop."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._leaving.wait()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise errors.BadConfig(f"server.host: {host} is no address to listen on: {error.strerror}.") from None
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        # Two may bind before either listens; this is where the later one is told.
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise errors.PortInUse(f"Port {port} of {host} is in use; choose another with --port.") from None
        raise errors.BadConfig(f"server.host and server.port: {error.strerror}: {host}:{port}.") from None
    return bound


def listener_settings(config: Config) -> ListenerSettings:
    """What a configuration says about it."""
    server, connection = config.server, config.connection
    return ListenerSettings(
        host=server.host,
        port=server.port,
        tls_cert=server.tls_cert,
        tls_key=server.tls_key,
        trusted_proxies=server.trusted_proxies,
        allows_origin=server.allows_origin,
        connections_per_address=config.limits.connections_per_address,
        buffer_bytes=connection.buffer,
        drain_seconds=connection.close_timeout,
        requests=RequestLimits(drain_seconds=connection.close_timeout),
        sockets=ReactorLimits(
            hello_bytes=server.hello_bytes,
            beat=connection.beat,
            idle=connection.idle,
            close=connection.close_timeout,
        ),
    )
