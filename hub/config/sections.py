"""The sections of the configuration, with their defaults."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated

import msgspec

from hub.config.outward import ChannelSettings, DeliverySettings, RouteSettings
from hub.config.values import DAY, KIB, MIB, Amount, Seconds, Section, Size, Text

Origin = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\*|[a-z][a-z0-9+.-]*://[^/\s*?#A-Z]+?(:\*)?)$",
        extra={"allowed": 'an origin such as "https://hub.example.org", "http://localhost:*" or "*"'},
    ),
]


class ServerSettings(Section, frozen=True):
    """``[server]``: where the hub listens and how long it waits for strangers."""

    host: Text = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8787
    """0 takes any free port."""
    origins: tuple[Origin, ...] = ()
    """Pages of these origins may connect, besides those the hub itself serves."""
    trusted_proxies: tuple[Text, ...] = ()
    """Addresses or networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    tls_cert: Text | None = None
    tls_key: Text | None = None
    drain_timeout: Seconds = 10.0
    """From SIGTERM to the last connection's end."""
    hello_timeout: Seconds = 5.0
    """How long a connection may stay without a valid token."""
    hello_bytes: Size = 4 * KIB
    """What such a connection may send."""

    def allows_origin(self, origin: str | None, host: str | None = None) -> bool:
        """Whether a WebSocket or a cross-origin request of this ``Origin`` is welcome.

        Args:
            origin: the request's ``Origin`` header; None means that no browser sent it.
            host: the request's ``Host`` header; a page the hub served itself is always welcome.
        """
        if origin is None:
            return True
        if host is not None and origin.lower().partition("://")[2] == host.lower() and self.knows_host(host):
            return True
        return any(_origin_fits(origin.lower(), allowed) for allowed in self.origins)

    def knows_host(self, host: str | None) -> bool:
        """Whether a ``Host`` header is a name of this hub, not one that a page let lead here (DNS rebinding).
        Only a hub on loopback, behind no proxy, can tell: by loopback's names and those in ``origins``."""
        if host is None or self.trusted_proxies or not _is_loopback(self.host):
            return True
        name, names = _host_name(host), {_host_name(origin.rpartition("://")[2]) for origin in self.origins}
        return _is_loopback(name) or not names.isdisjoint((name, "*"))


class ConnectionSettings(Section, frozen=True):
    """``[connection]``: what one connection may hold, and when it is given up."""

    buffer: Size = 1 * MIB
    """Queued relays above this are dropped; the connection catches up when it drains."""
    beat: Annotated[float, msgspec.Meta(ge=0.001, le=25)] = 20.0
    """When nothing else was sent for so long, the hub sends a beat. Yjs providers hang up after 30 s."""
    idle: Seconds = 60.0
    """A connection that was silent for so long, not answering pings, is closed with 4508."""
    close_timeout: Seconds = 10.0
    """How long a peer may take to answer a close frame, and a full buffer to drain at all."""
    waiting_bytes: Size = 4 * MIB
    """When so much waits to be saved, the socket is not read."""
    statements_per_second: Amount = 20_000
    """Faster than this, the socket is not read for a while."""


class LimitSettings(Section, frozen=True):
    """``[limits]``: what devices are told in the welcome."""

    message: Size = 1 * MIB
    """One message of a socket."""
    document: Size = 32 * MIB
    """One document's whole state."""
    statements: Amount = 1000
    """Per push."""
    topics: Amount = 200
    """Open at once, per connection."""
    open_items: Amount = 10_000
    """Per ledger, without those final, archived or deleted."""
    items: Amount = 1_000_000
    """Per ledger, in all, history included."""
    unknown: Amount = 1000
    """Statements kept per ledger for items that are not known yet."""
    devices: Amount = 10_000
    """Per user."""
    connections_per_user: Amount = 20_000
    connections_per_address: Amount = 20_000
    retention: Seconds = 90.0 * DAY
    """Items archived, deleted or final longer than this move to history."""
    http_body: Size = 1 * MIB
    """One HTTP request's body."""


class DocumentSettings(Section, frozen=True):
    """``[documents]``: Yjs documents in memory."""

    memory: Size = 256 * MIB
    """Budget of all resident documents; the least recently used leave first."""


class StorageSettings(Section, frozen=True):
    """``[storage]``: the data folder, and when the journal is folded."""

    data: Text = "data"
    fold_statements: Amount = 40_000
    """A folding pass starts at so many statements, or …"""
    fold_bytes: Size = 16 * MIB
    """… at so many bytes, or …"""
    fold_interval: Seconds = 5.0
    """… after so long."""
    tail_bytes: Size = 64 * MIB
    """When more than this isn't folded yet, turns wait."""
    register_cache: Size = 128 * MIB
    """Budget of cached registers."""
    topic_cache: Amount = 100_000
    """Topics' rows cached."""


class IdentitySettings(Section, frozen=True):
    """``[identity]``: tokens and device linking."""

    token_ttl: Annotated[int, msgspec.Meta(ge=1, le=10 * 365 * DAY)] = 30 * DAY
    """What a renewed or claimed token lives."""
    link_ttl: Seconds = 120.0
    """How long a code to link a device is valid."""


class Config(Section, frozen=True):
    """The whole configuration."""

    server: ServerSettings = ServerSettings()
    connection: ConnectionSettings = ConnectionSettings()
    limits: LimitSettings = LimitSettings()
    documents: DocumentSettings = DocumentSettings()
    storage: StorageSettings = StorageSettings()
    identity: IdentitySettings = IdentitySettings()
    delivery: DeliverySettings = DeliverySettings()
    channels: dict[str, ChannelSettings] = msgspec.field(default_factory=dict)
    """By name."""
    routes: tuple[RouteSettings, ...] = ()

    @property
    def data_folder(self) -> Path:
        """Where the database and the secret are."""
        return Path(self.storage.data)

    def limits_on_wire(self) -> dict[str, int]:
        """``limits`` of the welcome: bytes and amounts as configured, ``retention`` in milliseconds."""
        limits: dict[str, int] = msgspec.to_builtins(self.limits)
        limits["retention"] = round(self.limits.retention * 1000)
        limits["statements_per_second"] = self.connection.statements_per_second
        limits["waiting_bytes"] = self.connection.waiting_bytes
        return limits


def _origin_fits(origin: str, allowed: str) -> bool:
    if allowed.endswith(":*"):
        return re.fullmatch(re.escape(allowed[:-2]) + r"(:\d{1,5})?", origin) is not None
    return allowed in ("*", origin)


def _host_name(host: str) -> str:
    """The name or address in a ``Host`` header, without its port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.lower().partition(":")[0]


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")  # RFC 6761 §6.3
