"""A bounded reader of Yjs updates in the v1 format: what the bytes say, before any rule about their meaning.

======== ==========================================================================================
update   varUint sections, section × n, delete set
section  varUint structs (≥ 1), varUint client id, varUint clock of the first, struct × n
struct   info byte: bits 0–4 kind, 0x80 origin, 0x40 right origin, 0x20 parent sub
GC, Skip varUint length
item     [origin id] [right origin id], without either: varUint 1 + root name or varUint 0 + parent id,
         then, with 0x20, varString parent sub; content of the kind
id       varUint client id, varUint clock
deletes  varUint clients, each: varUint client id, varUint n (≥ 1), n × {varUint clock, varUint length}
======== ==========================================================================================

An item's clock is that of the struct before plus its length. Lengths of strings count UTF-16 units.
Stricter than Yjs where yrs reads the same bytes otherwise than Yjs does: integers are in their shortest
form, flags and kinds are exact, no struct is of length 0; legacy JSON content (yrs reads one element too
many) and XML hooks (yrs leaves out their name) are refused. See docs/decisions/0002-document-gate.md.

Sources: yjs 13.6 ``utils/encoding.js``, ``structs/*.js``, ``utils/DeleteSet.js``; lib0 ``encoding.js``;
yrs 0.28 ``update.rs``, ``block.rs``, ``any.rs``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from hub.errors import Refused
from hub.protocol.frames import within_depth

MAX_INTEGER: Final = 2**53 - 1
"""The greatest client id, and the greatest integer that JavaScript holds exactly."""
MAX_CLOCK: Final = 2**31 - 1
"""yrs holds clocks in 32 bits and subtracts them as signed integers."""
MAX_VALUE_DEPTH: Final = 16
"""Arrays and objects within one another in one JSON or Any value."""

GC: Final = 0
DELETED: Final = 1
BINARY: Final = 3
STRING: Final = 4
TYPE: Final = 7
SUBDOCUMENT: Final = 9
SKIP: Final = 10

WRAPPED: Final = bytes.fromhex("8f3b1c5ae7d2409690b4d6e81f72ac03")
"""Bytes that begin so are a subdocument's (``stand_ins``)."""

Id = tuple[int, int]
"""A client id and a clock."""


class Block(NamedTuple):
    """One struct. An item without neighbours has a ``parent`` or a named ``root``, and perhaps a ``key``.

    ``pairs``: in a string, the offset of each low half of a surrogate pair. ``memory``: bytes that it takes
    in a yrs document, about.
    """

    kind: int
    clock: int
    length: int
    origin: Id | None
    right_origin: Id | None
    parent: Id | None
    root: str
    key: str | None
    pairs: Sequence[int]
    memory: int


