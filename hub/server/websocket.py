"""websockets' sans-I/O protocol, as the hub configures it.

No extensions, the hub's own close code for messages that are too large, and a logger that stays silent
below errors whatever the process logs: at lower levels the library writes whole requests, and those may
hold tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from websockets.exceptions import ProtocolError
from websockets.frames import PING, Close, CloseCode, Frame
from websockets.protocol import CONNECTING, OPEN, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from hub import errors
from hub.ports import PeerHandlers
from hub.server.wheel import TimerWheel

PING_FRAME = Frame(PING, b"").serialize(mask=False)

_REASON_BYTES = 123
"""What a close frame holds besides the code (RFC 6455 §5.5)."""

_LINGER_SECONDS = 1.0

_logger = logging.getLogger("hub.server.websocket")
_logger.setLevel(logging.ERROR)


class WebSocket(ServerProtocol):
    """One socket's protocol state (RFC 6455).

    Args:
        max_bytes: the largest message taken.
        state: ``OPEN`` when the opening handshake is behind.
    """

    def __init__(self, max_bytes: int, state: State = OPEN) -> None:
        super().__init__(state=state, max_size=max_bytes, logger=_logger)

    @property
    def between_messages(self) -> bool:
        """Whether it is open with no message half received: then it has nothing to remember."""
        return self.current_size is None and self.state is OPEN

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        """Fail the connection; too large messages with 4413, as documented, not RFC 6455's 1009."""
        if code == CloseCode.MESSAGE_TOO_BIG:
            code, reason = errors.MessageTooBig.close_code, errors.MessageTooBig().message
        super().fail(code, reason)


class Handshake(WebSocket):
    """A socket before its opening handshake.

    Args:
        handlers: who picks a subprotocol.
        path: for this path.
    """

    def __init__(self, handlers: PeerHandlers, path: str) -> None:
        super().__init__(0, CONNECTING)
        self._handlers = handlers
        self._path = path

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """The one to use, of those offered."""
        selected = self._handlers.subprotocol(self._path, subprotocols)
        return None if selected is None else Subprotocol(selected)


def leave(transport: asyncio.Transport, websocket: WebSocket, wheel: TimerWheel) -> None:
    """Everything is said. After both close frames that is all; after a failure the peer may be sending
    still, and closing now would reset the socket before it has read why: what it sends is discarded."""
    if websocket.parser_exc is None:
        transport.close()
    elif transport.can_write_eof():
        with contextlib.suppress(OSError):
            transport.write_eof()
    else:
        # TLS has no half-closed streams.
        wheel.schedule(_LINGER_SECONDS, transport.close)


def sendable(code: int, reason: str) -> Close:
    """What a close frame can say of that: the reason cut to fit, 4500 for a code that may not be sent."""
    close = Close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
    try:
        close.check()
    except ProtocolError:
        close.code = errors.InternalError.close_code
    return close
