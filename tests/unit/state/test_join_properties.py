"""Properties of joining: one state in the end, whatever the order and however often."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import Actor, Hlc, ItemId, Register, Seq, Statement
from hub.state.attempts import RANK, TERMINAL
from hub.state.clock import MAX_HLC
from hub.state.derive import ReadUpto, derive, flat
from hub.state.join import LedgerRegisters, join, join_into
from hub.state.names import ALL
from hub.state.weights import field_of, slot, weight

unhurried = settings(deadline=None)

ITEM = ItemId("i")
actors = st.sampled_from(
    ["hub", "phone", "phone2", "phone-2", "ann.api", "wecom:李", "wecom:\ue000", "wecom:😀"]
)
stamps = st.one_of(st.integers(0, 12), st.integers(0, MAX_HLC), st.sampled_from([MAX_HLC, MAX_HLC - 1]))
attempts = st.one_of(st.integers(1, 3), st.integers(1, 2**31 - 1))
times = st.one_of(st.none(), st.integers(0, 120), st.integers(0, 2**53 - 1))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
fractions = st.one_of(st.sampled_from([0, 1, 0.0, 1.0, 0.5, 0.0001]), st.floats(0, 1))
values: dict[str, st.SearchStrategy[Any]] = {
    "read": st.booleans(),
    "snoozed": times,
    "title": texts,
    "priority": st.one_of(st.none(), st.integers(0, 9)),
    "read_upto": st.integers(0, 120),
    "status": st.tuples(attempts, st.sampled_from(sorted(RANK))).map(list),
    "progress": st.one_of(
        st.tuples(attempts, fractions).map(list), st.tuples(attempts, fractions, texts).map(list)
    ),
    "final": st.fixed_dictionaries(
        {"attempt": attempts, "status": st.sampled_from(sorted(TERMINAL)), "at": stamps, "hlc": stamps}
    ),
    "sent.ops": st.fixed_dictionaries({"state": st.sampled_from(["sent", "dead"]), "at": stamps}),
}
fields = st.sampled_from(sorted(values))


def statements_on(field: str) -> st.SearchStrategy[Statement]:
    return st.builds(Statement, st.just(ITEM), st.just(field), values[field], stamps, actors)


def several(least: int, most: int) -> st.SearchStrategy[list[Statement]]:
    """Statements on one field."""
    return fields.flatmap(lambda field: st.lists(statements_on(field), min_size=least, max_size=most))


def oracle(statement: Statement) -> tuple[Any, ...]:
    """The weight as DESIGN's table reads."""
    value: Any = statement.value
    ending = (statement.hlc, statement.actor.encode(), rfc8785.dumps(value))
    match statement.field:
        case "status":
            rank = RANK[value[1]]
            return (value[0], rank, -statement.hlc if rank == 2 else statement.hlc, *ending[1:])
        case "progress":
            return (value[0], int(value[1] * 1000), *ending)
        case "final":
            return (value["attempt"], *ending)
    return ending


def stands(statements: list[Statement]) -> Register | None:
    """The register after joining in that order, under one seq."""
    register: Register | None = None
    for each in statements:
        register = join(register, each, Seq(1)) or register
    return register


@unhurried
@given(several(2, 2))
def test_the_order_of_weights_is_the_order_of_the_table(pair: list[Statement]) -> None:
    one, other = pair
    assert (weight(one) > weight(other)) == (oracle(one) > oracle(other))
    assert (weight(one) == weight(other)) == (oracle(one) == oracle(other))


@unhurried
@given(fields.flatmap(statements_on))
def test_a_weight_ends_with_the_actor_and_the_canonical_value(statement: Statement) -> None:
    ending = statement.actor.encode() + b"\0" + rfc8785.dumps(statement.value)
    assert weight(statement).endswith(ending)


@unhurried
@given(several(3, 3))
def test_joining_is_commutative_associative_and_idempotent(three: list[Statement]) -> None:
    whole = stands(three)
    assert whole is not None
    assert {stands(list(order)).weight for order in permutations(three)} == {whole.weight}  # type: ignore[union-attr]  # something stands
    assert stands(three + three) == whole
    assert join(whole, three[0], Seq(2)) is None


RECORDS: list[Any] = [
    {"kind": "task", "title": "t", "by": "x", "at": 50, "order": 50},
    {"kind": "notification", "title": "n", "by": "x", "at": 60, "order": 60},
]


@unhurried
@given(data=st.data(), now=st.integers(0, 120))
def test_any_order_with_repeats_ends_in_one_state(data: st.DataObject, now: int) -> None:
    items = [ItemId("a"), ItemId("b")]
    made = [
        Statement(each, "item", record, Hlc(1), Actor("x"))
        for each, record in zip(items, RECORDS, strict=True)
    ]
    for field in data.draw(st.lists(fields, max_size=12)):
        target = ALL if field == "read_upto" else data.draw(st.sampled_from(items))
        made.append(data.draw(statements_on(field))._replace(item=target))
    repeated = made + data.draw(st.lists(st.sampled_from(made), max_size=6))
    shuffled = data.draw(st.permutations(repeated))
    first, second = _joined(made), _joined(shuffled)
    assert {item: _weights(first, item) for item in first} == {
        item: _weights(second, item) for item in second
    }
    for each in items:
        assert rfc8785.dumps(_flat(first, each, now)) == rfc8785.dumps(_flat(second, each, now))


