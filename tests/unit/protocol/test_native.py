"""``tongbu.v1``: the golden vectors of both sides, and properties over everything else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import errors
from hub.errors import Malformed
from hub.model import Incarnation, Milliseconds, Seq
from hub.protocol import native, native_device
from hub.protocol.lib0 import MAX_INTEGER

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "vectors/protocol/native.json").read_text()
)
REFUSALS = {cls.code: cls for cls in errors.Refusal.__subclasses__()}
TYPES: dict[type, str] = {
    native.Hello: "hello",
    native.Renew: "renew",
    native.Open: "open",
    native.Push: "push",
    native.Close: "close",
    native.Presence: "presence",
    native.Command: "command",
    native_device.Welcome: "welcome",
    native_device.Opened: "opened",
    native_device.Relay: "relay",
    native_device.Ok: "ok",
    native_device.No: "no",
    native_device.PresenceStates: "presence",
    native_device.GoingAway: "going_away",
    native_device.Fatal: "fatal",
    native_device.Beat: "beat",
}


def cases(*names: str) -> list[Any]:
    return [pytest.param(v, id=f"{name}: {v['name']}") for name in names for v in VECTORS[name]]


def as_json(value: Any) -> Any:
    """A decoded value as the vectors write it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value


def of_json(value: Any) -> Any:
    """What the vectors write, as a value to encode."""
    if isinstance(value, dict):
        if list(value) == ["hex"]:
            return bytes.fromhex(value["hex"])
        return {key: of_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [of_json(each) for each in value]
    return value


def meanings(messages: list[Any]) -> list[dict[str, Any]]:
    return [{"type": TYPES[type(message)], **as_json(message._asdict())} for message in messages]


def device_bytes(message: dict[str, Any]) -> bytes:
    """A device's message of the vectors, as the codec encodes it."""
    m = of_json(message)
    encoders: dict[str, Callable[[], bytes]] = {
        "hello": lambda: native_device.hello(m["token"], m["device"], m["name"], m["platform"], m["version"]),
        "renew": lambda: native_device.renew(m["ref"], m["token"]),
        "open": lambda: native_device.open_topic(
            m["ref"], m["topic"], m["incarnation"], m["seq"], m["state_vector"]
        ),
        "push": lambda: (
            native_device.push_update(m["ref"], m["handle"], m["body"])
            if isinstance(m["body"], bytes)
            else native_device.push_statements(m["ref"], m["handle"], m["body"])
        ),
        "close": lambda: native_device.close(m["handle"]),
        "presence": lambda: native_device.presence(m["handle"], m["state"]),
        "command": lambda: native_device.command(m["ref"], m["name"], m["params"]),
    }
    return encoders[message["type"]]()


def body_bytes(body: list[Any]) -> bytes:
    if body and isinstance(body[0], bytes):
        return native.encode_updates(body)
    return native.encode_statements(native.statements_of(body))


def hub_bytes(message: dict[str, Any]) -> bytes:
    """The hub's message of the vectors, as the codec encodes it."""
    m = of_json(message)
    encoders: dict[str, Callable[[], bytes]] = {
        "welcome": lambda: native.welcome(m["user"], m["device"], m["now"], m["beat"], m["limits"]),
        "opened": lambda: native.opened(
            m["ref"],
            m["handle"],
            m["incarnation"],
            m["seq"],
            m["access"],
            m["full"],
            body_bytes(m["body"]),
            m["more"],
        ),
        "relay": lambda: native.relay(m["handle"], m["seq"], body_bytes(m["body"]), m["more"]),
        "ok": lambda: native.ok(m["ref"], m["value"]),
        "no": lambda: native.no(
            m["ref"],
            REFUSALS[m["code"]](
                m["message"], at=m["at"], retry_after=m["retry_after"], state_vector=m["state_vector"]
            ),
        ),
        "presence": lambda: native.presence(m["handle"], m["states"]),
        "going_away": lambda: native.going_away(m["retry_after"], m["reason"]),
        "fatal": lambda: native.fatal(m["code"], m["message"]),
        "beat": lambda: native.BEAT,
    }
    return encoders[message["type"]]()


@pytest.mark.parametrize("vector", cases("to_hub", "to_hub_lenient"))
def test_the_hub_understands_a_device(vector: dict[str, Any]) -> None:
    assert meanings(native.decode(bytes.fromhex(vector["hex"]))) == vector["messages"]


@pytest.mark.parametrize("vector", cases("to_hub"))
def test_a_device_writes_the_golden_bytes(vector: dict[str, Any]) -> None:
    assert b"".join(map(device_bytes, vector["messages"])).hex() == vector["hex"]


@pytest.mark.parametrize("vector", cases("from_hub", "from_hub_lenient"))
def test_a_device_understands_the_hub(vector: dict[str, Any]) -> None:
    assert meanings(native_device.decode(bytes.fromhex(vector["hex"]))) == vector["messages"]


@pytest.mark.parametrize("vector", cases("from_hub"))
def test_the_hub_writes_the_golden_bytes(vector: dict[str, Any]) -> None:
    assert b"".join(map(hub_bytes, vector["messages"])).hex() == vector["hex"]


@pytest.mark.parametrize("vector", cases("to_hub_bad"))
def test_the_hub_refuses_bad_bytes_as_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        native.decode(bytes.fromhex(vector["hex"]))
    assert caught.value.close_code == 4400
    assert caught.value.code == vector["error"]


@pytest.mark.parametrize("vector", cases("from_hub_bad"))
def test_a_device_refuses_bad_bytes_as_malformed(vector: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        native_device.decode(bytes.fromhex(vector["hex"]))


def test_every_message_of_both_sides_has_a_vector() -> None:
    shown = {m["type"] for name in ("to_hub", "from_hub") for v in VECTORS[name] for m in v["messages"]}
    assert shown == set(TYPES.values())


integers = st.integers(0, MAX_INTEGER)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    scalars | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.text(max_size=5), json_values, max_size=3)
device_messages = st.one_of(
    st.builds(native.Hello, integers, st.none() | st.text(), st.none() | st.text(), st.text(), st.text()),
    st.builds(native.Renew, integers, st.text()),
    st.builds(native.Open, integers, st.text(), integers, integers, st.none() | st.binary()),
    st.builds(native.Push, integers, integers, st.binary() | st.lists(json_values, max_size=3)),
    st.builds(native.Close, integers),
    st.builds(native.Presence, integers, json_values),
    st.builds(native.Command, integers, st.text(), mappings),
)


@given(st.lists(device_messages, min_size=1, max_size=5))
def test_what_devices_encode_the_hub_decodes_also_back_to_back(messages: list[Any]) -> None:
    encoded = b"".join(
        device_bytes({"type": TYPES[type(message)], **as_json(message._asdict())}) for message in messages
    )
    decoded = native.decode(encoded)
    assert decoded == messages
    assert [type(each) for each in decoded] == [type(each) for each in messages]


@given(st.data(), st.lists(device_messages, min_size=1, max_size=3))
def test_a_message_cut_anywhere_else_than_between_frames_is_malformed(
    data: st.DataObject, messages: list[Any]
) -> None:
    frames = [device_bytes({"type": TYPES[type(m)], **as_json(m._asdict())}) for m in messages]
    whole = b"".join(frames)
    ends = {sum(map(len, frames[: at + 1])) for at in range(len(frames))}
    cut = data.draw(st.integers(0, len(whole) - 1).filter(lambda at: at not in ends))
    with pytest.raises(Malformed):
        native.decode(whole[:cut])


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_decoded_or_malformed(message: bytes) -> None:
    for decode in (native.decode, native_device.decode):
        try:
            decode(message)
        except Malformed:
            continue


@given(st.lists(json_values, min_size=1, max_size=8))
def test_arbitrary_frames_are_decoded_or_malformed(frame: list[Any]) -> None:
    for decode in (native.decode, native_device.decode):
        for kind in range(-1, 12):
            try:
                decode(msgpack.packb([kind, *frame]))
            except Malformed:
                continue


MEBIBYTE = 2**20


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\x91" * MEBIBYTE, id="arrays within arrays"),
        pytest.param(b"\x81\xa0" * (MEBIBYTE // 2), id="maps within maps"),
        pytest.param(b"\xdd\x00\x0f\xff\xff" * (MEBIBYTE // 5), id="each array claims a million"),
        pytest.param(b"\xdd\x00\x0f\xff\xff" * 1000, id="a thousand arrays that claim a million"),
        pytest.param(b"\xdf\x00\x0f\xff\xff\xa0" * 1000, id="a thousand maps that claim a million"),
        pytest.param(b"\x90" * MEBIBYTE, id="a million empty arrays"),
        pytest.param(b"\x92\x04\x00" * (MEBIBYTE // 3), id="hundreds of thousands of tiny frames"),
        pytest.param(b"\xc0" * MEBIBYTE, id="a million nils"),
        pytest.param(b"\x80" * MEBIBYTE, id="a million empty maps"),
        pytest.param(b"\xff" * MEBIBYTE, id="a million small integers"),
        pytest.param(
            b"\x94\x03\x01\x01"
            + b"\x91" * 200
            + b"\xdd"
            + (MEBIBYTE - 209).to_bytes(4)
            + b"\x80" * (MEBIBYTE - 209),
            id="deep, with a million empty maps within",
        ),
    ],
)
def test_a_mebibyte_made_to_hurt_is_malformed_before_long(message: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Malformed):
        native.decode(message)
    assert time.process_time() - begun < 1


def test_a_large_honest_push_is_decoded_before_long() -> None:
    statements = [(f"item-{at}", "read", True, at) for at in range(20_000)]
    message = native_device.push_statements(1, 1, [(i, f, v, h) for i, f, v, h in statements])  # type: ignore[misc]  # plain integers as stamps
    begun = time.process_time()
    (push,) = native.decode(message)
    assert time.process_time() - begun < 1
    assert isinstance(push, native.Push)
    assert len(push.body) == 20_000


def test_a_failed_decode_leaves_nothing_behind() -> None:
    good = native_device.close(7)
    for _ in range(3):
        with pytest.raises(Malformed):
            native.decode(good + b"\x93\x03")
        assert native.decode(good) == [native.Close(7)]


def test_a_failed_encode_leaves_nothing_behind() -> None:
    with pytest.raises((TypeError, ValueError)):
        native.ok(1, object())  # type: ignore[arg-type]  # what can't be encoded
    assert native.ok(1, 2).hex() == "930301" + "02"


def test_more_is_present_only_when_it_is_true() -> None:
    assert msgpack.unpackb(native.relay(1, Seq(2), native.EMPTY_BODY)) == [2, 1, 2, []]
    assert msgpack.unpackb(native.relay(1, Seq(2), native.EMPTY_BODY, more=True)) == [2, 1, 2, [], True]
    opened = native.opened(1, 2, Incarnation(3), Seq(4), "read", False, native.EMPTY_BODY)
    assert msgpack.unpackb(opened) == [1, 1, 2, 3, 4, "read", False, []]


def test_a_refusal_tells_its_code_and_only_the_details_it_has() -> None:
    refusal = errors.Unavailable(retry_after=250)
    assert msgpack.unpackb(native.no(3, refusal)) == [
        4,
        3,
        "unavailable",
        refusal.message,
        {"retry_after": 250},
    ]


@given(integers, integers, st.lists(st.binary(max_size=8), max_size=4), st.booleans())
def test_a_relay_splices_the_body_in_unchanged(
    handle: int, seq: int, updates: list[bytes], more: bool
) -> None:
    encoded = native.relay(handle, Seq(seq), native.encode_updates(updates), more)
    assert native_device.decode(encoded) == [native_device.Relay(handle, seq, updates, more)]


def test_going_away_tells_milliseconds_and_a_reason() -> None:
    assert native_device.decode(native.going_away(Milliseconds(1500), "restart")) == [
        native_device.GoingAway(1500, "restart")
    ]
