"""Tokens: where they come from, when they run out, what replaces them.

A token is given (text), asked for (a callable), or claimed with a link code and then kept in the store. What
it says is read without checking the signature: that is the hub's business.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from tongbu.address import Address
from tongbu.errors import LinkCodeRefused, Unauthorized

TokenSource = Callable[[], Awaitable[str]]

HTTP_TIMEOUT: Final = 10.0
"""Seconds for claiming or renewing a token."""
EARLY: Final = 60.0
"""Seconds before its end that a token is renewed; a short-lived one after four fifths of its time."""
MOST_ANSWER: Final = 64 * 1024
"""Bytes of an answer."""


def claims_of(token: str) -> Mapping[str, Any]:
    """What a JWT says; nothing where the token is of another sort."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def expiry_of(token: str) -> float | None:
    """When it ends, in seconds since 1970; None where it doesn't tell."""
    expires = claims_of(token).get("exp")
    return float(expires) if isinstance(expires, int | float) else None


def renewal_wait(token: str, now: float) -> float | None:
    """Seconds from ``now`` (since 1970) until the token should be renewed; None for never."""
    expires = expiry_of(token)
    if expires is None:
        return None
    left = expires - now
    return max(0.0, left - EARLY if left > 5 * EARLY else left * 0.8)


class Credentials(ABC):
    """Where a device's token comes from."""

    @abstractmethod
    async def current(self) -> str:
        """The token to say hello with."""

    @abstractmethod
    async def renewed(self, old: str) -> str:
        """A token in place of one that runs out or was refused; the same where there is no other."""


class GivenToken(Credentials):
    """A text; there is no other."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def current(self) -> str:
        """The text."""
        return self._token

    async def renewed(self, old: str) -> str:
        """The text."""
        return self._token


class AskedToken(Credentials):
    """From a callable, asked when there is none or the one there is no longer does."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._token: str | None = None

    async def current(self) -> str:
        """The last one, while it lasts."""
        expires = None if self._token is None else expiry_of(self._token)
        if self._token is None or (expires is not None and expires <= time.time()):
            self._token = await self._source()
        return self._token

    async def renewed(self, old: str) -> str:
        """Asked for again."""
        if self._token is None or self._token == old:
            self._token = await self._source()
        return self._token


class ClaimedToken(Credentials):
    """Claimed once with a link code, renewed over HTTP, and kept.

    Args:
        address: of the hub.
        code: the link code; None where the store holds a token already.
        kept: what the store holds: ``token`` and ``code`` (the claimed code's SHA-256).
        keep: saves both.
        about: ``name`` and ``platform`` of the device.
    """

    def __init__(
        self,
        address: Address,
        code: str | None,
        kept: Mapping[str, str],
        keep: Callable[[Mapping[str, str]], Awaitable[None]],
        about: Mapping[str, str],
    ) -> None:
        self._address = address
        self._code = code
        self._digest = "" if code is None else hashlib.sha256(code.encode()).hexdigest()
        claimed = code is None or kept.get("code") == self._digest
        self._token = kept.get("token") if claimed else None
        self._keep = keep
        self._about = about

    async def current(self) -> str:
        """The kept one, or claimed now.

        Raises:
            LinkCodeRefused: the hub does not take the code.
            OSError: the hub can't be reached.
        """
        if self._token is None:
            body = {"code": self._code, **self._about}
            status, answer = await post(self._address, "/v1/devices/claim", body, None)
            if status in (400, 401, 403, 404, 422):
                raise LinkCodeRefused
            await self._take(status, answer)
        assert self._token is not None
        return self._token

    async def renewed(self, old: str) -> str:
        """From the hub; the same one where it no longer takes it. Raises ``OSError``."""
        status, answer = await post(self._address, "/v1/token/renew", {}, old)
        if status in (401, 403):
            return old
        await self._take(status, answer)
        return self._token or old

    async def _take(self, status: int, answer: Any) -> None:
        token = answer.get("token") if isinstance(answer, dict) else None
        if status != 200 or not isinstance(token, str):
            raise OSError(f"the hub answered {status}")
        self._token = token
        await self._keep({"token": token, "code": self._digest} if self._digest else {"token": token})


class NoToken(Credentials):
    """None was given, and the store holds none."""

    async def current(self) -> str:
        """Raises ``Unauthorized``."""
        raise Unauthorized("a token or a link code is needed")

    async def renewed(self, old: str) -> str:
        """Raises ``Unauthorized``."""
        return await self.current()


async def post(address: Address, path: str, body: Mapping[str, Any], token: str | None) -> tuple[int, Any]:
    """One JSON request: status and answer. Raises ``OSError`` where nothing answers."""
    return await asyncio.to_thread(_post, address, path, json.dumps(body).encode(), token)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like others: what is said here is for the named address alone."""

    def redirect_request(self, *_: object) -> None:
        """Nowhere."""
        return


def _post(address: Address, path: str, body: bytes, token: str | None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "User-Agent": "tongbu-python"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(address.api(path), body, headers, method="POST")
    proxies: dict[str, str] | None = {} if address.is_this_machine else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _NoRedirects())
    try:
        with opener.open(request, timeout=HTTP_TIMEOUT) as response:
            return response.status, _json(response.read(MOST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _json(error.read(MOST_ANSWER))


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
