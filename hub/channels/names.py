"""Host names looked up by the system, in threads that nobody waits for.

The event loop has a handful of threads for look-ups, which all channels share, and a process that ends waits
for them. A name server that is silent for half a minute would hold up other channels' calls and the hub's own
end; so every look-up has a thread to itself, which is left behind once its call is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

MAX_LOOKUPS: Final = 32
"""Of one channel at once, those included that nobody waits for any more."""


class SystemNames(AbstractResolver):
    """Implements aiohttp's resolver with the system's ``getaddrinfo``."""

    def __init__(self) -> None:
        self._running = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The host's addresses. Raises ``OSError`` where there are none, or too many look-ups hang."""
        if self._running >= MAX_LOOKUPS:
            raise OSError(errno.EAGAIN, "too many look-ups are under way")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[Any]] = loop.create_future()

        def look_up() -> None:
            try:
                result: list[Any] | Exception = socket.getaddrinfo(
                    host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
                )
            except Exception as error:
                result = error
            with contextlib.suppress(RuntimeError):  # the loop is closed, nobody asks any more
                loop.call_soon_threadsafe(self._tell, found, result)

        threading.Thread(target=look_up, name="channel.names", daemon=True).start()
        self._running += 1
        return [_result(host, *each) for each in await found]

    async def close(self) -> None:
        """Nothing is held here."""

    def _tell(self, found: asyncio.Future[list[Any]], result: list[Any] | Exception) -> None:
        self._running -= 1
        if found.done():
            return
        if isinstance(result, Exception):
            found.set_exception(result)
        else:
            found.set_result(result)


def _result(
    name: str, family: socket.AddressFamily, _kind: int, proto: int, _canonical: str, address: Any
) -> ResolveResult:
    """One of ``getaddrinfo``'s. The fourth field of an IPv6 address is its zone, 0 for none."""
    host, port, *rest = address
    zone = f"%{rest[1]}" if rest and rest[1] else ""
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=name, host=f"{host}{zone}", port=port, family=family, proto=proto, flags=numeric
    )
