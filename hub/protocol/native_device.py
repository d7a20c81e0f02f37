"""The native wire ``tongbu.v1`` as a device speaks it; the frames are listed in ``native``.

A device ignores what it does not know: message types, trailing elements, map keys. So the hub can grow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from hub.errors import Malformed
from hub.model import Hlc, Json
from hub.protocol.frames import Frame, decode_frames, is_unsigned, pack
from hub.protocol.native import VERSION


class Welcome(NamedTuple):
    """The connection is authenticated. ``now`` and ``beat`` in ms."""

    user: str
    device: str
    now: int
    beat: int
    limits: dict[str, int]


class Opened(NamedTuple):
    """A topic is open, or (``ref`` 0) its access or content changed; ``access`` None: the topic is closed.

    For ``body`` see ``body.statements_of`` and ``body.updates_of``; with ``more`` it goes on in relays of the
    same seq.
    """

    ref: int
    handle: int
    incarnation: int
    seq: int
    access: Literal["read", "write"] | None
    full: bool
    body: list[Any]
    more: bool


class Relay(NamedTuple):
    """What was saved under ``seq``; ``more``: another part of the same seq follows."""

    handle: int
    seq: int
    body: list[Any]
    more: bool


class Ok(NamedTuple):
    """Done and saved; for a push ``value`` is the seq."""

    ref: int
    value: Any


class No(NamedTuple):
    """Refused, nothing was changed. ``retry_after`` in ms, ``at`` the refused statement's index."""

    ref: int
    code: str
    message: str
    retry_after: int | None
    at: int | None
    state_vector: bytes | None


class PresenceStates(NamedTuple):
    """By connection ``{device, user, state}``, or None for one that is gone."""

    handle: int
    states: dict[str, dict[str, Any] | None]


class GoingAway(NamedTuple):
    """Come back after ``retry_after`` ms."""

    retry_after: int
    reason: str


class Fatal(NamedTuple):
    """The last message before the hub closes the connection."""

    code: str
    message: str


class Beat(NamedTuple):
    """The connection lives."""


HubMessage = Welcome | Opened | Relay | Ok | No | PresenceStates | GoingAway | Fatal | Beat


def hello(token: str | None, device: str | None, name: str, platform: str, version: int = VERSION) -> bytes:
    """The first message. ``device``: the id the hub issued earlier."""
    about = {"name": name, "platform": platform}
    if device is not None:
        about["id"] = device
    given = {} if token is None else {"token": token}
    return pack((0, {"v": version, **given, "device": about}))


def renew(ref: int, token: str) -> bytes:
    """A new token for the same user and device."""
    return pack((1, ref, token))


def open_topic(ref: int, topic: str, incarnation: int, seq: int, state_vector: bytes | None = None) -> bytes:
    """Open a topic, having ``seq`` of ``incarnation`` (0, 0: nothing)."""
    if state_vector is None:
        return pack((2, ref, topic, incarnation, seq))
    return pack((2, ref, topic, incarnation, seq, state_vector))


def push_statements(ref: int, handle: int, statements: Sequence[tuple[str, str, Json, Hlc]]) -> bytes:
    """State ``(item, field, value, hlc)`` in a ledger."""
    return pack((3, ref, handle, statements))


def push_update(ref: int, handle: int, update: bytes) -> bytes:
    """Bring one Yjs update (v1) to a document."""
    return pack((3, ref, handle, update))


def close(handle: int) -> bytes:
    """Close a topic."""
    return pack((4, handle))


def presence(handle: int, state: Json) -> bytes:
    """What others see of this connection in a topic; None for nothing."""
    return pack((5, handle, state))


def command(ref: int, name: str, params: Mapping[str, Json]) -> bytes:
    """A named action."""
    return pack((6, ref, name, dict(params)))


def decode(message: bytes) -> list[HubMessage]:
    """Decode one binary message from the hub, in order. Messages of unknown type are left out.

    Raises:
        Malformed: the bytes can't be decoded, or a message of known type has the wrong shape.
    """
    parsed = decode_frames(message, _parse)
    return [found for found in parsed if found is not None]


def _parse(frame: Frame) -> HubMessage | None:
    kind = frame[0]
    if type(kind) is not int:
        raise Malformed("a message's type is not an integer")
    parser = _PARSERS.get(kind)
    return parser(frame) if parser else None


def _welcome(frame: Frame) -> Welcome:
    fields = _element(frame, 1, dict)
    welcome = Welcome(
        _field(fields, "user", str),
        _field(fields, "device", str),
        _unsigned(fields.get("now")),
        _unsigned(fields.get("beat")),
        _field(fields, "limits", dict),
    )
    for limit in welcome.limits.values():
        _unsigned(limit)
    return welcome


def _opened(frame: Frame) -> Opened:
    access = _element(frame, 5)
    if access not in ("read", "write", None):
        raise Malformed("access is neither read nor write nor nil")
    return Opened(
        _unsigned(_element(frame, 1)),
        _unsigned(_element(frame, 2)),
        _unsigned(_element(frame, 3)),
        _unsigned(_element(frame, 4)),
        access,
        _element(frame, 6, bool),
        _element(frame, 7, list),
        _more(frame, 8),
    )


def _relay(frame: Frame) -> Relay:
    return Relay(
        _unsigned(_element(frame, 1)),
        _unsigned(_element(frame, 2)),
        _element(frame, 3, list),
        _more(frame, 4),
    )


def _ok(frame: Frame) -> Ok:
    return Ok(_unsigned(_element(frame, 1)), _element(frame, 2))


def _no(frame: Frame) -> No:
    details = _element(frame, 4, dict)
    return No(
        _unsigned(_element(frame, 1)),
        _element(frame, 2, str),
        _element(frame, 3, str),
        _optional(details, "retry_after", int),
        _optional(details, "at", int),
        _optional(details, "state_vector", bytes),
    )


def _presence(frame: Frame) -> PresenceStates:
    states = _element(frame, 2, dict)
    for state in states.values():
        if state is not None and type(state) is not dict:
            raise Malformed("a presence is neither a map nor nil")
    return PresenceStates(_unsigned(_element(frame, 1)), states)


def _going_away(frame: Frame) -> GoingAway:
    fields = _element(frame, 1, dict)
    return GoingAway(_unsigned(fields.get("retry_after")), _field(fields, "reason", str))


def _fatal(frame: Frame) -> Fatal:
    return Fatal(_element(frame, 1, str), _element(frame, 2, str))


def _beat(frame: Frame) -> Beat:
    return Beat()


def _element(frame: Frame, index: int, kind: type = object) -> Any:
    if len(frame) <= index or not isinstance(frame[index], kind):
        raise Malformed("a message has the wrong shape")
    return frame[index]


def _field(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(fields.get(name), kind):
        raise Malformed("a message has the wrong shape")
    return fields[name]


def _optional(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    return None if fields.get(name) is None else _field(fields, name, kind)


def _unsigned(value: Any) -> int:
    if not is_unsigned(value):
        raise Malformed("a number is not an integer from 0 to 2**53 - 1")
    return int(value)


def _more(frame: Frame, index: int) -> bool:
    return len(frame) > index and frame[index] is True


_PARSERS: dict[int, Callable[[Frame], HubMessage]] = {
    0: _welcome,
    1: _opened,
    2: _relay,
    3: _ok,
    4: _no,
    5: _presence,
    8: _going_away,
    9: _fatal,
    10: _beat,
}
