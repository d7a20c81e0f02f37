"""``hub.engine.placement``: which list an item stands in, and how deep."""

from __future__ import annotations

import pytest

from hub.engine.scan import ScanState, scan
from hub.errors import Refused
from tests.unit.engine.update_builder import (
    deleted,
    gc,
    holding,
    scanned,
    shared_type,
    text,
    update,
    values,
)


def nested(levels: int, client: int = 1) -> bytes:
    """Arrays within arrays, each named by its parent."""
    inner = [shared_type(parent=(client, level - 1)) for level in range(1, levels)]
    return update((client, 0, [shared_type(), *inner]))


class TestNesting:
    def test_shared_types_nest_64_deep_at_most(self) -> None:
        assert scanned(nested(64)).clocks == {1: 64}
        with pytest.raises(Refused, match="nested deeper than 64"):
            scanned(nested(65))

    def test_levels_are_counted_across_updates(self) -> None:
        state = holding(nested(63))
        state.take(scan(update((2, 0, [shared_type(parent=(1, 62))])), state))
        with pytest.raises(Refused, match="nested deeper than 64"):
            scan(update((2, 1, [shared_type(parent=(2, 0))])), state)

    def test_a_type_beside_another_is_as_deep(self) -> None:
        state = holding(nested(64))
        state.take(scan(update((2, 0, [shared_type(origin=(1, 63))])), state))
        with pytest.raises(Refused, match="nested deeper than 64"):
            scan(update((3, 0, [shared_type(parent=(2, 0))])), state)

    def test_a_type_beside_text_is_as_deep_as_the_text(self) -> None:
        # Otherwise every character would be a step down that nobody counts.
        state = holding(nested(64), update((2, 0, [text("abc", parent=(1, 62))])))
        state.take(scan(update((2, 3, [shared_type(origin=(2, 1), right=(2, 2))])), state))
        with pytest.raises(Refused, match="nested deeper than 64"):
            scan(update((2, 4, [shared_type(parent=(2, 3))])), state)

    def test_levels_are_known_of_sections_that_come_later_in_the_update(self) -> None:
        deep = update((9, 0, [shared_type(parent=(1, 63))]), *[])
        with pytest.raises(Refused, match="nested deeper than 64"):
            scanned(deep, nested(64))
        both = b"\x02" + deep[1:-1] + nested(64)[1:]
        with pytest.raises(Refused, match="nested deeper than 64"):
            scanned(both)

    def test_a_wide_document_is_not_deep(self) -> None:
        wide = [shared_type(1, parent="root", key=str(number)) for number in range(1_000)]
        assert scanned(update((1, 0, wide))).clocks == {1: 1_000}


class TestLists:
    TWO = update((1, 0, [text("abc", parent="one"), text("def", parent="two")]))

    def test_neighbours_stand_in_one_list(self) -> None:
        assert scanned(update((2, 0, [text("x", origin=(1, 0), right=(1, 2))])), self.TWO).clocks
        with pytest.raises(Refused, match="different lists"):
            scanned(update((2, 0, [text("x", origin=(1, 0), right=(1, 3))])), self.TWO)

    def test_values_of_different_keys_are_different_lists(self) -> None:
        two = update((1, 0, [values(b"\x7e", key="a"), values(b"\x7e", key="b"), values(b"\x7e")]))
        for right in (1, 2):
            with pytest.raises(Refused, match="different lists"):
                scanned(update((2, 0, [values(b"\x7e", origin=(1, 0), right=(1, right))])), two)

    def test_a_root_and_a_key_that_are_spelt_alike_are_different_lists(self) -> None:
        alike = [
            text("a", parent="abc"),
            values(b"\x7e", parent="a", key="bc"),
            values(b"\x7e", parent="ab", key="c"),
        ]
        for one, other in ((0, 1), (1, 2), (0, 2)):
            with pytest.raises(Refused, match="different lists"):
                scanned(update((2, 0, [text("x", origin=(1, one), right=(1, other))])), update((1, 0, alike)))

    def test_one_list_may_be_named_in_several_ways(self) -> None:
        named = update((1, 0, [shared_type(), text("a", parent=(1, 0)), text("b", origin=(1, 1))]))
        assert scanned(update((2, 0, [text("x", origin=(1, 1), right=(1, 2))])), named).clocks

    def test_what_is_gone_stands_in_no_list(self) -> None:
        half = update((1, 0, [gc(2), text("ab", parent="one")]))
        assert scanned(update((2, 0, [text("x", origin=(1, 0), right=(1, 1))])), half).clocks
        with pytest.raises(Refused, match="different lists"):
            scanned(update((2, 0, [text("x", origin=(1, 0), right=(1, 2))])), half)

    def test_the_rest_of_a_struct_stands_where_the_held_part_stands(self) -> None:
        held = update((1, 0, [text("ab", parent="one")]))
        assert scanned(update((1, 0, [text("abc", parent="one")])), held).clocks == {1: 3}
        with pytest.raises(Refused, match="stands elsewhere"):
            scanned(update((1, 0, [text("abc", parent="two")])), held)
        with pytest.raises(Refused, match="stands elsewhere"):
            scanned(update((1, 0, [text("abc", parent="one")])), update((1, 0, [gc(2)])))

    def test_only_shared_types_and_what_may_have_been_one_are_parents(self) -> None:
        held = update((1, 0, [shared_type(), text("a"), deleted(1), gc(1)]))
        for clock in (0, 2, 3):
            assert scanned(update((2, 0, [text("x", parent=(1, clock))])), held).clocks
        with pytest.raises(Refused, match="a parent is not a shared type"):
            scanned(update((2, 0, [text("x", parent=(1, 1))])), held)

    def test_several_values_of_one_key_are_deleted_by_the_update_that_brings_them(self) -> None:
        both = [values(b"\x7e", b"\x7e", key="k")]
        assert scanned(update((1, 0, both), deletes={1: [(0, 2)]})).clocks == {1: 2}
        assert scanned(update((1, 0, [deleted(2, key="k")]))).clocks == {1: 2}
        for deletes in ({}, {1: [(0, 1)]}, {1: [(1, 1)]}):
            with pytest.raises(Refused, match="several values at once"):
                scanned(update((1, 0, both), deletes=deletes))

    def test_the_rest_of_several_values_is_deleted_too(self) -> None:
        held = update((1, 0, [values(b"\x7e", key="k")]))
        with pytest.raises(Refused, match="several values at once"):
            scanned(update((1, 0, [values(b"\x7e", b"\x7e", key="k")])), held)


class TestMemory:
    def test_text_that_one_client_types_is_one_run(self) -> None:
        state = ScanState()
        for clock in range(1_000):
            origin = (1, clock - 1) if clock else None
            state.take(scan(update((1, clock, [text("x", origin=origin)])), state))
        assert len(state.placement) == 1

    def test_runs_follow_the_client_through_its_lists(self) -> None:
        state = holding(update((1, 0, [text("ab", parent="one"), text("cd", parent="two")])))
        state.take(scan(update((1, 4, [text("e", origin=(1, 3)), text("f", origin=(1, 1))])), state))
        assert len(state.placement) == 3
        assert scan(update((2, 0, [text("x", origin=(1, 5), right=(1, 0))])), state).clocks
        with pytest.raises(Refused, match="different lists"):
            scan(update((2, 0, [text("x", origin=(1, 5), right=(1, 4))])), state)
