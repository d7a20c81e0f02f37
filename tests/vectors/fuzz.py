"""Random cases in the form of the vectors, with what Python makes of them, for another language to check.

``python tests/vectors/fuzz.py SEED COUNT`` prints one JSON object with the lists ``weights``, ``derivation``,
``statements``, ``lowered`` and ``retention``, each of COUNT cases. The same seed gives the same cases.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from random import Random
from typing import Any

from hub.errors import Refusal
from hub.model import Actor, Hlc, ItemId, Seq, Statement, TopicKind
from hub.state.clock import lowered
from hub.state.derive import ReadUpto, count_all, derive, flat, next_change
from hub.state.fields import check_statement
from hub.state.join import LedgerRegisters, join_into
from hub.state.names import ALL, personal_name
from hub.state.retention import closed_at
from hub.state.weights import weight

ACTORS = ("phone", "phone2", "phone-2", "ann.api", "wecom:\ue000", "wecom:😀", "hub")
TEXTS = ("", "t", "Ünï", "同步", "😀", "a\nb\tc", '"\\/', "\ue000", "\u2028", "\x07", "\x7f")
FRACTIONS = (0, 1, 0.5, 0.5009, 0.501, 2e-05, 5e-07, 0.1 + 0.2, 1 / 3, 0.999999)
STATUSES = ("queued", "running", "paused", "input_required", "succeeded", "failed", "canceled", "expired")
MARKS = ("seen", "read", "archived", "pinned", "deleted")
ODD: tuple[Any, ...] = (None, True, -1, 0.5, 1, 2**53 - 1, 2**53, "x", [], {}, [1], {"a": [None]})
ITEMS = ("n1", "t1", "t2")
SPACE = "team"


def _stamp(random: Random) -> int:
    return random.choice((random.randrange(12), random.randrange(12) << 10, random.randrange(2**53)))


def _data(random: Random, depth: int = 3) -> Any:
    leaf: Any = random.choice((None, True, False, 0, -7, 2**53 - 1, 1.5e-9, -0.0, *TEXTS[:9]))
    if depth == 0 or random.random() < 0.5:
        return leaf
    parts = [_data(random, depth - 1) for _ in range(random.randrange(4))]
    return (
        parts
        if random.random() < 0.5
        else dict(zip(random.sample(TEXTS[:9], len(parts)), parts, strict=True))
    )


def _record(random: Random, item: str) -> dict[str, Any]:
    record: dict[str, Any] = {"kind": "task" if item.startswith("t") else "notification", "title": "t"}
    if random.random() < 0.5:
        record["body"] = random.choice(TEXTS[:9])
    if random.random() < 0.3:
        record |= {"level": "error", "tags": ["a", "同步"], "data": _data(random)}
    if random.random() < 0.8:
        record |= {"by": "x", "at": 7, "order": random.randrange(10)}
    return record


def _final(random: Random) -> dict[str, Any]:
    return {
        "attempt": random.randrange(1, 4),
        "status": random.choice(STATUSES[4:]),
        "at": random.randrange(12),
        "event": "e",
        "hlc": _stamp(random),
    }


def _value(random: Random, field: str) -> Any:
    if field in MARKS:
        return random.random() < 0.6
    match field:
        case "snoozed" | "due":
            return random.choice((None, *range(8, 13)))
        case "priority":
            return random.choice((None, 0, 9))
        case "assignee":
            return random.choice((None, "ann", "ben@example.org"))
        case "title" | "body":
            return random.choice(TEXTS[1:9])
        case "status":
            return [random.randrange(1, 4), random.choice(STATUSES)]
        case "progress":
            value = [random.randrange(1, 4), random.choice(FRACTIONS)]
            return value if random.random() < 0.5 else [*value, random.choice(TEXTS[:9])]
        case "final":
            return _final(random)
        case "read_upto":
            return random.randrange(12)
        case _:
            return {"state": random.choice(("sent", "dead")), "at": random.randrange(12)}


PERSONAL = ("seen", "read", "archived", "pinned", "snoozed")
SHARED = (
    "deleted",
    "title",
    "body",
    "due",
    "priority",
    "assignee",
    "status",
    "progress",
    "final",
    "sent.ops",
)
FIELDS = (*PERSONAL, *SHARED, "status", "progress", "read", "read")


def _statement(random: Random, item: str, field: str) -> list[Any]:
    return [item, field, _value(random, field), _stamp(random), random.choice(ACTORS)]


def _ledger(statements: list[list[Any]]) -> LedgerRegisters:
    ledger: LedgerRegisters = {}
    for item, field, value, hlc, actor in statements:
        join_into(ledger, Statement(ItemId(item), field, value, Hlc(hlc), Actor(actor)), Seq(1))
    return ledger


def _stated(random: Random, shared: bool) -> tuple[list[list[Any]], list[list[Any]]]:
    statements = [[item, "item", _record(random, item), 1, "x"] for item in ITEMS if random.random() < 0.9]
    personal: list[list[Any]] = []
    for _ in range(random.randrange(1, 20)):
        item, field = random.choice(ITEMS), random.choice(FIELDS)
        if shared and field in PERSONAL:
            personal.append(_statement(random, f"space/{SPACE}/{item}", field))
        else:
            statements.append(_statement(random, item, field))
    marks = [
        _statement(random, f"space/{SPACE}/*" if shared else "*", "read_upto")
        for _ in range(random.randrange(4))
    ]
    (personal if shared else statements).extend(marks)
    random.shuffle(statements)
    return statements, personal


def derivation(random: Random) -> dict[str, Any]:
    """A case of ``derivation.json``, of an inbox or a space."""
    shared, now = random.random() < 0.3, random.randrange(8, 13)
    statements, personal = _stated(random, shared)
    ledger, own = _ledger(statements), _ledger(personal)
    uptos = ReadUpto(own.get(personal_name(SPACE, ALL)) if shared else ledger.get(ALL))
    items: dict[str, Any] = {}
    states = []
    for item, registers in ledger.items():
        mine = own.get(personal_name(SPACE, item), {}) if shared else None
        state = derive(registers, uptos, now, mine)
        if state is not None:
            states.append(state)
            items[item] = {
                "is": flat(item, registers, uptos, now, mine),
                "next_change": next_change(state),
                "finished_at": state.finished_at,
            }
    return {
        "now": now,
        "space": SPACE if shared else None,
        "statements": statements,
        "personal": personal,
        "items": items,
        "counts": asdict(count_all(states)),
    }


def weights(random: Random) -> dict[str, Any]:
    """A case of ``weights.json``."""
    field = random.choice(("read", "body", "due", "status", "progress", "final", "read_upto"))
    said = [_statement(random, "i", field)[2:] for _ in range(6)]
    by_weight = {weight(Statement(ItemId("i"), field, *each)): each for each in said}
    return {"field": field, "ascending": [by_weight[heaviness] for heaviness in sorted(by_weight)]}


def statement(random: Random) -> dict[str, Any]:
    """A case of ``statements.json``, much of it wrong."""
    kind: TopicKind = random.choice(("inbox", "space"))
    item: Any = random.choice(
        ("n1", "*", "space/team/n1", "space/team/*", "space/../n1", "", ".n", "n" * 65, 7)
    )
    field: Any = random.choice((*FIELDS, "read_upto", "item", "sent.", "colour", 7))
    known = isinstance(field, str) and field not in {"item", "sent.", "colour"}
    value: Any = _value(random, field) if known and random.random() < 0.7 else random.choice((*ODD, *TEXTS))
    if field == "item" and random.random() < 0.8:
        value = {"kind": "task", "title": random.choice(TEXTS), "data": _data(random, 2)}
    said = [item, field, value, random.choice((5, 2**53 - 1, 2**53, -1, 0.5, None))]
    try:
        value = check_statement(kind, *said)
    except Refusal as refusal:
        return {"ledger": kind, "statement": said, "refused": refusal.code}
    return {"ledger": kind, "statement": [said[0], said[1], value, said[3]], "refused": None}


def lowering(random: Random) -> dict[str, Any]:
    """A case of the list ``lowered`` of ``clock.json``."""
    stamps = [random.randrange(2_000 << 10) for _ in range(random.randrange(8))]
    stamps += random.sample(stamps, len(stamps) // 3)
    now = random.randrange(2_000)
    return {"stamps": stamps, "hub_now": now, "lowered": lowered(stamps, now)}


def retention(random: Random) -> dict[str, Any]:
    """A case of ``retention.json``."""
    statements, _ = _stated(random, shared=False)
    of_one = [each for each in statements if each[0] == "t1"] or [_statement(random, "t1", "archived")]
    return {"statements": of_one, "closed_at": closed_at(_ledger(of_one)[ItemId("t1")])}


def main(seed: int, count: int) -> None:
    """Print ``count`` cases of each sort."""
    random = Random(seed)
    sorts = {
        "weights": weights,
        "derivation": derivation,
        "statements": statement,
        "lowered": lowering,
        "retention": retention,
    }
    cases = {
        name: [{"name": f"{name} {number} of seed {seed}", **make(random)} for number in range(count)]
        for name, make in sorts.items()
    }
    sys.stdout.write(json.dumps(cases))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
