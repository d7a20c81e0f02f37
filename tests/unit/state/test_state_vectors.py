"""The shared vectors, run against this implementation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from hub.errors import Refusal
from hub.model import Actor, Hlc, ItemId, Seq, Statement
from hub.state.attempts import reopen
from hub.state.clock import HybridClock, is_ahead, lowered, stamp
from hub.state.derive import Derived, ReadUpto, count_all, derive, flat, next_change
from hub.state.fields import check_statement, fits
from hub.state.join import LedgerRegisters, join, join_into
from hub.state.names import ALL, personal_name, topic_kind
from hub.state.records import check_record, same_content
from hub.state.retention import closed_at

VECTORS = Path(__file__).parents[2] / "vectors" / "state"


def load(file: str) -> dict[str, Any]:
    vectors: dict[str, Any] = json.loads((VECTORS / file).read_text(encoding="utf-8"))
    return vectors


def cases(file: str, part: str = "cases") -> pytest.MarkDecorator:
    found = load(file)[part]
    return pytest.mark.parametrize("case", found, ids=[each.get("name", str(each)) for each in found])


def same(one: Any, other: Any) -> bool:
    return rfc8785.dumps(one) == rfc8785.dumps(other)


def joined(statements: list[Any]) -> LedgerRegisters:
    ledger: LedgerRegisters = {}
    for item, field, value, hlc, actor in statements:
        join_into(ledger, Statement(ItemId(item), field, value, Hlc(hlc), Actor(actor)), Seq(1))
    return ledger


@cases("weights.json")
def test_each_statement_outweighs_those_before_it(case: Any) -> None:
    statements = [
        Statement(ItemId("i"), case["field"], value, Hlc(hlc), Actor(actor))
        for value, hlc, actor in case["ascending"]
    ]
    for place, heavier in enumerate(statements):
        register = join(None, heavier, Seq(1))
        assert join(register, heavier, Seq(2)) is None
        for lighter in statements[:place]:
            assert join(register, lighter, Seq(2)) is None, lighter
            assert join(join(None, lighter, Seq(2)), heavier, Seq(1)) == register, lighter


@cases("derivation.json")
def test_registers_derive_to_what_is_shown_and_counted(case: Any) -> None:
    ledger = joined(case["statements"])
    assert joined(case["statements"][::-1]) == ledger
    personal = joined(case.get("personal", []))
    space = case.get("space")
    uptos = ReadUpto(personal.get(personal_name(space, ALL)) if space else ledger.get(ALL))
    states: dict[str, Derived] = {}
    for item, registers in ledger.items():
        own = personal.get(personal_name(space, item), {}) if space else None
        state = derive(registers, uptos, case["now"], own)
        answer = flat(item, registers, uptos, case["now"], own)
        if state is None:
            assert answer is None
            assert item in [*case.get("absent", []), ALL]
            continue
        assert answer is not None
        states[item] = state
        expected = case["items"][item]
        assert same({key: answer.get(key) for key in expected.get("shows", {})}, expected.get("shows", {}))
        assert same(answer, expected.get("is", answer))
        assert next_change(state) == expected.get("next_change", next_change(state))
        assert state.finished_at == expected.get("finished_at", state.finished_at)
    assert states.keys() == case["items"].keys()
    counts = count_all(states.values())
    assert same({"unread": counts.unread, "unseen": counts.unseen, "open": counts.open}, case["counts"])


@cases("clock.json", "stamp")
def test_the_hub_stamps_after_what_stands(case: Any) -> None:
    assert stamp(case["now"], case["standing"]) == case["hlc"]


@cases("clock.json", "ahead")
def test_stamps_from_the_future_are_ahead(case: Any) -> None:
    assert is_ahead(case["hlc"], case["now"]) is case["ahead"]


@cases("clock.json", "lowered")
def test_unsent_stamps_are_lowered_in_order(case: Any) -> None:
    assert lowered(case["stamps"], case["hub_now"]) == case["lowered"]


@cases("clock.json", "device")
def test_a_device_clock_goes_step_by_step(case: Any) -> None:
    wall = [0]
    clock = HybridClock(lambda: wall[0])
    for step in case["steps"]:
        match step:
            case {"wall": now}:
                wall[0] = now
            case {"synchronize": hub_now}:
                clock.synchronize(hub_now)
            case {"observe": hlc}:
                clock.observe(hlc)
            case {"tick": hlc}:
                assert clock.tick() == hlc, step
            case {"lower": stamps, "hub_now": hub_now, "gives": gives}:
                assert clock.lower(stamps, hub_now) == gives, step
            case _:
                pytest.fail(f"unknown step {step}")


@cases("reopen.json")
def test_a_status_means_what_the_final_leaves_it(case: Any) -> None:
    assert same(reopen(case["value"], case["hlc"], case["final"]), case["meant"])


@cases("retention.json")
def test_an_item_is_closed_since_the_earliest_of_what_closes_it(case: Any) -> None:
    (registers,) = joined(case["statements"]).values()
    assert closed_at(registers) == case["closed_at"]


@cases("records.json", "records")
def test_a_record_is_saved_or_refused(case: Any) -> None:
    if "refused" in case:
        with pytest.raises(Refusal) as raised:
            check_record(case["record"])
        assert raised.value.code == case["refused"]
    else:
        assert same(check_record(case["record"]), case["saved"])


@cases("records.json", "same")
def test_the_same_content_is_told_from_other_content(case: Any) -> None:
    assert same_content(case["one"], case["other"]) is case["same"]


@cases("statements.json", "statements")
def test_a_statement_is_taken_or_refused(case: Any) -> None:
    if case["refused"] is None:
        assert same(check_statement(case["ledger"], *case["statement"]), case["statement"][2])
        return
    with pytest.raises(Refusal) as raised:
        check_statement(case["ledger"], *case["statement"])
    assert raised.value.code == case["refused"]


@cases("statements.json", "fits")
def test_a_field_fits_some_kinds(case: Any) -> None:
    assert [kind for kind in ("notification", "task") if fits(case["field"], kind)] == case["kinds"]


@cases("statements.json", "topics")
def test_a_topic_is_taken_apart_or_refused(case: Any) -> None:
    if "refused" not in case:
        assert topic_kind(case["topic"]) == (case["kind"], case["name"])
        return
    with pytest.raises(Refusal) as raised:
        topic_kind(case["topic"])
    assert raised.value.code == case["refused"]
