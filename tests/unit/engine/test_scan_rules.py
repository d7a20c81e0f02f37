"""``hub.engine.scan``: each rule of the gate, with a small update that breaks it and one that doesn't."""

from __future__ import annotations

import pytest

from hub.engine.scan import EMPTY_UPDATE, ScanLimits, ScanState, scan
from hub.errors import Gap, Limit, Refused, TooBig
from hub.protocol.lib0 import write_varuint
from tests.unit.engine.update_builder import (
    NULL,
    deleted,
    embed,
    gc,
    holding,
    item,
    scanned,
    shared_type,
    skip,
    subdocument,
    text,
    update,
    values,
)

HELLO = update((1, 0, [text("hello")]))


def refused(body: bytes, sentence: str, *held: bytes) -> None:
    with pytest.raises(Refused, match=sentence):
        scanned(body, *held)


class TestPrediction:
    def test_an_empty_update_brings_nothing(self) -> None:
        told = scanned(EMPTY_UPDATE, HELLO)
        assert (told.clocks, told.deleted) == ({}, 0)

    def test_new_structs_move_their_clients_clock(self) -> None:
        body = update((1, 5, [text("!", origin=(1, 4))]), (2, 0, [text("ab"), gc(3)]))
        assert scanned(body, HELLO).clocks == {1: 6, 2: 5}

    def test_text_counts_utf16_units(self) -> None:
        assert scanned(update((1, 0, [text("né任😀")]))).clocks == {1: 5}

    def test_a_scan_changes_nothing_until_it_is_taken(self) -> None:
        state = holding(HELLO)
        body = update((1, 5, [shared_type(origin=(1, 4))]))
        told = scan(body, state)
        assert state.clocks == {1: 5}
        assert scan(body, state).clocks == told.clocks
        state.take(told)
        assert state.clocks == {1: 6}

    def test_what_is_held_already_brings_nothing_whoever_sends_it(self) -> None:
        assert scanned(HELLO, HELLO).clocks == {}

    def test_of_a_struct_held_in_part_the_rest_is_new(self) -> None:
        assert scanned(update((1, 0, [text("hello!")])), HELLO).clocks == {1: 6}

    def test_deletes_are_told_of(self) -> None:
        assert scanned(update(deletes={1: [(0, 2), (3, 2)]}), HELLO).deleted


class TestGaps:
    def test_a_section_that_begins_above_its_clients_clock(self) -> None:
        with pytest.raises(Gap):
            scanned(update((1, 6, [text("x")])), HELLO)

    def test_a_section_of_an_unknown_client_that_does_not_begin_at_0(self) -> None:
        with pytest.raises(Gap):
            scanned(update((2, 1, [text("x")])), HELLO)

    def test_a_skip_is_a_gap(self) -> None:
        with pytest.raises(Gap):
            scanned(update((1, 5, [skip(1), text("x")])), HELLO)

    def test_a_skip_over_what_is_held_is_none(self) -> None:
        assert scanned(update((1, 0, [skip(5), text("x", origin=(1, 4))])), HELLO).clocks == {1: 6}

    @pytest.mark.parametrize(
        "struct",
        [
            text("x", origin=(1, 5)),
            text("x", right=(1, 5)),
            text("x", parent=(1, 5)),
            text("x", origin=(3, 0)),
        ],
        ids=["origin", "right origin", "parent", "unknown client"],
    )
    def test_a_reference_beyond_what_is_held(self, struct: bytes) -> None:
        with pytest.raises(Gap):
            scanned(update((2, 0, [struct])), HELLO)

    def test_a_reference_beyond_what_the_update_brings(self) -> None:
        with pytest.raises(Gap):
            scanned(update((2, 0, [text("x", origin=(1, 5))]), (1, 4, [text("o", origin=(1, 3))])), HELLO)

    @pytest.mark.parametrize("deletes", [{1: [(4, 2)]}, {1: [(5, 1)]}, {2: [(0, 1)]}])
    def test_a_delete_beyond_what_is_held(self, deletes: dict[int, list[tuple[int, int]]]) -> None:
        with pytest.raises(Gap):
            scanned(update(deletes=deletes), HELLO)

    def test_a_delete_of_what_the_update_brings_is_none(self) -> None:
        assert scanned(update((1, 5, [text("x", origin=(1, 4))]), deletes={1: [(4, 2)]}), HELLO).deleted


