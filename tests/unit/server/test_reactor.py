"""The inbound half of a socket: frames, errors, liveness, the end."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub import errors
from hub.ports import Peer, Upgrade
from tests.unit.server.fakes import (
    Handlers,
    Process,
    RecordingHandler,
    Socket,
    close_payload,
    masked,
    unmasked,
    upgrade_request,
)

MALFORMED = unmasked(b"fatal malformed") + unmasked(close_payload(4400, errors.Malformed().message), 8)
TOO_BIG = unmasked(b"fatal too_big") + unmasked(close_payload(4413, errors.MessageTooBig().message), 8)
CLOSE = masked(close_payload(1000), 8)


def open_socket(**process: Any) -> Socket:
    return Process(**process).connect()


# ------------------------------------------------------------ messages


def test_messages_arrive_whole_and_in_order_however_the_bytes_are_cut() -> None:
    stream = masked(b"one") + masked(b"") + masked(b"x" * 200) + masked(b"y" * 3000)
    for size in (1, 2, 5, 100, len(stream)):
        socket = open_socket()
        socket.receive(*(stream[at : at + size] for at in range(0, len(stream), size)))
        assert socket.handler.messages == [b"one", b"", b"x" * 200, b"y" * 3000]


def test_a_message_of_more_than_64_kib_arrives() -> None:
    socket = open_socket(max_bytes=200_000)
    message = bytes(range(256)) * 600
    frame = masked(message)
    socket.receive(frame)
    socket.receive(frame[:70_000], frame[70_000:])
    assert socket.handler.messages == [message, message]
    assert type(socket.handler.messages[1]) is bytes


def test_what_came_of_a_frame_is_not_copied_again_with_every_piece() -> None:
    socket = open_socket()
    stream = masked(b"first") + masked(bytes(4000))
    socket.receive(stream[:100])
    held = socket.reactor._held
    for at in range(100, len(stream) - 1):
        socket.receive(stream[at : at + 1])
        assert socket.reactor._held is held
    socket.receive(stream[-1:])
    assert socket.reactor._held is None
    assert socket.handler.messages == [b"first", bytes(4000)]


def test_a_fragmented_message_arrives_whole_with_control_frames_between_its_fragments() -> None:
    socket = open_socket()
    socket.receive(
        masked(b"frag", fin=False)
        + masked(b"ping", 9)
        + masked(b"men", 0, fin=False)
        + masked(b"", 10)
        + masked(b"ted", 0)
        + masked(b"next")
    )
    assert socket.handler.messages == [b"fragmented", b"next"]
    assert socket.sent == unmasked(b"ping", 10)


def test_every_ping_of_a_flood_is_answered_in_one_write() -> None:
    socket = open_socket()
    socket.peer.limit_messages(4096)
    socket.receive(masked(b"p", 9) * 5000)
    assert socket.transport.writes == [unmasked(b"p", 10) * 5000]


def test_what_came_is_counted() -> None:
    socket = open_socket()
    frames = masked(b"one") + masked(b"t", fin=False) + masked(b"wo", 0)
    socket.receive(frames)
    assert socket.process.metrics.messages_in == 2
    assert socket.process.metrics.bytes_in == 6


def test_the_library_is_let_go_when_it_has_nothing_to_remember() -> None:
    socket = open_socket()
    socket.receive(masked(b"a", fin=False))
    assert socket.reactor._websocket is not None
    socket.receive(masked(b"b", 0) + masked(b"ping", 9))
    assert socket.reactor._websocket is None
    socket.receive(masked(b"half a frame")[:5])
    assert socket.reactor._websocket is None


# ------------------------------------------------------------ limits


def test_a_message_of_exactly_the_limit_is_taken() -> None:
    socket = open_socket(max_bytes=300)
    socket.receive(masked(bytes(300)), masked(bytes(200), fin=False), masked(bytes(100), 0))
    assert socket.handler.messages == [bytes(300)] * 2


@pytest.mark.parametrize(
    "frames",
    [
        [masked(bytes(301))],
        [masked(bytes(301))[:4]],
        [b"\x82\xff" + b"\x00" * 5 + b"\xff" * 3],
        [b"\x82\xff" + b"\xff" * 8],
        [masked(bytes(200), fin=False), masked(bytes(101), 0)],
        [masked(bytes(200), fin=False), masked(bytes(101), 0)[:4]],
        [masked(bytes(300), fin=False), masked(b"", 0, fin=False), masked(b"1", 0, fin=False)],
    ],
    ids=["whole", "header", "declared 4 GiB", "declared 16 EiB", "in all", "in all, header", "fragments"],
)
def test_a_message_over_the_limit_ends_the_connection(frames: list[bytes]) -> None:
    socket = open_socket(max_bytes=300)
    socket.receive(masked(b"before"), *frames, masked(b"after"))
    assert socket.handler.messages == [b"before"]
    assert socket.sent == TOO_BIG
    assert socket.process.metrics.closes == {4413: 1}
    assert socket.transport.eof


def test_the_handler_may_raise_the_limit_for_the_very_next_message() -> None:
    class Trusting(RecordingHandler):
        def receive(self, message: bytes) -> None:
            super().receive(message)
            self.peer.limit_messages(1000)

    for hello in (masked(b"hello"), masked(b"hel", fin=False) + masked(b"lo", 0)):
        socket = open_socket(make=Trusting, max_bytes=10)
        socket.receive(hello + masked(bytes(1000)) + masked(bytes(999), fin=False) + masked(b"1", 0))
        assert list(map(len, socket.handler.messages)) == [5, 1000, 1000]


@pytest.mark.parametrize("frame", [masked(b"", 9), masked(b"", 10), masked(b"", 0, fin=False)])
def test_what_a_stranger_sends_besides_whole_messages_is_limited_too(frame: bytes) -> None:
    socket = open_socket(max_bytes=300)
    start = masked(b"", fin=False)
    socket.receive(start, frame * 58)
    assert socket.process.metrics.closes == {}
    socket.receive(frame * 2)
    assert socket.process.metrics.closes == {4413: 1}
    known = open_socket(max_bytes=300)
    known.peer.limit_messages(300)
    known.receive(start, frame * 5000)
    assert known.process.metrics.closes == {}


# ------------------------------------------------------------ broken rules


@pytest.mark.parametrize(
    "frame",
    [
        masked(b"", 3),
        masked(b"", 0xB),
        b"\x82\x01x",
        b"\x82\x01",
        masked(b"x", reserved=4),
        masked(b"x", reserved=1),
        masked(b"x", 9, reserved=2),
        masked(b"", 0),
        masked(b"ping", 9, fin=False),
        masked(bytes(126), 9),
        masked(b"a", fin=False) + masked(b"b"),
        masked(b"a", fin=False) + CLOSE,
        masked(b"\x03", 8),
        masked(close_payload(1005), 8),
        masked(close_payload(999), 8),
        masked(close_payload(5000), 8),
    ],
    ids=[
        "reserved data opcode",
        "reserved control opcode",
        "not masked",
        "not masked, header",
        "reserved bit 1",
        "reserved bit 3",
        "reserved bit 2 of a ping",
        "nothing to continue",
        "fragmented ping",
        "long ping",
        "message within a message",
        "close within a message",
        "close of one byte",
        "close 1005",
        "close 999",
        "close 5000",
    ],
)
def test_a_frame_that_breaks_a_rule_fails_the_connection_with_1002(frame: bytes) -> None:
    socket = open_socket()
    socket.receive(masked(b"before") + frame + masked(b"after"))
    assert socket.handler.messages == [b"before"]
    assert socket.sent[:1] == b"\x88"
    assert socket.sent[2:4] == (1002).to_bytes(2, "big")
    assert socket.transport.eof
    socket.receive(masked(b"after"))
    assert len(socket.transport.writes) == 1
    socket.process.wait(11)
    assert socket.transport.aborted


def test_a_close_reason_that_is_not_utf8_fails_with_1007() -> None:
    socket = open_socket()
    socket.receive(masked(b"\x03\xe8\xff\xfe", 8))
    assert socket.sent[2:4] == (1007).to_bytes(2, "big")


@pytest.mark.parametrize("text", [b"text", b"\xff", b""])
@pytest.mark.parametrize("fin", [True, False])
def test_text_is_malformed(text: bytes, fin: bool) -> None:
    socket = open_socket()
    socket.receive(masked(text, 1, fin=fin) + masked(b"after"))
    assert socket.handler.messages == []
    assert socket.sent.startswith(unmasked(b"fatal malformed"))
    assert socket.process.metrics.closes == {4400: 1}


# ------------------------------------------------------------ the handler's errors


@pytest.mark.parametrize("fragmented", [False, True])
def test_a_fatal_error_is_told_and_closes_with_its_code(fragmented: bool) -> None:
    socket = open_socket()
    bad = masked(b"", fin=False) + masked(b"!", 0) if fragmented else masked(b"!")
    socket.receive(bad + masked(b"after"))
    assert socket.handler.messages == [b"!"]
    assert socket.transport.writes == [MALFORMED]
    assert not socket.transport.closed


def test_any_other_error_is_logged_once_and_closes_with_4500() -> None:
    socket = open_socket()
    with capture_logs() as logs:
        socket.receive(masked(b"?") + masked(b"?"))
    internal = close_payload(4500, errors.InternalError().message)
    assert socket.sent == unmasked(b"fatal internal") + unmasked(internal, 8)
    assert [entry["event"] for entry in logs] == ["connection.handler_failed"]


def test_a_handler_that_fails_even_at_its_last_message_is_closed_all_the_same() -> None:
    class Hopeless(RecordingHandler):
        def fatal_message(self, error: Exception) -> bytes:
            raise RuntimeError("broken")

        def drained(self) -> None:
            raise errors.Malformed

        def lost(self) -> None:
            raise RuntimeError("broken")

    socket = open_socket(make=Hopeless, buffer_bytes=10)
    assert socket.peer.relay(b"x" * 10)
    assert not socket.peer.relay(b"y")
    with capture_logs() as logs:
        socket.process.turn()
        socket.reactor.connection_lost(None)
    assert socket.sent == unmasked(b"x" * 10) + unmasked(close_payload(4400, errors.Malformed().message), 8)
    assert [entry["event"] for entry in logs] == ["connection.handler_failed"] * 2


@pytest.mark.parametrize(
    ("error", "code"),
    [(errors.UnknownTopic(), 4403), (errors.BadToken(), 4401), (RuntimeError("broken"), 4500)],
)
def test_a_dialect_that_refuses_an_accepted_upgrade_closes_it(error: Exception, code: int) -> None:
    def refuse(peer: Peer, upgrade: Upgrade) -> RecordingHandler:
        raise error

    with capture_logs() as logs:
        socket = open_socket(make=refuse)
    assert socket.response.startswith(b"HTTP/1.1 101 ")
    assert socket.response.split(b"\r\n\r\n", 1)[1][2:4] == code.to_bytes(2, "big")
    assert len(logs) == (code == 4500)
    socket.reactor.connection_lost(None)
    assert socket.process.state.connections == set()


# ------------------------------------------------------------ closing


def test_the_peers_close_frame_is_echoed_and_the_socket_closed() -> None:
    socket = open_socket()
    socket.peer.answer(b"queued")
    socket.receive(masked(close_payload(1001, "leaving"), 8) + masked(b"after"))
    assert socket.transport.writes == [unmasked(b"queued") + unmasked(close_payload(1001, "leaving"), 8)]
    assert socket.transport.closed
    assert socket.handler.messages == []
    assert socket.process.metrics.closes == {}


def test_an_empty_close_frame_is_echoed_empty() -> None:
    socket = open_socket()
    socket.receive(masked(b"", 8))
    assert socket.sent == unmasked(b"", 8)


def test_after_its_own_close_frame_the_hub_hears_nothing_but_the_answer() -> None:
    socket = open_socket()
    socket.receive(masked(b"bye") + masked(b"after"))
    socket.receive(masked(b"more") + masked(b"frag", fin=False) + masked(b"ping", 9) + masked(b"ment", 0))
    assert socket.handler.messages == [b"bye"]
    assert socket.sent == unmasked(close_payload(1000, "bye"), 8)
    assert not socket.transport.closed
    socket.receive(CLOSE)
    assert socket.transport.closed
    assert not socket.transport.aborted


def test_an_answer_to_the_close_frame_in_the_same_chunk_is_heard() -> None:
    socket = open_socket()
    socket.receive(masked(b"bye") + CLOSE)
    assert socket.transport.closed


def test_a_peer_that_does_not_answer_the_close_frame_is_given_up() -> None:
    socket = open_socket()
    socket.peer.close(1000, "")
    socket.process.wait(9.5)
    assert not socket.transport.aborted
    socket.process.wait(1)
    assert socket.transport.aborted


def test_a_peer_that_ends_its_stream_is_let_go_but_not_waited_for_for_ever() -> None:
    socket = open_socket()
    socket.transport.blocked = True
    socket.peer.answer(b"never taken")
    socket.process.turn()
    socket.reactor.eof_received()
    socket.receive(masked(b"after"))
    assert socket.handler.messages == []
    socket.process.wait(11)
    assert socket.transport.aborted


def test_a_peer_that_ends_its_stream_and_took_everything_is_gone_without_a_timer() -> None:
    socket = open_socket()
    socket.reactor.eof_received()
    socket.receive(masked(b"after"))
    assert socket.handler.messages == []
    socket.process.wait(11)
    assert not socket.transport.aborted


def test_the_handler_is_told_of_the_loss_exactly_once() -> None:
    for end in (b"", CLOSE, masked(b"!"), masked(b"x", 3)):
        socket = open_socket()
        socket.receive(end)
        assert socket.handler.losses == 0
        socket.reactor.connection_lost(None)
        assert socket.handler.losses == 1
        assert socket.process.state.connections == set()


def test_nothing_times_a_lost_connection() -> None:
    socket = open_socket()
    socket.peer.close(1000, "")
    socket.reactor.connection_lost(ConnectionResetError())
    socket.process.wait(100)
    assert not socket.transport.aborted


def test_shutdown_asks_the_peer_to_come_back() -> None:
    socket = open_socket()
    socket.reactor.shutdown()
    assert socket.sent == unmasked(close_payload(4503, errors.GoingAway().message), 8)


# ------------------------------------------------------------ opening


def test_an_upgrade_is_answered_and_its_handler_knows_what_was_asked() -> None:
    socket = Process().connect(upgrade_request("/v1/connect?token=t", sec_websocket_protocol="tongbu.v1"))
    assert socket.response.startswith(b"HTTP/1.1 101 ")
    assert socket.handler.upgrade == Upgrade("/v1/connect", "192.0.2.1", "t")
    assert socket.process.state.connections == {socket.reactor}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (upgrade_request("/elsewhere"), 404),
        (upgrade_request(origin="https://evil.example"), 403),
        (upgrade_request(sec_websocket_version="7"), 400),
    ],
)
def test_a_refused_upgrade_gets_its_status_and_the_socket_closed(request_: Any, status: int) -> None:
    socket = Process().connect(request_)
    assert socket.response.startswith(f"HTTP/1.1 {status} ".encode())
    assert socket.transport.closed
    assert socket.handler is None
    socket.reactor.shutdown()
    socket.reactor.pause_writing()
    socket.reactor.resume_writing()
    socket.reactor.data_received(b"more")
    socket.reactor.connection_lost(None)
    assert socket.process.state.connections == set()


def test_an_address_with_too_many_connections_is_told_to_come_back_later() -> None:
    process = Process(connections_per_address=2)
    first, _ = process.connect(), process.connect()
    assert process.connect().response.startswith(b"HTTP/1.1 429 ")
    first.reactor.connection_lost(None)
    assert process.connect().response.startswith(b"HTTP/1.1 101 ")


def test_a_refused_handshake_does_not_count_against_its_address() -> None:
    process = Process(connections_per_address=1)
    for _ in range(3):
        process.connect(upgrade_request(sec_websocket_version="7")).reactor.connection_lost(None)
    assert process.connect().response.startswith(b"HTTP/1.1 101 ")


def test_a_handlers_protocol_is_met_by_the_fakes() -> None:
    assert Handlers().serves("/v1/connect")


# ------------------------------------------------------------ liveness

PING = unmasked(b"", 9)


def test_a_silent_peer_is_pinged_and_then_closed_as_too_slow() -> None:
    socket = open_socket()
    socket.process.wait(20.5)
    assert socket.sent == PING
    socket.process.wait(40.5)
    slow = unmasked(b"fatal slow") + unmasked(close_payload(4508, errors.TooSlow().message), 8)
    assert socket.sent.removeprefix(PING).replace(PING, b"", 2) == slow


def test_the_idle_limit_need_not_be_a_multiple_of_the_beat() -> None:
    socket = open_socket(idle=30.0)
    socket.process.wait(30.75)
    assert socket.process.metrics.closes == {4508: 1}


def test_a_peer_that_answers_pings_lives() -> None:
    socket = open_socket()
    for _ in range(20):
        socket.process.wait(15)
        socket.receive(masked(b"", 10))
    assert not socket.process.metrics.closes


def test_a_talking_peer_is_not_pinged() -> None:
    socket = open_socket()
    for _ in range(20):
        socket.process.wait(5)
        socket.receive(masked(b"talk"))
    assert PING not in socket.sent


def test_a_beat_is_sent_whenever_nothing_else_was_for_so_long() -> None:
    socket = open_socket()
    socket.handler.idle_message = b"beat"
    for _ in range(10):
        socket.transport.writes.clear()
        socket.process.wait(20.75)
        assert unmasked(b"beat") in socket.sent
        socket.receive(masked(b"alive"))


def test_no_beat_is_sent_while_something_else_is() -> None:
    socket = open_socket()
    socket.handler.idle_message = b"beat"
    for _ in range(30):
        socket.receive(masked(b"alive"))
        socket.peer.answer(b"news")
        socket.process.turn()
        socket.process.wait(9)
    assert unmasked(b"beat") not in socket.sent


def test_sockets_opened_together_do_not_beat_together() -> None:
    process = Process()
    sockets = [process.connect() for _ in range(200)]
    for socket in sockets:
        socket.handler.idle_message = b"beat"
    most = 0
    while not all(socket.transport.writes for socket in sockets):
        before = sum(bool(socket.transport.writes) for socket in sockets)
        process.wait(0.5)
        most = max(most, sum(bool(socket.transport.writes) for socket in sockets) - before)
    assert process.clock.seconds < 1022
    assert most < 60


def test_a_socket_the_hub_itself_does_not_read_is_not_found_silent() -> None:
    socket = open_socket()
    socket.peer.pause()
    socket.process.wait(70)
    socket.peer.resume()
    socket.process.wait(59)
    assert not socket.process.metrics.closes
    socket.process.wait(23)
    assert socket.process.metrics.closes == {4508: 1}


def test_an_idle_socket_is_three_small_objects() -> None:
    socket = open_socket()
    socket.receive(masked(b"talk") + masked(b"", 9))
    reactor, peer, timer = socket.reactor, socket.peer, socket.reactor._timer
    assert reactor._websocket is None
    assert not any(hasattr(part, "__dict__") for part in (reactor, peer, timer))
    assert sum(map(sys.getsizeof, (reactor, peer, timer))) < 700


def test_one_timer_a_socket_however_much_it_talks() -> None:
    socket = open_socket()
    timer = socket.reactor._timer
    for _ in range(100):
        socket.receive(masked(b"talk"))
    assert socket.reactor._timer is timer


def test_what_a_socket_took_is_free_once_it_is_gone_without_the_garbage_collector() -> None:
    process = Process()
    socket = process.connect()
    socket.receive(masked(b"hello"))
    socket.peer.answer(b"never sent")
    gc.collect()
    gc.disable()
    try:
        socket.reactor.connection_lost(None)
        process.turn()
        process.handlers.made.clear()
        socket.transport.protocol = None
        socket.handler.peer = None
        del socket
        assert gc.collect() == 0
    finally:
        gc.enable()


# ------------------------------------------------------------ back-pressure


class Answering(RecordingHandler):
    """Answers every message with 1,000 bytes."""

    def receive(self, message: bytes) -> None:
        super().receive(message)
        self.peer.answer(bytes(1000))


@pytest.mark.parametrize("masked_messages", [[masked(b"m")], [masked(b"m", fin=False) + masked(b"", 0)]])
def test_what_was_read_is_not_begun_while_more_answers_wait_than_the_buffer(
    masked_messages: list[bytes],
) -> None:
    socket = open_socket(make=Answering, buffer_bytes=5000)
    socket.peer.limit_messages(4096)
    socket.transport.blocked = True
    socket.peer.relay(bytes(70_000))
    socket.process.turn()
    socket.receive(*masked_messages * 10, b"".join(masked_messages * 490))
    assert len(socket.handler.messages) == 6
    socket.transport.take(100_000)
    while socket.process.soon:
        socket.process.turn()
    assert socket.handler.messages == [b"m"] * 500
    assert socket.sent.count(bytes(1000)) >= 500


def test_a_handler_is_told_to_go_on_before_it_receives_what_waited() -> None:
    class Leaving(RecordingHandler):
        def resumed(self) -> None:
            self.messages.append(b"rest")

    socket = open_socket(make=Leaving)
    socket.peer.pause()
    socket.receive(masked(b"one") + masked(b"two")[:3])
    socket.peer.resume()
    assert socket.handler.messages == []
    socket.receive(masked(b"two")[3:])
    assert socket.handler.messages == [b"rest", b"one", b"two"]


def test_who_is_paused_again_before_it_went_on_stays_paused() -> None:
    socket = open_socket()
    socket.peer.pause()
    socket.receive(masked(b"one"))
    socket.peer.resume()
    socket.peer.pause()
    socket.process.turn()
    assert socket.handler.messages == []
    socket.peer.resume()
    socket.process.turn()
    assert socket.handler.messages == [b"one"]
