"""Who may upgrade: what an upgrade request asks for, and the answer. Pure: requests in, responses out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from hub import errors
from hub.ports import PeerHandlers, Upgrade
from hub.server.addresses import TrustedProxies


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

    def admit(self, request: Request, peer: str) -> Upgrade:
        """What the request asks for.

        Args:
            request: the upgrade request.
            peer: the address of the socket's other end.

        Raises:
            errors.NotFound: nothing is served at the path.
            errors.Forbidden: the page that asks is of another origin.
        """
        path, _, query = request.path.partition("?")
        path = unquote(path)
        if not self.handlers.serves(path):
            raise errors.NotFound
        headers = request.headers
        origins = headers.get_all("Origin")
        if len(origins) > 1 or not self.allows_origin(_only(origins), _only(headers.get_all("Host"))):
            raise errors.Forbidden("Pages of this origin may not connect; see `server.origins`.")
        address = self.proxies.resolve(peer, headers.get_all("X-Forwarded-For"))
        return Upgrade(path, address, _token(headers.get_all("Authorization"), query))


def refusal(error: errors.Refusal) -> Response:
    """The HTTP answer to an upgrade that is refused: a problem document (RFC 9457)."""
    problem = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.code}
    body = json.dumps(problem).encode()
    headers = Headers(
        [
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "application/problem+json"),
        ]
    )
    if error.status == errors.Limit.status:
        headers["Retry-After"] = "60"
    return Response(error.status, error.code, headers, body)


def _only(values: Sequence[str]) -> str | None:
    return values[0] if len(values) == 1 else None


def _token(authorization: Sequence[str], query: str) -> str | None:
    scheme, _, credentials = (_only(authorization) or "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    if "token=" not in query:
        return None
    return _only(parse_qs(query).get("token", ()))
