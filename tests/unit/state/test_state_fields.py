"""Checks of statements and records: limits, and that nothing gets through that a weight can't hold."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import BadField, BadId, BadValue, Forbidden
from hub.model import Actor, Hlc, ItemId, Statement, TopicKind
from hub.state.fields import EDIT_FIELDS, PERSONAL_FIELDS, TASK_FIELDS, check_statement, fits
from hub.state.names import topic_kind
from hub.state.records import HUB_KEYS, check_record
from hub.state.weights import weight

FIELDS = sorted(PERSONAL_FIELDS | TASK_FIELDS | {"item", "deleted", "read_upto", "sent.ops"})


def refused(field: str, value: object) -> str:
    """The sentence with which a value is refused."""
    with pytest.raises(BadValue) as raised:
        check_statement("inbox", "i", field, value, 1)
    return raised.value.message


@pytest.mark.parametrize(
    ("field", "most", "too_much"),
    [
        ("title", "题" * 500, "t" * 501),
        ("title", "😀" * 500, "😀" * 501),
        ("body", "b" * 65_536, "b" * 65_537),
        ("body", "同" * 21_845, "同" * 21_846),
        ("progress", [1, 0, "n" * 2_000], [1, 0, "n" * 2_001]),
        ("assignee", "a" * 64, "a" * 65),
        ("due", 2**53 - 1, 2**53),
    ],
)
def test_values_up_to_the_limit_are_taken_and_none_beyond(field: str, most: Any, too_much: Any) -> None:
    assert check_statement("inbox", "i", field, most, 1) == most
    refused(field, too_much)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1.0000001, 10**400])
def test_progress_is_a_finite_fraction(number: float) -> None:
    assert "0 to 1" in refused("progress", [1, number])


@pytest.mark.parametrize("value", [b"text", ("a", 1), object(), 1.0, math.nan])
@pytest.mark.parametrize(
    "field", ["title", "body", "due", "priority", "status", "progress", "read", "snoozed"]
)
def test_what_is_not_json_or_of_the_wrong_type_is_refused(field: str, value: object) -> None:
    refused(field, value)


def test_a_refusal_names_the_field_and_the_rule() -> None:
    assert refused("priority", 10) == "priority is an integer from 0 to 9, or null"
    assert refused("title", "") == "title is 1 to 500 characters long"
    assert "queued" in refused("status", [1, "done"])
    with pytest.raises(BadField, match="a record has no key 'colour'"):
        check_record({"kind": "task", "title": "t", "colour": 1})


def test_a_refusal_does_not_repeat_endless_input() -> None:
    with pytest.raises(BadField) as raised:
        check_statement("inbox", "i", "x" * 100_000, True, 1)
    assert len(raised.value.message) < 100
    with pytest.raises(BadField) as raised:
        check_record({"kind": "task", "title": "t", "x" * 100_000: 1})
    assert len(raised.value.message) < 200


@pytest.mark.parametrize("field", FIELDS)
def test_a_document_takes_no_statements(field: str) -> None:
    with pytest.raises((BadField, Forbidden)):
        check_statement("doc", "i", field, True, 1)


def test_an_id_is_checked_only_once_the_field_is_known() -> None:
    with pytest.raises(BadField):
        check_statement("inbox", "?", "colour", True, 1)
    with pytest.raises(BadId):
        check_statement("inbox", "?", "read", True, 1)


def test_edits_fit_tasks_only() -> None:
    assert all(fits(field, "task") and not fits(field, "notification") for field in EDIT_FIELDS)


@pytest.mark.parametrize(
    ("key", "most", "too_much"),
    [
        ("title", "t" * 500, "t" * 501),
        ("body", "b" * 65_536, "b" * 65_537),
        ("source", "s" * 200, "s" * 201),
        ("tags", ["t" * 64] * 32, ["t"] * 33),
        ("link", "https://x.example/" + "p" * 2_030, "https://x.example/" + "p" * 2_031),
        ("data", "d" * 131_035, "d" * 131_036),
        ("data", 2**53 - 1, 2**53),
        ("data", -(2**53) + 1, -(2**53)),
    ],
)
def test_records_up_to_the_limit_are_saved_and_none_beyond(key: str, most: Any, too_much: Any) -> None:
    record = {"kind": "task", "title": "t"}
    assert check_record({**record, key: most})[key] == most
    with pytest.raises(BadValue):
        check_record({**record, key: too_much})


def test_the_record_limit_is_131072_bytes_of_compact_json() -> None:
    record = check_record({"kind": "task", "title": "t", "data": "d" * 131_035})
    assert len(json.dumps(record, separators=(",", ":"))) == 131_072


def test_a_body_that_only_grows_when_escaped_counts_as_it_is_encoded() -> None:
    with pytest.raises(BadValue, match="131072"):
        check_record({"kind": "task", "title": "t", "body": '"' * 65_536})


@pytest.mark.parametrize(
    "data",
    [b"bytes", {1: "x"}, {"a": {b"k": 1}}, [math.nan], {"a": math.inf}, {"\ud800": 1}, ["\udfff"], (1, 2)],
)
def test_data_that_json_does_not_know_is_refused(data: object) -> None:
    with pytest.raises(BadValue):
        check_record({"kind": "task", "title": "t", "data": data})


def test_data_nested_a_hundred_thousand_deep_is_refused_without_harm() -> None:
    data: Any = 1
    for _ in range(100_000):
        data = [data]
    with pytest.raises(BadValue, match="16 deep"):
        check_record({"kind": "task", "title": "t", "data": data})


@pytest.mark.parametrize("key", sorted(HUB_KEYS))
def test_what_the_hub_adds_to_a_record_is_not_taken_from_others(key: str) -> None:
    with pytest.raises(BadField, match=f"{key} is written by the hub"):
        check_record({"kind": "task", "title": "t", key: None})


def test_a_saved_record_has_its_keys_in_one_order() -> None:
    assert list(check_record({"tags": [], "title": "t", "kind": "task"})) == ["kind", "title", "tags"]


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=5),
    st.binary(max_size=3),
    st.sampled_from(["queued", "succeeded", "phone", "task", "https://x.example"]),
)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers()), inner, max_size=3),
        st.tuples(inner, inner),
        st.fixed_dictionaries({"kind": st.just("task"), "title": st.just("t"), "data": inner}),
        st.tuples(st.integers(0, 3), inner).map(list),
    ),
    max_leaves=6,
)
targets = st.one_of(st.sampled_from(["i", "*", "space/team/i", "space/team/*", "bad id"]), scalars)
ledgers: st.SearchStrategy[TopicKind] = st.sampled_from(["inbox", "space", "doc"])
hlcs = st.one_of(st.just(5), st.integers(), scalars)


@settings(deadline=None, max_examples=500)
@given(ledgers, targets, st.one_of(st.sampled_from(FIELDS), scalars), junk, hlcs)
def test_whatever_comes_is_refused_by_type_or_can_be_weighed(
    ledger: TopicKind, item: Any, field: Any, value: Any, hlc: Any
) -> None:
    try:
        taken: Any = check_statement(ledger, item, field, value, hlc)
    except (BadId, BadField, BadValue, Forbidden):
        return
    assert json.loads(rfc8785.dumps(taken)) == taken
    weight(Statement(ItemId(item), field, taken, Hlc(hlc), Actor("phone")))


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\r", "\n", "\x7f"])
def test_a_title_holds_no_control_characters(character: str) -> None:
    with pytest.raises(BadValue, match="control"):
        check_record({"kind": "task", "title": f"a{character}b"})


def test_a_body_holds_line_breaks_and_no_other_control_characters() -> None:
    check_record({"kind": "task", "title": "t", "body": "a\r\n\tb"})
    with pytest.raises(BadValue, match="control"):
        check_record({"kind": "task", "title": "t", "body": "a\x1b[31m"})


@pytest.mark.parametrize("topic", ["inbox/.", "space/..", "doc/..", "doc/a/../b", "doc/./a"])
def test_what_no_url_can_hold_is_no_name(topic: str) -> None:
    with pytest.raises(BadId):
        topic_kind(topic)
