"""The short way to tell what typed text does says what the long way says, and leaves it everything else."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from hub.engine.placement import Placement
from hub.engine.scan import ScanLimits, Scanned, ScanState, scan
from hub.engine.typed_text import typed_text
from hub.errors import Refusal

EDITS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(
            ["type", "type", "type", "insert", "emoji", "delete", "set", "nest", "nested", "sync"]
        ),
        st.integers(0, 10**6),
    ),
    max_size=60,
)

UNLIMITED = ScanLimits(2**53, 2**53, 2**53, 2**53)
"""What is trusted, and so told the long way, is not limited either."""


class Writers:
    """Some devices that edit one document and now and then hear of each other; all updates in order."""

    def __init__(self, number: int) -> None:
        self.docs: list[Doc[Any]] = [Doc(client_id=2**31 + 7 * n) for n in range(number)]
        self.updates: list[bytes] = []
        for doc in self.docs:
            doc.observe(lambda event: self.updates.append(event.update))

    def edit(self, writer: int, edit: str, place: int) -> None:
        doc = self.docs[writer]
        text: Any = doc.get("t", type=Text)
        keys: Any = doc.get("m", type=Map)
        array: Any = doc.get("a", type=Array)
        length = len(str(text))
        if edit == "type":
            text += "ab" if place % 2 else "c"
        elif edit == "insert":
            text.insert(place % (length + 1) if str(text).isascii() else 0, "x")
        elif edit == "emoji":
            text += "😀"
        elif edit == "delete" and length and str(text).isascii():
            del text[place % length]
        elif edit == "set":
            keys["k"] = place
        elif edit == "nest":
            array.append(Text("n"))
        elif edit == "nested" and len(array):
            array[place % len(array)] += "y"
        elif edit == "sync":
            self.sync(writer)

    def sync(self, writer: int) -> None:
        told = len(self.updates)
        for other in self.docs:
            self.docs[writer].apply_update(other.get_update())
        del self.updates[told:]


def told(update: bytes, state: ScanState, *, long: bool) -> dict[str, object] | str:
    """Everything that the scan says, in a form that can be compared; or how it refuses."""
    try:
        found: Scanned = scan(update, state, UNLIMITED, trusted=long)
    except Refusal as refusal:
        return type(refusal).__name__
    runs = {client: (list(r.starts), list(r.marks)) for client, r in found.placing.runs.items()}
    placing = (runs, found.placing.pairs, found.placing.overwritten)
    return {**found._asdict(), "cuts": set(found.cuts), "placing": placing}


@settings(max_examples=60, deadline=None)
@given(EDITS, st.randoms(use_true_random=False))
def test_both_ways_tell_the_same_of_what_people_write_and_of_damaged_bytes(
    edits: list[tuple[int, str, int]], chance: random.Random
) -> None:
    writers, state = Writers(3), ScanState()
    for edit in edits:
        writers.edit(*edit)
    for update in writers.updates:
        for _ in range(8):
            damaged = bytearray(update)
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            assert told(bytes(damaged), state, long=False) == told(bytes(damaged), state, long=True)
        assert told(update, state, long=False) == told(update, state, long=True)
        state.take(scan(update, state, trusted=True))


def typing(text: str = "ab") -> tuple[ScanState, bytes]:
    """A document, and the update of the next thing that is typed."""
    writers, state = Writers(1), ScanState()
    writers.edit(0, "type", 1)
    state.take(scan(writers.updates.pop(), state))
    typed: Any = writers.docs[0].get("t", type=Text)
    typed += text
    return state, writers.updates.pop()


def test_typed_text_is_told_the_short_way() -> None:
    state, update = typing()
    assert typed_text(update, state.clocks, state.placement) == (2**31, 4, 203)


@pytest.mark.parametrize("text", ["é", "😀", "a" * 128])
def test_what_is_not_short_ascii_is_left_to_the_scan(text: str) -> None:
    state, update = typing(text)
    assert typed_text(update, state.clocks, state.placement) is None


@pytest.mark.parametrize("clock", [1, 3])
def test_text_that_does_not_begin_at_the_clock_held_is_left_to_the_scan(clock: int) -> None:
    state, update = typing()
    assert typed_text(update, {2**31: clock}, state.placement) is None
    assert typed_text(update, {}, Placement()) is None


ID = b"\x80\x80\x80\x80\x08"
"""The client id 2**31 as it is written."""
IN_LIST = b"\x04\x01\x01a\x01x"
"""A string in a root."""
OF_KEY = b"\x24\x01\x01m\x01k\x01x"
"""A string that is the value of a key."""


def behind(clock: int, content: bytes) -> bytes:
    """A struct whose origin is the unit before ``clock``; its kind is the first byte of its content."""
    return bytes((0x80 | content[0],)) + ID + bytes((clock - 1,)) + content[1:]


def document(*structs: bytes) -> ScanState:
    """What the scan knows once these structs of one unit each came one by one."""
    state = ScanState()
    for clock, struct in enumerate(structs):
        state.take(scan(b"\x01\x01" + ID + bytes((clock,)) + struct + b"\x00", state))
    return state


@pytest.mark.parametrize(
    ("structs", "text", "short"),
    [
        ((IN_LIST, behind(1, b"\x04\x01y")), b"zz", True),
        ((OF_KEY, behind(1, b"\x04\x01y")), b"z", True),
        ((OF_KEY, behind(1, b"\x04\x01y")), b"zz", False),
        ((IN_LIST, behind(1, b"\x07\x00")), b"z", False),
        ((IN_LIST, behind(1, b"\x01\x01")), b"z", False),
    ],
    ids=[
        "text",
        "a value of a key",
        "two values of a key at once",
        "behind a type",
        "behind what is deleted",
    ],
)
def test_only_text_that_leaves_nothing_to_remember_is_told_the_short_way(
    structs: tuple[bytes, ...], text: bytes, short: bool
) -> None:
    state = document(*structs)
    typed = behind(2, b"\x04" + bytes((len(text),)) + text)
    update = b"\x01\x01" + ID + b"\x02" + typed + b"\x00"
    assert (typed_text(update, state.clocks, state.placement) is not None) is short
    assert told(update, state, long=False) == told(update, state, long=True)
