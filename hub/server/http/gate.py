"""Who asks: bearer tokens to identities."""

from __future__ import annotations

from typing import Any, Final

from litestar.types import HTTPScope

from hub.engine.people import People
from hub.errors import BadToken, Unauthorized
from hub.model import Identity
from hub.ports import Authenticator, Clock
from hub.server.http.call import header, parse_query

KNOWN: Final = "tongbu.known"
"""The ASGI extension to call once it is known who asks: the socket is then more patient."""

_REMEMBERED: Final = 10_000


class Gate:
    """Lets requests in by their token. Remembers tokens it has verified, all forgotten when they are many.

    Args:
        authenticator: verifies tokens.
        people: knows users and revoked devices.
        clock: tells when a remembered token has expired.
    """

    def __init__(self, authenticator: Authenticator, people: People, clock: Clock) -> None:
        self._authenticator = authenticator
        self._people = people
        self._clock = clock
        self._verified: dict[str, Identity] = {}

    async def identify(self, scope: HTTPScope, token_in_query: bool = False) -> Identity:
        """The identity behind a request's ``Authorization: Bearer`` header, let in.

        Args:
            scope: the request.
            token_in_query: also take ``?token=``, for an ``EventSource``, which sets no headers.

        Raises:
            Unauthorized: no token; or one that is invalid, expired, or whose device was revoked.
        """
        token = _bearer(scope)
        if token is None and token_in_query:
            token = parse_query(scope["query_string"]).get("token")
        if not token:
            raise Unauthorized
        identity = self._verify(token)
        if not self._people.admitted(identity):
            await self._people.admit(identity)
        known: Any = (scope.get("extensions") or {}).get(KNOWN)
        if known is not None:
            known()
        return identity

    def _verify(self, token: str) -> Identity:
        identity = self._verified.get(token)
        if identity is not None and identity.expires_at > self._clock.now():
            return identity
        try:
            identity = self._authenticator.verify(token)
        except BadToken as error:
            raise Unauthorized(error.message) from None
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified[token] = identity
        return identity


def _bearer(scope: HTTPScope) -> str | None:
    """The token of the header (RFC 6750 §2.1); None where there is none of that scheme."""
    value = header(scope, b"authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
