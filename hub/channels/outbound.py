"""Calls that leave the hub: one POST, its answer or what became of it. Decides nothing about vendors.

Whether a call may have arrived is what delivery must know, so each call has a connection of its own: one that
was kept open may be closed by the other side just as the request leaves, and nobody could tell. Nothing that
comes out of here holds the address, the body or a header: aiohttp's exceptions do, and stay here.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from hub.channels.addresses import PrivateAddress, VettedResolver
from hub.channels.names import SystemNames
from hub.errors import BadConfig
from hub.model import Outcome

CONNECT_TIMEOUT: Final = 3.0
"""Seconds, at most, to resolve, connect and agree on TLS."""
MAX_ANSWER: Final = 64 * 1024
"""Bytes; what an answer has beyond is not read."""
CALLS_AT_ONCE: Final = 64

_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "Tongbu",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` may be cut, where the answer was. ``retry_after`` and ``date`` are the headers
    as they came, "" for none."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str = ""
    date: str = ""


def address(channel: str, base_url: str) -> URL:
    """Where a channel sends to. Raises ``BadConfig``, without the address, if that is none."""
    try:
        return URL(base_url)
    except ValueError:
        raise BadConfig(f"channels.{channel}.base_url is no address that can be called") from None


class Outbound:
    """The calls of one channel.

    Args:
        call_timeout: seconds for a whole call.
        allow_private: whether a host name may lead to a private address.
        names: resolves host names; the system's way by default.
    """

    def __init__(
        self, call_timeout: float, *, allow_private: bool, names: AbstractResolver | None = None
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(total=call_timeout, connect=min(CONNECT_TIMEOUT, call_timeout))
        self._allow_private = allow_private
        self._names = names
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, url: URL, body: bytes, headers: Mapping[str, str] | None = None) -> Answer | Outcome:
        """POST the body once, no redirect followed. An ``Outcome`` where no answer came: ``retry``, or
        ``bad_config`` if the address can't be called at all."""
        if self._closed:
            return Outcome("retry", "never", error="the channel is closed", code="closed")
        journey = SimpleNamespace(left=False)
        try:
            async with self._opened().post(
                url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=journey
            ) as response:
                return await _answer(response)
        except Exception as error:
            return failure(error, left=journey.left)

    async def close(self) -> None:
        """End what is under way. Idempotent; nothing can be sent afterwards."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            names = self._names or SystemNames()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=VettedResolver(names, self._allow_private),
                    use_dns_cache=False,
                    force_close=True,
                    limit=CALLS_AT_ONCE,
                ),
                timeout=self._timeout,
                headers=_HEADERS,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                trace_configs=[_tracing()],
            )
        return self._session


def failure(error: Exception, *, left: bool) -> Outcome:
    """What it means that no answer came. Pure.

    Args:
        error: why.
        left: whether the request had begun to leave.
    """
    if isinstance(error, PrivateAddress):
        words = "the host name leads to a private address; allow_private permits that"
        return Outcome("bad_config", "never", error=words, code="private")
    if isinstance(error, aiohttp.InvalidURL):
        return Outcome("bad_config", "never", error="the address can't be called", code="address")
    if left:
        late = isinstance(error, TimeoutError)
        words = "no answer in time" if late else "the answer was cut off"
        return Outcome("retry", "unknown", error=words, code="timeout" if late else "cut")
    words, code = _why_it_stayed(error)
    return Outcome("retry", "never", error=f"no connection: {words}", code=code)


def _why_it_stayed(error: Exception) -> tuple[str, str]:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "the host name can't be resolved", "dns"
        case aiohttp.ClientConnectorCertificateError() | ssl.CertificateError():
            return "the certificate is not trusted", "tls"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "TLS failed", "tls"
        case TimeoutError():
            return "it took too long", "connect"
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number), "connect"
        case _:
            return type(error).__name__, "connect"


def _tracing() -> aiohttp.TraceConfig:
    """Notes in the call's own context that the request begins to leave. (aiohttp hands a request to the
    socket right after this signal.)"""

    async def leaves(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.left = True

    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(leaves)
    return config


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    body = await _read(response.content)
    headers = response.headers
    return Answer(response.status, body, headers.get("Retry-After", ""), headers.get("Date", ""))


async def _read(content: aiohttp.StreamReader) -> bytes:
    """As much of the body as comes. The status is known by now; a body that is cut is told by its content."""
    body = bytearray()
    try:
        while len(body) < MAX_ANSWER and (chunk := await content.readany()):
            body += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass
    return bytes(body[:MAX_ANSWER])
