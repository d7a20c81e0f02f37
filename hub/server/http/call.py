"""One request as the handlers see it: who asks, the path's parameters, the query, the body.

Bodies are decoded here and not by Litestar, which takes ``"1"`` for ``1``: what a program sends has the
type that is documented, or is refused.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope, Receive

from hub.engine.users import ME
from hub.errors import BadField, BadRequest, BadValue, TooBig
from hub.model import Identity, TopicName, UserId
from hub.state.names import inbox_of

T = TypeVar("T")

_UNKNOWN: Final = "Object contains unknown field"
"""How msgspec begins to say so."""
MAX_QUERY: Final = 8192
"""Bytes of a query string."""
MAX_DROPPED: Final = 16 * 1024 * 1024
"""Bytes still taken of a body that is refused as too large."""


class Call:
    """One request by an identified caller.

    Args:
        identity: who asks.
        scope: the ASGI scope, routed.
        receive: ASGI's.
        max_body: bytes of a body.
    """

    __slots__ = ("_receive", "identity", "max_body", "path", "scope")

    def __init__(self, identity: Identity, scope: HTTPScope, receive: Receive, max_body: int) -> None:
        self.identity = identity
        self.scope = scope
        self.path: dict[str, Any] = scope["path_params"]
        self.max_body = max_body
        self._receive = receive

    @property
    def user(self) -> UserId:
        """The user the path names; ``me`` is the caller."""
        user: str = self.path["user"]
        return self.identity.user if user == ME else UserId(user)

    @property
    def topic(self) -> TopicName:
        """The ledger or document the path names: ``{user}``'s inbox, ``{space}`` or ``{name}``."""
        path = self.path
        if "space" in path:
            return TopicName(f"space/{path['space']}")
        if "name" in path:
            return TopicName(f"doc/{path['name'].replace('%2F', '/')}")
        return inbox_of(self.user)

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name; None where it is missing."""
        return header(self.scope, name)

    def query(self, shape: type[T]) -> T:
        """The query string as a struct.

        Raises:
            BadRequest: too long, or not a query string.
            BadValue: an unknown parameter, or a value of the wrong type or range.
        """
        raw = self.scope["query_string"]
        if not raw:
            return shape()
        try:
            return msgspec.convert(parse_query(raw), shape, strict=False)
        except msgspec.ValidationError as error:
            raise BadValue(f"query: {error}") from None

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            TooBig: larger than ``max_body``.
            BadRequest: the caller went away before its end.
        """
        return await read_body(self.scope, self._receive, self.max_body)

    async def json(self, decoder: msgspec.json.Decoder[T]) -> T:
        """The body as JSON of a type.

        Raises:
            BadRequest: not JSON.
            BadField: it has a key that there is none of.
            BadValue: not of the type; the sentence names the key.
            TooBig: larger than ``max_body``.
        """
        return decode(decoder, await self.body())

    async def optional_json(self, decoder: msgspec.json.Decoder[T], missing: T) -> T:
        """The body as ``json``; ``missing`` where there is none."""
        body = await self.body()
        return decode(decoder, body) if body else missing

    async def disconnected(self) -> None:
        """Return when the caller is gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def decode(decoder: msgspec.json.Decoder[T] | msgspec.msgpack.Decoder[T], body: bytes) -> T:
    """Decode a body; raises ``BadRequest``, ``BadField`` and ``BadValue`` as ``Call.json``."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message = str(error)
        raise (BadField if message.startswith(_UNKNOWN) else BadValue)(message) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body can't be decoded: {error}") from None
    except RecursionError:
        raise BadRequest("the body is nested too deep") from None


def header(scope: HTTPScope, name: bytes) -> str | None:
    """A header by its lower-case name; the first, where it is repeated."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    return None


def parse_query(raw: bytes) -> dict[str, str]:
    """The parameters of a query string; of a repeated one the last. Raises ``BadRequest``."""
    if len(raw) > MAX_QUERY:
        raise BadRequest(f"the query is longer than {MAX_QUERY} bytes")
    try:
        return dict(
            parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
        )
    except ValueError:
        raise BadRequest("the query can't be decoded") from None


async def read_body(scope: HTTPScope, receive: Receive, most: int) -> bytes:
    """A request's body of at most ``most`` bytes. Of a larger one nothing is kept."""
    announced = header(scope, b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > most:
        await _hear_out(scope, receive)
        raise TooBig(f"a body is at most {most} bytes")
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] != "http.request":
            raise BadRequest("the request ended early")
        parts.append(event["body"])
        size += len(event["body"])
        if size > most:
            if event["more_body"]:
                await _hear_out(scope, receive)
            raise TooBig(f"a body is at most {most} bytes")
        if not event["more_body"]:
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _hear_out(scope: HTTPScope, receive: Receive) -> None:
    """Drop what is still sent of a body that is refused, up to ``MAX_DROPPED`` bytes.

    A socket that is closed with bytes unread is reset (RFC 1122 §4.2.2.13), and most callers then never see
    the answer. Who asked first (``Expect: 100-continue``) has sent nothing and waits for it.
    """
    if (header(scope, b"expect") or "").lower() == "100-continue":
        return
    left = MAX_DROPPED
    while left > 0:
        event = await receive()
        if event["type"] != "http.request" or not event["more_body"]:
            return
        left -= len(event["body"])
