"""The outbound half of a socket: one write a turn, a byte cap, and what happens when it is full."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from hub import errors
from hub.ports import Peer, Upgrade
from hub.server.flusher import MANY, WRITES
from tests.unit.server.fakes import (
    HIGH_WATER,
    MASK,
    Process,
    RecordingHandler,
    Socket,
    close_payload,
    masked,
    unmasked,
)

CAP = 200_000


class FramedHandler(RecordingHandler):
    """A dialect whose messages keep their frames."""

    concatenates = False


def slow_socket() -> Socket:
    """Its peer has stopped reading, and the transport is full."""
    socket = Process(buffer_bytes=CAP).connect()
    socket.transport.blocked = True
    socket.peer.answer(bytes(HIGH_WATER + 1))
    socket.process.turn()
    assert socket.transport.waiting > HIGH_WATER
    socket.transport.writes.clear()
    return socket


# ------------------------------------------------------------ writing


def test_everything_queued_in_a_turn_leaves_in_one_write_of_one_frame() -> None:
    socket = Process().connect()
    socket.peer.relay(b"one")
    socket.peer.answer(b"two")
    assert socket.transport.writes == []
    socket.process.turn()
    assert socket.transport.writes == [unmasked(b"onetwo")]


def test_a_dialect_that_does_not_concatenate_gets_its_frames_in_one_write() -> None:
    socket = Process(FramedHandler).connect()
    socket.peer.answer(b"one")
    socket.peer.answer(b"two")
    socket.process.turn()
    assert socket.transport.writes == [unmasked(b"one") + unmasked(b"two")]


def test_however_many_sockets_are_to_be_written_no_callback_writes_more_than_a_few() -> None:
    process = Process()
    sockets = [process.connect() for _ in range(3 * WRITES - 1)]
    message = b"relay"
    for socket in sockets:
        socket.peer.relay(message)
    for written in (WRITES, 2 * WRITES, 3 * WRITES - 1):
        assert len(process.soon) == 1
        process.turn()
        assert [bool(socket.transport.writes) for socket in sockets] == [
            index < written for index in range(len(sockets))
        ]
    assert not process.soon
    assert len({id(data) for socket in sockets for data in socket.transport.writes}) == 1
    assert all(socket.sent == unmasked(message) for socket in sockets)


def test_a_socket_whose_turn_has_not_come_gathers_and_those_before_it_queue_again_behind_it() -> None:
    process = Process()
    sockets = [process.connect() for _ in range(WRITES + 1)]
    first, last = sockets[0], sockets[-1]
    for socket in sockets:
        socket.peer.relay(b"one")
    process.turn()
    for socket in sockets:
        socket.peer.relay(b"two")
    process.turn()
    process.turn()
    assert not process.soon
    assert last.transport.writes == [unmasked(b"onetwo")]
    assert first.transport.writes == [unmasked(b"one"), unmasked(b"two")]


def test_an_answer_is_not_kept_waiting_by_a_message_to_very_many() -> None:
    process = Process()
    sockets = [process.connect() for _ in range(2 * WRITES)]
    asking = process.connect()
    for socket in sockets:
        socket.peer.relay(b"relay")
    asking.peer.answer(b"ok")
    process.turn()
    assert asking.sent == unmasked(b"ok")
    assert not sockets[-1].sent


def many() -> tuple[Process, list[Socket]]:
    """More readers than are written without waiting, each with a relay queued, in the callback after."""
    process = Process()
    sockets = [process.connect() for _ in range(MANY + 1)]
    for socket in sockets:
        socket.peer.relay(b"one")
    process.turn()
    return process, sockets


def test_a_message_to_very_many_waits_a_moment_for_another_to_share_its_writes() -> None:
    process, sockets = many()
    assert not any(socket.transport.writes for socket in sockets)
    for socket in sockets:
        socket.peer.relay(b"two")
    process.gathered()
    while process.soon:
        process.turn()
    assert all(socket.transport.writes == [unmasked(b"onetwo")] for socket in sockets)
    assert not process.later


def test_while_a_message_to_very_many_waits_answers_to_others_leave() -> None:
    process, sockets = many()
    asking = process.connect()
    asking.peer.answer(b"ok")
    process.turn()
    assert asking.sent == unmasked(b"ok")
    assert not process.soon
    assert not any(socket.transport.writes for socket in sockets)


def test_a_message_to_very_many_waits_once_however_long_it_takes_to_write() -> None:
    process, sockets = many()
    process.gathered()
    process.turn()
    for socket in sockets:
        socket.peer.relay(b"two")
    while process.soon:
        process.turn()
    assert not process.later
    assert all(socket.sent for socket in sockets)


def test_readers_of_the_same_messages_share_the_bytes_and_others_get_their_own() -> None:
    process = Process()
    flusher = process.context.outbound.flusher
    first = flusher.frames([b"one", b"two"], True)
    assert flusher.frames([b"one", b"two"], True) is first
    assert flusher.frames([b"one", b"two"], False) == unmasked(b"one") + unmasked(b"two")
    assert flusher.frames([b"one", b"two"], True) == first
    one = b"one"
    assert flusher.frame(one) is flusher.frame(one)
    assert flusher.frame(b"two") == unmasked(b"two")
    assert flusher.frame(one) == unmasked(b"one")


def test_messages_queued_while_flushing_leave_in_the_next_turn() -> None:
    socket = slow_socket()
    socket.peer.relay(bytes(CAP))
    socket.handler.drained = lambda: socket.peer.answer(b"caught up")
    socket.transport.take(CAP)
    socket.process.turn()
    assert socket.sent == unmasked(b"caught up")


def test_an_empty_message_is_an_empty_frame() -> None:
    socket = Process().connect()
    socket.peer.answer(b"")
    socket.process.turn()
    assert socket.sent == unmasked(b"")


def test_a_socket_that_cannot_be_written_is_given_up_and_the_others_are_not() -> None:
    process = Process()
    broken, sound = process.connect(), process.connect()

    def fail(data: object) -> None:
        raise RuntimeError("gone")

    broken.transport.write = fail  # type: ignore[method-assign]  # a socket that breaks
    broken.peer.answer(b"one")
    sound.peer.answer(b"two")
    with capture_logs() as logs:
        process.turn()
    assert broken.transport.aborted
    assert sound.sent == unmasked(b"two")
    assert [entry["event"] for entry in logs] == ["connection.flush_failed"]


def test_what_was_sent_is_counted() -> None:
    socket = Process().connect()
    socket.peer.answer(b"one")
    socket.peer.relay(b"three")
    socket.receive(masked(b"not a message", 9))
    metrics = socket.process.metrics
    assert (metrics.messages_out, metrics.bytes_out) == (2, 8)


# ------------------------------------------------------------ a slow reader


def test_relays_over_the_cap_are_dropped_and_answers_are_not() -> None:
    socket = slow_socket()
    assert socket.peer.relay(bytes(100_000))
    assert not socket.peer.relay(bytes(100_000))
    socket.peer.answer(b"answer")
    socket.transport.take(CAP)
    assert socket.sent.endswith(b"answer")
    assert len(socket.sent) < 101_000


def test_the_handler_is_told_once_when_the_socket_has_drained_after_a_drop() -> None:
    socket = slow_socket()
    for _ in range(5):
        socket.peer.relay(bytes(CAP))
    assert socket.handler.drains == 0
    socket.transport.take(1000)
    assert socket.handler.drains == 0
    socket.transport.take(CAP)
    assert socket.handler.drains == 1
    assert socket.peer.relay(b"again")


def test_a_socket_that_drains_without_a_drop_tells_nobody() -> None:
    socket = slow_socket()
    socket.peer.relay(b"fits")
    socket.transport.take(CAP)
    assert socket.handler.drains == 0
    assert socket.sent == unmasked(b"fits")


def test_a_burst_over_the_cap_in_one_turn_is_dropped_and_drains_with_the_turn() -> None:
    socket = Process(buffer_bytes=CAP).connect()
    assert socket.peer.relay(bytes(CAP))
    assert not socket.peer.relay(b"one more")
    socket.process.turn()
    assert socket.handler.drains == 1


def test_a_relay_larger_than_the_cap_goes_when_nothing_waits() -> None:
    socket = Process(buffer_bytes=CAP).connect()
    assert socket.peer.relay(bytes(3 * CAP))
    socket.process.turn()
    assert len(socket.sent) == 3 * CAP + 10


def test_who_asks_and_does_not_listen_is_not_read_until_the_answers_have_drained() -> None:
    socket = slow_socket()
    socket.peer.answer(bytes(CAP))
    assert socket.transport.reading
    socket.peer.answer(b"one more")
    assert not socket.transport.reading
    socket.transport.take(CAP)
    assert socket.transport.reading


def test_a_handlers_pause_outlasts_the_buffers() -> None:
    socket = slow_socket()
    socket.peer.pause()
    socket.peer.answer(bytes(2 * CAP))
    socket.transport.take(CAP)
    assert not socket.transport.reading
    socket.peer.resume()
    assert socket.transport.reading


def test_pausing_and_resuming_twice_is_pausing_and_resuming() -> None:
    socket = Process().connect()
    socket.peer.pause()
    socket.peer.pause()
    assert not socket.transport.reading
    socket.peer.resume()
    socket.peer.resume()
    assert socket.transport.reading


def test_pongs_nobody_reads_are_bounded_by_not_reading() -> None:
    socket = slow_socket()
    socket.peer.limit_messages(4096)
    ping = masked(bytes(125), 9)
    socket.receive(ping * (CAP // 125))
    assert not socket.transport.reading
    socket.transport.take(CAP)
    assert socket.transport.reading
    socket.process.turn()
    socket.process.turn()
    assert socket.sent == unmasked(bytes(125), 10) * (CAP // 125)


# ------------------------------------------------------------ one that takes nothing


def test_a_socket_that_takes_nothing_is_closed_as_too_slow() -> None:
    socket = slow_socket()
    socket.peer.answer(b"never read")
    socket.process.wait(29.5)
    assert socket.sent == b""
    socket.process.wait(1)
    close = close_payload(errors.TooSlow.close_code, errors.TooSlow().message)
    assert socket.sent == unmasked(close, 8)
    assert socket.process.metrics.closes == {4508: 1}
    socket.process.wait(11)
    assert socket.transport.aborted


def test_a_socket_that_takes_a_little_is_not_closed() -> None:
    socket = slow_socket()
    for _ in range(8):
        socket.process.wait(15)
        socket.transport.take(1000)
        socket.receive(masked(b"alive"))
    assert socket.sent == b""
    assert not socket.transport.closed


def test_a_socket_that_stalls_time_and_again_and_drains_is_not_closed() -> None:
    socket = slow_socket()
    for _ in range(8):
        socket.process.wait(10)
        socket.transport.take(CAP)
        socket.process.wait(2)
        socket.transport.blocked = True
        socket.peer.answer(bytes(HIGH_WATER + 1))
        socket.receive(masked(b"alive"))
    assert not socket.transport.closed
    assert 4508 not in socket.process.metrics.closes


# ------------------------------------------------------------ the end


def test_closing_sends_what_is_queued_and_then_the_close_frame_in_one_write() -> None:
    socket = Process().connect()
    socket.peer.answer(b"last words")
    socket.peer.close(4403, "revoked")
    assert socket.transport.writes == [unmasked(b"last words") + unmasked(close_payload(4403, "revoked"), 8)]
    assert socket.process.metrics.closes == {4403: 1}


def test_a_closed_peer_ignores_calls() -> None:
    socket = Process().connect()
    socket.peer.close(4403, "revoked")
    use_up(socket.peer)
    socket.reactor.connection_lost(None)
    use_up(socket.peer)
    socket.process.turn()
    assert socket.transport.writes == [unmasked(close_payload(4403, "revoked"), 8)]
    assert socket.process.metrics.closes == {4403: 1}


def use_up(peer: Peer) -> None:
    peer.answer(b"late")
    assert peer.relay(b"late")
    peer.close(4500, "late")
    peer.pause()
    peer.resume()
    peer.limit_messages(1)


@pytest.mark.parametrize(
    ("code", "reason", "sent"),
    [
        (4401, "任" * 100, close_payload(4401, "任" * 41)),
        (1006, "never on the wire", close_payload(4500, "never on the wire")),
        (99_999, "", close_payload(4500)),
    ],
)
def test_a_close_frame_holds_what_the_protocol_allows(code: int, reason: str, sent: bytes) -> None:
    socket = Process().connect()
    socket.peer.close(code, reason)
    assert socket.sent == unmasked(sent, 8)


def test_a_paused_socket_is_read_again_to_hear_the_answer_to_its_close_frame() -> None:
    socket = Process().connect()
    socket.peer.pause()
    socket.peer.close(1000, "")
    assert socket.transport.reading
    socket.receive(masked(close_payload(1000), 8))
    assert socket.transport.closed


def test_a_handler_may_answer_close_or_pause_while_it_is_made() -> None:
    class Eager(RecordingHandler):
        def __init__(self, peer: Peer, upgrade: Upgrade) -> None:
            super().__init__(peer, upgrade)
            peer.answer(b"welcome")
            peer.pause()
            peer.close(4401, "no")

    socket = Process(Eager).connect()
    assert socket.response.endswith(unmasked(b"welcome") + unmasked(close_payload(4401, "no"), 8))
    socket.reactor.connection_lost(None)
    assert socket.handler.losses == 1


def test_masking_in_these_tests_masks() -> None:
    assert masked(b"\x00\x00\x00\x00\x00") == b"\x82\x85" + MASK + MASK + MASK[:1]
