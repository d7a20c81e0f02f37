"""Bounded msgpack: one binary message is one or more arrays ("frames") back to back.

Refused with ``errors.Malformed``: what is not msgpack, an incomplete last frame, a frame that is not an
array, extension types and timestamps, text that is not UTF-8, map keys that are not text, arrays and maps
of more than 2**20 elements, nesting of more than 128 levels (the frame counts as one), more than 65,536
frames.
The cost is linear in the message, whatever it holds: where many containers could nest, the lengths they
claim are believed only once the bytes for them are known to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgpack  # type: ignore[import-untyped]  # ships no types

from hub.errors import Malformed
from hub.protocol.lib0 import MAX_INTEGER

MAX_FRAMES = 65_536
"""In one message."""
MAX_ELEMENTS = 2**20
"""Of one array or map on the wire."""
MAX_DEPTH = 128
"""Containers within containers, the frame itself included."""

Frame = list[Any]
Parsed = TypeVar("Parsed")

_MANY_CONTAINERS = 8
_SMALL_BYTES = MAX_DEPTH
"""A message of so few can neither nest deeper nor claim lengths that cost anything: most are of this size."""
_packer = msgpack.Packer()
pack: Callable[[object], bytes] = _packer.pack
"""One value as msgpack; tuples are arrays. Keeps a buffer as large as the largest value packed."""
pack_large: Callable[[object], bytes] = msgpack.packb
"""The same, slower to begin with, keeping nothing."""
pack_array_header: Callable[[int], bytes] = _packer.pack_array_header
"""The first bytes of an array of so many elements, which the caller appends."""

_CONTAINER_BYTES = bytes((*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF))
_UNPACK_ERRORS = (ValueError, msgpack.UnpackException)


def _text_keys(mapping: dict[Any, Any]) -> dict[Any, Any]:
    for key in mapping:
        if type(key) is not str:
            raise ValueError("a map's key is not text")
    return mapping


def _no_extension(code: int, data: bytes) -> Any:
    raise ValueError("extension types are not used")


def decode_frames(message: bytes, parse: Callable[[Frame], Parsed]) -> list[Parsed]:
    """Decode a message and parse it frame by frame; the first bad frame ends the work.

    Args:
        message: one binary WebSocket message.
        parse: what makes a message of a frame that is a non-empty list within ``MAX_DEPTH``.

    Raises:
        Malformed: see the module, and whatever ``parse`` raises.
    """
    size = len(message)
    try:
        if size > _SMALL_BYTES:
            containers = size - len(message.translate(None, _CONTAINER_BYTES))
            if containers > MAX_DEPTH:
                parse = _depth_checked(parse)
            if containers > _MANY_CONTAINERS:
                _check_complete(message)
        limit = size if size < MAX_ELEMENTS else MAX_ELEMENTS
        try:
            first = msgpack.unpackb(
                message,
                object_hook=_text_keys,
                ext_hook=_no_extension,
                max_ext_len=0,
                max_array_len=limit,
                max_map_len=limit,
            )
        except msgpack.ExtraData as more:
            return [_parsed(more.unpacked, parse), *_parsed_rest(more.extra, parse)]
        if type(first) is not list or not first:
            raise Malformed("a frame is not an array")
        return [parse(first)]
    except _UNPACK_ERRORS:
        raise Malformed from None


def boundaries(data: bytes, position: int) -> Iterator[int]:
    """Where each of the msgpack values ends that fill ``data`` from ``position`` on.

    Raises:
        Malformed: it is not msgpack, or the last value is incomplete.
    """
    unpacker = _unpacker(data)
    unpacker.read_bytes(position)
    end = len(data)
    try:
        while unpacker.tell() < end:
            unpacker.skip()
            yield unpacker.tell()
    except _UNPACK_ERRORS:
        raise Malformed from None


def unpack(data: bytes) -> Any:
    """One value that the hub itself encoded.

    Raises:
        Malformed: it is not one msgpack value.
    """
    try:
        return msgpack.unpackb(data)
    except _UNPACK_ERRORS:
        raise Malformed from None


def within_depth(value: Any, limit: int) -> bool:
    """Whether lists and maps in ``value`` nest at most ``limit`` levels; a list of scalars is one level."""
    level: list[list[Any] | dict[Any, Any]] = [value] if isinstance(value, (list, dict)) else []
    for _ in range(limit):
        if not level:
            return True
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if type(child) is list or type(child) is dict
        ]
    return not level


def is_unsigned(value: Any) -> bool:
    """Whether it is an integer (not a bool, not a float) from 0 to 2**53 - 1."""
    return type(value) is int and 0 <= value <= MAX_INTEGER


def is_text_or_none(value: Any) -> bool:
    """Whether it is text or nil."""
    return value is None or type(value) is str


def _parsed(frame: Any, parse: Callable[[Frame], Parsed]) -> Parsed:
    if type(frame) is not list or not frame:
        raise Malformed("a frame is not an array")
    return parse(frame)


def _parsed_rest(rest: bytes, parse: Callable[[Frame], Parsed]) -> Iterator[Parsed]:
    unpacker = _unpacker(rest)
    end = len(rest)
    while unpacker.tell() < end:
        yield _parsed(unpacker.unpack(), parse)


def _depth_checked(parse: Callable[[Frame], Parsed]) -> Callable[[Frame], Parsed]:
    def checked(frame: Frame) -> Parsed:
        if not within_depth(frame, MAX_DEPTH):
            raise Malformed("the message is nested too deep")
        return parse(frame)

    return checked


def _check_complete(message: bytes) -> None:
    # Skipping allocates nothing, so lengths that the message does not back cost nothing.
    for count, _ in enumerate(boundaries(message, 0)):
        if count == MAX_FRAMES:
            raise Malformed("more than 65,536 frames in a message")


def _unpacker(data: bytes) -> msgpack.Unpacker:
    limit = min(len(data), MAX_ELEMENTS)
    unpacker = msgpack.Unpacker(
        read_size=len(data),
        max_buffer_size=len(data),
        object_hook=_text_keys,
        ext_hook=_no_extension,
        max_ext_len=0,
        max_array_len=limit,
        max_map_len=limit,
    )
    unpacker.feed(data)
    return unpacker
