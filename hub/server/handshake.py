"""Who may upgrade: what an upgrade request asks for, and the answer. Pure: requests in, bytes out.

Common requests (every header once, as browsers and libraries send them) are answered here. Every other one
is left to the library, which knows what RFC 6455 §4.2 says about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

_key = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")
_token = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_subprotocols = re.compile(rf"{_token}(?:[ \t]*,[ \t]*{_token})*")


class UpgradeRequest:
    """An HTTP request that asks for a WebSocket.

    Args:
        method: such as ``GET``.
        target: path and query, as sent.
        version: of HTTP, such as ``1.1``.
        headers: names in lower case and values, as sent.
    """

    __slots__ = ("asks_for_websocket", "fields", "method", "target", "version")

    def __init__(
        self, method: str, target: bytes, version: str, headers: Sequence[tuple[bytes, bytes]]
    ) -> None:
        self.method = method
        self.target = target.decode("latin-1")
        self.version = version
        self.fields: dict[str, list[str]] = {}
        for name, value in headers:
            self.fields.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        self.asks_for_websocket = self._asks_for_websocket()
        """Whether ``Upgrade`` and ``Connection`` say so, each once (RFC 6455 §4.2.1)."""

    def every(self, name: str) -> Sequence[str]:
        """All values of a header, in order."""
        return self.fields.get(name, ())

    def _asks_for_websocket(self) -> bool:
        upgrade, connection = self.only("upgrade"), self.only("connection")
        return (
            upgrade is not None
            and upgrade.lower() == "websocket"
            and connection is not None
            and "upgrade" in connection.lower().replace(",", " ").split()
        )

    def only(self, name: str) -> str | None:
        """The value of a header that is there once."""
        values = self.fields.get(name, ())
        return values[0] if len(values) == 1 else None


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
        path = unquote(path)
        if not self.handlers.serves(path):
            raise errors.NotFound
        if len(request.every("origin")) > 1 or not self.allows_origin(
            request.only("origin"), request.only("host")
        ):
            raise errors.Forbidden("Pages of this origin may not connect; see `server.origins`.")
        if request.every("transfer-encoding") or not set(request.every("content-length")) <= {"0"}:
            raise errors.BadRequest("A request that asks for a WebSocket has no body.")
        address = self.proxies.resolve(peer, request.every("x-forwarded-for"))
        return Upgrade(path, address, _bearer(request.only("authorization")) or _query_token(query))

    def answer(self, request: UpgradeRequest, path: str) -> tuple[bool, bytes]:
        """Whether the request is accepted, and the HTTP response that says so.

        Args:
            request: one that was admitted.
            path: percent-decoded.
        """
        offered = request.only("sec-websocket-protocol") or ""
        key = request.only("sec-websocket-key") or ""
        common = (
            request.method == "GET"
            and request.version == "1.1"
            and request.asks_for_websocket
            and request.only("sec-websocket-version") == "13"
            and _key.fullmatch(key) is not None
            and (_subprotocols.fullmatch(offered) or "sec-websocket-protocol" not in request.fields)
        )
        if not common:
            return self._answer_by_library(request, path)
        selected = self.handlers.subprotocol(path, re.findall(_token, offered))
        return True, _switch(accept_key(key), selected)

    def _answer_by_library(self, request: UpgradeRequest, path: str) -> tuple[bool, bytes]:
        headers = Headers((name, value) for name, values in request.fields.items() for value in values)
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


def _bearer(authorization: str | None) -> str | None:
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _query_token(query: str) -> str | None:
    if "token=" not in query:
        return None
    tokens = parse_qs(query).get("token", ())
    return tokens[0] if len(tokens) == 1 else None
