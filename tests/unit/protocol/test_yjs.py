"""The y-websocket wire: vectors made by the real packages, and properties over everything else."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Malformed
from hub.protocol import yjs
from hub.protocol.lib0 import MAX_INTEGER, write_buf, write_varuint
from hub.protocol.yjs import AwarenessEntry

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors/protocol/yjs.json").read_text()
)


def cases(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS[name]]


def meaning(message: yjs.YjsMessage) -> dict[str, Any]:
    match message:
        case yjs.SyncStep1(state_vector):
            clocks = {
                str(client_id): clock for client_id, clock in yjs.decode_state_vector(state_vector).items()
            }
            return {"type": "sync_step1", "state_vector": {"hex": state_vector.hex()}, "clocks": clocks}
        case yjs.SyncUpdate(update, step2):
            return {"type": "sync_update", "step2": step2, "update": {"hex": update.hex()}}
        case yjs.AwarenessUpdate(entries):
            return {"type": "awareness", "entries": [entry_meaning(entry) for entry in entries]}
        case yjs.QueryAwareness():
            return {"type": "query_awareness"}
        case yjs.PermissionDenied(reason):
            return {"type": "permission_denied", "reason": reason}


def entry_meaning(entry: AwarenessEntry) -> dict[str, Any]:
    return {**entry._asdict(), "state": None if entry.state is None else entry.state.decode()}


def encoded(message: yjs.YjsMessage) -> bytes:
    match message:
        case yjs.SyncStep1(state_vector):
            return yjs.sync_step1(state_vector)
        case yjs.SyncUpdate(update, step2):
            return yjs.sync_step2(update) if step2 else yjs.update(update)
        case yjs.AwarenessUpdate(entries):
            return yjs.awareness(entries)
        case yjs.QueryAwareness():
            return yjs.QUERY_AWARENESS
        case yjs.PermissionDenied(reason):
            return yjs.permission_denied(reason)


@pytest.mark.parametrize("vector", cases("messages"))
def test_messages_of_the_real_packages_are_understood_and_written_alike(vector: dict[str, Any]) -> None:
    message = bytes.fromhex(vector["hex"])
    decoded = yjs.decode(message)
    assert meaning(decoded) == vector["message"]
    assert encoded(decoded) == message


@pytest.mark.parametrize("vector", cases("bad"))
def test_bad_bytes_are_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        yjs.decode(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("vector", cases("state_vectors"))
def test_state_vectors_are_read_and_written_as_yjs_does(vector: dict[str, Any]) -> None:
    clocks = {int(client_id): clock for client_id, clock in vector["clocks"].items()}
    assert yjs.decode_state_vector(bytes.fromhex(vector["hex"])) == clocks
    assert yjs.encode_state_vector(clocks).hex() == vector["hex"]


@pytest.mark.parametrize("vector", cases("state_vectors_bad"))
def test_bad_state_vectors_are_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        yjs.decode_state_vector(bytes.fromhex(vector["hex"]))


def test_the_frame_that_keeps_providers_alive_is_an_awareness_of_nobody() -> None:
    assert bytes.fromhex("010100") == yjs.EMPTY_AWARENESS
    assert yjs.decode(yjs.EMPTY_AWARENESS) == yjs.AwarenessUpdate([], yjs.EMPTY_AWARENESS)


integers = st.integers(0, MAX_INTEGER)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
states = st.none() | json_values.filter(lambda value: value is not None).map(
    lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
)
messages = st.one_of(
    st.builds(yjs.SyncStep1, st.binary(), st.just(True)),
    st.builds(yjs.SyncUpdate, st.binary(), st.booleans()),
    st.builds(yjs.PermissionDenied, st.text()),
    st.just(yjs.QueryAwareness()),
    st.builds(
        yjs.AwarenessUpdate,
        st.lists(st.builds(AwarenessEntry, integers, integers, states), max_size=4),
        st.just(b""),
    ),
)


@given(messages)
def test_what_is_encoded_is_decoded(message: yjs.YjsMessage) -> None:
    decoded = yjs.decode(encoded(message))
    if isinstance(decoded, yjs.AwarenessUpdate):
        decoded = decoded._replace(raw=b"")
    assert decoded == message


@given(messages, st.binary(min_size=1, max_size=4))
def test_anything_after_a_message_is_malformed(message: yjs.YjsMessage, rest: bytes) -> None:
    with pytest.raises(Malformed):
        yjs.decode(encoded(message) + rest)


@given(st.data(), messages)
def test_a_message_cut_anywhere_is_malformed(data: st.DataObject, message: yjs.YjsMessage) -> None:
    whole = encoded(message)
    with pytest.raises(Malformed):
        yjs.decode(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=100), st.sampled_from([b"", b"\x00", b"\x00\x02", b"\x01", b"\x02\x00"]))
def test_arbitrary_bytes_are_decoded_or_malformed(rest: bytes, head: bytes) -> None:
    for decode in (yjs.decode, yjs.decode_state_vector):
        try:
            decode(head + rest)
        except Malformed:
            continue


@given(st.dictionaries(integers, integers, max_size=8))
def test_state_vectors_come_back_as_they_were(clocks: dict[int, int]) -> None:
    assert yjs.decode_state_vector(yjs.encode_state_vector(clocks)) == clocks


def one_state(state: bytes) -> bytes:
    return b"\x01" + write_buf(b"\x01\x01\x01" + write_buf(state))


def test_a_state_may_hold_64_kib_and_no_more() -> None:
    largest = b'"' + b"x" * (yjs.MAX_AWARENESS_STATE - 2) + b'"'
    assert yjs.decode(one_state(largest)) == yjs.AwarenessUpdate(
        [AwarenessEntry(1, 1, largest)], one_state(largest)
    )
    with pytest.raises(Malformed):
        yjs.decode(one_state(largest[:-1] + b'x"'))


def test_null_is_nobody_however_it_is_written() -> None:
    assert yjs.decode(one_state(b" null\n")) == yjs.AwarenessUpdate(
        [AwarenessEntry(1, 1, None)], one_state(b" null\n")
    )


def test_a_thousand_entries_are_taken() -> None:
    entries = [AwarenessEntry(at, 1, b"{}") for at in range(yjs.MAX_AWARENESS_ENTRIES)]
    assert yjs.decode(yjs.awareness(entries)) == yjs.AwarenessUpdate(entries, yjs.awareness(entries))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(one_state(b"[" * 60_000), id="brackets that never close"),
        pytest.param(one_state(b"[" * 30_000 + b"]" * 30_000), id="brackets that close"),
        pytest.param(one_state(b'{"a":' * 10_000 + b"1" + b"}" * 10_000), id="objects"),
        pytest.param(one_state(b"9" * 60_000), id="a very long number"),
        pytest.param(
            b"\x01" + write_buf(write_varuint(16) + (b"\x01\x01" + write_buf(b"[" * 60_000)) * 16),
            id="many states",
        ),
        pytest.param(b"\xff" * 2**20, id="a length without end"),
        pytest.param(b"\x00\x00" + b"\xff" * 2**20, id="a state vector whose length has no end"),
    ],
)
def test_what_is_made_to_hurt_is_malformed_before_long(message: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Malformed):
        yjs.decode(message)
    assert time.process_time() - begun < 1
