"""Every setting of the hub: its section, its unit, its default, its bounds. ``load`` reads them.

Sections are frozen and refuse unknown keys. Times are seconds, sizes are bytes, and nothing is unlimited.
Any text may be ``env:NAME`` or ``file:PATH`` (its content, trimmed); only ``load`` looks at the environment.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec

from hub.errors import BadConfig

KIB: Final = 1024
MIB: Final = 1024 * KIB
DAY: Final = 86_400

Seconds = Annotated[float, msgspec.Meta(ge=0.001, le=10 * 365 * DAY)]
Size = Annotated[int, msgspec.Meta(ge=1 * KIB, le=64 * KIB * MIB)]
"""Bytes, 1 KiB to 64 GiB."""
Amount = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Origin = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(\*|[a-z][a-z0-9+.-]*://[^/\s*?#A-Z]+?(:\*)?)$",
        extra={"allowed": 'an origin such as "https://hub.example.org", "http://localhost:*" or "*"'},
    ),
]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file. Unknown keys are refused."""


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
    register_cache: Size = 64 * MIB
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


_RULES: Final[tuple[tuple[str, Callable[[Config], bool], str], ...]] = (
    (
        "server.tls_key",
        lambda c: (c.server.tls_cert is None) == (c.server.tls_key is None),
        "server.tls_cert and server.tls_key go together: set both or neither",
    ),
    (
        "server.trusted_proxies",
        lambda c: all(map(_is_network, c.server.trusted_proxies)),
        'must be addresses or networks such as "127.0.0.1" or "10.0.0.0/8"',
    ),
    ("connection.idle", lambda c: c.connection.idle > c.connection.beat, "must be more than connection.beat"),
    (
        "connection.waiting_bytes",
        lambda c: c.connection.waiting_bytes >= c.limits.message,
        "must be at least limits.message",
    ),
    ("limits.document", lambda c: c.limits.document >= c.limits.message, "must be at least limits.message"),
    (
        "storage.tail_bytes",
        lambda c: c.storage.tail_bytes >= c.storage.fold_bytes,
        "must be at least storage.fold_bytes",
    ),
)
"""What two settings demand of each other: key, rule, what is allowed."""

_FILE_BYTES: Final = 1 * MIB
_PATHS: Final = ("server.tls_cert", "server.tls_key", "storage.data")


def load(path: Path | None = None, overrides: Mapping[str, object] | None = None) -> Config:
    """Read the configuration.

    Args:
        path: a TOML file; None for defaults alone. Relative paths in it start from its folder.
        overrides: what the command line says, by dotted key (``server.port``); None values say nothing.

    Raises:
        BadConfig: with the file, the key and what is allowed. Values are never repeated.
    """
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    tables = _read(path) if path is not None else {}
    _Reader(str(path), {}).typed(tables)  # a mistake in the file is one even where an option stands above it
    for key, value in given.items():
        section, _, name = key.partition(".")
        tables.setdefault(section, {})
        tables[section][name] = value
    sources = dict.fromkeys(given, "command line")
    return _Reader(str(path) if path is not None else "defaults", sources).config(tables)


class _Reader:
    """Turns tables into a ``Config`` and knows where each key came from."""

    def __init__(self, origin: str, sources: Mapping[str, str]) -> None:
        self._origin = origin
        self._sources = sources

    def config(self, tables: dict[str, dict[str, object]]) -> Config:
        config = self.typed(tables)
        for key, holds, allowed in _RULES:
            if not holds(config):
                raise self._bad(key, allowed)
        return config

    def typed(self, tables: dict[str, dict[str, object]]) -> Config:
        """Every setting by itself, without what two demand of each other."""
        self._refuse_unknown(tables)
        try:
            return msgspec.convert(tables, Config)
        except msgspec.ValidationError as error:
            key, index = _place(error)
            raise self._bad(key + index, f"must be {_allowed(key, index)}") from None

    def _refuse_unknown(self, tables: Mapping[str, Mapping[str, object]]) -> None:
        for section, table in tables.items():
            names = settings().get(section)
            if names is None:
                raise self._bad(section, f"no such section; there are {_listed(settings())}")
            for name in table:
                if name not in names:
                    raise self._bad(f"{section}.{name}", f"no such setting; [{section}] has {_listed(names)}")

    def _bad(self, key: str, problem: str) -> BadConfig:
        source = self._sources.get(key.partition("[")[0], self._origin)
        return BadConfig(f"{source}: {key}: {problem}.")


