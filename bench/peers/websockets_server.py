"""``websockets.asyncio`` with nothing around it: what one connection sends goes to all others in its room.

``python websockets_server.py PORT``. By ``broadcast``, the library's own way, on uvloop, uncompressed.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

rooms: defaultdict[str, set[ServerConnection]] = defaultdict(set)


async def relay(connection: ServerConnection) -> None:
    """One connection, until its end. A first sync step is answered, so that the load knows it is in."""
    assert connection.request is not None
    room = rooms[connection.request.path]
    room.add(connection)
    try:
        async for message in connection:
            if message[:2] == b"\x00\x00":
                await connection.send(b"\x00\x01\x02\x00\x00")
            else:
                broadcast(room - {connection}, message)
    finally:
        room.discard(connection)


async def main() -> None:
    async with serve(relay, "127.0.0.1", int(sys.argv[1]), compression=None) as server:
        await server.serve_forever()


uvloop.run(main())
