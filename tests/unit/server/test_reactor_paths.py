"""The reactor against the library alone: any frames, cut anywhere, give the same messages, bytes and end.

The oracle is ``websockets.server.ServerProtocol``, given one byte at a time, with a few lines of what the
hub adds: its close codes, its last messages, its dislike of text. Messages and control frames may overtake
each other on their way out, so they are compared apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import BINARY, TEXT, Frame
from websockets.protocol import CLOSING, OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from hub import errors
from tests.unit.server.fakes import Process, close_payload, masked, unmasked

MAX_BYTES = 300
LARGE = 65_600
"""The limit where frames are large: above the largest length that is written in two bytes."""


@dataclass
class Outcome:
    """What came of some bytes. ``end``: ``open``, ``closing`` (a close frame was sent), ``failed``
    (and the stream ended), ``closed`` (both close frames were exchanged)."""

    messages: list[bytes] = field(default_factory=list)
    sent: bytes = b""
    end: str = "open"


class Library:
    """The oracle."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.protocol = ServerProtocol(state=OPEN, max_size=max_bytes)
        self.outcome = Outcome()
        self.fragments = b""

    def receive(self, pieces: Iterable[bytes]) -> Outcome:
        """At most one frame ends in each piece."""
        for piece in pieces:
            if self.outcome.end in ("failed", "closed"):
                break
            was_open = self.protocol.state is OPEN
            self.protocol.receive_data(piece)
            self._report(was_open)
        return self.outcome

    def _report(self, was_open: bool) -> None:
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            if was_open and event.opcode < 8:
                self._take(event)
        output = self.protocol.data_to_send()
        if was_open and isinstance(self.protocol.parser_exc, PayloadTooBig):
            output = [said(errors.MessageTooBig()), b""]
        if was_open:
            self.outcome.sent += b"".join(output)
        if b"" in output:
            self.outcome.end = "closed" if self.protocol.parser_exc is None else "failed"
        elif self.protocol.state is CLOSING:
            self.outcome.end = "closing"

    def _take(self, frame: Frame) -> None:
        if frame.opcode is TEXT:
            self._close(errors.Malformed("Messages are binary here; this one is text."))
            return
        self.fragments = bytes(frame.data) if frame.opcode is BINARY else self.fragments + frame.data
        if frame.fin:
            self.outcome.messages.append(self.fragments)
            if self.fragments == b"!":
                self._close(errors.Malformed())
            if self.fragments == b"bye":
                self.protocol.send_close(1000, "bye")

    def _close(self, error: errors.Fatal) -> None:
        self.outcome.sent += unmasked(b"fatal " + error.code.encode())
        self.protocol.send_close(error.close_code, error.message)


def said(error: errors.Fatal) -> bytes:
    farewell = unmasked(b"fatal " + error.code.encode())
    return farewell + unmasked(close_payload(error.close_code, error.message), 8)


def by_reactor(chunks: list[bytes], max_bytes: int = MAX_BYTES) -> Outcome:
    socket = Process().connect()
    socket.peer.limit_messages(max_bytes)
    socket.receive(*chunks)
    transport = socket.transport
    ends = {
        "closed": transport.closed,
        "failed": transport.eof,
        "closing": bool(socket.process.metrics.closes),
    }
    end = next((end for end, reached in ends.items() if reached), "open")
    return Outcome(socket.handler.messages, socket.sent, end)


# ------------------------------------------------------------ frames

