"""picows with nothing around it: what comes from one connection goes to all others in its room, on uvloop.

``python picows_server.py PORT``
"""

from __future__ import annotations

import sys
from collections import defaultdict

import uvloop
from picows import (  # type: ignore[import-not-found]  # in the peers' environment
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)

rooms: defaultdict[bytes, set[WSTransport]] = defaultdict(set)


class Relay(WSListener):  # type: ignore[misc]  # as above
    """One connection. A first sync step is answered, so that the load knows it is in."""

    def __init__(self, request: WSUpgradeRequest) -> None:
        super().__init__()
        self._room = rooms[request.path]

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._room.add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        message = frame.get_payload_as_bytes()
        if frame.msg_type != WSMsgType.BINARY:
            return
        if message[:2] == b"\x00\x00":
            transport.send(WSMsgType.BINARY, b"\x00\x01\x02\x00\x00")
            return
        for other in self._room:
            if other is not transport:
                other.send(WSMsgType.BINARY, message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._room.discard(transport)


async def main() -> None:
    server = await ws_create_server(Relay, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


uvloop.run(main())
