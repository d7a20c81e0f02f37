"""``Outbox``: how deliveries move, what lists show, what goes in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from hub.errors import Unavailable
from hub.model import Delivery, DeliveryRow, DeliveryState, Event, Milliseconds, TopicName, UserId
from hub.ports import Batch, DeliveryFilter, EventFilter
from tests.contracts.conftest import Home, Storage
from tests.contracts.records import OTHER, audit_row, delivery, event, journal_row

SPACE_EVENT = event("e9", topic=TopicName("space/home"))
BODIES = (b"\x00one\xff", "二".encode())


def ms(time: int) -> Milliseconds:
    return Milliseconds(time)


async def happen(storage: Storage, *events: Event, deliveries: Sequence[Delivery] = ()) -> None:
    await storage.store.commit(Batch(events=list(events), deliveries=list(deliveries)))


async def one(storage: Storage, due: int = 100) -> DeliveryRow:
    """The only delivery ``d1`` of the event ``e1``, at 100."""
    happened = event("e1")
    await happen(storage, happened, deliveries=[delivery("d1", happened, due=due)])
    return await known(storage, "d1")


async def known(storage: Storage, name: str) -> DeliveryRow:
    row = await storage.outbox.delivery(name)
    assert row is not None
    return row


def leased(row: DeliveryRow, **changes: Any) -> DeliveryRow:
    return replace(row, **{"state": "leased", "attempts": 1, "leased_until": ms(900), **changes})


def ended(row: DeliveryRow, state: DeliveryState = "sent", **changes: Any) -> DeliveryRow:
    return replace(row, **{"state": state, "leased_until": None, "ended_at": ms(500), **changes})


async def settle(storage: Storage, *rows: DeliveryRow) -> None:
    await storage.store.commit(Batch(settled=list(rows)))


async def due(storage: Storage, now: int, limit: int = 10, channel: str = "ops") -> list[str]:
    return [row.id for row in await storage.outbox.due(channel, ms(now), limit)]


async def listed(storage: Storage, which: DeliveryFilter | None = None, **page: int) -> list[str]:
    before, limit = page.get("before"), page.get("limit", 10)
    rows = await storage.outbox.deliveries(which or DeliveryFilter(), before, limit)
    return [row.id for _, row in rows]


async def happened(storage: Storage, which: EventFilter | None = None, after: int = 0) -> list[str]:
    return [found.id for found in await storage.outbox.events(which or EventFilter(), after, 10)]


# ------------------------------------------------------------------ what a turn adds


async def test_a_new_delivery_stands_pending_with_its_event_and_nothing_done(home: Home) -> None:
    storage = await home.open()
    fact = event("e1", item="构建", at=70)
    await happen(storage, fact, deliveries=[delivery("d1", fact, due=90)])
    storage = await home.reopen()
    expected = DeliveryRow(
        id="d1", event=replace(fact, number=1), channel="ops", route="deploy", user=UserId("ada"),
        state="pending", due=ms(90), since=ms(70),
    )  # fmt: skip
    assert await storage.outbox.delivery("d1") == expected
    assert await storage.outbox.delivery("d2") is None


async def test_a_fact_that_is_known_brings_no_second_delivery(storage: Storage) -> None:
    first, again, next_attempt = event("e1"), event("e2"), event("e3", attempt=2)
    await happen(storage, first, deliveries=[delivery("d1", first)])
    await happen(
        storage, again, next_attempt, deliveries=[delivery("d2", again), delivery("d3", next_attempt)]
    )
    assert await happened(storage) == ["e1", "e3"]
    assert await listed(storage) == ["d3", "d1"]


async def test_a_fact_known_twice_in_one_turn_happens_once(storage: Storage) -> None:
    first, again = event("e1"), event("e2")
    await happen(storage, first, again, deliveries=[delivery("d1", first), delivery("d2", again)])
    assert await happened(storage) == ["e1"]
    assert await listed(storage) == ["d1"]


async def test_an_event_goes_once_to_each_user_by_each_channel(storage: Storage) -> None:
    fact = SPACE_EVENT
    wanted = [
        delivery("d1", fact), delivery("d2", fact, channel="hook"), delivery("d3", fact, user="bob"),
    ]  # fmt: skip
    await happen(storage, fact, deliveries=[*wanted, delivery("d4", fact, user="bob")])
    await happen(storage, fact, deliveries=[delivery("d5", fact)])
    assert await listed(storage) == ["d3", "d2", "d1"]


async def test_the_same_item_attempt_and_type_in_another_topic_is_another_fact(storage: Storage) -> None:
    await happen(storage, event("e1"), event("e2", topic=OTHER), event("e3", attempt=0))
    assert await happened(storage) == ["e1", "e2", "e3"]


async def test_a_turn_that_ends_one_delivery_may_begin_another(storage: Storage) -> None:
    row = await one(storage)
    fact = event("e2", attempt=2)
    end = ended(row, ref="vendor-1", attempts=2, part=1, bodies=BODIES)
    await storage.store.commit(
        Batch(
            journal=[journal_row(1)],
            events=[fact],
            deliveries=[delivery("d2", fact)],
            settled=[end],
            audits=[audit_row()],
        )
    )
    assert await known(storage, "d1") == end
    assert (await known(storage, "d2")).state == "pending"
    assert [line.row for line in await storage.audit(0, 10)] == [audit_row()]


# ------------------------------------------------------------------ what is due


async def test_due_are_a_channels_pending_deliveries_by_time_then_by_creation(storage: Storage) -> None:
    facts = [event(f"e{n}", item=f"i{n}") for n in range(6)]
    times = [30, 20, 30, 10, 41, 5]
    rows = [delivery(f"d{n}", facts[n], due=times[n]) for n in range(6)]
    rows[5] = replace(rows[5], channel="hook")
    await happen(storage, *facts, deliveries=rows)
    assert await due(storage, 40) == ["d3", "d1", "d0", "d2"]
    assert await due(storage, 40, limit=2) == ["d3", "d1"]
    assert await due(storage, 41) == ["d3", "d1", "d0", "d2", "d4"], "the time itself is due"
    assert await due(storage, 9) == []
    assert await due(storage, 40, channel="hook") == ["d5"]
    assert await due(storage, 40, channel="unknown") == []


async def test_what_is_leased_or_ended_is_not_due(storage: Storage) -> None:
    row = await one(storage)
    await storage.outbox.save([leased(row)])
    assert await due(storage, 999) == []
    assert await storage.outbox.next_due("ops") is None
    await settle(storage, ended(row))
    assert await due(storage, 999) == []


async def test_the_next_due_is_the_channels_earliest(storage: Storage) -> None:
    facts = [event(f"e{n}", item=f"i{n}") for n in range(3)]
    rows = [
        delivery("d0", facts[0], due=50), delivery("d1", facts[1], due=40),
        delivery("d2", facts[2], channel="hook", due=10),
    ]  # fmt: skip
    await happen(storage, *facts, deliveries=rows)
    assert await storage.outbox.next_due("ops") == 40
    assert await storage.outbox.next_due("hook") == 10
    assert await storage.outbox.next_due("unknown") is None


async def test_what_is_not_yet_due_comes_page_by_page_with_what_is_due_at_the_same_time(
    storage: Storage,
) -> None:
    facts = [event(f"e{n}", item=f"i{n}") for n in range(7)]
    times = [30, 20, 30, 10, 30, 30, 40]
    rows = [delivery(f"d{n}", facts[n], due=times[n]) for n in range(6)]
    await happen(storage, *facts, deliveries=[*rows, delivery("d6", facts[6], channel="hook", due=40)])
    await storage.outbox.save([leased(await known(storage, "d5"))])
    first = await storage.outbox.not_yet_due("ops", ms(10), None, 2)
    number, last = first[-1]
    rest = await storage.outbox.not_yet_due("ops", ms(10), (last.due, number), 9)
    assert [row.id for _, row in (*first, *rest)] == ["d1", "d0", "d2", "d4"]
    assert first == [(number, row) for number, row in await storage.outbox.deliveries(
        DeliveryFilter(channel="ops"), None, 9) if row.id in ("d1", "d0")]  # fmt: skip
    assert [row.id for _, row in await storage.outbox.not_yet_due("ops", ms(29), (ms(0), 0), 1)] == ["d0"]
    assert await storage.outbox.not_yet_due("ops", ms(30), None, 9) == []


async def test_waiting_counts_what_is_pending_or_leased_by_channel(storage: Storage) -> None:
    assert await storage.outbox.waiting() == {}
    facts = [event(f"e{n}", item=f"i{n}") for n in range(5)]
    rows = [delivery(f"d{n}", facts[n], channel="ops" if n < 4 else "gone") for n in range(5)]
    await happen(storage, *facts, deliveries=rows)
    await storage.outbox.save([leased(await known(storage, "d0"))])
    await settle(storage, ended(await known(storage, "d1")), ended(await known(storage, "d2"), "dead"))
    assert await storage.outbox.waiting() == {"ops": 2, "gone": 1}


# ------------------------------------------------------------------ how deliveries move


async def test_a_lease_is_saved_with_all_that_the_next_step_depends_on(home: Home) -> None:
    storage = await home.open()
    row = leased(
        await one(storage), due=ms(110), attempts=3, retries=2, bodies=BODIES, part=1, unsure=True,
        error="the vendor answers 502", ref="vendor-1",
    )  # fmt: skip
    await storage.outbox.save([row])
    storage = await home.reopen()
    assert await storage.outbox.delivery("d1") == row


async def test_several_are_saved_together_with_their_audit(storage: Storage) -> None:
    facts = [event(f"e{n}", item=f"i{n}") for n in range(3)]
    await happen(storage, *facts, deliveries=[delivery(f"d{n}", facts[n]) for n in range(3)])
    rows = [leased(await known(storage, f"d{n}"), attempts=n) for n in range(3)]
    await storage.outbox.save(rows, [audit_row("d1"), audit_row("d2")])
    assert [await known(storage, f"d{n}") for n in range(3)] == rows
    assert [line.row.subject for line in await storage.audit(0, 10)] == ["d1", "d2"]


async def test_rows_that_follow_each_other_in_one_call_leave_the_last(storage: Storage) -> None:
    row = await one(storage)
    await storage.outbox.save([leased(row), leased(row, attempts=2)])
    assert (await known(storage, "d1")).attempts == 2


@pytest.mark.parametrize("state", ["sent", "partial", "suppressed", "dead"])
async def test_a_delivery_that_ended_never_moves_again(storage: Storage, state: DeliveryState) -> None:
    row = await one(storage)
    end = ended(row, state, error="because", attempts=4)
    await settle(storage, end)
    await storage.outbox.save([leased(row)], [audit_row()])
    await settle(storage, ended(row, "sent", ended_at=ms(999)))
    await storage.outbox.take_over(ms(777))
    await storage.outbox.shift(1000)
    assert await known(storage, "d1") == end
    assert len(await storage.audit(0, 10)) == 1, "the call was made all the same"


async def test_of_two_ends_in_one_turn_the_first_stands(storage: Storage) -> None:
    row = await one(storage)
    await settle(storage, ended(row, "sent"), ended(row, "dead", error="late"))
    assert await known(storage, "d1") == ended(row, "sent")


async def test_a_delivery_that_is_unknown_is_not_made_by_saving_it(storage: Storage) -> None:
    row = replace(await one(storage), id="d2")
    await storage.outbox.save([leased(row)])
    await settle(storage, ended(row))
    assert await listed(storage) == ["d1"]


async def test_what_only_shift_and_replay_change_is_not_recorded(storage: Storage) -> None:
    """A row held during a jump of the clock must not undo the shift."""
    row = await one(storage)
    await storage.outbox.save([leased(row, since=ms(1), forced=True)])
    assert await known(storage, "d1") == leased(row)
    await settle(storage, ended(row, since=ms(2), forced=True))
    assert await known(storage, "d1") == ended(row)


async def test_taking_over_makes_what_was_leased_pending_due_and_unsure(home: Home) -> None:
    storage = await home.open()
    facts = [event(f"e{n}", item=f"i{n}") for n in range(4)]
    await happen(storage, *facts, deliveries=[delivery(f"d{n}", facts[n], due=300) for n in range(4)])
    rows = [await known(storage, f"d{n}") for n in range(4)]
    held = [leased(rows[0], bodies=BODIES, part=1, retries=1), leased(rows[1])]
    await storage.outbox.save(held)
    await settle(storage, ended(rows[3]))
    storage = await home.reopen()
    assert await storage.outbox.take_over(ms(200)) == 2
    for row in held:
        expected = replace(row, state="pending", due=ms(200), unsure=True, leased_until=None)
        assert await known(storage, row.id) == expected
    assert await known(storage, "d2") == rows[2], "what was only pending is as it was"
    assert await known(storage, "d3") == ended(rows[3])
    assert await storage.outbox.take_over(ms(999)) == 0


async def test_a_jump_of_the_clock_moves_what_is_on_its_way(storage: Storage) -> None:
    facts = [event(f"e{n}", item=f"i{n}") for n in range(3)]
    await happen(storage, *facts, deliveries=[delivery(f"d{n}", facts[n], due=150) for n in range(3)])
    rows = [await known(storage, f"d{n}") for n in range(3)]
    await storage.outbox.save([leased(rows[1])])
    await settle(storage, ended(rows[2]))
    for jump, moved_due, moved_since in ((1000, 1150, 1100), (-1090, 60, 10)):
        await storage.outbox.shift(jump)
        for row in (rows[0], leased(rows[1])):
            assert await known(storage, row.id) == replace(row, due=ms(moved_due), since=ms(moved_since))
    assert await known(storage, "d2") == ended(rows[2])
    assert await due(storage, 60) == ["d0"]


# ------------------------------------------------------------------ twins


async def two_members(storage: Storage, channel: str = "ops") -> tuple[DeliveryRow, DeliveryRow]:
    fact = SPACE_EVENT
    rows = [delivery("d1", fact), delivery("d2", fact, user="bob", channel=channel)]
    await happen(storage, fact, deliveries=rows)
    first, second = await known(storage, "d1"), await known(storage, "d2")
    return replace(first, bodies=BODIES), replace(second, bodies=BODIES)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("leased", "d1"), ("sent", "d1"),
        ("pending", None), ("partial", None), ("suppressed", None), ("dead", None),
    ],
)  # fmt: skip
async def test_a_twin_was_sent_or_is_leased(
    storage: Storage, state: DeliveryState, found: str | None
) -> None:
    first, second = await two_members(storage)
    await storage.outbox.save([replace(first, state=state)])
    assert await storage.outbox.twin(second) == found
    assert await storage.outbox.twin(replace(second, bodies=BODIES[:1])) is None
    assert await storage.outbox.twin(replace(second, bodies=())) is None


@pytest.mark.parametrize("state", ["pending", "partial", "dead"])
@pytest.mark.parametrize(("unsure", "part"), [(True, 0), (False, 1)])
async def test_a_twin_may_have_been_taken_already(
    storage: Storage, state: DeliveryState, unsure: bool, part: int
) -> None:
    first, second = await two_members(storage)
    await storage.outbox.save([replace(first, state=state, unsure=unsure, part=part)])
    assert await storage.outbox.twin(second) == "d1"


async def test_what_is_suppressed_is_nobodys_twin(storage: Storage) -> None:
    first, second = await two_members(storage)
    await storage.outbox.save([replace(first, state="suppressed", unsure=True)])
    assert await storage.outbox.twin(second) is None


async def test_nothing_is_its_own_twin_nor_that_of_another_channel_or_event(storage: Storage) -> None:
    first, second = await two_members(storage, channel="hook")
    other = event("e8", item="b")
    await happen(storage, other, deliveries=[delivery("d3", other)])
    third = replace(await known(storage, "d3"), bodies=BODIES)
    await storage.outbox.save([leased(first), leased(third)])
    assert await storage.outbox.twin(leased(first)) is None
    assert await storage.outbox.twin(second) is None


async def test_without_bodies_nobody_has_a_twin(storage: Storage) -> None:
    first, second = await two_members(storage)
    await storage.outbox.save([leased(replace(first, bodies=()))])
    assert await storage.outbox.twin(replace(second, bodies=())) is None


async def test_of_several_twins_the_oldest_is_named(storage: Storage) -> None:
    fact = SPACE_EVENT
    await happen(storage, fact, deliveries=[delivery(f"d{n}", fact, user=f"u{n}") for n in (3, 1, 2)])
    rows = [replace(await known(storage, f"d{n}"), bodies=BODIES) for n in (1, 2, 3)]
    await storage.outbox.save([leased(row) for row in rows])
    assert await storage.outbox.twin(rows[0]) == "d3"
    assert await storage.outbox.twin(rows[2]) == "d1"


# ------------------------------------------------------------------ replay


@pytest.mark.parametrize("state", ["dead", "suppressed", "partial"])
async def test_what_ended_without_success_begins_anew(home: Home, state: DeliveryState) -> None:
    storage = await home.open()
    row = replace(
        await one(storage), attempts=5, retries=3, bodies=BODIES, rendered_by="robot", part=1, unsure=True,
        ref="v1",
    )  # fmt: skip
    await settle(storage, ended(row, state, error="refused for good"))
    expected = replace(row, state="pending", due=ms(700), since=ms(700), retries=0, bodies=(), forced=True)
    assert await storage.outbox.replay("d1", ms(700)) == expected
    storage = await home.reopen()
    assert await known(storage, "d1") == expected
    assert await due(storage, 700) == ["d1"]
    await settle(storage, ended(expected))
    assert (await known(storage, "d1")).state == "sent", "what lives again may end again"


async def test_what_waits_is_due_now_and_otherwise_as_it_is(storage: Storage) -> None:
    row = replace(await one(storage, due=800), retries=2, bodies=BODIES)
    await storage.outbox.save([row])
    assert await storage.outbox.replay("d1", ms(300)) == replace(row, due=ms(300))
    assert await storage.outbox.replay("d1", ms(900)) == replace(row, due=ms(300)), "it keeps its place"


@pytest.mark.parametrize("state", ["leased", "sent"])
async def test_what_is_being_sent_or_was_sent_stays(storage: Storage, state: DeliveryState) -> None:
    row = await one(storage)
    await storage.outbox.save([replace(row, state=state)])
    assert await storage.outbox.replay("d1", ms(700)) == replace(row, state=state)
    assert await known(storage, "d1") == replace(row, state=state)


async def test_nothing_unknown_is_replayed_and_the_audit_does_not_say_so(storage: Storage) -> None:
    assert await storage.outbox.replay("d1", ms(700), [audit_row()]) is None
    assert await storage.audit(0, 10) == []


async def test_a_replay_and_its_line_are_one(home: Home) -> None:
    storage = await home.open()
    row = await one(storage)
    await settle(storage, ended(row, "dead"))
    await home.refuse()
    large = replace(audit_row(), masked="x" * 1_000_000)
    with pytest.raises(Unavailable):
        await storage.outbox.replay("d1", ms(700), [large])
    await home.recover()
    assert ((await known(storage, "d1")).state, await storage.audit(0, 10)) == ("dead", [])
    replayed = await storage.outbox.replay("d1", ms(700), [audit_row()])
    assert replayed is not None
    assert replayed.state == "pending"
    storage = await home.reopen()
    assert [line.row for line in await storage.audit(0, 10)] == [audit_row()]
    assert await storage.broken_audit() is None


# ------------------------------------------------------------------ lists


FACTS = {
    "e1": event("e1", item="a"),
    "e2": event("e2", item="b", attempt=0),
    "e3": event("e3", item="a", topic=OTHER),
    "e4": event("e4", item="a", attempt=2),
}


async def many(storage: Storage) -> None:
    rows = [
        delivery(f"{channel}-{name}", FACTS[name], channel) for channel in ("ops", "hook") for name in FACTS
    ]
    await happen(storage, *FACTS.values(), deliveries=rows)
    ends: dict[str, DeliveryState] = {"ops-e1": "sent", "hook-e1": "dead", "ops-e3": "dead"}
    for name, state in ends.items():
        await settle(storage, replace(await known(storage, name), state=state))


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, ["hook-e4", "hook-e3", "hook-e2", "hook-e1", "ops-e4", "ops-e3", "ops-e2", "ops-e1"]),
        ({"state": "dead"}, ["hook-e1", "ops-e3"]),
        ({"state": "leased"}, []),
        ({"channel": "ops"}, ["ops-e4", "ops-e3", "ops-e2", "ops-e1"]),
        ({"event": "e1"}, ["hook-e1", "ops-e1"]),
        ({"event": "unknown"}, []),
        ({"item": "a"}, ["hook-e4", "hook-e3", "hook-e1", "ops-e4", "ops-e3", "ops-e1"]),
        ({"topic": OTHER}, ["hook-e3", "ops-e3"]),
        ({"state": "dead", "channel": "ops"}, ["ops-e3"]),
        ({"topic": OTHER, "state": "dead", "channel": "hook"}, []),
        ({"item": "a", "topic": OTHER, "channel": "hook"}, ["hook-e3"]),
        ({"item": "a", "state": "sent"}, ["ops-e1"]),
        ({"event": "e1", "state": "dead"}, ["hook-e1"]),
        ({"event": "e1", "channel": "ops"}, ["ops-e1"]),
        ({"event": "e1", "item": "b"}, []),
        ({"event": "e1", "topic": OTHER}, []),
    ],
)  # fmt: skip
async def test_deliveries_are_listed_newest_first_by_every_filter(
    storage: Storage, which: dict[str, Any], expected: list[str]
) -> None:
    await many(storage)
    whole = await storage.outbox.deliveries(DeliveryFilter(**which), None, 100)
    assert [row.id for _, row in whole] == expected
    paged: list[str] = []
    before: int | None = None
    while page := await storage.outbox.deliveries(DeliveryFilter(**which), before, 1):
        paged += [row.id for _, row in page]
        before = page[-1][0]
    assert paged == expected, "page by page, none twice and none missed"


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, ["e1", "e2", "e3", "e4"]),
        ({"type": "notification.raised"}, ["e2"]),
        ({"type": "task.finalized"}, ["e1", "e3", "e4"]),
        ({"topic": OTHER}, ["e3"]),
        ({"item": "a"}, ["e1", "e3", "e4"]),
        ({"item": "a", "topic": OTHER}, ["e3"]),
        ({"item": "a", "type": "notification.raised"}, []),
        ({"topic": FACTS["e1"].topic, "type": "task.finalized"}, ["e1", "e4"]),
    ],
)
async def test_events_are_listed_in_order_by_every_filter(
    storage: Storage, which: dict[str, Any], expected: list[str]
) -> None:
    await many(storage)
    assert [fact.id for fact in await storage.outbox.events(EventFilter(**which), 0, 100)] == expected
    paged: list[str] = []
    after = 0
    while page := await storage.outbox.events(EventFilter(**which), after, 1):
        paged += [fact.id for fact in page]
        after = page[-1].number
    assert paged == expected


async def test_an_event_is_found_by_its_id_with_its_number(storage: Storage) -> None:
    await happen(storage, event("e1"), event("e2", attempt=2))
    numbered = list(await storage.outbox.events(EventFilter(), 0, 10))
    assert [await storage.outbox.event(name) for name in ("e1", "e2")] == numbered
    assert numbered[0].number < numbered[1].number
    assert await storage.outbox.event("e3") is None


async def test_the_last_event_is_the_newest(home: Home) -> None:
    storage = await home.open()
    assert await storage.outbox.last_event() == 0
    await happen(storage, event("e1"), event("e2", attempt=2))
    storage = await home.reopen()
    newest = await storage.outbox.event("e2")
    assert newest is not None
    assert await storage.outbox.last_event() == newest.number > 0


# ------------------------------------------------------------------ what goes in the end


async def test_trimming_drops_old_events_with_their_deliveries(storage: Storage) -> None:
    facts = [event("e1", at=10), event("e2", attempt=2, at=50), event("e3", attempt=3, at=30)]
    rows = [delivery(f"{channel}-{fact.id}", fact, channel) for fact in facts for channel in ("ops", "hook")]
    await happen(storage, *facts, deliveries=rows)
    await settle(storage, *[ended(await known(storage, row.id)) for row in rows])
    assert await storage.outbox.trim(ms(50), ms(0), 10) == 6
    assert await happened(storage) == ["e2"], "the time itself has not passed yet"
    assert await listed(storage) == ["hook-e2", "ops-e2"]
    assert await storage.outbox.trim(ms(50), ms(0), 10) == 0


async def test_trimming_keeps_events_with_a_delivery_on_its_way(storage: Storage) -> None:
    facts = [event(f"e{n}", item=f"i{n}", at=10) for n in range(3)]
    rows = [delivery(f"{channel}-{fact.id}", fact, channel) for fact in facts for channel in ("ops", "hook")]
    await happen(storage, *facts, event("e3", item="bare", at=10), deliveries=rows)
    await storage.outbox.save([leased(await known(storage, "ops-e0"))])
    await settle(storage, *[ended(await known(storage, name)) for name in ("hook-e0", "ops-e1", "hook-e1")])
    assert await storage.outbox.trim(ms(50), ms(0), 10) == 4
    assert await happened(storage) == ["e0", "e2"]
    assert await listed(storage) == ["hook-e2", "ops-e2", "hook-e0", "ops-e0"]


async def test_trimming_goes_no_further_than_its_limit_the_oldest_first(storage: Storage) -> None:
    await happen(storage, *[event(f"e{n}", attempt=n, at=100 - n) for n in range(1, 6)])
    await storage.outbox.save([], [audit_row(f"d{n}", at=n) for n in range(5)])
    assert await storage.outbox.trim(ms(999), ms(999), 2) == 4
    assert await happened(storage) == ["e1", "e2", "e3"]
    assert [line.row.subject for line in await storage.audit(0, 10)] == ["d2", "d3", "d4"]
    assert await storage.outbox.trim(ms(999), ms(999), 2) == 4
    assert await storage.outbox.trim(ms(999), ms(999), 2) == 2
    assert await storage.outbox.trim(ms(999), ms(999), 2) == 0


async def test_a_number_is_never_given_to_a_second_event(home: Home) -> None:
    storage = await home.open()
    await happen(storage, event("e1"), event("e2", attempt=2))
    last = await storage.outbox.last_event()
    await storage.outbox.trim(ms(999), ms(999), 10)
    assert await storage.outbox.last_event() == 0
    storage = await home.reopen()
    await happen(storage, event("e3", attempt=3))
    assert await happened(storage, after=last) == ["e3"], "whoever follows misses nothing"


async def test_audit_lines_go_from_the_front_up_to_the_first_that_is_young(storage: Storage) -> None:
    """After a jump of the clock an old line may stand behind a young one; the chain has no holes."""
    await storage.outbox.save([], [audit_row(f"d{at}", at=at) for at in (10, 20, 50, 30)])
    assert await storage.outbox.trim(ms(0), ms(40), 10) == 2
    assert [line.number for line in await storage.audit(0, 10)] == [3, 4]
    assert await storage.outbox.trim(ms(0), ms(40), 10) == 0
    assert await storage.broken_audit() is None


# ------------------------------------------------------------------ a storage that refuses


async def test_a_full_disk_changes_nothing_and_passes(home: Home) -> None:
    storage = await home.open()
    row = await one(storage)
    await settle(storage)
    await home.refuse()
    large = leased(row, bodies=(bytes(1_000_000),))
    for write in (
        storage.outbox.save([large], [audit_row()]),
        storage.store.commit(Batch(settled=[replace(large, state="sent")], audits=[audit_row()])),
        storage.store.commit(
            Batch(events=[event("e2", attempt=2)], journal=[journal_row(1, body=bytes(1_000_000))])
        ),
    ):
        with pytest.raises(Unavailable):
            await write
    assert await known(storage, "d1") == row, "reads go on, and see nothing of it"
    assert await happened(storage) == ["e1"]
    assert list(await storage.audit(0, 10)) == []
    await home.recover()
    await storage.outbox.save([large], [audit_row()])
    assert await known(storage, "d1") == large


async def test_an_outbox_that_is_not_open_refuses_every_call(home: Home) -> None:
    storage = await home.open()
    row = await one(storage)
    await storage.store.close()
    outbox = storage.outbox
    for call in (
        outbox.take_over(ms(1)), outbox.due("ops", ms(1), 1), outbox.next_due("ops"), outbox.save([row]),
        outbox.not_yet_due("ops", ms(1), None, 1),
        outbox.twin(leased(row, bodies=BODIES)), outbox.replay("d1", ms(1)), outbox.shift(1),
        outbox.delivery("d1"), outbox.deliveries(DeliveryFilter(), None, 1),
        outbox.events(EventFilter(), 0, 1), outbox.event("e1"), outbox.waiting(), outbox.last_event(),
        outbox.trim(ms(1), ms(1), 1), storage.audit(0, 1), storage.broken_audit(),
    ):  # fmt: skip
        with pytest.raises(Unavailable):
            await call
