"""What every new socket speaks until its first bytes tell what it wants.

Most sockets ask for a WebSocket at once, in one read, in the plainest form. Such a request is read here, and
uvicorn's HTTP machinery, which costs several times as much as the rest of an upgrade, is never made. Whatever
is not of that form (any other request, a head that comes in pieces, anything that needs a second look) is
handed to ``HttpProtocol`` as it came.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from hub import errors
from hub.server.addresses import address_of
from hub.server.handshake import UpgradeRequest, refuse
from hub.server.http_protocol import Entrance, HttpProtocol
from hub.server.wheel import Timer

_upgrade_head = re.compile(
    r"GET (/[-A-Za-z0-9._~!$&'()*+,;=:@%/?]*) HTTP/1\.1\r\n"
    r"((?:[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
).fullmatch


def upgrade_request(head: bytes) -> UpgradeRequest | None:
    """The request for a WebSocket that the bytes are, no more and no less; None for anything else, and for
    what ``HttpProtocol`` has to look at: a body, and ``Upgrade`` or ``Connection`` other than once."""
    match = _upgrade_head(head.decode("latin-1"))
    if match is None:
        return None
    headers = [line.split(":", 1) for line in match[2][:-2].split("\r\n")]
    request = UpgradeRequest("GET", match[1], "1.1", headers)
    if "content-length" in request.fields or "transfer-encoding" in request.fields:
        return None
    return request if request.asks_for_websocket else None


class Arrival(asyncio.Protocol):
    """One socket that has said nothing yet. It counts and has its time like a plain HTTP connection.

    Args:
        entrance: what all of them share.
        uvicorn: what uvicorn passes.
    """

    __slots__ = (
        "_address",
        "_connections",
        "_counted",
        "_entrance",
        "_since",
        "_timer",
        "_transport",
        "_uvicorn",
    )

    _address: str
    _transport: asyncio.Transport

    def __init__(self, entrance: Entrance, **uvicorn: Any) -> None:
        self._entrance = entrance
        self._uvicorn = uvicorn
        self._connections: set[Any] = uvicorn["server_state"].connections
        self._counted = False
        self._since = entrance.wheel.now
        self._timer: Timer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A request must come in time."""
        self._transport = transport  # type: ignore[assignment]  # a socket's is one that reads and writes
        self._connections.add(self)
        entrance = self._entrance
        self._address = address_of(transport)
        self._count(entrance)
        if not entrance.room.enter(self, len(self._connections)):
            self._transport.write(refuse(errors.Unavailable("the hub has no room for another connection")))
            self._transport.close()
        self._timer = entrance.wheel.schedule(entrance.limits.head_seconds, self.abort)

    def data_received(self, data: bytes) -> None:
        """Make of the socket what it asks for."""
        self._forget()
        request = upgrade_request(data) if len(data) <= self._entrance.limits.head_bytes else None
        if request is None:
            self._speak_http(data)
        else:
            reactor = self._uvicorn["config"].ws_protocol_class(server_state=self._uvicorn["server_state"])
            reactor.connection_made(self._transport)
            reactor.upgrade(request, self._address)
            self._transport.set_protocol(reactor)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._forget()

    def shutdown(self) -> None:
        """uvicorn stops."""
        self._transport.close()

    def abort(self) -> None:
        """Give the socket up at once."""
        self._transport.abort()

    @property
    def waiting_since(self) -> float | None:
        """As ``room.Guest``."""
        return self._since

    def _speak_http(self, data: bytes) -> None:
        protocol = HttpProtocol(self._entrance, since=self._since, **self._uvicorn)
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _count(self, entrance: Entrance) -> None:
        """One more of its address. Where there are too many, the answer to any request is that."""
        if not self._address or entrance.proxies.trusts(self._address):
            return
        try:
            entrance.addresses.enter(self._address)
        except errors.Limit:
            return
        self._counted = True

    def _forget(self) -> None:
        """It is something else from now on, or gone."""
        self._connections.discard(self)
        self._entrance.room.leave(self)
        if self._counted:
            self._entrance.addresses.leave(self._address)
            self._counted = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
