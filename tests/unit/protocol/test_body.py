"""Bodies: encoded once, split at element boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Malformed
from hub.model import Actor, Hlc, ItemId, Statement
from hub.protocol import body, frames

statements = st.builds(
    Statement,
    st.text(max_size=8).map(ItemId),
    st.text(max_size=8),
    st.none() | st.booleans() | st.text(max_size=20) | st.lists(st.integers(0, 9), max_size=3),
    st.integers(0, 2**53 - 1).map(Hlc),
    st.text(max_size=8).map(Actor),
)


@given(st.lists(statements, max_size=20))
def test_statements_come_back_as_they_were(stated: list[Statement]) -> None:
    assert body.decode_statements(body.encode_statements(stated)) == stated


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_updates_come_back_as_they_were(updates: list[bytes]) -> None:
    assert body.decode_updates(body.encode_updates(updates)) == updates


def test_large_bodies_are_encoded_the_same_way() -> None:
    stated = [Statement(ItemId(f"n{at}"), "read", True, Hlc(at), Actor("d")) for at in range(5_000)]
    assert body.decode_statements(body.encode_statements(stated)) == stated
    updates = [bytes(2**20), b"\x00\x00"]
    assert body.decode_updates(body.encode_updates(updates)) == updates


@given(st.lists(statements, max_size=40), st.integers(0, 400))
def test_parts_hold_every_statement_once_in_order_within_the_limit(
    stated: list[Statement], limit: int
) -> None:
    parts = body.split_body(body.encode_statements(stated), limit)
    decoded = [body.decode_statements(part) for part in parts]
    assert [each for part in decoded for each in part] == stated
    for part, held in zip(parts, decoded, strict=True):
        assert len(part) <= limit or len(held) <= 1


@pytest.mark.parametrize("count", [1, 15, 16, 17, 65_535, 65_536])
def test_a_body_of_any_header_is_split(count: int) -> None:
    encoded = body.encode_updates([b"\x00"] * count)
    parts = body.split_body(encoded, len(encoded) // 2 + 8)
    assert [each for part in parts for each in body.decode_updates(part)] == [b"\x00"] * count
    assert len(parts) == (1 if count <= 5 else 2)


def test_a_body_within_the_limit_is_the_same_object() -> None:
    encoded = body.encode_updates([b"\x00\x00"])
    assert body.split_body(encoded, len(encoded)) == [encoded]
    assert body.split_body(encoded, len(encoded))[0] is encoded


@pytest.mark.parametrize(
    "encoded", ["92c0", "92c0c0c0", "80", "c0", "dc00", "dd000000", "91c1", "ddffffffff00", "01"]
)
def test_what_is_not_one_list_is_not_split(encoded: str) -> None:
    with pytest.raises(Malformed):
        body.split_body(bytes.fromhex(encoded), 0)


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        [1],
        [["n1", "read", True, 1]],
        [["n1", "read", True, 1, "d", 1]],
        [[1, "read", True, 1, "d"]],
        [["n1", 1, True, 1, "d"]],
        [["n1", "read", True, "1", "d"]],
        [["n1", "read", True, True, "d"]],
        [["n1", "read", True, 1, None]],
        [b"\x00"],
    ],
)
def test_what_is_not_a_list_of_statements_is_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        body.decode_statements(frames.pack(value))


@pytest.mark.parametrize("value", [{"a": 1}, ["00"], [None], [[b"\x00"]]])
def test_what_is_not_a_list_of_updates_is_malformed(value: object) -> None:
    with pytest.raises(Malformed):
        body.decode_updates(frames.pack(value))


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_a_body_or_malformed(encoded: bytes) -> None:
    for decode in (body.decode_statements, body.decode_updates):
        try:
            decode(encoded)
        except Malformed:
            continue


nested = st.recursive(
    st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(nested, st.integers(0, 6))
def test_depth_is_counted_in_containers(value: object, limit: int) -> None:
    assert frames.within_depth(value, limit) == (depth(value) <= limit)
