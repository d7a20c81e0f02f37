"""Where a hub is: one address for its sockets and its HTTP. Pure."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

_SCHEMES: Final = {
    "http": ("ws", "http"),
    "ws": ("ws", "http"),
    "https": ("wss", "https"),
    "wss": ("wss", "https"),
}
CONNECT: Final = "/v1/connect"
MAX_SHOWN: Final = 200
"""Characters of where a redirect leads that are told."""


class Address(NamedTuple):
    """``socket``: ``ws…/v1/connect``; ``http``: what a path of the API is appended to."""

    socket: str
    http: str

    @property
    def is_this_machine(self) -> bool:
        """Whether only this machine can be meant: no proxy of the environment is asked then."""
        host = urlsplit(self.http).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def api(self, path: str) -> str:
        """The URL of ``/v1/…``."""
        return self.http + path


def leads_to(location: str | None) -> str:
    """Where a redirect leads, in words for a person: without credentials, query and fragment, which may be
    secrets, and without controls; "" for nowhere."""
    try:
        parts = urlsplit(location or "")
        netloc = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    shown = urlunsplit((parts.scheme, netloc, parts.path, "", ""))[:MAX_SHOWN]
    return "".join(character for character in shown if character.isprintable())


def address_of(url: str) -> Address:
    """From ``http://host:port``, ``https://…``, ``ws://…``, ``wss://…``, with or without ``/v1/connect``.

    A path before that is kept, for a hub behind a proxy.

    Raises:
        ValueError: it is no such URL, or holds a token, which belongs into ``token``.
    """
    parts = urlsplit(url)
    schemes = _SCHEMES.get(parts.scheme)
    if schemes is None or not parts.hostname:
        raise ValueError("the hub's address is a URL such as https://hub.example.org")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("the hub's address holds no query and no credentials: give them as token")
    path = parts.path.rstrip("/").removesuffix(CONNECT)
    socket, http = (urlunsplit((scheme, parts.netloc, path, "", "")) for scheme in schemes)
    return Address(socket + CONNECT, http)
