"""A route's template as text: literal words and placeholders such as ``{title}`` or ``{data[host]}``.

The syntax is that of ``str.format`` without what could reach into objects: no attributes, no conversions, no
format specifications. ``{{`` and ``}}`` stand for braces. What they mean: ``hub.delivery.template``.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import Final, NamedTuple

PLACEHOLDERS: Final = (
    "title",
    "status",
    "mark",
    "text",
    "link",
    "level",
    "source",
    "tags",
    "user",
    "attempt",
    "kind",
    "item",
    "topic",
    "data",
)
MAX_TEMPLATE: Final = 4096
"""Characters."""

_field = re.compile(r"(?P<name>\w+)(?P<keys>(?:\[[^\[\]]+\])*)").fullmatch
_keys = re.compile(r"\[([^\[\]]+)\]").findall


class Placeholder(NamedTuple):
    """One hole of a template. ``keys`` lead into ``data``, the outermost first; () for all others."""

    name: str
    keys: tuple[str, ...] = ()


def parse(template: str) -> tuple[str | Placeholder, ...]:
    """The template's parts, in order.

    Raises:
        ValueError: the syntax is wrong, or there is no such placeholder; with a sentence that says which.
    """
    parts: list[str | Placeholder] = []
    for literal, field, specification, conversion in _taken_apart(template):
        if literal:
            parts.append(literal)
        if field is None:
            continue
        if specification or conversion:
            raise ValueError("a placeholder takes no : and no !; write {title}")
        parts.append(_placeholder(field))
    return tuple(parts)


def _taken_apart(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError:
        raise ValueError("braces must come in pairs; write {{ and }} for braces themselves") from None


def _placeholder(field: str) -> Placeholder:
    found = _field(field)
    if found is None:
        raise ValueError("a placeholder is a name such as {title}, or {data[key]}")
    name, keys = found["name"], tuple(_keys(found["keys"]))
    if name not in PLACEHOLDERS:
        raise ValueError(f"there is no {{{name:.40}}}; there are {_shown()}")
    if keys and name != "data":
        raise ValueError(f"only data has keys, {{{name}}} has none")
    return Placeholder(name, keys)


def _shown() -> str:
    return ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