def _joined(statements: list[Statement]) -> LedgerRegisters:
    ledger: LedgerRegisters = {}
    for each in statements:
        join_into(ledger, each, Seq(1))
    return ledger


def _weights(ledger: LedgerRegisters, item: ItemId) -> dict[str, bytes]:
    return {where: register.weight for where, register in ledger[item].items()}


def _flat(ledger: LedgerRegisters, item: ItemId, now: int) -> Any:
    return flat(item, ledger[item], ReadUpto(ledger.get(ALL)), now)


flags = st.sampled_from(["seen", "read", "archived", "pinned", "deleted"])


@unhurried
@given(
    flags,
    st.lists(st.tuples(st.booleans(), actors), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_last_intent_stands_whenever_it_arrives(
    field: str, intents: list[tuple[bool, str]], order: Any
) -> None:
    made = [
        Statement(ITEM, field, value, Hlc(time), Actor(actor)) for time, (value, actor) in enumerate(intents)
    ]
    order.shuffle(made)
    register = stands(made)
    assert register is not None
    assert register.value is intents[-1][0]


def test_a_read_made_offline_on_monday_does_not_undo_tuesdays_unread() -> None:
    monday = Statement(ITEM, "read", True, Hlc(1_000 << 10), Actor("phone"))
    tuesday = Statement(ITEM, "read", False, Hlc(2_000 << 10), Actor("laptop"))
    standing = join(None, tuesday, Seq(1))
    assert join(standing, monday, Seq(2)) is None


@unhurried
@given(st.lists(st.tuples(st.integers(0, 59), stamps, actors), max_size=6))
def test_marking_all_read_never_covers_what_had_not_arrived(marks: list[tuple[int, int, str]]) -> None:
    made = [Statement(ALL, "read_upto", upto, Hlc(hlc), Actor(actor)) for upto, hlc, actor in marks]
    made.append(Statement(ITEM, "item", RECORDS[1], Hlc(1), Actor("x")))
    ledger = _joined(made)
    state = derive(ledger[ITEM], ReadUpto(ledger.get(ALL)), 0)
    assert state is not None
    assert not state.read
    assert not state.seen


ends = st.tuples(st.sampled_from(sorted(TERMINAL)), stamps, actors)


@unhurried
@given(st.lists(ends, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_first_end_stands_in_any_order(stated: list[tuple[str, int, str]], order: Any) -> None:
    made = [Statement(ITEM, "status", [1, status], Hlc(hlc), Actor(actor)) for status, hlc, actor in stated]
    made.append(Statement(ITEM, "status", [1, "running"], MAX_HLC, Actor("z")))
    order.shuffle(made)
    register = stands(made)
    assert register is not None
    assert register.hlc == min(hlc for _, hlc, _ in stated)


@unhurried
@given(st.lists(statements_on("status"), max_size=6))
def test_a_reopened_task_outweighs_every_word_on_earlier_attempts(earlier: list[Statement]) -> None:
    attempt = 1 + max((int(each.value[0]) for each in earlier), default=0)  # type: ignore[index,arg-type]  # [attempt, status]
    reopened = Statement(ITEM, "status", [attempt, "queued"], Hlc(0), Actor("a"))
    register = stands([reopened, *earlier])
    assert register == stands([*earlier, reopened])
    assert register is not None
    assert register.value == [attempt, "queued"]


def test_the_first_record_stands() -> None:
    first = Statement(ITEM, "item", RECORDS[0], Hlc(50), Actor("a"))
    other = Statement(ITEM, "item", RECORDS[1], Hlc(90), Actor("z"))
    standing = join(None, first, Seq(1))
    assert join(standing, other, Seq(2)) is None
    assert join(standing, first, Seq(2)) is None


def test_a_register_keeps_the_seq_it_was_saved_under() -> None:
    first = join(None, Statement(ITEM, "read", True, Hlc(1), Actor("a")), Seq(7))
    second = join(first, Statement(ITEM, "read", False, Hlc(2), Actor("a")), Seq(9))
    assert (first and first.seq, second and second.seq) == (7, 9)


def test_read_upto_has_one_slot_per_actor_and_every_other_field_one() -> None:
    assert slot("read_upto", "phone") == "read_upto:phone"
    assert field_of(slot("read_upto", "phone")) == "read_upto"
    assert slot("sent.ops", "hub") == "sent.ops"
    assert field_of(slot("sent.ops", "hub")) == "sent.ops"
