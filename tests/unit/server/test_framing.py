"""Frames as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.server.framing import IRREGULAR, JOINED_BYTES, UNKNOWN, extent, framed
from tests.unit.server.fakes import masked, unmasked


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_message_of_any_size_is_one_frame_with_the_shortest_header(size: int) -> None:
    assert framed([b"m" * size], concatenates=False) == unmasked(b"m" * size)


def test_messages_of_a_dialect_that_does_not_concatenate_keep_their_frames() -> None:
    assert framed([b"a", b"", b"ccc"], concatenates=False) == unmasked(b"a") + unmasked(b"") + unmasked(
        b"ccc"
    )


def test_messages_that_may_share_a_frame_do() -> None:
    assert framed([b"a", b"", b"ccc"], concatenates=True) == unmasked(b"accc")


@given(st.lists(st.integers(0, JOINED_BYTES + 10).map(bytes), min_size=1, max_size=6))
def test_shared_frames_hold_every_message_whole_and_are_bounded(messages: list[bytes]) -> None:
    data = framed(messages, concatenates=True)
    position, largest = 0, max(map(len, messages))
    payloads = []
    while position < len(data):
        length = extent(_as_masked(data, position), 0, 2**63) - 4
        header = 2 if data[position + 1] < 126 else 4 if data[position + 1] == 126 else 10
        payloads.append(data[position + header : position + length])
        position += length
    assert b"".join(payloads) == b"".join(messages)
    assert all(len(payload) <= max(JOINED_BYTES, largest) for payload in payloads)


def _as_masked(data: bytes, position: int) -> bytes:
    head = data[position : position + 10]
    return head[:1] + bytes((head[1] | 0x80,)) + head[2:]


@given(st.binary(max_size=400), st.sampled_from((0, 1, 2, 8, 9, 10)), st.integers(0, 5))
def test_the_extent_of_a_masked_frame_is_known_once_its_length_is(
    payload: bytes, opcode: int, before: int
) -> None:
    frame = masked(payload, opcode)
    known = 2 if len(payload) < 126 else 4
    for there in range(len(frame)):
        expected = len(frame) if there >= known else UNKNOWN
        assert extent(b"z" * before + frame[:there], before, 400) == expected


@pytest.mark.parametrize(
    "head",
    [b"\x83\x80", b"\x8b\x80", b"\x82\x05", b"\x82\x8b", b"\x82\xfe\x00\x0b", b"\x82\xff" + b"\xff" * 8],
    ids=["reserved data opcode", "reserved control opcode", "not masked", "too long", "16 bits", "64 bits"],
)
def test_a_header_that_breaks_a_rule_is_known_at_once(head: bytes) -> None:
    assert extent(head, 0, max_bytes=10) == IRREGULAR
