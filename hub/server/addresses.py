"""Where a connection comes from, and how many come from there."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Sequence

from hub import errors

_MAPPED = "::ffff:"

RETRY_AFTER = 60_000
"""Milliseconds after which an address that has too many connections may try again."""


def plain(host: str) -> str:
    """An address as one writes it: a socket that listens on ``::`` sees IPv4 as ``::ffff:192.0.2.1``."""
    return host[len(_MAPPED) :] if host.startswith(_MAPPED) and "." in host else host


def address_of(transport: asyncio.BaseTransport) -> str:
    """Of the socket's other end; "" for a socket of the file system."""
    peer = transport.get_extra_info("peername")
    return plain(peer[0]) if type(peer) is tuple else ""


class TrustedProxies:
    """Believes ``X-Forwarded-For`` of the proxies it was told, as uvicorn does for HTTP requests.

    Each proxy appends the address it was reached from, so the client is the last one in the list that is not
    a trusted proxy itself; if all are, the first.

    Args:
        proxies: addresses or networks (``10.0.0.0/8``).
    """

    def __init__(self, proxies: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(proxy, strict=False) for proxy in proxies]

    def resolve(self, peer: str, forwarded: Sequence[str]) -> str:
        """The client's address.

        Args:
            peer: the address of the socket's other end.
            forwarded: the request's ``X-Forwarded-For`` headers, in order.
        """
        if not forwarded or not self.trusts(peer):
            return peer
        hops = [_host(hop.strip()) for hop in ",".join(forwarded).split(",")]
        client = next((hop for hop in reversed(hops) if not self.trusts(hop)), hops[0])
        return client or peer

    def trusts(self, host: str) -> bool:
        """Whether the address is a trusted proxy's."""
        if not self._networks:
            return False
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class AddressCounts:
    """How many connections each address has open, and may have.

    Args:
        limit: connections per address.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: dict[str, int] = {}

    def enter(self, address: str) -> None:
        """One more. Raises ``errors.Limit`` when there are as many as may be."""
        count = self._counts.get(address, 0)
        if count >= self._limit:
            raise errors.Limit(
                "There are too many connections from this address; come back later.", retry_after=RETRY_AFTER
            )
        self._counts[address] = count + 1

    def leave(self, address: str) -> None:
        """One less."""
        left = self._counts[address] - 1
        if left:
            self._counts[address] = left
        else:
            del self._counts[address]


def _host(hop: str) -> str:
    """A hop's address without its port: ``192.0.2.1:5000``, ``[2001:db8::1]:5000`` or bare."""
    if hop.startswith("["):
        host, bracket, rest = hop[1:].partition("]")
        return host if bracket and (not rest or rest.startswith(":")) else hop
    host, _, port = hop.partition(":")
    return host if port.isdecimal() else hop
