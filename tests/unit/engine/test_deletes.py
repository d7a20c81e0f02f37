"""Whether one update's deletes are all among another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from hub.engine.deletes import covers, read_deletes
from hub.engine.document import Document
from hub.engine.update_reader import UpdateReader
from hub.errors import Refused
from hub.model import UserId

ANN = UserId("ann")
units = st.dictionaries(st.integers(1, 3), st.sets(st.integers(0, 30), min_size=1), max_size=3)


def written(deletes: dict[int, set[int]]) -> bytes:
    """An update that deletes single units, each a range of its own."""
    parts = [0, len(deletes)]
    for client, clocks in deletes.items():
        parts += [client, len(clocks)]
        for clock in sorted(clocks):
            parts += [clock, 1]
    return bytes(parts)


@given(units, units)
def test_what_is_covered_is_every_unit(one: dict[int, set[int]], other: dict[int, set[int]]) -> None:
    every = all(clocks <= one.get(client, set()) for client, clocks in other.items())
    read_one, read_other = (read_deletes(UpdateReader(written(each))) for each in (one, other))
    assert covers(read_one, read_other) == every


def test_neighbours_are_one_range() -> None:
    assert read_deletes(UpdateReader(written({5: {1, 2, 3, 7}}))) == {5: [(1, 4), (7, 8)]}


@pytest.mark.parametrize("update", [b"", b"\x00", b"\x00\x01\x05\x01\x00", b"\x00\x00\x00"])
def test_what_is_no_update_is_refused(update: bytes) -> None:
    with pytest.raises(Refused):
        read_deletes(UpdateReader(update))


def test_a_document_holds_what_it_was_given_and_nothing_else() -> None:
    author: Doc[Text] = Doc()
    text = author.get("t", type=Text)
    text += "abcdef"
    document, before = Document(), author.get_update()
    document.apply(before, ANN)
    del text[1:3]
    deleted = author.get_update()
    assert document.holds(b"\x00\x00")
    assert document.holds(before)
    assert not document.holds(deleted)
    document.apply(deleted, ANN)
    assert document.holds(deleted)
    text += "g"
    assert not document.holds(author.get_update())
    behind = author.get_state()
    text += "h"
    assert not document.holds(author.get_update(behind)), "a gap is nothing that it holds"
    assert document.diff(None) == deleted
    document.close()