small = st.binary(max_size=12)
payloads = st.one_of(small, st.sampled_from((b"!", b"bye")), st.integers(100, MAX_BYTES + 2).map(bytes))
masks = st.binary(min_size=4, max_size=4)
binary = st.builds(masked, payloads, mask=masks)
pieces = st.builds(masked, payloads, st.sampled_from((0, 2)), fin=st.booleans(), mask=masks)
controls = st.builds(masked, small, st.sampled_from((9, 10)), mask=masks)
codes = st.sampled_from((999, 1000, 1001, 1005, 1006, 3000, 4999, 5000))
reasons = st.one_of(
    small, st.sampled_from((b"\xff", b"\xed\xa0\x80", b"ok \xe2\x82", b"\xf0\x9f\x98\x80", bytes(123)))
)
closes = st.one_of(
    st.builds(lambda code, reason: masked(close_payload(code) + reason, 8), codes, reasons),
    st.just(masked(b"\x03", 8)),
)
odd = st.one_of(
    st.builds(masked, small, st.integers(0, 15), fin=st.booleans(), reserved=st.integers(0, 7)),
    st.builds(unmasked, small),
    st.builds(masked, st.binary(min_size=120, max_size=130), st.sampled_from((8, 9))),
    st.binary(max_size=6),
    st.builds(masked, small, st.just(1), fin=st.booleans()),
    st.just(b"\x82\xff" + b"\x00" * 7 + b"\x05" + b"mask" + b"long!"),
)
frames = st.lists(
    st.one_of(binary, binary, binary, pieces, pieces, controls, controls, closes, odd), max_size=14
).map(b"".join)


def longer_written(payload: bytes, opcode: int, octets: int) -> bytes:
    """A frame whose length takes more bytes than it needs."""
    length = bytes((0xFE if octets == 2 else 0xFF,)) + len(payload).to_bytes(octets, "big")
    return bytes((0x80 | opcode,)) + length + bytes(4) + payload


def sized(size: int, opcode: int, fin: bool, mask: bytes) -> bytes:
    return masked((b"0123456789" * (size // 10 + 1))[:size], opcode, fin=fin, mask=mask)


borders = st.sampled_from((0, 1, 125, 126, 127, 128, 65_535, 65_536, LARGE - 1, LARGE, LARGE + 1))
large = st.builds(sized, borders, st.sampled_from((0, 2, 2, 2)), st.sampled_from((True, True, False)), masks)
unusual = st.one_of(
    st.builds(longer_written, small, st.sampled_from((0, 2, 9)), st.sampled_from((2, 8))),
    st.sampled_from((b"\x82\xff\xff" + bytes(11), b"\x82\xff" + (LARGE + 1).to_bytes(8, "big") + bytes(4))),
)
large_frames = st.lists(st.one_of(large, large, large, controls, closes, unusual), max_size=5)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Frames, good and bad, as one stream of bytes cut anywhere."""
    return draw(cut(draw(frames)))


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.sets(st.integers(0, len(data)), max_size=10)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if start < end]


fragmented = masked(b"frag", fin=False) + masked(b"", 9) + masked(b"ment", 0)


@given(streams())
@example([masked(b"one") + masked(b"two") + fragmented + masked(b"three")])
@example([fragmented[:3], fragmented[3:20], fragmented[20:]])
@example([masked(b"!") + masked(b"", 9) + masked(close_payload(1000), 8)])
@example([masked(bytes(200), fin=False) + masked(bytes(101), 9) + masked(bytes(100), 0)])
@settings(max_examples=600, deadline=None)
def test_the_reactor_does_what_the_library_does(chunks: list[bytes]) -> None:
    agree(Library().receive(bytes((byte,)) for byte in b"".join(chunks)), by_reactor(chunks))


@given(large_frames, st.data())
@settings(max_examples=300, deadline=None)
def test_the_reactor_does_what_the_library_does_with_frames_of_every_length(
    sent: list[bytes], data: st.DataObject
) -> None:
    chunks = data.draw(cut(b"".join(sent)))
    agree(Library(LARGE).receive(sent), by_reactor(chunks, LARGE))


def agree(by_library: Outcome, outcome: Outcome) -> None:
    assert (outcome.messages, outcome.end) == (by_library.messages, by_library.end)
    assert sorted_out(outcome.sent) == sorted_out(by_library.sent)


def sorted_out(sent: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """What a client makes of it: the messages' bytes, and the control frames."""
    client = ClientProtocol(parse_uri("ws://hub.example/"), state=OPEN)
    client.receive_data(sent)
    assert client.parser_exc is None
    events = [event for event in client.events_received() if isinstance(event, Frame)]
    said = b"".join(event.data for event in events if event.opcode is BINARY)
    return said, [(int(event.opcode), bytes(event.data)) for event in events if event.opcode is not BINARY]
