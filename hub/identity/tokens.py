"""Local tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256 by the data folder's secret.

======== ==================================================================
claim    meaning
======== ==================================================================
sub      the user: a name as of ``hub.state.names``, never ``hub``
scope    some of ``user publish admin``, separated by blanks (RFC 8693 §4.2)
exp      required; seconds since 1970
iat      when it was issued, to the millisecond; deleting the user voids what was issued before
nbf      respected where present
device   the device the token is bound to, where it is
======== ==================================================================

Any other algorithm is refused, ``none`` above all (RFC 8725 §3.1).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, get_args

from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OctKey

from hub.errors import BadId, BadToken, BadValue
from hub.model import HUB, DeviceId, Identity, Milliseconds, Scope, UserId
from hub.ports import Clock
from hub.state.names import is_name

MAX_TOKEN: Final = 4096
"""Longest token that is looked at, in characters."""
MAX_TTL: Final = 10 * 365 * 86_400
"""Longest life of a token, in seconds."""
SCOPES: Final[frozenset[str]] = frozenset(get_args(Scope))

_RESERVED: Final[str] = HUB
_REMEMBERED: Final = 10_000
"""Tokens, by their SHA-256, least recently used out: some MiB."""
_ALGORITHMS: Final = ("HS256",)
_MAX_TIME: Final = 253_402_300_800
"""The year 10000, in seconds: times stay whole milliseconds below 2**53."""


class _Verified(NamedTuple):
    """What a token with a good signature says."""

    identity: Identity
    not_before: Milliseconds


class LocalTokens:
    """An ``Authenticator`` that needs nothing but a secret. Verifying takes about 24 µs, a token that came
    before 1, and no I/O.

    Args:
        secret: at least 32 bytes, see ``hub.identity.secret``.
        clock: tells what has expired.
    """

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._key = OctKey.import_key(secret)
        self._clock = clock
        # What was found good stays good but for the time, and a device comes with the same token again.
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    def verify(self, token: str) -> Identity:
        """Who the token speaks for.

        Raises:
            BadToken: with what is wrong in words, never with the token.
        """
        if len(token) > MAX_TOKEN:
            raise BadToken(f"The token is longer than {MAX_TOKEN} characters.")
        digest = sha256(token.encode(errors="surrogatepass")).digest()
        verified = self._verified.get(digest)
        if verified is None:
            verified = _verified(self._claims(token))
        now = self._clock.now()
        if verified.identity.expires_at <= now:
            raise BadToken("The token has expired.")
        if verified.not_before > now:
            raise BadToken("The token is not valid yet.")
        self._remember(digest, verified)
        return verified.identity

    def issue(self, user: UserId, scopes: Iterable[Scope], ttl: int, device: DeviceId | None = None) -> str:
        """Sign a token valid for ``ttl`` seconds.

        Raises:
            BadId: the user or device is no name, or the user is ``hub``.
            BadValue: no or unknown scopes, or a ttl that is not between 1 second and 10 years.
        """
        names = sorted(set(scopes))
        if not is_name(user) or user == _RESERVED:
            raise BadId("A user's name is 1 to 64 of A-Z a-z 0-9 _ . ~ @ - and not `hub`.")
        if device is not None and not is_name(device):
            raise BadId("A device's id is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -.")
        if not names or not SCOPES.issuperset(names):
            raise BadValue(f"A token has one or more of the scopes {', '.join(sorted(SCOPES))}.")
        if not 1 <= ttl <= MAX_TTL:
            raise BadValue(f"A token lives 1 to {MAX_TTL} seconds.")
        now = self._clock.now()
        claims = {"sub": user, "scope": " ".join(names), "iat": now / 1000, "exp": now // 1000 + int(ttl)}
        if device is not None:
            claims["device"] = device
        return jwt.encode({"alg": "HS256"}, claims, self._key, algorithms=_ALGORITHMS)

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._verified[digest] = verified
        self._verified.move_to_end(digest)
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            return jwt.decode(token, self._key, algorithms=_ALGORITHMS).claims
        except BadSignatureError:
            raise BadToken("The token was not signed by this hub.") from None
        except (JoseError, ValueError, TypeError, LookupError, RecursionError):
            raise BadToken("The token is not a JSON Web Token signed with HS256.") from None


def _verified(claims: Mapping[str, Any]) -> _Verified:
    expires_at = _time(claims, "exp")
    if expires_at is None:
        raise BadToken("The token has no expiry.")
    issued_at = _time(claims, "iat") or Milliseconds(0)
    identity = Identity(_user(claims), _scopes(claims), expires_at, _device(claims), issued_at)
    return _Verified(identity, _time(claims, "nbf") or Milliseconds(0))


def _user(claims: Mapping[str, Any]) -> UserId:
    user = claims.get("sub")
    if not isinstance(user, str) or not is_name(user) or user == _RESERVED:
        raise BadToken("The token's `sub` is not a user's name.")
    return UserId(user)


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    scope = claims.get("scope")
    scopes = frozenset(scope.split(" ")) if isinstance(scope, str) else frozenset()
    if not scopes or not scopes <= SCOPES:
        raise BadToken("The token's `scope` is missing or holds one this hub doesn't know.")
    return scopes


def _device(claims: Mapping[str, Any]) -> DeviceId | None:
    device = claims.get("device")
    if device is None:
        return None
    if not isinstance(device, str) or not is_name(device):
        raise BadToken("The token's `device` is not a device's id.")
    return DeviceId(device)


def _time(claims: Mapping[str, Any], name: str) -> Milliseconds | None:
    """A claim in seconds (RFC 7519 NumericDate, fractions allowed) as milliseconds."""
    seconds = claims.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise BadToken(f"The token's `{name}` is not a time.")
    return Milliseconds(round(min(max(seconds, 0), _MAX_TIME) * 1000))
