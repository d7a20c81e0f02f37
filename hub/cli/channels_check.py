"""What ``hub doctor`` finds of the ways out: each host is looked up, called, and asked for nothing.

A host gets a connection, a TLS handshake and one ``HEAD /``, whose ``Date`` is compared with this machine's
clock. No key, no path and no message goes there: whether the vendor takes those, ``hub channel test`` tells.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeVar
from urllib.parse import urlsplit

from hub.cli.finding import Finding
from hub.config import ChannelSettings, Config, WebhookSettings, WecomRobotSettings

T = TypeVar("T")

PATIENCE: Final = 3.0
"""Seconds for each step: the look-up, the connection, TLS, the answer."""
SKEW: Final = 60.0
"""Seconds that clocks may differ: stamps may lie so far ahead, and vendors refuse older signatures."""

_is_robot_key = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


@dataclass(frozen=True, slots=True)
class Place:
    """Where a channel sends to, without what is secret in its address."""

    name: str
    host: str
    port: int
    tls: bool
    vetted: bool
    """Whether the hub refuses private addresses there."""

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address, not a name."""
        return _address(self.host) is not None


class _Fault(Exception):
    """A channel can't be reached: what is wrong, what to do."""


def check_channels(config: Config) -> Iterator[Finding]:
    """Whether each channel's host can be reached, and its settings make sense."""
    for name, settings in config.channels.items():
        yield from _settings(name, settings)
        yield from _reached(place_of(name, settings))


def place_of(name: str, settings: ChannelSettings) -> Place:
    """Where the channel sends to."""
    parts = urlsplit(str(settings.base_url))
    tls = parts.scheme == "https"
    vetted = isinstance(settings, WebhookSettings) and not settings.allow_private
    return Place(name, parts.hostname or "", parts.port or (443 if tls else 80), tls, vetted)


def _settings(name: str, settings: ChannelSettings) -> Iterator[Finding]:
    place = place_of(name, settings)
    if (
        isinstance(settings, WecomRobotSettings)
        and not _is_robot_key(settings.key)
        and not _is_near(place.host)
    ):
        yield Finding(
            "warn",
            "channel",
            f"{name}: the key does not look like a robot's (a UUID, as 693a91f6-…)",
            f'channels.{name}.key is only what stands behind "key=" in the robot\'s webhook address',
        )


def _reached(place: Place) -> Iterator[Finding]:
    try:
        addresses = _looked_up(place)
        if not place.tls and not all(map(_is_near, addresses)):
            advice = f"write https:// in channels.{place.name}.base_url"
            words = f"{place.name}: http:// over the Internet: keys and messages travel in the clear"
            yield Finding("warn", "channel", words, advice)
        date = _greeted(place, addresses)
    except _Fault as fault:
        words, advice = fault.args
        yield Finding("fail", "channel", f"{place.name}: {words}", advice)
    else:
        yield _clock(place, date)


def _looked_up(place: Place) -> Sequence[str]:
    """The host's addresses, all of which the hub would call. Raises ``_Fault``."""
    try:
        found = _within(lambda: socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        reason = (
            "in time" if isinstance(error, TimeoutError) else f"({getattr(error, 'strerror', 'no name')})"
        )
        raise _Fault(
            f"{place.host} can't be resolved {reason}",
            f"see channels.{place.name}.base_url, and the name servers of this machine",
        ) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if place.vetted and not place.is_literal:
        _vet(place, addresses)
    return addresses


def _vet(place: Place, addresses: Sequence[str]) -> None:
    from hub.channels.addresses import may_connect  # needs aiohttp, which other checks do without

    private = [address for address in addresses if not may_connect(place.host, address)]
    if private:
        raise _Fault(
            f"{place.host} leads to a private address ({private[0]}), and the hub refuses to call it",
            f"if it is meant to: channels.{place.name}.allow_private = true",
        )


def _greeted(place: Place, addresses: Sequence[str]) -> str | None:
    """The ``Date`` of an answer to ``HEAD /``; None where none came. Raises ``_Fault``."""
    try:
        connected = _connected(place, addresses)
    except ssl.SSLCertVerificationError as error:
        raise _Fault(
            f"the certificate of {place.host} is not trusted: {error.verify_message}",
            "see the certificate, this machine's clock, and its CA certificates (ca-certificates)",
        ) from None
    except ssl.SSLError as error:
        raise _Fault(
            f"no TLS with {place.host}:{place.port}: {error.reason or 'the handshake failed'}",
            f"see scheme and port of channels.{place.name}.base_url, and proxies on the way",
        ) from None
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise _Fault(
            f"no connection to {place.host}:{place.port}: {reason}",
            "see firewalls and the network; what waits is sent as soon as it works",
        ) from None
    with closing(connected):
        return _date(place, connected)


def _connected(place: Place, addresses: Sequence[str]) -> socket.socket:
    """A connection to the first address that takes one; TLS agreed on."""
    plain = _first_connection(place, addresses)
    if not place.tls:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=place.host)
    except BaseException:
        plain.close()
        raise


def _first_connection(place: Place, addresses: Sequence[str]) -> socket.socket:
    failed: OSError | None = None
    for address in addresses[:2]:
        try:
            return socket.create_connection((address, place.port), timeout=PATIENCE)
        except OSError as error:
            failed = failed or error
    raise failed or OSError("it has no address")


def _date(place: Place, connected: socket.socket) -> str | None:
    call = http.client.HTTPConnection(place.host, place.port, timeout=PATIENCE)
    call.sock = connected
    try:
        call.request("HEAD", "/", headers={"User-Agent": "Tongbu doctor", "Connection": "close"})
        with closing(call.getresponse()) as answer:
            return answer.getheader("Date")
    except (OSError, http.client.HTTPException):
        return None


def _clock(place: Place, date: str | None) -> Finding:
    """That it was reached, and how this machine's clock stands to its own."""
    way = "over TLS" if place.tls else "without TLS"
    words = f"{place.name}: {place.host} can be reached {way}"
    ahead = _ahead(date)
    if ahead is None:
        return Finding("ok", "channel", f"{words}; no message was sent")
    if abs(ahead) > SKEW:
        there = "ahead of" if ahead > 0 else "behind"
        text = f"{place.name}: this machine's clock is {abs(ahead):.0f} s {there} that of {place.host}"
        return Finding("warn", "channel", text, "set the time, and run an NTP service")
    return Finding("ok", "channel", f"{words}, clocks agree; no message was sent")


def _ahead(date: str | None) -> float | None:
    """Seconds that this machine's clock is ahead of the ``Date``; None where that is none."""
    try:
        return time.time() - parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _is_near(host: str) -> bool:
    """Whether it is this machine or a private network's; of a name only ``localhost``."""
    found = _address(host)
    return host == "localhost" if found is None else not found.is_global


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _within(work: Callable[[], T]) -> T:
    """The result of what can't be given a deadline, or ``TimeoutError``; then its thread is left behind."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return result.result(PATIENCE)
