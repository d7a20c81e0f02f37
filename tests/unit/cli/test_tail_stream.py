"""``hub.cli.server_sent``: bytes of a stream in, events out."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.cli.server_sent import MAX_EVENT, EventReader, ServerSentEvent

STREAM = (
    b'retry: 2417\n\nid: 1-1\nevent: item\ndata: {"a": 1}\n\n: beat\n\n'
    b"id: 1-2\r\nevent: counts\r\ndata: one\r\ndata:two\r\n\r\ndata: bare\n\nevent: empty\n\n"
)
EVENTS = [
    ServerSentEvent("item", '{"a": 1}', "1-1"),
    ServerSentEvent("counts", "one\ntwo", "1-2"),
    ServerSentEvent("message", "bare", "1-2"),
]


def test_events_are_read_with_the_id_to_resume_from() -> None:
    assert list(EventReader().feed(STREAM)) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_events_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    reader, edges = EventReader(), [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(edges)]
    assert [event for piece in pieces for event in reader.feed(piece)] == EVENTS


def test_an_event_without_end_takes_no_memory_and_the_next_is_read() -> None:
    reader = EventReader()
    for _ in range(MAX_EVENT // 2**20 + 2):
        assert list(reader.feed(b"x" * 2**20)) == []
    assert list(reader.feed(b"\ndata: lost\n\ndata: next\n\n")) == [ServerSentEvent("message", "next", "")]
