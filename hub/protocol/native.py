"""The native wire ``tongbu.v1`` as the hub speaks it; ``native_device`` is the other side.

A binary WebSocket message is one or more msgpack arrays back to back.

To the hub::

    [0, {v: 1, token?, device: {id?, name?, platform?}}]            hello
    [1, ref, token]                                                 renew
    [2, ref, topic, incarnation, seq, state_vector?]                open
    [3, ref, handle, body]                                          push
    [4, handle]                                                     close
    [5, handle, state]                                              presence
    [6, ref, name, params]                                          command

From the hub::

    [0, {user, device, now, beat, limits}]                          welcome
    [1, ref, handle, incarnation, seq, access, full, body, more?]   opened
    [2, handle, seq, body, more?]                                   relay
    [3, ref, value]                                                 ok
    [4, ref, code, message, {retry_after?, at?, state_vector?}]     no
    [5, handle, {connection: {device, user, state} | nil}]          presence
    [8, {retry_after, reason}]                                      going away
    [9, code, message]                                              fatal
    [10]                                                            beat

``ref`` and ``handle`` are integers from 0 to 2**53 - 1, times milliseconds. Described in full in
``docs/protocol.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hub.errors import Malformed, Refusal
from hub.model import Access, Incarnation, Json, Milliseconds, Seq, made
from hub.protocol.body import (
    EMPTY_BODY,
    decode_statements,
    decode_updates,
    encode_statements,
    encode_updates,
    split_body,
    statements_of,
    updates_of,
)
from hub.protocol.frames import Frame, decode_frames, is_text_or_none, is_unsigned, pack
from hub.protocol.lib0 import MAX_INTEGER

__all__ = [
    "BEAT",
    "EMPTY_BODY",
    "SUBPROTOCOL",
    "VERSION",
    "Close",
    "Command",
    "DeviceMessage",
    "Hello",
    "Open",
    "Presence",
    "Push",
    "Renew",
    "decode",
    "decode_statements",
    "decode_updates",
    "encode_statements",
    "encode_updates",
    "fatal",
    "going_away",
    "no",
    "ok",
    "opened",
    "presence",
    "relay",
    "split_body",
    "statements_of",
    "updates_of",
    "welcome",
]

SUBPROTOCOL = "tongbu.v1"
VERSION = 1


class Hello(NamedTuple):
    """The first message of a connection. ``token`` is None where the upgrade request carried it; ``device``
    is the id the hub issued earlier, None to be given one. Whether ``version`` is spoken the engine says."""

    version: int
    token: str | None
    device: str | None
    name: str
    platform: str


class Renew(NamedTuple):
    """A new token for the same user and device."""

    ref: int
    token: str


class Open(NamedTuple):
    """Open a topic, having ``seq`` of ``incarnation`` (0, 0: nothing); of a document, ``state_vector``."""

    ref: int
    topic: str
    incarnation: int
    seq: int
    state_vector: bytes | None


class Push(NamedTuple):
    """``body`` as it came: of a ledger ``[[item, field, value, hlc], …]``, of a document one update (bytes).

    Only the frame is checked: what the body must be depends on the topic, and is answered by ``no``.
    """

    ref: int
    handle: int
    body: Any


class Close(NamedTuple):
    """Close a topic."""

    handle: int


class Presence(NamedTuple):
    """What others see of this connection in a topic; None for nothing. The value is as it came."""

    handle: int
    state: Any


class Command(NamedTuple):
    """A named action. ``params`` as they came, with text keys."""

    ref: int
    name: str
    params: dict[str, Any]


DeviceMessage = Hello | Renew | Open | Push | Close | Presence | Command


def decode(message: bytes) -> list[DeviceMessage]:
    """Decode one binary message from a device, in order.

    Raises:
        Malformed: the bytes can't be decoded, or a frame is of unknown type, wrong arity or wrong element
            types. Nothing of such a message may take effect.
    """
    return decode_frames(message, _parse)


def welcome(
    user: str, device: str, now: Milliseconds, beat: Milliseconds, limits: Mapping[str, int]
) -> bytes:
    """The answer to hello. ``beat``: something is sent at least so often; ``limits``: docs/protocol.md."""
    return pack((0, {"user": user, "device": device, "now": now, "beat": beat, "limits": dict(limits)}))


def opened(
    ref: int,
    handle: int,
    incarnation: Incarnation,
    seq: Seq,
    access: Access | None,
    full: bool,
    body: bytes,
    more: bool = False,
) -> bytes:
    """A topic is open, or (``ref`` 0) its access or content changed. ``body`` is encoded already.

    ``access`` None: the right to the topic is gone, and with it the handle.
    """
    head = pack((1, ref, handle, incarnation, seq, access, full))[1:]
    if more:
        return b"".join((_NINE, head, body, _TRUE))
    return b"".join((_EIGHT, head, body))


def relay(handle: int, seq: Seq, body: bytes, more: bool = False) -> bytes:
    """What was saved under ``seq``. ``body`` is encoded already."""
    if more:
        return b"".join((_RELAY_MORE, pack(handle), pack(seq), body, _TRUE))
    return b"".join((_RELAY, pack(handle), pack(seq), body))


def ok(ref: int, value: Json) -> bytes:
    """Done and saved; for a push the seq it is saved under."""
    return pack((3, ref, value))


def no(ref: int, refusal: Refusal) -> bytes:
    """Refused; nothing was changed."""
    details: dict[str, int | bytes] = {}
    if refusal.retry_after is not None:
        details["retry_after"] = refusal.retry_after
    if refusal.at is not None:
        details["at"] = refusal.at
    if refusal.state_vector is not None:
        details["state_vector"] = refusal.state_vector
    return pack((4, ref, refusal.code, refusal.message, details))


def presence(handle: int, states: Mapping[str, Json]) -> bytes:
    """Who else is there: by connection ``{device, user, state}``, None for one that is gone."""
    return pack((5, handle, states))


def going_away(retry_after: Milliseconds, reason: str) -> bytes:
    """The hub is going away; come back after so many ms."""
    return pack((8, {"retry_after": retry_after, "reason": reason}))


def fatal(code: str, message: str) -> bytes:
    """The last message before the connection is closed. ``code`` is the error's stable code."""
    return pack((9, code, message))


