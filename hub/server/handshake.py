"""Who may upgrade: what an upgrade request asks for, and the answer. Pure: requests in, bytes out.

Common requests (every header once, as browsers and libraries send them) are answered here. Every other one
is left to the library, which knows what RFC 6455 §4.2 says about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.utils import accept_key

from hub import errors
from hub.ports import PeerHandlers, Upgrade
from hub.server.addresses import TrustedProxies
from hub.server.http.answer import PROBLEM, encode_json
from hub.server.http.problems import document
from hub.server.websocket import Handshake

_SUBPROTOCOLS: Final = "sec-websocket-protocol"
_ONCE: Final = frozenset(("sec-websocket-key", "sec-websocket-version", _SUBPROTOCOLS))
_is_key = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==").fullmatch
_token = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_are_subprotocols = re.compile(rf"{_token}(?:[ \t]*,[ \t]*{_token})*").fullmatch


class UpgradeRequest:
    """An HTTP request that asks for a WebSocket.

    Args:
        method: such as ``GET``.
        target: path and query, as sent.
        version: of HTTP, such as ``1.1``.
        headers: pairs of name, in any case, and value; blanks around the value don't count.
    """

    __slots__ = ("asks_for_websocket", "fields", "method", "repeated", "target", "version")

    def __init__(self, method: str, target: str, version: str, headers: Iterable[Sequence[str]]) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.fields: dict[str, str] = {}
        """By name in lower case; of those that came more than once the first value."""
        self.repeated: dict[str, list[str]] = {}
        """All values of those, in order."""
        fields = self.fields
        for field, sent in headers:
            name, value = field.lower(), sent.strip(" \t")
            if name in fields:
                self.repeated.setdefault(name, [fields[name]]).append(value)
            else:
                fields[name] = value
        self.asks_for_websocket = (
            fields.get("upgrade", "").lower() == "websocket"
            and "upgrade" in fields.get("connection", "").lower().replace(",", " ").split()
            and not (self.repeated and ("upgrade" in self.repeated or "connection" in self.repeated))
        )
        """Whether ``Upgrade`` and ``Connection`` say so, each once (RFC 6455 §4.2.1)."""

    def every(self, name: str) -> Sequence[str]:
        """All values of a header, in order."""
        return self.repeated.get(name) or ((self.fields[name],) if name in self.fields else ())

    def only(self, name: str) -> str | None:
        """The value of a header that is there once."""
        return self.fields.get(name) if name not in self.repeated else None


@dataclass(frozen=True, slots=True)
class Doorway:
    """Decides on upgrade requests.

    Args:
        handlers: which paths are served, with which subprotocols.
        allows_origin: whether a page of an ``Origin`` may connect, given the ``Host`` it asked.
        proxies: whose ``X-Forwarded-For`` is believed.
    """

    handlers: PeerHandlers
    allows_origin: Callable[[str | None, str | None], bool]
    proxies: TrustedProxies

    def admit(self, request: UpgradeRequest, peer: str) -> Upgrade:
        """What the request asks for.

        Args:
            request: the upgrade request.
            peer: the address of the socket's other end.

        Raises:
            errors.NotFound: nothing is served at the path.
            errors.Forbidden: the page that asks is of another origin.
            errors.BadRequest: the request has a body.
        """
        path, _, query = request.target.partition("?")
        if "%" in path:
            path = unquote(path)
        if not self.handlers.serves(path):
            raise errors.NotFound
        origin, host = request.only("origin"), request.only("host")
        if "origin" in request.repeated or not self.allows_origin(origin, host):
            raise errors.Forbidden("Pages of this origin may not connect; see `server.origins`.")
        if "transfer-encoding" in request.fields or not set(request.every("content-length")) <= {"0"}:
            raise errors.BadRequest("A request that asks for a WebSocket has no body.")
        address = self.proxies.resolve(peer, request.every("x-forwarded-for"))
        token = _bearer(request.only("authorization") or "") or _query_token(query)
        return Upgrade(path, address, token)

    def answer(self, request: UpgradeRequest, path: str) -> tuple[bool, bytes]:
        """Whether the request is accepted, and the HTTP response that says so.

        Args:
            request: one that was admitted.
            path: percent-decoded.
        """
        key, offered = request.fields.get("sec-websocket-key", ""), request.fields.get(_SUBPROTOCOLS)
        common = (
            request.method == "GET"
            and request.version == "1.1"
            and request.asks_for_websocket
            and request.fields.get("sec-websocket-version") == "13"
            and _is_key(key)
            and (offered is None or _are_subprotocols(offered))
            and not (request.repeated and _ONCE & request.repeated.keys())
        )
        if not common:
            return self._answer_by_library(request, path)
        subprotocols = [] if offered is None else [each.strip(" \t") for each in offered.split(",")]
        return True, _switch(accept_key(key), self.handlers.subprotocol(path, subprotocols))

    def _answer_by_library(self, request: UpgradeRequest, path: str) -> tuple[bool, bytes]:
        headers = Headers((name, value) for name in request.fields for value in request.every(name))
        handshake = Handshake(self.handlers, path)
        handshake.send_response(
            handshake.accept(Request(request.target, headers, request.method, f"HTTP/{request.version}"))
        )
        return handshake.state is OPEN, b"".join(handshake.data_to_send())


def refuse(error: errors.Refusal) -> bytes:
    """The HTTP response to an upgrade that is refused: a problem document (RFC 9457)."""
    body = encode_json(document(error))
    headers = Headers({"Connection": "close", "Content-Length": str(len(body))})
    headers["Content-Type"] = PROBLEM.decode()
    if error.retry_after is not None:
        headers["Retry-After"] = str(-(-error.retry_after // 1000))
    return Response(error.status, error.code, headers, body).serialize()


def _switch(accept: str, subprotocol: str | None) -> bytes:
    selected = "" if subprotocol is None else f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
    return (
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n"
        f"{selected}\r\n"
    ).encode("ascii")


def _bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _query_token(query: str) -> str | None:
    if "token=" not in query:
        return None
    tokens = parse_qs(query).get("token", ())
    return tokens[0] if len(tokens) == 1 else None
