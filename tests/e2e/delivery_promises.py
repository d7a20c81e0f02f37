"""What is promised of events and deliveries, judged after each kill by the disk and by the world outside."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from hub.model import ENDED
from hub.state.attempts import TERMINAL
from tests.e2e.delivery_outside import HookCall, Outside, Take
from tests.e2e.delivery_plan import HOOKS, ROBOTS, Jobs, style_of
from tests.e2e.delivery_stored import DeliveryStored, Fact, Row

MARK: Final = len("#a1b2c3")
TOLD: Final = frozenset({"0", "slow"})
"""How the sandbox says that the caller was, or may have been, told of a message that was taken."""


class DeliveryPromises:
    """Remembers what was so after the kills before. Everything raises ``AssertionError``.

    ``doubted``: by life of the hub the deliveries that its end left leased.
    """

    def __init__(self, jobs: Jobs, outside: Outside) -> None:
        self.jobs = jobs
        self.outside = outside
        self.doubted: defaultdict[int, set[str]] = defaultdict(set)
        self.repeated: set[str] = set()
        self._unrecorded: set[tuple[str, int]] = set()
        """Delivery and number of each call that a kill kept from being recorded."""
        self._ended: dict[str, Row] = {}
        self._facts: dict[str, Fact] = {}
        self._finals: dict[tuple[str, str, int], str] = {}

    def kept(self, stored: DeliveryStored) -> None:
        """All of it, as one life of the hub left it."""
        leased = [row for row in stored.rows.values() if row.state == "leased"]
        self.doubted[self.outside.life] = {row.id for row in leased}
        self._unrecorded |= {(row.id, row.attempts) for row in leased}
        unrecorded = Counter(name for name, _ in self._unrecorded)
        self._see_events(stored)
        self._see_notifications(stored)
        self._see_deliveries(stored)
        for row in stored.rows.values():
            calls = stored.calls[row.id] + unrecorded[row.id]
            assert row.attempts == calls, f"{row}: {calls} calls are known"
            self._see_row(row, stored)
        self._see_receipts(stored)
        self._see_what_robots_took(stored)
        self._see_what_hooks_took(stored)

    # ------------------------------------------------------------------ events

    def _see_events(self, stored: DeliveryStored) -> None:
        """Each attempt that is final has one event, each event of a task says what is final."""
        for name, fact in self._facts.items():
            assert stored.facts.get(name) == fact, f"{fact}: gone, or another"
        self._facts = dict(stored.facts)
        for place, event in self._finals.items():
            assert stored.finals.setdefault(place, event) == event, f"{place}: final twice"
        self._finals = dict(stored.finals)
        ends = {
            (fact.topic, fact.item, fact.attempt): fact
            for fact in stored.facts.values()
            if fact.type == "task.finalized"
        }
        told = {place: fact.id for place, fact in ends.items()}
        assert stored.finals.items() <= told.items(), "an attempt is final without its event"
        for topic, item, attempt in told.keys() - stored.finals.keys():
            # Of what was folded, the latest stands.
            latest = stored.values.get((topic, item, "final"), {"attempt": 0})["attempt"]
            assert latest > attempt, f"{topic} {item}: an event of attempt {attempt}, which is not final"
        for (topic, item, slot), value in stored.values.items():
            if slot == "final":
                fact = ends[topic, item, value["attempt"]]
                assert (fact.status, fact.at) == (value["status"], value["at"]), fact
            elif slot == "status" and value[1] in TERMINAL and (topic, item) in stored.records:
                assert (topic, item, value[0]) in ends, f"{topic} {item}: ended without an event"

    def _see_notifications(self, stored: DeliveryStored) -> None:
        """Each notification that is there was raised, and each that was raised is there."""
        raised = sorted((f.topic, f.item) for f in stored.facts.values() if f.type == "notification.raised")
        there = [
            (topic, item)
            for (topic, item, slot), value in stored.values.items()
            if slot == "item" and value["kind"] == "notification"
        ]
        assert raised == sorted(there)

    # ------------------------------------------------------------------ deliveries

    def _see_deliveries(self, stored: DeliveryStored) -> None:
        """Each event has one delivery for each channel and user of its route."""
        found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in stored.rows.values():
            found[row.fact.id].append((row.channel, row.user))
        for fact in stored.facts.values():
            job = self.jobs.by_item[fact.item]
            assert sorted(found[fact.id]) == job.expected, f"{fact}: other deliveries than its route says"

    def _see_row(self, row: Row, stored: DeliveryStored) -> None:
        """It is known as sent, as due, or as ended with a reason; an end stands."""
        assert self._ended.get(row.id, row) == row, f"{row}: it had ended otherwise"
        if not row.has_ended:
            assert row.due > 0, row
            assert row.state == "pending" or row.leased_until is not None, row
            return
        self._ended[row.id] = row
        assert row.ended_at is not None, row
        assert (row.error is None) == (row.state == "sent"), f"{row}: no reason"
        if row.state == "sent":
            assert row.part == len(row.bodies) > 0, row
        if row.state == "suppressed":
            self._see_suppressed(row, stored)

    def _see_suppressed(self, row: Row, stored: DeliveryStored) -> None:
        assert row.error is not None
        if row.error.endswith("was stated after the event."):
            assert style_of(row.route) == "later", row
            return
        said, _, name = row.error.rpartition(" ")
        twin = stored.rows[name]
        assert said == "the same message went out as", row
        assert (twin.fact, twin.channel, twin.bodies) == (row.fact, row.channel, row.bodies), row
        assert twin.state != "suppressed", f"{row}: neither of two went out"

    def _see_receipts(self, stored: DeliveryStored) -> None:
        """The receipt on an item is saved with the end that it tells."""
        ends = stored.by_receipt()
        told = {place[:3]: place[3] for place in stored.receipts()}
        assert told.keys() == ends.keys(), f"{told.keys() ^ ends.keys()}: an end without its receipt, or none"
        for place, receipt in told.items():
            rows = ends[place]
            said = receipt["state"], receipt["at"]
            if place[0].startswith("inbox/"):
                rows = [row for row in rows if row.ended_at == rows[-1].ended_at]
            assert said in [(row.state, row.ended_at) for row in rows], f"{place}: {said}, {rows}"
            latest = max(row.fact.number for row in rows)
            if any(row.state == "sent" for row in rows if row.fact.number == latest):
                assert receipt["state"] == "sent", f"{place}: {said}, but a message went out"

    # ------------------------------------------------------------------ what was taken

    def _see_what_robots_took(self, stored: DeliveryStored) -> None:
        for robot in ROBOTS:
            messages = _messages(row for row in stored.rows.values() if row.channel == robot)
            said = {words: (each, part) for each in messages for part, words in enumerate(each.said)}
            marks = {row.mark: each for each in messages for row in each.rows}
            for take in self.outside.takes[robot]:
                words, is_marked = take.content, False
                if words not in said and (marked := marks.get(words[-MARK:])) is not None:
                    words, is_marked = marked.unmarked(words), True
                assert words in said, f"{robot} took what nobody wanted to say: {take}"
                message, part = said[words]
                message.taken[part].append((take, is_marked))
            for message in messages:
                self._see_taken_once(message)
                for row in message.rows:
                    self._see_taken(row, message)

    def _see_taken_once(self, message: Message) -> None:
        """Or again where nobody could know, and then with the short id."""
        calls = sum(map(len, message.taken.values()))
        assert calls <= sum(row.attempts for row in message.rows), f"{message}: called without a lease"
        for takes in message.taken.values():
            for (first, _), (again, is_marked) in pairwise(takes):
                self.repeated.add(message.rows[0].id)
                doubted = self.doubted[first.life]
                in_doubt = first.is_lost or any(row.id in doubted for row in message.rows)
                assert in_doubt, f"{message}: taken twice without doubt: {first}, {again}"
                assert is_marked, f"{message}: taken twice without the short id: {first}, {again}"

    def _see_taken(self, row: Row, message: Message) -> None:
        """What is told of a delivery is what the group saw."""
        for part in range(row.part):
            assert any(take.answer in TOLD for take, _ in message.taken[part]), (
                f"{row}: part {part} is told to be taken, and was not: {message.taken}"
            )
        if row.state in ("dead", "partial") and len(message.rows) == 1 and message.taken[row.part]:
            assert "may have arrived" in (row.error or ""), f"{row}: it did arrive: {message.taken}"

    def _see_what_hooks_took(self, stored: DeliveryStored) -> None:
        """A receiver that knows ids sees each delivery once: one id, and under it the same bytes."""
        answered: Counter[str] = Counter()
        first: dict[str, HookCall] = {}
        for call in self.outside.hook_calls:
            row = stored.rows[call.id]
            assert (call.hook, call.event, call.user) == (row.channel, row.fact.id, row.user), row
            assert call.body == first.setdefault(call.id, call).body, f"{row}: other bytes"
            answered[call.id] += 200 <= call.status < 300
        for row in stored.rows.values():
            if row.channel in HOOKS and row.state == "sent":
                assert answered[row.id], f"{row}: nobody said that it was taken"
            if row.channel in HOOKS and row.state == "suppressed":
                assert row.id not in first, f"{row}: it was sent"


class Message:
    """The same words by the same robot because of the same event: of one delivery, or of several members of
    the space. ``taken``: by part what the group received of it, and whether with the short id."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.taken: defaultdict[int, list[tuple[Take, bool]]] = defaultdict(list)

    def __repr__(self) -> str:
        return f"{self.rows} took {dict(self.taken)}"

    @property
    def said(self) -> list[str]:
        """The words of each part."""
        return [self.rows[0].said(part) for part in range(len(self.rows[0].bodies))]

    def unmarked(self, words: str) -> str:
        """The words without the short id below them; as they are where they aren't this message's."""
        bare = words[:-MARK]
        starts = [said for said in self.said if bare.startswith(said) and not bare[len(said) :].strip()]
        return starts[0] if starts else words


def _messages(rows: Iterable[Row]) -> list[Message]:
    found: defaultdict[tuple[str, tuple[bytes, ...]], Message] = defaultdict(Message)
    for row in rows:
        if row.bodies:
            found[row.fact.id, row.bodies].rows.append(row)
    return list(found.values())


def all_settled(stored: DeliveryStored) -> None:
    """Nothing is on its way any more."""
    waiting = [row for row in stored.rows.values() if row.state not in ENDED]
    assert not waiting, f"still on their way: {waiting}"
