"""A listener with an echoing dialect and a small HTTP application, and raw sockets to try it with."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub import errors
from hub.ports import Peer, PeerHandler, SystemClock, Upgrade
from hub.server.context import ReactorLimits
from hub.server.http_protocol import RequestLimits
from hub.server.listener import Listener, ListenerSettings
from hub.server.wheel import TimerWheel
from hub.telemetry.metrics import Metrics

PATIENCE = 10.0
"""Seconds after which a test has failed."""

MAX_BYTES = 1_048_576


class EchoHandler:
    """Answers every message with itself; ``!`` is malformed."""

    concatenates = False

    def __init__(self, peer: Peer, upgrade: Upgrade) -> None:
        self.peer = peer
        self.upgrade = upgrade
        self.idle_message = b""
        self.messages: list[bytes] = []
        self.drained_event = asyncio.Event()
        self.lost_event = asyncio.Event()
        self.losses = 0
        peer.limit_messages(MAX_BYTES)

    def receive(self, message: bytes) -> None:
        self.messages.append(message)
        if message == b"!":
            raise errors.Malformed
        self.peer.answer(message)

    def fatal_message(self, error: Exception) -> bytes:
        assert isinstance(error, errors.Fatal)
        return b"fatal " + error.code.encode()

    def drained(self) -> None:
        self.drained_event.set()

    def resumed(self) -> None:
        """Nothing is left over."""

    def lost(self) -> None:
        self.losses += 1
        self.lost_event.set()


class EchoHandlers:
    """The dialect lives at ``/echo``."""

    def __init__(self) -> None:
        self.made: list[EchoHandler] = []

    def serves(self, path: str) -> bool:
        return path == "/echo"

    def subprotocol(self, path: str, offered: Sequence[str]) -> str | None:
        return "tongbu.v1" if "tongbu.v1" in offered else None

    def accept(self, peer: Peer, upgrade: Upgrade) -> PeerHandler:
        handler = EchoHandler(peer, upgrade)
        self.made.append(handler)
        return handler


class Application:
    """Answers with the caller's address, after the body has come; ``/slow`` waits for ``release``, and
    on ``/known`` it is known who asks."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.reached = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        if scope["path"] == "/known":
            scope["extensions"]["tongbu.known"]()
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/slow":
            self.reached.set()
            await self.release.wait()
        body = f"{scope['scheme']} {scope['client'][0]}".encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


SETTINGS = ListenerSettings(
    port=0,
    allows_origin=lambda origin, host: origin in (None, "https://good.example"),
    buffer_bytes=200_000,
    requests=RequestLimits(head_seconds=PATIENCE, body_seconds=PATIENCE),
    sockets=ReactorLimits(close=PATIENCE),
)


@dataclass
class Running:
    """A listener that accepts."""

    listener: Listener
    handlers: EchoHandlers
    application: Application
    metrics: Metrics
    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/echo"

    @property
    def handler(self) -> EchoHandler:
        return self.handlers.made[-1]

    async def raw(self, **options: Any) -> Raw:
        return await Raw.connect(self.port, **options)

    async def upgraded(self, **options: Any) -> Raw:
        raw = await self.raw(**options)
        raw.write(upgrade_head())
        assert (await raw.head()).startswith(b"HTTP/1.1 101 ")
        return raw


@asynccontextmanager
async def running(**changes: Any) -> AsyncIterator[Running]:
    """A listener with ``SETTINGS``, changed."""
    wheel = TimerWheel(SystemClock(), resolution=0.01)
    handlers, application, metrics = EchoHandlers(), Application(), Metrics()
    listener = Listener(application, handlers, replace(SETTINGS, **changes), wheel, metrics)
    wheel.start()
    try:
        yield Running(listener, handlers, application, metrics, await listener.start())
    finally:
        application.release.set()
        await listener.stop(0.2)
        wheel.stop()


def upgrade_head(target: str = "/echo", *headers: str) -> bytes:
    lines = (
        f"GET {target} HTTP/1.1",
        "Host: hub.example",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode()


class Raw:
    """A socket and the bytes that come from it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(
        cls, port: int, *, receive_bytes: int | None = None, tls: ssl.SSLContext | None = None
    ) -> Raw:
        """``receive_bytes``: the kernel's buffer, small for a slow reader."""
        end = socket.socket()
        if receive_bytes is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        end.setblocking(False)
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", port))
        limit = receive_bytes or 65_536
        name = None if tls is None else "localhost"
        return cls(*await asyncio.open_connection(sock=end, limit=limit, ssl=tls, server_hostname=name))

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def read(self, size: int) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        """Everything until the hub ends the stream."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate for ``localhost`` that signs itself."""

    certificate: Path
    key: Path

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


def make_certificate(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made
