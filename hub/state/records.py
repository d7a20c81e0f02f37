"""An item's record: what its creator writes, once.

``{kind, title, body?, level?, class?, source?, tags?, link?, data?}``. An optional key that is null is taken
for absent. The hub adds ``by``, ``at`` (ms) and ``order``; nobody else writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from json import JSONEncoder
from typing import Any, Final

import rfc8785

from hub.errors import BadField, BadValue
from hub.model import Json
from hub.state.values import check_body, check_json, check_line, check_text, check_title

KINDS: Final = ("notification", "task")
LEVELS: Final = ("debug", "info", "success", "warning", "error", "critical")
CLASSES: Final = ("general", "important", "core")
HUB_KEYS: Final = frozenset({"by", "at", "order"})
"""What the hub adds to a record."""

MAX_RECORD: Final = 128 * 1024
"""Bytes of a record as compact JSON."""
MAX_SOURCE: Final = 200
MAX_TAGS: Final = 32
MAX_TAG: Final = 64
MAX_LINK: Final = 2_048

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_is_link = re.compile(r"[hH][tT]{2}[pP][sS]?://[^\x00-\x20\x7f\"<>\\/?#][^\x00-\x20\x7f\"<>\\]*").fullmatch


def check_record(value: object) -> dict[str, Json]:
    """The record as it is saved: known keys only, in their order, without nulls.

    Raises:
        BadField: a record has no such key, or it is the hub's to write.
        BadValue: not a record; the sentence names the key and the rule.
    """
    if not isinstance(value, Mapping):
        raise BadValue("an item's record is an object")
    for key in value:
        if key not in _CHECKS:
            _refuse_key(key)
    record: dict[str, Json] = {}
    for key, check in _CHECKS.items():
        content = value.get(key)
        if content is not None or key in _REQUIRED:
            check(key, content)
            record[key] = content
    if len(_encode(record).encode()) > MAX_RECORD:
        raise BadValue(f"an item's record is at most {MAX_RECORD} bytes of JSON")
    return record


def same_content(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    """Whether two records say the same, whoever wrote them and when (without ``by``, ``at``, ``order``)."""
    return rfc8785.dumps(_content(one)) == rfc8785.dumps(_content(other))


def _content(record: Mapping[str, Json]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in HUB_KEYS}


def _refuse_key(key: object) -> None:
    if key in HUB_KEYS:
        raise BadField(f"{key} is written by the hub")
    shown = repr(key)[:40] if isinstance(key, str) else "one that is not text"
    raise BadField(f"a record has no key {shown}; it may have {', '.join(_CHECKS)}")


def _one_of(choices: tuple[str, ...]) -> Callable[[str, object], None]:
    def check(name: str, value: object) -> None:
        if not isinstance(value, str) or value not in choices:
            raise BadValue(f"{name} is one of {', '.join(choices)}")

    return check


def _check_source(name: str, value: object) -> None:
    check_line(name, value, MAX_SOURCE, least=1)


def _check_tags(name: str, value: object) -> None:
    if not isinstance(value, list) or len(value) > MAX_TAGS:
        raise BadValue(f"{name} is a list of at most {MAX_TAGS} tags")
    for tag in value:
        check_line("a tag", tag, MAX_TAG, least=1)


def _check_link(name: str, value: object) -> None:
    check_text(name, value, MAX_LINK, least=1)
    if _is_link(str(value)) is None:
        raise BadValue(f"{name} is an http or https URL")


_CHECKS: Final[Mapping[str, Callable[[str, object], None]]] = {
    "kind": _one_of(KINDS),
    "title": check_title,
    "body": check_body,
    "level": _one_of(LEVELS),
    "class": _one_of(CLASSES),
    "source": _check_source,
    "tags": _check_tags,
    "link": _check_link,
    "data": check_json,
}
_REQUIRED: Final = frozenset({"kind", "title"})