class TestOrder:
    def test_sections_may_refer_to_each_other_by_turns(self) -> None:
        body = update(
            (9, 0, [shared_type(origin=(2, 0)), text("b", origin=(2, 1))]),
            (2, 0, [shared_type(), text("a", origin=(9, 0))]),
        )
        assert scanned(body).clocks == {9: 2, 2: 2}

    def test_a_chain_through_many_sections_is_followed(self) -> None:
        count = 2_000
        chain = [(client, 0, [text("x", origin=(client + 1, 0))]) for client in range(count)]
        assert len(scanned(update(*chain, (count, 0, [text("x")]))).clocks) == count + 1

    def test_two_structs_that_wait_for_each_other(self) -> None:
        body = update((1, 0, [text("a", origin=(2, 0))]), (2, 0, [text("b", origin=(1, 0))]))
        refused(body, "in a circle")

    def test_a_longer_circle(self) -> None:
        body = update(*((client, 0, [text("a", origin=((client + 1) % 5, 0))]) for client in range(5)))
        refused(body, "in a circle")

    @pytest.mark.parametrize("clock", [0, 1, 2], ids=["itself", "within itself", "its successor"])
    def test_a_struct_that_refers_to_itself_or_ahead(self, clock: int) -> None:
        body = update((1, 0, [text("ab", origin=(1, clock)), text("c")]))
        refused(body, "ahead of themselves")

    def test_a_held_struct_that_refers_to_what_is_not_held(self) -> None:
        # Yjs would wait for it for ever, and with it for all that its client writes after.
        refused(update((1, 0, [text("hello", origin=(3, 7))])), "held refers to what is not", HELLO)


class TestStructure:
    @pytest.mark.parametrize("cut", range(len(HELLO)))
    def test_an_update_that_ends_early(self, cut: int) -> None:
        with pytest.raises(Refused):
            scanned(HELLO[:cut])

    def test_something_after_the_update(self) -> None:
        refused(HELLO + b"\0", "something follows")

    def test_an_empty_section(self) -> None:
        refused(update((1, 0, [])), "empty section")

    def test_two_sections_of_one_client(self) -> None:
        refused(update((1, 0, [text("a")]), (1, 1, [text("b", origin=(1, 0))])), "more than one")

    @pytest.mark.parametrize("struct", [gc(0), skip(0), deleted(0), text(""), values()])
    def test_an_empty_struct(self, struct: bytes) -> None:
        refused(update((1, 0, [struct])), "a struct is empty")

    def test_an_empty_set_of_deletes(self) -> None:
        refused(update(deletes={1: []}), "empty set of deletes", HELLO)

    def test_two_sets_of_deletes_of_one_client(self) -> None:
        refused(b"\0\2\1\1\0\1\1\1\1\1", "more than one", HELLO)

    @pytest.mark.parametrize("ranges", [[(2, 1), (0, 1)], [(0, 3), (2, 1)], [(1, 0)]])
    def test_deletes_out_of_order_overlapping_or_empty(self, ranges: list[tuple[int, int]]) -> None:
        refused(update(deletes={1: ranges}), "out of order", HELLO)

    @pytest.mark.parametrize("padded", [b"\x81\x00", b"\x81\x80\x00", b"\x81\x80\x80\x80\x00"])
    def test_an_integer_that_is_not_in_its_shortest_form(self, padded: bytes) -> None:
        refused(padded + HELLO[1:], "shortest form")

    @pytest.mark.parametrize("huge", [b"\xff" * 200_000, b"\xff" * 7 + b"\x10", b"\xff" * 7 + b"\x80\x01"])
    def test_an_integer_beyond_53_bits(self, huge: bytes) -> None:
        refused(huge, r"greater than 2\*\*53 - 1")

    @pytest.mark.parametrize("count", [2, 2**20, 2**53 - 1])
    def test_a_count_of_sections_or_structs_that_are_not_there(self, count: int) -> None:
        for body in (write_varuint(count) + HELLO[1:], b"\1" + write_varuint(count) + HELLO[2:]):
            with pytest.raises((Refused, TooBig)):
                scanned(body)

    def test_the_greatest_client_id_passes(self) -> None:
        assert scanned(update((2**53 - 1, 0, [text("x")]))).clocks == {2**53 - 1: 1}

    def test_a_clock_that_yrs_can_not_hold(self) -> None:
        assert scanned(update((1, 0, [gc(2**31 - 1)]))).clocks == {1: 2**31 - 1}
        refused(update((1, 0, [gc(2**31)])), "a clock is greater")
        refused(update((1, 0, [gc(2**31 - 1), gc(1)])), "a clock is greater")

    @pytest.mark.parametrize("info", [0x80, 0x20, 0x8A, 0x2A])
    def test_flags_where_there_is_nothing_to_flag(self, info: int) -> None:
        refused(update((1, 0, [bytes((info, 1))])), "has flags")

    @pytest.mark.parametrize("kind", [11, 15, 16, 20, 24, 31])
    def test_content_of_a_kind_that_yjs_does_not_know(self, kind: int) -> None:
        refused(update((1, 0, [item(kind, NULL)])), "kind that Yjs 13 does not know")

    def test_content_that_yrs_reads_otherwise(self) -> None:
        refused(update((1, 0, [item(2, b"\x01\x01" + b"1")])), "legacy JSON")
        refused(update((1, 0, [shared_type(5, "hook")])), "kind that the hub does not know")

    @pytest.mark.parametrize("kind", [7, 8, 9, 15, 127])
    def test_a_shared_type_of_an_unknown_kind(self, kind: int) -> None:
        refused(update((1, 0, [shared_type(kind)])), "kind that the hub does not know")

    def test_a_parent_that_is_neither_a_name_nor_an_id(self) -> None:
        refused(b"\1\1\1\0\x04\2\1t\1x\0", "no valid parent")