def settings() -> dict[str, dict[str, object]]:
    """Every section's settings with their defaults."""
    defaults: dict[str, dict[str, object]] = msgspec.to_builtins(Config())
    return defaults


def _read(path: Path) -> dict[str, dict[str, object]]:
    """The file's tables, ``env:`` and ``file:`` resolved, paths made to start from the file's folder."""
    try:
        with path.open("rb") as file:
            text = file.read(_FILE_BYTES + 1)
        if len(text) > _FILE_BYTES:
            raise BadConfig(f"{path}: the file is larger than {_FILE_BYTES} bytes.")
        tables = tomllib.loads(text.decode())
    except OSError as error:
        raise BadConfig(f"{path}: the file can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: the file is not valid TOML: {error}.") from None
    except RecursionError:
        raise BadConfig(f"{path}: the file is nested too deep.") from None
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise BadConfig(f"{path}: {section}: must stand in a section such as [server].")
        for name, value in table.items():
            table[name] = _from_folder(f"{section}.{name}", _resolved(path, f"{section}.{name}", value), path)
    return tables


def _resolved(path: Path, key: str, value: object) -> object:
    """The value, with ``env:NAME`` and ``file:PATH`` replaced by what they name."""
    if isinstance(value, list):
        return [_resolved(path, key, element) for element in value]
    if not isinstance(value, str):
        return value
    kind, _, name = value.partition(":")
    if kind == "env":
        return _variable(path, key, name)
    if kind == "file":
        return _content(path, key, name)
    return value


def _variable(path: Path, key: str, name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise BadConfig(f"{path}: {key}: the environment has no variable {name}.")
    return value


def _content(path: Path, key: str, name: str) -> str:
    try:
        with (path.parent / name).open(encoding="utf-8") as file:
            text = file.read(_FILE_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadConfig(f"{path}: {key}: {path.parent / name} can't be read: {reason}.") from None
    return text.strip()


def _from_folder(key: str, value: object, path: Path) -> object:
    return str(path.parent / value) if key in _PATHS and isinstance(value, str) and value else value


def _place(error: msgspec.ValidationError) -> tuple[str, str]:
    """Key and index within its list, from msgspec's ``… - at `$.server.origins[0]```."""
    found = re.search(r"`\$\.([^`\[]+)(\[[^`]*\])?`$", str(error))
    return (found[1], found[2] or "") if found else ("", "")


def _allowed(key: str, index: str) -> str:
    """What the setting's type allows, in words."""
    kind: msgspec.inspect.Type = msgspec.inspect.type_info(Config)
    for name in key.split("."):
        assert isinstance(kind, msgspec.inspect.StructType)
        kind = next(field.type for field in kind.fields if field.name == name)
    if index and isinstance(kind, msgspec.inspect.VarTupleType):
        kind = kind.item_type
    return _described(kind)


def _described(kind: msgspec.inspect.Type) -> str:
    match kind:
        case msgspec.inspect.Metadata(extra={"allowed": allowed}):
            return str(allowed)
        case msgspec.inspect.IntType():
            return f"a whole number from {kind.ge} to {kind.le}"
        case msgspec.inspect.FloatType():
            return f"a number from {kind.ge} to {kind.le}"
        case msgspec.inspect.VarTupleType():
            return f"a list, each element {_described(kind.item_type)}"
        case msgspec.inspect.UnionType():
            return _described(kind.types[0])
        case msgspec.inspect.StructType():
            return "a section such as [server]"
        case _:
            return "a text that is not empty"


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


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names)