BEAT = pack((10,))
"""Sent when nothing else was for ``beat`` ms."""

_EIGHT = b"\x98"
_NINE = b"\x99"
_RELAY = b"\x94\x02"
_RELAY_MORE = b"\x95\x02"
_TRUE = b"\xc3"


def _parse(frame: Frame) -> DeviceMessage:
    kind = frame[0]
    if type(kind) is int and 0 <= kind < len(_PARSERS):
        return _PARSERS[kind](frame)
    raise Malformed("a message of unknown type")


def _push(frame: Frame) -> Push:
    if len(frame) == 4:
        _, ref, handle, body = frame
        # As is_unsigned, which every other message affords.
        if type(ref) is int is type(handle) and 0 <= ref <= MAX_INTEGER and 0 <= handle <= MAX_INTEGER:
            return made(Push, (ref, handle, body))
    raise Malformed("push is [3, ref, handle, body]")


def _hello(frame: Frame) -> Hello:
    if len(frame) == 2 and type(frame[1]) is dict:
        fields = frame[1]
        device = fields.get("device", {})
        if type(device) is dict:
            hello = Hello(
                fields.get("v"),  # type: ignore[arg-type]  # checked below
                fields.get("token"),
                device.get("id"),
                device.get("name", ""),
                device.get("platform", ""),
            )
            if (
                is_unsigned(hello.version)
                and is_text_or_none(hello.token)
                and is_text_or_none(hello.device)
                and type(hello.name) is str
                and type(hello.platform) is str
            ):
                return hello
    raise Malformed("hello is [0, {v, token?, device?: {id?, name?, platform?}}]")


def _renew(frame: Frame) -> Renew:
    if len(frame) == 3 and is_unsigned(frame[1]) and type(frame[2]) is str:
        return Renew(frame[1], frame[2])
    raise Malformed("renew is [1, ref, token]")


def _open(frame: Frame) -> Open:
    if 5 <= len(frame) <= 6:
        _, ref, topic, incarnation, seq, *rest = frame
        state_vector = rest[0] if rest else None
        if (
            is_unsigned(ref)
            and type(topic) is str
            and is_unsigned(incarnation)
            and is_unsigned(seq)
            and (state_vector is None or type(state_vector) is bytes)
        ):
            return Open(ref, topic, incarnation, seq, state_vector)
    raise Malformed("open is [2, ref, topic, incarnation, seq, state_vector?]")


def _close(frame: Frame) -> Close:
    if len(frame) == 2 and is_unsigned(frame[1]):
        return Close(frame[1])
    raise Malformed("close is [4, handle]")


def _presence(frame: Frame) -> Presence:
    if len(frame) == 3 and is_unsigned(frame[1]):
        return Presence(frame[1], frame[2])
    raise Malformed("presence is [5, handle, state]")


def _command(frame: Frame) -> Command:
    if len(frame) == 4:
        _, ref, name, params = frame
        if is_unsigned(ref) and type(name) is str and type(params) is dict:
            return Command(ref, name, params)
    raise Malformed("command is [6, ref, name, params]")


_PARSERS: tuple[Callable[[Frame], DeviceMessage], ...] = (
    _hello,
    _renew,
    _open,
    _push,
    _close,
    _presence,
    _command,
)
