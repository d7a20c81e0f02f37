"""Where a host name may lead: not into the hub's own network, unless the operator says so.

Guards against server-side request forgery (OWASP): a name is resolved once, every address is looked at, and
the connection goes to the very addresses that were looked at. An address written as numbers never comes here:
it is the operator's own word, as is ``localhost``.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""IPv6 addresses that end with the IPv4 address they mean: NAT64 (RFC 6052), IPv4-compatible."""


class PrivateAddress(Exception):
    """The host name leads to an address of a private network."""


class VettedResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to.

    Args:
        names: what does the resolving.
        allow_private: whether every address may be.
    """

    def __init__(self, names: AbstractResolver, allow_private: bool) -> None:
        self._names = names
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The host's addresses. Raises ``PrivateAddress`` if any of them is private, ``OSError`` if there
        are none."""
        found = await self._names.resolve(host, port, family)
        if not self._allow_private and not all(may_connect(host, result["host"]) for result in found):
            raise PrivateAddress
        return found

    async def close(self) -> None:
        """Nothing is held here."""
        await self._names.close()


def may_connect(host: str, address: str) -> bool:
    """Whether a host name may lead to the address: ``localhost`` to loopback, others to public ones."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return found.is_loopback if host.rstrip(".").lower() == "localhost" else is_public(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is one of the public Internet: not private, loopback, link-local, shared (CGNAT),
    unique local, reserved or multicast, in any spelling."""
    if isinstance(address, IPv6Address) and (meant := _meant(address)) is not None:
        return is_public(meant)
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def _meant(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
