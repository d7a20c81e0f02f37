"""Reads ``[channels.<name>]`` and ``[[routes]]``, each with errors that name the key and repeat no value.

Only the names that an operator gives are repeated: of channels, of kinds and of placeholders.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from hub.config.describing import allowed, listed, place_of
from hub.config.outward import (
    MAX_CHANNELS,
    MAX_ROUTES,
    ChannelSettings,
    MatchSettings,
    RouteSettings,
    WebhookSettings,
    WecomRobotSettings,
)
from hub.config.placeholders import parse
from hub.config.texts import resolved
from hub.errors import BadConfig

_S = TypeVar("_S", bound=msgspec.Struct)

Refuse = Callable[[str, str], BadConfig]
"""Makes the error from a key and what is wrong there."""

KINDS: Final[Mapping[str, type[WecomRobotSettings] | type[WebhookSettings]]] = {
    "webhook": WebhookSettings,
    "wecom_robot": WecomRobotSettings,
}
"""Every kind of channel with its settings."""

_SECRET_BYTES: Final = range(24, 65)
"""The Standard Webhooks specification, "Signature scheme": 192 to 512 bits."""
_LITERAL_KEYS: Final = ("match", "name")
"""Of a route, what stays as it is written: a tag may well be ``env:production``."""

_is_channel_name = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.~@-]{1,64}").fullmatch


def outward_texts(path: Path, tables: dict[str, Any]) -> None:
    """Resolve ``env:`` and ``file:`` in channels and routes, in place.

    In a channel every text but ``kind`` may stand elsewhere. In a route its ``match`` and ``name`` mean what
    they say, and so does a ``template`` with a brace or a blank in it.
    """
    for name, table in _items(tables.get("channels")):
        tables["channels"][name] = _resolved(path, f"channels.{name}", table, ("kind",))
    routes = tables.get("routes")
    if isinstance(routes, list):
        tables["routes"] = [
            _resolved(path, f"routes[{place}]", route, _literal_keys(route))
            for place, route in enumerate(routes)
        ]


def read_channels(tables: object, refuse: Refuse) -> dict[str, ChannelSettings]:
    """The channels by name, in the order of the file.

    Raises:
        BadConfig: made by ``refuse``.
    """
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise refuse("channels", "must be sections such as [channels.ops]")
    if len(tables) > MAX_CHANNELS:
        raise refuse("channels", f"there are at most {MAX_CHANNELS}")
    return {name: _channel(name, table, refuse) for name, table in tables.items()}


def read_routes(tables: object, channels: Collection[str], refuse: Refuse) -> tuple[RouteSettings, ...]:
    """The routes in the order of the file.

    Raises:
        BadConfig: made by ``refuse``.
    """
    if not isinstance(tables, list | tuple) or not all(isinstance(table, dict) for table in tables):
        raise refuse("routes", "must be sections such as [[routes]]")
    if len(tables) > MAX_ROUTES:
        raise refuse("routes", f"there are at most {MAX_ROUTES}")
    routes = tuple(_route(f"routes[{place}]", table, channels, refuse) for place, table in enumerate(tables))
    _refuse_same_names(routes, refuse)
    return routes


def _resolved(path: Path, key: str, table: Any, literal: Collection[str]) -> Any:
    if not isinstance(table, dict):
        return table
    return {
        name: value if name in literal else resolved(path, f"{key}.{name}", value)
        for name, value in table.items()
    }


def _literal_keys(route: object) -> tuple[str, ...]:
    template = route.get("template") if isinstance(route, dict) else None
    meant = isinstance(template, str) and re.search(r"[\s{}]", template) is None
    return _LITERAL_KEYS if meant else (*_LITERAL_KEYS, "template")


def _channel(name: str, table: Mapping[str, object], refuse: Refuse) -> ChannelSettings:
    key = f"channels.{_shown(name)}"
    if _is_channel_name(name) is None:
        raise refuse(key, "the name of a channel is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -")
    kind = table.get("kind")
    if kind is None and any(isinstance(value, dict) for value in table.values()):
        raise refuse(key, f'a name with a dot stands in quotes: [channels."{name}.…"]')
    if not isinstance(kind, str) or kind not in KINDS:
        wrong = f'there is no kind "{kind:.40}"' if isinstance(kind, str) else "must be given"
        raise refuse(f"{key}.kind", f"{wrong}; there are {listed(KINDS)}")
    settings = _converted(key, table, KINDS[kind], refuse)
    for each, holds, words in _CHANNEL_RULES:
        if not holds(settings):
            raise refuse(f"{key}.{each}", words)
    return settings


def _route(key: str, table: Mapping[str, object], channels: Collection[str], refuse: Refuse) -> RouteSettings:
    match = table.get("match", {})
    if isinstance(match, dict):
        _refuse_keys(f"{key}.match", match, MatchSettings, refuse)
    route = _converted(key, table, RouteSettings, refuse)
    for name in route.channels:
        if name not in channels:
            raise refuse(f"{key}.channels", _no_channel(name, channels))
    if route.template is not None:
        try:
            parse(route.template)
        except ValueError as error:
            raise refuse(f"{key}.template", str(error)) from None
    return route


def _no_channel(name: str, channels: Collection[str]) -> str:
    shown = f'there is no channel "{name}"' if _is_channel_name(name) else "there is no such channel"
    return f"{shown}; there are {listed(channels) or 'none'}"


def _refuse_same_names(routes: tuple[RouteSettings, ...], refuse: Refuse) -> None:
    places: dict[str, int] = {}
    for place, route in enumerate(routes):
        name = route_name(route, place)
        if name in places:
            raise refuse(f"routes[{place}].name", f"is that of routes[{places[name]}], too; each has its own")
        places[name] = place


def route_name(route: RouteSettings, place: int) -> str:
    """What deliveries remember a route by; ``place`` is its index, the first route's is ``route-1``."""
    return route.name if route.name is not None else f"route-{place + 1}"