class TestContents:
    @pytest.mark.parametrize(
        "struct",
        [
            item(4, b"\x02\xff\xfe"),
            item(4, b"\x03\xed\xa0\xbd"),
            item(6, b"\x01\xff\x04true"),
            item(9, b"\x01\xff\x76\x00"),
            item(8, b"\x01\x77\x01\xff"),
            item(5, b'\x03"\xff"'),
        ],
        ids=["text", "half a pair", "format key", "guid", "value", "embed"],
    )
    def test_strings_are_utf8(self, struct: bytes) -> None:
        with pytest.raises(Refused):
            scanned(update((1, 0, [struct])))

    @pytest.mark.parametrize("source", ["", "{", "NaN", "[1,]", "{'a':1}", "1 2", '"\t"', "9" * 5_000])
    def test_embeds_are_json(self, source: str) -> None:
        refused(update((1, 0, [embed(source)])), "not JSON")

    def test_json_nests_16_deep_at_most(self) -> None:
        assert scanned(update((1, 0, [embed("[" * 16 + "]" * 16)]))).clocks
        refused(update((1, 0, [embed("[" * 17 + "]" * 17)])), "nested deeper than 16")
        refused(update((1, 0, [embed("[" * 30_000 + "]" * 30_000)])), "nested deeper than 16")
        assert scanned(update((1, 0, [embed('"' + "[" * 40 + '"')]))).clocks

    def test_values_nest_16_deep_at_most(self) -> None:
        assert scanned(update((1, 0, [values(b"\x75\x01" * 16 + b"\x7e")]))).clocks
        refused(update((1, 0, [values(b"\x75\x01" * 17 + b"\x7e")])), "nested deeper than 16")
        refused(update((1, 0, [values(b"\x76\x01\x01k" * 30_000 + b"\x7e")])), "nested deeper than 16")

    @pytest.mark.parametrize("tag", [0, 1, 115, 128, 255])
    def test_a_value_of_an_unknown_type(self, tag: int) -> None:
        refused(update((1, 0, [values(bytes((tag,)))])), "unknown type")

    @pytest.mark.parametrize("value", [b"\x7d\xbf\x00", b"\x7d\xff" + b"\xff" * 7 + b"\x01"])
    def test_an_integer_value_that_javascript_can_not_hold(self, value: bytes) -> None:
        with pytest.raises(Refused):
            scanned(update((1, 0, [values(value)])))

    @pytest.mark.parametrize("value", [b"\x75\xff\xff\x7f\x7e", b"\x76\x40", b"\x77\xff\x7f", b"\x74\x09"])
    def test_a_length_that_is_not_there(self, value: bytes) -> None:
        with pytest.raises(Refused):
            scanned(update((1, 0, [values(value)])))

    def test_a_subdocument_without_options_would_throw_in_browsers(self) -> None:
        assert scanned(update((1, 0, [subdocument("g")]))).subdocuments
        refused(update((1, 0, [subdocument("g", b"\x7e")])), "no options")


class TestLimits:
    def test_bytes_of_an_update(self) -> None:
        limits = ScanLimits(update_bytes=len(HELLO))
        assert scan(HELLO, ScanState(), limits).clocks
        with pytest.raises(TooBig, match="larger than 10 bytes"):
            scan(HELLO, ScanState(), ScanLimits(update_bytes=10))

    def test_structs_of_an_update(self) -> None:
        body = update((1, 0, [gc(1)] * 3), (2, 0, [gc(1)] * 3))
        assert scan(body, ScanState(), ScanLimits(structs=6)).clocks
        with pytest.raises(TooBig, match="more than 5 structs"):
            scan(body, ScanState(), ScanLimits(structs=5))

    def test_client_ids_of_a_document(self) -> None:
        state = holding(HELLO)
        body = update((2, 0, [text("x")]), (3, 0, [text("x")]))
        assert scan(body, state, ScanLimits(clients=3)).clocks
        with pytest.raises(Limit, match="more than 2 client ids"):
            scan(body, state, ScanLimits(clients=2))

    def test_bytes_of_a_document_bound_what_is_new_but_never_deletes(self) -> None:
        state = holding(HELLO)
        limits = ScanLimits(document_bytes=len(HELLO) + 5)
        with pytest.raises(TooBig, match="the document would be larger"):
            scan(update((2, 0, [text("x")])), state, limits)
        assert scan(update(deletes={1: [(0, 5)]}), state, limits).deleted
        assert scan(HELLO, state, limits).clocks == {}

    def test_what_the_hub_accepted_before_has_no_limit(self) -> None:
        tight = ScanLimits(update_bytes=1, structs=0, document_bytes=1, clients=0)
        assert scan(HELLO, ScanState(), tight, trusted=True).clocks == {1: 5}


def test_garbage_is_refused_and_not_called_a_gap() -> None:
    """Who sends it is not asked for what lies before it."""
    with pytest.raises(Refused):
        scan(b"zzzzzzzz", ScanState())
