"""Yjs updates by hand, genuine or not, and the vectors that the real Yjs made."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from hub.engine.document import Document
from hub.engine.scan import Scanned, ScanState, scan
from hub.model import UserId
from hub.protocol.lib0 import write_varstring, write_varuint

VECTORS = Path(__file__).parents[2] / "vectors" / "updates"
ANN, BOB = UserId("ann"), UserId("bob")

Id = tuple[int, int]
Section = tuple[int, int, list[bytes]]
"""Client id, first clock, structs."""

NULL = b"\x01\x7e"
"""Any content: one null."""


def item(
    kind: int,
    content: bytes,
    *,
    origin: Id | None = None,
    right: Id | None = None,
    parent: Id | str = "root",
    key: str | None = None,
) -> bytes:
    """One item; ``parent`` and ``key`` are written where it has no neighbours, as Yjs does."""
    info = kind | (0x80 if origin else 0) | (0x40 if right else 0) | (0x20 if key is not None else 0)
    parts = [bytes((info,))]
    parts += [write_varuint(number) for id in (origin, right) if id for number in id]
    if not origin and not right:
        if isinstance(parent, str):
            parts += [b"\x01", write_varstring(parent)]
        else:
            parts += [b"\x00", *map(write_varuint, parent)]
        if key is not None:
            parts.append(write_varstring(key))
    return b"".join((*parts, content))


def deleted(length: int, **where: Any) -> bytes:
    return item(1, write_varuint(length), **where)


def text(string: str, **where: Any) -> bytes:
    return item(4, write_varstring(string), **where)


def embed(source: str, **where: Any) -> bytes:
    return item(5, write_varstring(source), **where)


def shared_type(kind: int = 0, name: str = "", **where: Any) -> bytes:
    """An array by default; kind 1 is a map, 3 an XML element with a name."""
    return item(7, bytes((kind,)) + (write_varstring(name) if name else b""), **where)


def values(*encoded: bytes, **where: Any) -> bytes:
    """Any content; nulls by default."""
    return item(8, write_varuint(len(encoded)) + b"".join(encoded), **where)


def subdocument(guid: str, options: bytes = b"\x76\x00", **where: Any) -> bytes:
    return item(9, write_varstring(guid) + options, **where)


def gc(length: int) -> bytes:
    return b"\x00" + write_varuint(length)


def skip(length: int) -> bytes:
    return b"\x0a" + write_varuint(length)


def update(*sections: Section, deletes: Mapping[int, Iterable[Id]] | None = None) -> bytes:
    """Sections and, by client id, deleted ranges (clock, length)."""
    parts = [write_varuint(len(sections))]
    for client, clock, structs in sections:
        parts += [*map(write_varuint, (len(structs), client, clock)), *structs]
    parts.append(write_varuint(len(deletes or {})))
    for client, ranges in (deletes or {}).items():
        listed = list(ranges)
        parts += [write_varuint(client), write_varuint(len(listed))]
        parts += [write_varuint(number) for span in listed for number in span]
    return b"".join(parts)


def holding(*updates: bytes) -> ScanState:
    """What the scan knows of a document that took these."""
    state = ScanState()
    for each in updates:
        state.take(scan(each, state))
    return state


def scanned(body: bytes, *held: bytes) -> Scanned:
    return scan(body, holding(*held))


def document(*updates: bytes) -> Document:
    """A document that Ann wrote."""
    made = Document()
    for each in updates:
        made.apply(each, ANN)
    return made


# --------------------------------------------------------------------------- what Yjs made


def vectors(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())[name]
    return cases


def decoded(encoded: str) -> bytes:
    return base64.b64decode(encoded)


def shown(update: bytes) -> Any:
    """What a document with this state shows, in the words of the vectors."""
    doc: Doc[Any] = Doc()
    doc.apply_update(update)
    roots: dict[str, Any] = {"map": Map, "array": Array, "text": Text, "xml": XmlFragment}
    return _as_json({name: _plain(doc.get(name, type=kind)) for name, kind in roots.items()})


def expected(shows: Any) -> Any:
    return _as_json(shows)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_int=float)


def _plain(value: Any) -> Any:
    if isinstance(value, (Map, dict)):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (Array, list)):
        return [_plain(each) for each in value]
    if isinstance(value, Text):
        return {"$delta": _delta(value)}
    if isinstance(value, XmlFragment):
        return {"$xml": _xml(value)}
    if isinstance(value, Doc):
        return {"$doc": value.guid}
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    return value


def _delta(text: Text | XmlText) -> Any:
    return [[_plain(insert), _plain(attributes or {})] for insert, attributes in text.diff()]


def _xml(parent: XmlFragment | XmlElement) -> Any:
    return [_node(child) for child in parent.children]


def _node(child: Any) -> Any:
    if isinstance(child, XmlText):
        return {"text": _delta(child)}
    return {"tag": child.tag, "attributes": dict(child.attributes), "children": _xml(child)}
