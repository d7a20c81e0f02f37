"""lib0's variable-length encoding, bounded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Malformed
from hub.protocol import lib0

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors/protocol/lib0.json").read_text()
)
READERS: list[Callable[[bytes, int], tuple[Any, int]]] = [
    lib0.read_varuint,
    lib0.read_varstring,
    lib0.read_buf,
]


def cases(name: str) -> list[Any]:
    return [pytest.param(vector, id=f"{name}-{at}") for at, vector in enumerate(VECTORS[name])]


@pytest.mark.parametrize("vector", cases("varuint"))
def test_an_integer_is_written_as_lib0_writes_it_and_read_back(vector: dict[str, Any]) -> None:
    encoded = bytes.fromhex(vector["hex"])
    assert lib0.write_varuint(vector["value"]) == encoded
    assert lib0.read_varuint(encoded, 0) == (vector["value"], len(encoded))


@pytest.mark.parametrize("vector", cases("varuint_padded"))
def test_an_integer_in_a_longer_form_is_read_as_lib0_reads_it(vector: dict[str, Any]) -> None:
    encoded = bytes.fromhex(vector["hex"])
    assert lib0.read_varuint(encoded, 0) == (vector["value"], len(encoded))


@pytest.mark.parametrize("vector", cases("varstring"))
def test_text_is_written_with_its_length_in_bytes_and_read_back(vector: dict[str, Any]) -> None:
    encoded = bytes.fromhex(vector["hex"])
    assert lib0.write_varstring(vector["value"]) == encoded
    assert lib0.read_varstring(encoded, 0) == (vector["value"], len(encoded))


@pytest.mark.parametrize("vector", cases("buf"))
def test_bytes_are_written_with_their_length_and_read_back(vector: dict[str, Any]) -> None:
    encoded, value = bytes.fromhex(vector["hex"]), bytes.fromhex(vector["value"])
    assert lib0.write_buf(value) == encoded
    assert lib0.read_buf(encoded, 0) == (value, len(encoded))


@pytest.mark.parametrize("vector", cases("varuint_bad"))
def test_a_bad_integer_is_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        lib0.read_varuint(bytes.fromhex(vector["hex"]), 0)


@pytest.mark.parametrize("vector", cases("varstring_bad"))
def test_bad_text_is_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        lib0.read_varstring(bytes.fromhex(vector["hex"]), 0)


@pytest.mark.parametrize("value", [-1, 2**53])
def test_an_integer_out_of_range_is_never_written(value: int) -> None:
    with pytest.raises(ValueError, match=r"2\*\*53"):
        lib0.write_varuint(value)


@given(st.integers(0, lib0.MAX_INTEGER), st.text(), st.binary(), st.binary(max_size=3))
def test_what_is_written_one_after_another_is_read_back(
    number: int, text: str, data: bytes, rest: bytes
) -> None:
    encoded = lib0.write_varuint(number) + lib0.write_varstring(text) + lib0.write_buf(data) + rest
    read_number, position = lib0.read_varuint(encoded, 0)
    read_text, position = lib0.read_varstring(encoded, position)
    read_data, position = lib0.read_buf(encoded, position)
    assert (read_number, read_text, read_data) == (number, text, data)
    assert encoded[position:] == rest


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=64), position=st.integers(0, 70))
def test_arbitrary_bytes_are_read_or_malformed_and_never_read_past(
    reader: Callable[[bytes, int], tuple[Any, int]], data: bytes, position: int
) -> None:
    try:
        _, end = reader(data, position)
    except Malformed:
        return
    assert position < end <= len(data)


@pytest.mark.parametrize("reader", READERS)
def test_a_megabyte_of_continuation_bits_is_refused_at_once(
    reader: Callable[[bytes, int], tuple[Any, int]],
) -> None:
    data = b"\xff" * 2**20
    begun = time.process_time()
    for _ in range(1000):
        with pytest.raises(Malformed):
            reader(data, 0)
    assert time.process_time() - begun < 1
