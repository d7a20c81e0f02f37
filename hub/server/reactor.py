"""The inbound half of a socket: bytes to messages, without a task, a queue or a coroutine.

Common frames (whole in the buffer, final, binary, masked, within the limit) are read here. Every other
frame goes to the library's protocol, which is made when one comes and let go when it has nothing left to
remember: no message half received, no close frame sent or received. It is given whole frames only, except
for one whose header alone breaks a rule, so it always stands between two frames.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial

import structlog
from websockets.exceptions import PayloadTooBig
from websockets.frames import BINARY, CONT, TEXT, Frame
from websockets.protocol import OPEN, SEND_EOF

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

from hub import errors
from hub.ports import Upgrade
from hub.server.connection import Connection
from hub.server.context import NOBODY, ReactorContext, ServerState
from hub.server.framing import IRREGULAR, UNKNOWN, extent, held
from hub.server.handshake import UpgradeRequest, refuse
from hub.server.websocket import PING_FRAME, WebSocket, leave, sendable
from hub.server.wheel import Timer

_log = structlog.stdlib.get_logger("hub.server.reactor")

_FIN_BINARY = 0x82
_FRAGMENT_HEADERS = 64  # of a hello in a few fragments
_OPENING, _OPEN, _CLOSING, _OVER = range(4)


class WebSocketReactor(asyncio.Protocol):
    """One upgraded socket: what ``uvicorn.Config(ws=…)`` takes once the context is bound.

    Args:
        context: what all sockets share.
        server_state: uvicorn's; open sockets are in its ``connections``.
        uvicorn: what else uvicorn passes; not needed.
    """

    __slots__ = (
        "_address",
        "_allowance",
        "_context",
        "_engaged",
        "_fragments",
        "_handler",
        "_heard_at",
        "_held",
        "_max_bytes",
        "_paused",
        "_peer",
        "_phase",
        "_pinged_at",
        "_siblings",
        "_timer",
        "_transport",
        "_websocket",
    )

    _transport: asyncio.Transport
    _peer: Connection

    def __init__(self, context: ReactorContext, *, server_state: ServerState, **uvicorn: object) -> None:
        self._context = context
        self._siblings = server_state.connections
        self._phase = _OPENING
        self._address: str | None = None  # until the opening handshake is done
        self._max_bytes = context.limits.hello_bytes
        # Bytes of fragments and control frames (the handler counts messages); None for a known peer.
        self._allowance: int | None = context.limits.hello_bytes + _FRAGMENT_HEADERS
        self._handler = NOBODY
        self._websocket: WebSocket | None = None
        # Whether the library remembers something, so that every frame must go to it.
        self._engaged = True
        self._paused = False  # until ``_go_on``; what was read waits
        self._held: bytearray | None = None
        self._fragments: bytearray | None = None
        self._heard_at = self._pinged_at = context.outbound.wheel.now
        self._timer: Timer | None = None

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """uvicorn hands over the socket of an upgrade request."""
        self._transport = transport  # type: ignore[assignment]  # a socket's is one that reads and writes
        self._siblings.add(self)

    def upgrade(self, request: UpgradeRequest, address: str) -> None:
        """Answer the request that came first, which was read already, from a socket of that address."""
        doorway = self._context.doorway
        try:
            upgrade = doorway.admit(request, address)
            accepted, response = doorway.answer(request, upgrade.path)
            if accepted:
                self._context.addresses.enter(upgrade.address)
        except errors.Refusal as error:
            accepted, response = False, refuse(error)
        self._transport.write(response)
        if accepted:
            self._begin(upgrade)
        else:
            self._phase = _OVER
            self._transport.close()

    def data_received(self, data: bytes | bytearray) -> None:
        """Read what came."""
        self._heard_at = self._context.outbound.wheel.now
        if self._held is not None:
            self._held += data
            data, self._held = self._held, None
        offset, size = 0, len(data)
        while offset < size:
            if self._paused:
                self._held = held(data, offset)
                break
            if not self._engaged:
                offset = self._read_common(data, offset)
                if offset == size or self._paused:
                    continue
            offset = self._read_other(data, offset)
        if not self._engaged:
            self._websocket = None

    def eof_received(self) -> None:
        """The peer sends no more; the transport closes by itself once everything is written, which may take
        only so long."""
        if self._phase < _CLOSING and self._transport.get_write_buffer_size():
            self._abort_later()
        self._phase, self._engaged = _OVER, True

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        if self._address is not None:
            self._peer.pause_writing()

    def resume_writing(self) -> None:
        """The transport's buffer has drained."""
        if self._address is not None:
            self._peer.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._phase = _OVER
        self._siblings.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._websocket = self._held = self._fragments = None
        if self._address is None:
            return
        self._context.addresses.leave(self._address)
        self._peer.lost()
        handler, self._handler = self._handler, NOBODY
        try:
            handler.lost()
        except Exception:
            _log.exception("connection.handler_failed", address=self._address)

    # ------------------------------------------------------------ the server

    def shutdown(self) -> None:
        """uvicorn stops: close, and ask the peer to come back."""
        self.begin_close(errors.GoingAway.close_code, errors.GoingAway().message)

    def abort(self) -> None:
        """Give the socket up at once."""
        self._transport.abort()

    # ------------------------------------------------------------ connection.Owner

    def begin_close(self, code: int, reason: str) -> None:
        """Start the closing handshake, unless it has begun."""
        if self._phase != _OPEN:
            return
        if self._websocket is None:
            self._websocket = WebSocket(self._max_bytes)
        close = sendable(code, reason)
        self._websocket.send_close(close.code, close.reason)
        self._send_output(self._websocket)

    def limit_messages(self, max_bytes: int) -> None:
        """The largest message taken from now on; the peer is known."""
        self._allowance = None
        self._max_bytes = max_bytes
        if self._websocket is not None:
            self._websocket.max_message_size = max_bytes

    def drained(self) -> None:
        """Tell the handler."""
        self._tell(self._handler.drained)

    def paused(self) -> None:
        """What was read waits."""
        self._paused = True

    def resumed(self) -> None:
        """Go on soon: who resumes may be amid something. A silence it caused says nothing of the peer."""
        self._heard_at = self._context.outbound.wheel.now
        self._context.outbound.flusher.call_soon(self._go_on)

    # ------------------------------------------------------------ reading

    def _read_common(self, data: bytes | bytearray, offset: int) -> int:
        """Deliver the common frames from ``offset`` on; where something else begins."""
        receive = self._handler.receive
        size, count, total = len(data), 0, 0
        while size - offset >= 6 and data[offset] == _FIN_BINARY:
            # Below 0 where the frame is not masked.
            length, start = data[offset + 1] - 128, offset + 6
            if length == 126:
                start += 2
                length = int.from_bytes(data[offset + 2 : offset + 4], "big")
            elif length == 127:
                start += 8
                length = int.from_bytes(data[offset + 2 : offset + 10], "big")
            end = start + length
            if length < 0 or end > size or length > self._max_bytes:
                break
            try:
                receive(apply_mask(data[start:end], data[start - 4 : start]))
            except Exception as error:
                self._failed(error)
            count += 1
            total += length
            offset = end
            if self._engaged or self._paused:
                break
        metrics = self._context.outbound.metrics
        metrics.messages_in += count
        metrics.bytes_in += total
        return offset

    def _read_other(self, data: bytes | bytearray, offset: int) -> int:
        """Give the library the frame at ``offset``, or hold what there is of it; where the next begins."""
        size = len(data)
        if self._phase == _OVER or self._phase == _OPENING:
            return size
        websocket = self._websocket
        taken = 0 if websocket is None else websocket.current_size or 0
        length = extent(data, offset, self._max_bytes - taken)
        end = size if length == IRREGULAR else offset + length
        if length == UNKNOWN or end > size:
            self._held = held(data, offset)
            return size
        if self._allowance is not None:
            self._allowance -= end - offset
            if self._allowance < 0:
                self._failed(errors.MessageTooBig("too much was sent before the hello was answered"))
        self._feed(data[offset:end])
        return end

    def _go_on(self) -> None:
        """Begin what was read while the peer was paused, unless it is paused again."""
        if not self._paused or not self._peer.reading:
            return
        self._paused = False
        if self._phase == _OPEN:
            self._tell(self._handler.resumed)
        if self._held is not None and not self._paused:
            self.data_received(b"")

    def _feed(self, frame: bytes | bytearray) -> None:
        if self._websocket is None:
            self._websocket = WebSocket(self._max_bytes)
        websocket = self._websocket
        websocket.receive_data(frame)
        for event in websocket.events_received():
            assert isinstance(event, Frame)
            self._take(event)
        if isinstance(websocket.parser_exc, PayloadTooBig) and self._phase == _OPEN:
            self._say_farewell(errors.MessageTooBig())
        self._send_output(websocket)

    def _take(self, frame: Frame) -> None:
        """One frame that the library found to be right."""
        if self._phase != _OPEN:
            return
        if frame.opcode is TEXT:
            self._failed(errors.Malformed("Messages are binary here; this one is text."))
        elif frame.opcode is BINARY:
            self._fragments = bytearray(frame.data)
        elif frame.opcode is CONT:
            assert self._fragments is not None
            self._fragments += frame.data
        else:
            return
        if frame.fin and self._fragments is not None:
            message, self._fragments = bytes(self._fragments), None
            self._deliver(message)

    def _deliver(self, message: bytes) -> None:
        self._context.outbound.metrics.messages_in += 1
        self._context.outbound.metrics.bytes_in += len(message)
        self._tell(partial(self._handler.receive, message))

    # ------------------------------------------------------------ opening

    def _begin(self, upgrade: Upgrade) -> None:
        """The socket is open: find its handler and watch over it."""
        outbound = self._context.outbound
        self._phase, self._engaged, self._address = _OPEN, False, upgrade.address
        self._peer = Connection(self._transport, self, outbound)
        try:
            self._handler = self._context.doorway.handlers.accept(self._peer, upgrade)
            self._peer.concatenates = self._handler.concatenates
        except errors.Refusal as error:
            self._failed(errors.NotAllowed(error.message))
        except Exception as error:
            self._failed(error)
        if self._phase == _OPEN:
            # Sockets opened together, as after a restart, shall not beat together for ever.
            spread = random.random() * self._context.limits.beat / 2
            self._pinged_at = self._heard_at = self._peer.sent_at = outbound.wheel.now - spread
            self._timer = outbound.wheel.schedule(self._context.limits.beat - spread, self._check)

    # ------------------------------------------------------------ liveness

    def _check(self) -> None:
        """Beat, ping or give up, whatever is due."""
        limits, now = self._context.limits, self._context.outbound.wheel.now
        peer = self._peer
        if not peer.reading:
            self._heard_at = now
        if now - self._heard_at >= limits.idle:
            self._failed(errors.TooSlow())
            return
        heard = max(self._heard_at, self._pinged_at)
        sent = peer.sent_at if self._handler.idle_message else now
        if peer.stalled:
            heard = sent = now
        if now - heard >= limits.beat:
            peer.send_control((PING_FRAME,))
            heard = self._pinged_at = now
        if now - sent >= limits.beat:
            peer.answer(self._handler.idle_message)
            sent = now
        due = min(heard + limits.beat, sent + limits.beat, self._heard_at + limits.idle)
        self._timer = self._context.outbound.wheel.schedule(due - now, self._check)

    # ------------------------------------------------------------ closing

    def _tell(self, word: Callable[[], None]) -> None:
        try:
            word()
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """The handler raised it, or the socket earned it: tell the peer and close."""
        if self._phase != _OPEN:
            return
        if not isinstance(error, errors.Fatal):
            _log.error("connection.handler_failed", address=self._address, exc_info=error)
            error = errors.InternalError()
        self._say_farewell(error)
        self.begin_close(error.close_code, error.message)

    def _say_farewell(self, error: errors.Fatal) -> None:
        try:
            message = self._handler.fatal_message(error)
        except Exception:
            _log.exception("connection.handler_failed", address=self._address)
            return
        if message:
            self._peer.answer(message)

    def _send_output(self, websocket: WebSocket) -> None:
        """Send what the library has to say, and see where that leaves the socket."""
        output = websocket.data_to_send()
        self._engaged = not websocket.between_messages
        if websocket.state is OPEN:
            if output:
                self._peer.send_control(output)
            return
        self._peer.finish([frame for frame in output if frame])
        if self._phase == _OPEN:
            self._phase = _CLOSING
            self._abort_later()
            if websocket.close_sent is not None and not websocket.close_rcvd_then_sent:
                self._context.outbound.metrics.closes[websocket.close_sent.code] += 1
        if SEND_EOF in output:
            self._phase = _OVER
            leave(self._transport, websocket, self._context.outbound.wheel)

    def _abort_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wheel = self._context.outbound.wheel
        self._timer = wheel.schedule(self._context.limits.close, self._transport.abort)