class UpdateReader:
    """Reads one update front to back. Every method raises ``errors.Refused`` and none reads past the end.

    ``own``: what a Doc of the hub told, where subdocuments are wrapped (``stand_ins``).
    """

    __slots__ = ("_clients", "_data", "_own", "content_at", "pairs", "position", "subdocuments")

    def __init__(self, update: bytes, *, own: bool = False) -> None:
        self._data = update
        self._own = own
        self._clients: dict[bytes, int] = {}
        self.position = 0
        self.content_at = 0
        """Where the content of the item read last begins."""
        self.pairs: Sequence[int] = ()
        self.subdocuments = False
        """Whether any was read."""

    def uint(self) -> int:
        """An integer from 0 to 2**53 - 1 in its shortest form."""
        data, position = self._data, self.position
        try:
            byte = data[position]
            if byte < 0x80:
                self.position = position + 1
                return byte
            second = data[position + 1]
        except IndexError:
            _refuse_end()
        if 0 < second < 0x80:
            self.position = position + 2
            return byte & 0x7F | second << 7
        self.position = position + 1
        return self._more(byte & 0x7F, 7)

    def client(self) -> int:
        """A client id."""
        position = self.position
        encoded = self._data[position : position + _USUAL_ID_BYTES]
        client = self._clients.get(encoded)
        if client is not None:
            self.position = position + _USUAL_ID_BYTES
            return client
        client = self.uint()
        if self.position - position == _USUAL_ID_BYTES:
            self._clients[encoded] = client
        return client

    def block(self, clock: int) -> Block:
        """The struct that begins at ``clock``."""
        info = self._byte()
        kind = info & 0x1F
        origin = right_origin = parent = key = None
        root = ""
        self.pairs = ()
        if kind in _RANGES:
            self.content_at = self.position
            if info != kind:
                raise Refused("a GC or Skip struct has flags")
            length = self.uint()
            memory = _MEMORY[kind]
        else:
            if info & 0xC0:
                if info & 0x80:
                    origin = (self.client(), self.uint())
                if info & 0x40:
                    right_origin = (self.client(), self.uint())
            else:
                parent, root = self._parent()
                if info & 0x20:
                    key = self.string()
            self.content_at = self.position
            length = (_CONTENTS.get(kind) or _unreadable(kind))(self)
            memory = memory_of(kind, self.position - self.content_at)
        if length == 0:
            raise Refused("a struct is empty")
        if clock + length > MAX_CLOCK:
            raise Refused("a clock is greater than 2**31 - 1")
        return Block(kind, clock, length, origin, right_origin, parent, root, key, self.pairs, memory)

    def buf(self) -> bytes:
        """A length and so many bytes."""
        length = self.uint()
        start = self.position
        end = start + length
        if end > len(self._data):
            _refuse_end()
        self.position = end
        return self._data[start:end]

    def string(self) -> str:
        """Length-prefixed UTF-8."""
        try:
            return self.buf().decode()
        except UnicodeDecodeError:
            raise Refused("a string is not UTF-8") from None

    def finish(self) -> None:
        """Make sure that nothing follows."""
        if self.position != len(self._data):
            raise Refused("something follows the update")

    def _byte(self) -> int:
        try:
            byte = self._data[self.position]
        except IndexError:
            _refuse_end()
        self.position += 1
        return byte

    def _more(self, value: int, shift: int) -> int:
        """The rest of an integer whose first byte holds ``shift`` bits."""
        data, position = self._data, self.position
        try:
            while (byte := data[position]) >= 0x80:
                value |= (byte & 0x7F) << shift
                shift += 7
                position += 1
                if shift > 49:
                    raise Refused("an integer is greater than 2**53 - 1")
        except IndexError:
            _refuse_end()
        if byte == 0:
            raise Refused("an integer is not in its shortest form")
        self.position = position + 1
        value |= byte << shift
        if value > MAX_INTEGER:
            raise Refused("an integer is greater than 2**53 - 1")
        return value

    def _parent(self) -> tuple[Id | None, str]:
        named = self.uint()
        if named == 0:
            return (self.client(), self.uint()), ""
        if named != 1:
            raise Refused("an item has no valid parent")
        return None, self.string()

    def _skip(self, size: int) -> None:
        self.position += size
        if self.position > len(self._data):
            _refuse_end()

    # ------------------------------------------------------------------ contents: each returns a length

    def _deleted(self) -> int:
        return self.uint()

    def _binary(self) -> int:
        size = self.uint()
        if not self._own and self._data.startswith(WRAPPED, self.position):
            raise Refused("bytes begin with the hub's own mark")
        self._skip(size)
        return 1

    def _text(self) -> int:
        encoded = self.buf()
        if encoded.isascii():
            return len(encoded)
        try:
            text = encoded.decode()
        except UnicodeDecodeError:
            raise Refused("a string is not UTF-8") from None
        pairs = [found.start() + index + 1 for index, found in enumerate(_ASTRAL.finditer(text))]
        self.pairs = pairs
        return len(text) + len(pairs)

    def _embed(self) -> int:
        self._json()
        return 1

    def _format(self) -> int:
        self.string()
        self._json()
        return 1

    def _type(self) -> int:
        kind = self.uint()
        if kind not in _TYPES:
            raise Refused("a shared type is of a kind that the hub does not know")
        if kind == _XML_ELEMENT:
            self.string()
        return 1

    def _any(self) -> int:
        count = self.uint()
        for _ in range(count):
            self._value(0)
        return count

    def _doc(self) -> int:
        self.subdocuments = True
        self.string()
        if self._data[self.position : self.position + 1] != _OBJECT_TAG:
            raise Refused("a subdocument has no options")
        self._value(0)
        return 1

    # ------------------------------------------------------------------ values

    def _json(self) -> None:
        encoded = self.buf()
        if encoded in _PLAIN_JSON:
            return
        try:
            value = json.loads(encoded.decode(), parse_constant=_refuse_constant)
        except RecursionError:
            raise Refused("a value is nested deeper than 16") from None
        except ValueError:
            raise Refused("a value is not JSON") from None
        brackets = encoded.count(b"[") + encoded.count(b"{")
        if brackets > MAX_VALUE_DEPTH and not within_depth(value, MAX_VALUE_DEPTH):
            raise Refused("a value is nested deeper than 16")

    def _value(self, depth: int) -> None:
        """One lib0 Any; ``depth`` counts the containers around it."""
        tag = self._byte()
        if tag in _FIXED_SIZES:
            self._skip(_FIXED_SIZES[tag])
        elif tag == _ANY_STRING:
            self.string()
        elif tag == _ANY_INTEGER:
            self._int()
        elif tag in _CONTAINERS:
            self._container(tag, depth + 1)
        elif tag == _ANY_BYTES:
            self._skip(self.uint())
        else:
            raise Refused("a value is of an unknown type")

    def _container(self, tag: int, depth: int) -> None:
        if depth > MAX_VALUE_DEPTH:
            raise Refused("a value is nested deeper than 16")
        for _ in range(self.uint()):
            if tag == _ANY_OBJECT:
                self.string()
            self._value(depth)

    def _int(self) -> None:
        """lib0's varInt: the first byte holds a sign (0x40) and six bits."""
        byte = self._byte()
        if byte & 0x80:
            self._more(byte & 0x3F, 6)


