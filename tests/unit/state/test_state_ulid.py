"""New item ids."""

from __future__ import annotations

from hub.model import Milliseconds
from hub.state.names import is_item_id
from hub.state.ulid import new_ulid


def test_a_new_id_is_an_item_id_of_26_characters() -> None:
    made = new_ulid(Milliseconds(1_760_000_000_000))
    assert is_item_id(made)
    assert len(made) == 26


def test_the_first_ten_characters_are_the_time_as_the_specification_writes_it() -> None:
    assert new_ulid(Milliseconds(1_469_918_176_385)).startswith("01ARYZ6S41")


def test_ids_sort_by_time_and_differ_within_a_millisecond() -> None:
    assert new_ulid(Milliseconds(1_000)) < new_ulid(Milliseconds(1_001))
    assert len({new_ulid(Milliseconds(1_000)) for _ in range(1_000)}) == 1_000
