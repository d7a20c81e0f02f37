"""The Hocuspocus wire: vectors made by the real packages, and properties over everything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.errors import Malformed
from hub.protocol import hocuspocus, yjs

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors/protocol/hocuspocus.json").read_text()
)
TYPES = {
    hocuspocus.Token: "token",
    hocuspocus.TokenRequest: "token_request",
    hocuspocus.PermissionDenied: "permission_denied",
    hocuspocus.Authenticated: "authenticated",
    hocuspocus.Stateless: "stateless",
    hocuspocus.BroadcastStateless: "broadcast_stateless",
    hocuspocus.Close: "close",
    hocuspocus.SyncStatus: "sync_status",
}


def cases(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS[name]]


def meaning(message: Any, rest: bytes) -> dict[str, Any]:
    if type(message) in TYPES:
        return {"type": TYPES[type(message)], **message._asdict()}
    if isinstance(message, yjs.SyncStep1) and not message.asks:
        return {"type": "sync_reply", "hex": yjs.sync_step1(message.state_vector).hex()}
    return {"type": "yjs", "hex": rest.hex()}


ENCODERS: dict[type, Callable[[Any], bytes]] = {
    hocuspocus.Token: lambda it: hocuspocus.token(it.token, it.version),
    hocuspocus.TokenRequest: lambda it: hocuspocus.TOKEN_REQUEST,
    hocuspocus.PermissionDenied: lambda it: hocuspocus.permission_denied(it.reason),
    hocuspocus.Authenticated: lambda it: hocuspocus.authenticated(it.scope),
    hocuspocus.Stateless: lambda it: hocuspocus.stateless(it.payload),
    hocuspocus.Close: lambda it: hocuspocus.close(it.reason),
    hocuspocus.SyncStatus: lambda it: hocuspocus.SAVED if it.saved else hocuspocus.REFUSED,
    yjs.SyncUpdate: lambda it: (yjs.sync_step2 if it.step2 else yjs.update)(it.update),
    yjs.AwarenessUpdate: lambda it: yjs.awareness(it.entries),
    yjs.QueryAwareness: lambda it: yjs.QUERY_AWARENESS,
}


def encoded(message: Any) -> bytes:
    if isinstance(message, yjs.SyncStep1):
        step1 = yjs.sync_step1(message.state_vector)
        return step1 if message.asks else hocuspocus.sync_reply(step1)
    return ENCODERS[type(message)](message)


@pytest.mark.parametrize("vector", cases("messages"))
def test_frames_of_the_real_packages_are_understood_and_written_alike(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["hex"])
    address, rest = hocuspocus.split(frame)
    name, _, session = vector["address"].partition("\0")
    assert address == hocuspocus.address(name, session or None)
    assert hocuspocus.document_name(address) == name
    decoded = hocuspocus.decode(rest)
    assert meaning(decoded, rest) == vector["message"]
    if not isinstance(decoded, hocuspocus.BroadcastStateless):
        assert address + encoded(decoded) == frame


@pytest.mark.parametrize("vector", cases("bad"))
def test_bad_bytes_are_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        hocuspocus.decode(hocuspocus.split(bytes.fromhex(vector["hex"]))[1])


@pytest.mark.parametrize("address", ["84 00 706c616e", "01 ff"])
def test_an_address_is_utf8_in_its_shortest_form(address: str) -> None:
    with pytest.raises(Malformed):
        hocuspocus.document_name(bytes.fromhex(address))


texts = st.text(max_size=20)
messages = st.one_of(
    st.builds(hocuspocus.Token, texts, texts.filter(lambda text: len(text.encode()) <= 64)),
    st.just(hocuspocus.TokenRequest()),
    st.builds(hocuspocus.PermissionDenied, texts),
    st.builds(hocuspocus.Authenticated, texts),
    st.builds(hocuspocus.Stateless, texts),
    st.builds(hocuspocus.Close, texts),
    st.builds(hocuspocus.SyncStatus, st.booleans()),
    st.builds(yjs.SyncStep1, st.binary(), st.booleans()),
    st.builds(yjs.SyncUpdate, st.binary(), st.booleans()),
    st.just(yjs.QueryAwareness()),
)


@given(texts, st.none() | st.text(max_size=12), messages)
def test_what_is_encoded_is_decoded(name: str, session: str | None, message: hocuspocus.Message) -> None:
    name = name.replace("\0", "")
    address = hocuspocus.address(name, session)
    written, rest = hocuspocus.split(address + encoded(message))
    decoded = hocuspocus.decode(rest)
    assert (written, type(decoded), decoded) == (address, type(message), message)
    assert hocuspocus.document_name(written) == name


@given(messages, st.binary(min_size=1, max_size=4))
def test_anything_after_a_message_is_malformed(message: hocuspocus.Message, rest: bytes) -> None:
    # What follows such a message is its token, version or reason.
    assume(not isinstance(message, hocuspocus.TokenRequest))
    assume(not isinstance(message, hocuspocus.Token | hocuspocus.Close) or message[-1] != "")
    with pytest.raises(Malformed):
        hocuspocus.decode(encoded(message) + rest)


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x01a", b"\x01a\x02", b"\x01a\x02\x00", b"\x01a\x04"]))
def test_arbitrary_bytes_are_decoded_or_malformed(rest: bytes, head: bytes) -> None:
    try:
        address, message = hocuspocus.split(head + rest)
        hocuspocus.document_name(address)
        hocuspocus.decode(message)
    except Malformed:
        return