def _converted(key: str, table: Mapping[str, object], kind: type[_S], refuse: Refuse) -> _S:
    """The table as settings; every key of it known, every required one given."""
    _refuse_keys(key, table, kind, refuse)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        where, index = place_of(error)
        path = f"{key}.{where}{index}" if where else key
        raise refuse(path, f"must be {allowed(kind, where, index)}") from None


def _refuse_keys(key: str, table: Mapping[str, object], kind: type[msgspec.Struct], refuse: Refuse) -> None:
    fields = {field.encode_name: field.required for field in msgspec.structs.fields(kind)}
    known = [*fields, "kind"] if kind in KINDS.values() else [*fields]
    for name in table:
        if name not in known:
            raise refuse(f"{key}.{_shown(name)}", f"no such setting; there are {listed(known)}")
    for name, required in fields.items():
        if required and name not in table:
            raise refuse(f"{key}.{name}", f"must be given: {allowed(kind, name)}")


def _reaches(settings: ChannelSettings) -> bool:
    """Whether host and port of ``base_url`` can be ones."""
    try:
        parts = urlsplit(settings.base_url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _mentions(settings: ChannelSettings) -> bool:
    if not isinstance(settings, WecomRobotSettings):
        return True
    return settings.format == "text" or "@all" not in settings.mentioned


def _signs(settings: ChannelSettings) -> bool:
    if not isinstance(settings, WebhookSettings):
        return True
    secrets = settings.secret.split()
    return bool(secrets) and all(map(_is_signing_secret, secrets))


def _is_signing_secret(text: str) -> bool:
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith("whsec_") and len(secret) in _SECRET_BYTES


_CHANNEL_RULES: Final[tuple[tuple[str, Callable[[ChannelSettings], bool], str], ...]] = (
    ("base_url", _reaches, "must be an address with a host, and a port from 1 to 65535 if any"),
    ("mentioned", _mentions, 'takes "@all" with format = "text" only'),
    (
        "secret",
        _signs,
        'must be "whsec_" and the base64 of 24 to 64 bytes; several are divided by blanks',
    ),
)
"""What no type says: key, rule, what is allowed."""


def _shown(name: str) -> str:
    """A key of the file, on one line and not endlessly long."""
    return f"{name if name.isprintable() else repr(name):.64}"


def _items(table: object) -> list[tuple[str, Any]]:
    return list(table.items()) if isinstance(table, dict) else []
