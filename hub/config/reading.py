"""Reads the configuration: the file, what its texts name, what the command line says over it."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from hub.config.describing import allowed, listed, place_of
from hub.config.outward_reading import outward_texts, read_channels, read_routes
from hub.config.sections import Config
from hub.config.texts import FILE_BYTES, resolved
from hub.errors import BadConfig

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
        "delivery.backoff_limit",
        lambda c: c.delivery.backoff_limit >= c.delivery.backoff,
        "must be at least delivery.backoff",
    ),
    (
        "storage.tail_bytes",
        lambda c: c.storage.tail_bytes >= c.storage.fold_bytes,
        "must be at least storage.fold_bytes",
    ),
)
"""What two settings demand of each other: key, rule, what is allowed."""

_OUTWARD: Final = ("channels", "routes")
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
        for key, holds, words in _RULES:
            if not holds(config):
                raise self._bad(key, words)
        return config

    def typed(self, tables: dict[str, dict[str, object]]) -> Config:
        """Every setting by itself, without what two demand of each other."""
        self._refuse_unknown(tables)
        try:
            config = msgspec.convert(
                {name: table for name, table in tables.items() if name not in _OUTWARD}, Config
            )
        except msgspec.ValidationError as error:
            key, index = place_of(error)
            raise self._bad(key + index, f"must be {allowed(Config, key, index)}") from None
        channels = read_channels(tables.get("channels", {}), self._bad)
        routes = read_routes(tables.get("routes", ()), channels, self._bad)
        return msgspec.structs.replace(config, channels=channels, routes=routes)

    def _refuse_unknown(self, tables: Mapping[str, Mapping[str, object]]) -> None:
        for section, table in tables.items():
            if section in _OUTWARD:
                continue
            names = settings().get(section)
            if names is None:
                raise self._bad(section, f"no such section; there are {listed((*settings(), *_OUTWARD))}")
            for name in table:
                if name not in names:
                    raise self._bad(f"{section}.{name}", f"no such setting; [{section}] has {listed(names)}")

    def _bad(self, key: str, problem: str) -> BadConfig:
        source = self._sources.get(key.partition("[")[0], self._origin)
        return BadConfig(f"{source}: {key}: {problem}.")


def settings() -> dict[str, dict[str, object]]:
    """Every section's settings with their defaults; without what has names of its own: channels, routes."""
    defaults: dict[str, dict[str, object]] = msgspec.to_builtins(Config())
    return {section: table for section, table in defaults.items() if section not in _OUTWARD}


def _read(path: Path) -> dict[str, dict[str, object]]:
    """The file's tables, ``env:`` and ``file:`` resolved, paths made to start from the file's folder."""
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES + 1)
        if len(text) > FILE_BYTES:
            raise BadConfig(f"{path}: the file is larger than {FILE_BYTES} bytes.")
        tables = tomllib.loads(text.decode())
    except OSError as error:
        raise BadConfig(f"{path}: the file can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path}: the file is not valid TOML: {error}.") from None
    except RecursionError:
        raise BadConfig(f"{path}: the file is nested too deep.") from None
    for section, table in tables.items():
        if section in _OUTWARD:
            continue
        if not isinstance(table, dict):
            raise BadConfig(f"{path}: {section}: must stand in a section such as [server].")
        for name, value in table.items():
            table[name] = _from_folder(f"{section}.{name}", resolved(path, f"{section}.{name}", value), path)
    outward_texts(path, tables)
    return tables


def _from_folder(key: str, value: object, path: Path) -> object:
    return str(path.parent / value) if key in _PATHS and isinstance(value, str) and value else value


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