def memory_of(kind: int, content_bytes: int) -> int:
    """Bytes that a struct takes in a yrs document, about."""
    return _MEMORY[kind] + content_bytes * _MEMORY_PER_BYTE[kind]


_ContentReader = Callable[[UpdateReader], int]

_CONTENTS: Final[dict[int, _ContentReader]] = {
    1: UpdateReader._deleted,
    3: UpdateReader._binary,
    4: UpdateReader._text,
    5: UpdateReader._embed,
    6: UpdateReader._format,
    7: UpdateReader._type,
    8: UpdateReader._any,
    9: UpdateReader._doc,
}

_MEMORY: Final = (200, 200, 200, 200, 200, 200, 200, 900, 200, 3000, 200)
_MEMORY_PER_BYTE: Final = (0, 0, 0, 1, 1, 12, 12, 1, 12, 12)
"""By kind, with yrs 0.28: a struct takes 200 bytes, a type 900, a subdocument 3,000; a byte of a value 12."""

_USUAL_ID_BYTES: Final = 5
"""Most client ids are random 32-bit numbers; decoding one costs more than looking its five bytes up."""
_RANGES: Final = frozenset((GC, SKIP))
_LEGACY_JSON: Final = 2

_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_PLAIN_JSON: Final = frozenset((b"null", b"true", b"false"))

_XML_ELEMENT: Final = 3
_TYPES: Final = frozenset((0, 1, 2, 3, 4, 6))
"""YArray, YMap, YText, YXmlElement, YXmlFragment, YXmlText; 5 is YXmlHook."""

_FIXED_SIZES: Final = {127: 0, 126: 0, 124: 4, 123: 8, 122: 8, 121: 0, 120: 0}
"""undefined, null, float32, float64, bigint, false, true."""
_ANY_INTEGER: Final = 125
_ANY_STRING: Final = 119
_ANY_OBJECT: Final = 118
_ANY_ARRAY: Final = 117
_ANY_BYTES: Final = 116
_CONTAINERS: Final = frozenset((_ANY_OBJECT, _ANY_ARRAY))
_OBJECT_TAG: Final = bytes((_ANY_OBJECT,))


def _unreadable(kind: int) -> NoReturn:
    if kind == _LEGACY_JSON:
        raise Refused("legacy JSON content is not supported")
    raise Refused("content is of a kind that Yjs 13 does not know")


def _refuse_end() -> NoReturn:
    raise Refused("the update ends too early") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError("JSON has no such number")
