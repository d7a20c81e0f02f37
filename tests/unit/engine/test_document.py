"""``hub.engine.document``: what an update does, whose it may be, and what the document tells."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from pycrdt import Doc, Text

from hub.engine import document as document_module
from hub.engine.document import HUB_CLIENT_ID, Document, DocumentBroken
from hub.engine.scan import EMPTY_UPDATE, ScanLimits, Scanned, ScanState, scan
from hub.errors import BadValue, Forbidden, Gap, Refused, TooBig
from hub.protocol.yjs import decode_state_vector, encode_state_vector
from tests.unit.engine.update_builder import (
    ANN,
    BOB,
    deleted,
    document,
    embed,
    shared_type,
    text,
    update,
    values,
)

HELLO = update((1, 0, [text("hello", parent="text")]))
WORLD = update((2, 0, [text(" world", origin=(1, 4))]))


def content(of: Document) -> str:
    doc: Doc[Any] = Doc()
    doc.apply_update(of.diff(None))
    return str(doc.get("text", type=Text))


class TestWhatIsNew:
    def test_new_structs_are(self) -> None:
        assert document().apply(HELLO, ANN).new

    def test_the_same_again_is_not(self) -> None:
        assert not document(HELLO).apply(HELLO, ANN).new

    def test_an_empty_update_is_not(self) -> None:
        assert not document(HELLO).apply(EMPTY_UPDATE, ANN).new

    def test_a_delete_is_though_it_moves_no_vector(self) -> None:
        made = document(HELLO)
        before = made.state_vector()
        delete = update(deletes={1: [(0, 2)]})
        assert made.apply(delete, BOB).new
        assert made.state_vector() == before
        assert not made.apply(delete, BOB).new
        assert content(made) == "llo"

    def test_a_delete_of_which_only_a_part_was_deleted_is(self) -> None:
        made = document(HELLO, update(deletes={1: [(0, 2)]}))
        assert made.apply(update(deletes={1: [(1, 3)]}), ANN).new
        assert content(made) == "o"

    def test_a_struct_held_in_part_brings_its_rest(self) -> None:
        made = document(HELLO)
        assert made.apply(update((1, 0, [text("hello!", parent="text")])), ANN).new
        assert content(made) == "hello!"


class TestOwners:
    def test_a_client_id_belongs_to_whom_it_wrote_first(self) -> None:
        made = document()
        assert list(made.apply(HELLO, ANN).bound) == [1]
        assert list(made.apply(WORLD, BOB).bound) == [2]
        assert list(made.apply(update((1, 5, [text("!", origin=(2, 5))])), ANN).bound) == []

    def test_another_users_structs_are_forbidden_and_change_nothing(self) -> None:
        made = document(HELLO)
        forged = update((1, 5, [text("!", origin=(1, 4))]))
        with pytest.raises(Forbidden, match="client id 1 is another user's"):
            made.apply(forged, BOB)
        assert content(made) == "hello"
        assert made.apply(forged, ANN).new

    def test_what_is_held_already_may_come_from_anybody(self) -> None:
        made = document(HELLO)
        assert made.apply(update((1, 0, [text("hello", parent="text")]), (2, 0, [values(b"\x7e")])), BOB).new

    def test_anybody_deletes(self) -> None:
        assert document(HELLO).apply(update(deletes={1: [(0, 1)]}), BOB).new

    def test_owners_are_remembered_from_what_is_saved(self) -> None:
        made = Document.load(HELLO, [], {1: ANN})
        with pytest.raises(Forbidden):
            made.apply(update((1, 5, [text("!", origin=(1, 4))])), BOB)

    def test_after_a_restore_anybody_brings_anybodys_structs_and_nothing_is_bound(self) -> None:
        made = Document.load(HELLO, [], {1: ANN})
        late = update((1, 5, [text("!", origin=(1, 4))]), (2, 0, [values(b"\x7e")]))
        assert list(made.apply(late, BOB, bind=False).bound) == []
        assert list(made.apply(update((2, 1, [values(b"\x7e", origin=(2, 0))])), ANN).bound) == [2]

    def test_what_awareness_claims_counts_until_structs_tell(self) -> None:
        made = document()
        made.claims = {1: BOB}
        with pytest.raises(Forbidden):
            made.apply(HELLO, ANN)
        assert list(made.apply(HELLO, BOB).bound) == [1]
        made.claims = {1: ANN}
        assert made.owner(1) == BOB
        with pytest.raises(Forbidden):
            made.apply(update((1, 5, [text("!", origin=(1, 4))])), ANN)


class TestWhatItTells:
    def test_an_empty_document(self) -> None:
        made = document()
        assert made.state_vector() == b"\0"
        assert made.diff(None) == made.diff(b"\0") == made.snapshot() == EMPTY_UPDATE

    def test_the_vector_names_every_client(self) -> None:
        assert decode_state_vector(document(HELLO, WORLD).state_vector()) == {1: 5, 2: 6}

    def test_a_diff_holds_what_is_above_a_vector_and_all_deletes(self) -> None:
        made = document(HELLO, WORLD, update(deletes={1: [(0, 1)]}))
        diff = made.diff(encode_state_vector({1: 5}))
        state = ScanState()
        state.take(scan(HELLO, state))
        told = scan(diff, state)
        assert (told.clocks, told.deleted) == ({2: 6}, 1)

    @pytest.mark.parametrize(
        "vector",
        [
            b"",
            b"\x01",
            b"\x01\x01\x05\x00",
            b"\x02\x01\x05\x01\x05",
            b"\xff" * 20,
            b"\x01\x01\x80\x80\x80\x80\x08",
        ],
    )
    def test_what_is_not_a_state_vector_is_a_bad_value(self, vector: bytes) -> None:
        with pytest.raises(BadValue):
            document(HELLO).diff(vector)

    def test_a_vector_ahead_of_the_document_gets_what_it_lacks(self) -> None:
        diff = document(HELLO, WORLD).diff(encode_state_vector({1: 2**31 - 1, 7: 3}))
        assert scan(diff, holding_hello()).clocks == {2: 6}

    def test_a_gap_tells_what_the_hub_holds(self) -> None:
        made = document(HELLO)
        with pytest.raises(Gap) as gap:
            made.apply(update((1, 9, [text("x")])), ANN)
        assert gap.value.state_vector is not None
        assert decode_state_vector(gap.value.state_vector) == {1: 5}

    def test_a_snapshot_is_merged_and_without_what_was_deleted(self) -> None:
        typed = [
            update((1, clock, [text("x", origin=(1, clock - 1) if clock else None, parent="text")]))
            for clock in range(500)
        ]
        made = document(*typed, update(deletes={1: [(0, 499)]}))
        snapshot = made.snapshot()
        assert len(snapshot) < 40
        assert content(Document.load(snapshot, [], {})) == content(made) == "x"

    def test_writing_goes_on_after_a_snapshot(self) -> None:
        made = document(HELLO)
        made.snapshot()
        made.apply(WORLD, BOB)
        assert content(made) == "hello world"
        assert not made.apply(HELLO, ANN).new

    def test_the_hub_writes_nothing(self) -> None:
        made = document(HELLO)
        made.snapshot()
        assert HUB_CLIENT_ID not in decode_state_vector(made.state_vector())

    def test_its_size_grows_with_its_content_and_shrinks_with_a_snapshot(self) -> None:
        made = document()
        empty = made.size_bytes
        for clock in range(200):
            made.apply(
                update((1, clock, [text("x", origin=(1, clock - 1) if clock else None, parent="text")])), ANN
            )
        grown = made.size_bytes
        made.snapshot()
        assert empty < made.size_bytes < grown


class TestLimits:
    def test_a_full_document_takes_deletes_and_then_content_again(self) -> None:
        limits = ScanLimits(document_bytes=2_000)
        made = Document(limits)
        made.apply(update((1, 0, [text("x" * 1_900, parent="text")])), ANN)
        more = update((1, 1_900, [text("y" * 200, origin=(1, 1_899))]))
        with pytest.raises(TooBig):
            made.apply(more, ANN)
        made.apply(update(deletes={1: [(0, 1_900)]}), ANN)
        assert made.apply(more, ANN).new
        assert content(made) == "y" * 200

    def test_what_brings_nothing_new_takes_no_room(self) -> None:
        made = Document(ScanLimits(document_bytes=2_000))
        made.apply(HELLO, ANN)
        delete = update(deletes={1: [(0, 1)]})
        for _ in range(1_000):
            made.apply(delete, ANN)
            made.apply(HELLO, ANN)
        assert made.apply(update((1, 5, [text("y" * 1_900, origin=(1, 4))])), ANN).new

    def test_merged_content_counts_once(self) -> None:
        made = Document(ScanLimits(document_bytes=3_000))
        for clock in range(1_000):
            made.apply(
                update((1, clock, [text("x", origin=(1, clock - 1) if clock else None, parent="text")])), ANN
            )
        assert len(content(made)) == 1_000


class TestLoading:
    def test_a_document_is_loaded_from_a_snapshot_and_updates(self) -> None:
        made = document(HELLO)
        loaded = Document.load(made.snapshot(), [WORLD], {})
        assert content(loaded) == "hello world"
        assert not loaded.apply(HELLO, BOB).new

    def test_what_is_saved_is_no_matter_of_limits(self) -> None:
        tight = ScanLimits(update_bytes=1, structs=0, document_bytes=1, clients=0)
        assert content(Document.load(HELLO, [WORLD], {}, tight)) == "hello world"

    @pytest.mark.parametrize(
        "saved", [[HELLO[:-3]], [WORLD], [b"\1"], [HELLO, update((1, 7, [text("x")]))]], ids=range(4)
    )
    def test_what_was_never_accepted_does_not_load(self, saved: list[bytes]) -> None:
        with pytest.raises(DocumentBroken, match="a saved update is refused"):
            Document.load(b"", saved, {})

    def test_levels_are_known_after_loading(self) -> None:
        inner = [shared_type(parent=(1, level - 1)) for level in range(1, 64)]
        made = document(update((1, 0, [shared_type(), *inner])))
        loaded = Document.load(made.snapshot(), [], {})
        with pytest.raises(Refused, match="nested deeper than 64"):
            loaded.apply(update((2, 0, [shared_type(parent=(1, 63))])), ANN)

    def test_what_was_deleted_is_known_after_loading(self) -> None:
        held = update((1, 0, [shared_type(1, parent="map", key="k"), text("a", parent=(1, 0))]))
        made = document(held, update(deletes={1: [(0, 1)]}))
        late = update((2, 0, [text("b", parent=(1, 0)), text("c", origin=(1, 1))]))
        for each in (made, Document.load(made.snapshot(), [], {})):
            assert each.apply(late, BOB).new
            assert decode_state_vector(each.state_vector()) == {1: 2, 2: 2}

    def test_a_closed_document_is_freed(self) -> None:
        made = document(HELLO, update(deletes={1: [(0, 1)]}))
        freed = weakref.ref(made._doc)
        made.close()
        gc.collect()
        assert freed() is None


class TestNet:
    """Below the gate: should the scan and yrs ever disagree, the Doc is given up instead of trusted."""

    @pytest.fixture
    def ungated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A scan that lets everything pass and predicts one new unit of client 7."""

        def blind(body: bytes, state: ScanState, *_: Any, **__: Any) -> Scanned:
            return scan(update((7, 0, [values(b"\x7e")])), ScanState())

        monkeypatch.setattr(document_module, "scan", blind)

    @pytest.mark.usefixtures("ungated")
    def test_another_vector_than_predicted_breaks_the_document(self) -> None:
        with pytest.raises(DocumentBroken, match="did not move as predicted"):
            document().apply(HELLO, ANN)

    @pytest.mark.filterwarnings("ignore")
    def test_a_panic_breaks_the_document(self, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
        made = document(HELLO)
        monkeypatch.setattr(document_module, "scan", lambda *_, **__: scan(WORLD, holding_hello()))
        with pytest.raises(DocumentBroken, match="yrs failed") as broken:
            made.apply(b"\1\0\1\0\0", ANN)
        assert not isinstance(broken.value.__cause__, Exception)

    @pytest.mark.usefixtures("ungated")
    def test_bytes_that_yrs_can_not_decode_are_refused_and_change_nothing(self) -> None:
        made = document()
        with pytest.raises(Refused, match="yrs can't read"):
            made.apply(b"\1\1\1\0\x0f\0\0", ANN)
        assert made.state_vector() == b"\0"

    def test_an_embed_that_only_yrs_refuses_changes_nothing(self) -> None:
        made = document(HELLO)
        half_a_pair = update((1, 5, [embed('"\\ud83d"', origin=(1, 4)), text("x", origin=(1, 4))]))
        with pytest.raises(Refused):
            made.apply(half_a_pair, ANN)
        assert content(made) == "hello"
        assert made.apply(WORLD, BOB).new

    def test_an_interrupt_is_let_through(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*_: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(document_module, "_put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            document().apply(HELLO, ANN)

    def test_a_snapshot_that_reads_otherwise_is_never_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = document(HELLO)
        monkeypatch.setattr(Document, "_told", lambda _: update((1, 0, [deleted(4)])))
        with pytest.raises(DocumentBroken, match="did not move as predicted"):
            made.snapshot()


def holding_hello() -> ScanState:
    state = ScanState()
    state.take(scan(HELLO, state))
    return state
