"""What yrs can't hold: cut surrogate pairs and subdocuments (``hub.engine.stand_ins``)."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from hub.engine.document import Document
from hub.engine.scan import ScanState, scan
from hub.engine.stand_ins import with_bytes, with_subdocuments
from hub.engine.update_reader import WRAPPED
from hub.errors import Refused
from hub.protocol.lib0 import write_buf
from hub.protocol.yjs import decode_state_vector
from tests.unit.engine.update_builder import (
    ANN,
    BOB,
    document,
    item,
    shared_type,
    subdocument,
    text,
    update,
    values,
)

FACE = update((1, 0, [text("a😀b", parent="text")]))
FIRST_HALF = update(deletes={1: [(1, 1)]})
SECOND_HALF = update(deletes={1: [(2, 1)]})


def content(told: bytes) -> str:
    doc: Doc[Any] = Doc()
    doc.apply_update(told)
    return str(doc.get("text", type=Text))


def clocks(told: bytes) -> dict[int, int]:
    """What a reader of it will hold."""
    return dict(scan(told, ScanState(), trusted=True).clocks)


class TestPairs:
    @pytest.mark.parametrize("half", [FIRST_HALF, SECOND_HALF])
    def test_yrs_alone_writes_clocks_that_are_wrong_or_text_that_is(self, half: bytes) -> None:
        doc: Doc[Any] = Doc()
        doc.apply_update(FACE)
        doc.apply_update(half)
        told = doc.get_update()
        assert decode_state_vector(doc.get_state()) == {1: 4}
        assert content(told) != "a\ufffdb"

    @pytest.mark.parametrize(
        ("cut", "becomes"),
        [
            (FIRST_HALF, "a\ufffdb"),
            (SECOND_HALF, "a\ufffdb"),
            (update((2, 0, [text("x", origin=(1, 1))])), "a\ufffd\ufffdbx"),
            (update((2, 0, [text("x", right=(1, 2))])), None),
            (update((2, 0, [text("x", origin=(1, 1), right=(1, 2))])), "a\ufffdx\ufffdb"),
            (update((2, 0, [text("😁", origin=(1, 1), right=(1, 2))]), deletes={1: [(2, 1)]}), "a\ufffd😁b"),
        ],
        ids=["delete first", "delete second", "origin", "right origin", "between", "replace by another"],
    )
    def test_a_cut_leaves_two_replacement_characters_as_in_yjs(self, cut: bytes, becomes: str | None) -> None:
        made = document(FACE)
        assert made.apply(cut, BOB).new
        told = made.diff(None)
        if becomes is not None:
            assert content(told) == becomes
        assert "😀" not in content(told)
        assert clocks(told) == decode_state_vector(made.state_vector())
        assert content(made.snapshot()) == content(told)

    def test_a_cut_within_the_update_that_brings_the_pair(self) -> None:
        made = document(update((1, 0, [text("a😀b", parent="text")]), deletes={1: [(1, 1)]}))
        assert content(made.diff(None)) == "a\ufffdb"
        assert clocks(made.snapshot()) == {1: 4}

    def test_a_struct_held_up_to_the_middle_of_a_pair(self) -> None:
        made = document(update((1, 0, [text("a\ufffd", parent="text")])))
        made.apply(FACE, ANN)
        assert content(made.diff(None)) == "a\ufffd\ufffdb"
        assert clocks(made.snapshot()) == {1: 4}

    def test_a_held_struct_that_claims_to_stand_within_a_pair_cuts_it_as_in_yjs(self) -> None:
        made = document(FACE, update((2, 0, [text("x", origin=(1, 3))])))
        claimed = update((2, 0, [text("x", origin=(1, 1), right=(1, 2)), text("y", origin=(2, 0))]))
        assert made.apply(claimed, ANN).new
        assert content(made.diff(None)) == "a\ufffd\ufffdbxy"

    def test_what_brings_nothing_new_and_is_not_relayed_cuts_nothing(self) -> None:
        delete = {1: [(0, 1)]}
        made = document(FACE, update((2, 0, [text("x", origin=(1, 3))]), deletes=delete))
        claimed = update((2, 0, [text("x", origin=(1, 1), right=(1, 2))]), deletes=delete)
        assert not made.apply(claimed, ANN).new
        assert content(made.diff(None)) == "😀bx"

    def test_only_pairs_that_are_cut_are_replaced(self) -> None:
        made = document(update((1, 0, [text("😀😁😂", parent="text")])))
        made.apply(update((2, 0, [text("x", origin=(1, 2), right=(1, 3))])), BOB)
        assert content(made.diff(None)) == "😀\ufffdx\ufffd😂"

    def test_an_edit_between_pairs_cuts_none(self) -> None:
        made = document(update((1, 0, [text("😀😁", parent="text")])))
        made.apply(update((2, 0, [text("x", origin=(1, 1), right=(1, 2))]), deletes={1: [(2, 2)]}), BOB)
        assert content(made.diff(None)) == "😀x"

    def test_a_cut_is_replayed_from_what_is_saved(self) -> None:
        loaded = Document.load(document(FACE).snapshot(), [SECOND_HALF], {})
        assert content(loaded.snapshot()) == "a\ufffdb"

    def test_a_refused_update_cuts_nothing(self) -> None:
        made = document(FACE)
        both = update((2, 0, [text("x", origin=(1, 1)), item(5, b'\x08"\\ud83d"', origin=(2, 0))]))
        with pytest.raises(Refused):
            made.apply(both, BOB)
        assert content(made.diff(None)) == "a😀b"

    def test_a_delete_that_is_not_new_cuts_nothing(self) -> None:
        made = document(FACE, update(deletes={1: [(0, 4)]}))
        assert not made.apply(SECOND_HALF, BOB).new
        assert clocks(made.snapshot()) == {1: 4}


SUBDOCUMENT = subdocument("guid-1", b"\x76\x02\x04meta\x77\x05title\x08autoLoad\x78", parent="map", key="sub")


class TestSubdocuments:
    def test_a_subdocument_comes_back_as_it_was_with_its_meta(self) -> None:
        made = document(update((1, 0, [SUBDOCUMENT])))
        assert SUBDOCUMENT in made.diff(None)
        assert SUBDOCUMENT in made.diff(b"\0")
        assert SUBDOCUMENT in made.snapshot()
        assert SUBDOCUMENT in Document.load(made.snapshot(), [], {}).diff(None)

    def test_a_reader_sees_a_subdocument(self) -> None:
        doc: Doc[Any] = Doc()
        doc.apply_update(document(update((1, 0, [SUBDOCUMENT]))).diff(None))
        assert isinstance(doc.get("map", type=Map)["sub"], Doc)

    def test_a_type_around_a_subdocument_may_be_deleted(self) -> None:
        held = update(
            (1, 0, [shared_type(1, parent="map", key="m"), subdocument("g", parent=(1, 0), key="s")])
        )
        made = document(held, update(deletes={1: [(0, 1)]}))
        assert clocks(made.snapshot()) == {1: 2}

    def test_a_document_with_a_subdocument_is_freed(self) -> None:
        made = document(update((1, 0, [SUBDOCUMENT])))
        freed = weakref.ref(made._doc)
        made.close()
        gc.collect()
        assert freed() is None

    def test_bytes_stay_bytes(self) -> None:
        blob = item(3, write_buf(WRAPPED[1:] + b"!"), parent="map", key="blob")
        made = document(update((1, 0, [SUBDOCUMENT, blob])))
        assert blob in made.diff(None)

    def test_nobody_sends_bytes_with_the_hubs_own_mark(self) -> None:
        forged = item(3, write_buf(WRAPPED + b"\x01g\x76\x00"), parent="map", key="sub")
        with pytest.raises(Refused, match="the hub's own mark"):
            document(update((1, 0, [forged])))

    def test_wrapping_is_undone_exactly(self) -> None:
        body = update(
            (1, 0, [text("😀"), SUBDOCUMENT, values(b"\x7e"), subdocument("g", origin=(1, 3))]),
            (2, 0, [subdocument("", origin=(1, 4), right=(1, 4)), text("x")]),
            deletes={1: [(0, 1)]},
        )
        wrapped = with_bytes(body)
        assert b"guid-1" in wrapped
        assert wrapped != body
        assert with_subdocuments(wrapped) == body
