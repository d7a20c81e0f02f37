"""What a hub has promised, by acknowledging it or by showing it to anybody; and whether it is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from pycrdt import Doc

from hub.model import ItemId, Seq, Slot, Statement
from hub.state.attempts import RANK
from hub.state.join import LedgerRegisters, join_into
from hub.state.weights import ITEM
from tests.e2e.stored import Stored

HUB_ADDS = ("by", "at", "order")


class Promises:
    """Everything that must be there after a kill. Contradictions fail at once."""

    def __init__(self) -> None:
        self.number = 0
        self.ledgers: defaultdict[str, LedgerRegisters] = defaultdict(dict)
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.finals: dict[tuple[str, str, int], dict[str, Any]] = {}
        self.documents: defaultdict[str, Doc[Any]] = defaultdict(Doc)
        self.seqs: dict[str, tuple[int, int]] = {}
        self.reached: dict[tuple[str, str], tuple[int, int]] = {}
        self.devices: defaultdict[str, set[str]] = defaultdict(set)
        self.revoked: set[str] = set()
        self.members: dict[tuple[str, str], str | None] = {}

    # ------------------------------------------------------------------ made

    def at_seq(self, topic: str, incarnation: int, seq: int) -> None:
        """Somebody was told that the topic is at that seq; one that is empty (0) promises nothing."""
        if seq == 0:
            return
        known, highest = self.seqs.get(topic, (incarnation, 0))
        assert known == incarnation, f"{topic}: another incarnation without a restore"
        self.seqs[topic] = incarnation, max(highest, seq)

    def stated(self, topic: str, statements: Iterable[Statement]) -> None:
        """Statements were acknowledged to their author, or shown to somebody."""
        for statement in statements:
            self.number += 1
            if statement.field == ITEM:
                self._recorded(topic, statement.item, statement.value)
            elif statement.field == "final":
                self._finalized(topic, statement.item, statement.value)
            if statement.field != ITEM:
                join_into(self.ledgers[topic], statement, Seq(0))

    def shown_item(self, topic: str, item: dict[str, Any]) -> None:
        """An item was shown over HTTP: it is there, and its task never goes back."""
        self.number += 1
        name = item["id"]
        self._recorded(topic, name, {key: item[key] for key in ("kind", *HUB_ADDS)})
        if item["kind"] != "task":
            return
        reached = item["attempt"], RANK[item["status"]]
        self.reached[topic, name] = max(reached, self.reached.get((topic, name), reached))
        if item["final"] is not None:
            self._finalized(topic, name, item["final"])

    def updated(self, name: str, updates: Iterable[bytes]) -> None:
        """Updates were acknowledged to their author, or shown to somebody."""
        for update in updates:
            self.number += 1
            self.documents[name].apply_update(update)

    def _recorded(self, topic: str, item: str, value: Any) -> None:
        record = self.records.setdefault((topic, item), {})
        for key, each in value.items():
            assert record.setdefault(key, each) == each, f"{topic} {item}: its {key} changed"

    def _finalized(self, topic: str, item: str, value: Any) -> None:
        told = {key: value[key] for key in ("attempt", "status", "at", "event")}
        standing = self.finals.setdefault((topic, item, told["attempt"]), told)
        assert standing == told, f"{topic} {item}: an attempt was finalized twice"

    # ------------------------------------------------------------------ kept

    def kept_in_ledger(self, topic: str, shown: LedgerRegisters) -> set[str]:
        """What a device is shown of a topic now stands at or above what was promised.

        Returns:
            Promised items that it is not shown: they must be in the history.
        """
        for (item, slot), promised in self._places(topic):
            if item in shown:
                standing = shown[item].get(slot)
                assert standing is not None, f"{topic} {item} {slot}: gone"
                assert standing.weight >= promised, f"{topic} {item} {slot}: fell back"
        records = {name: record for (of, name), record in self.records.items() if of == topic}
        for name in records.keys() & shown.keys():
            self._same(topic, name, records[name], shown[ItemId(name)][ITEM].value)
        return {*self.ledgers[topic], *records} - shown.keys()

    def kept_in_document(self, name: str, shown: Iterable[bytes]) -> None:
        """A document as shown now holds everything promised: bringing that brings nothing new."""
        found: Doc[Any] = Doc()
        for update in shown:
            found.apply_update(update)
        before = found.get_update()
        found.apply_update(self.documents[name].get_update())
        assert found.get_update() == before, f"{name}: an update is gone"

    def kept_seq(self, topic: str, incarnation: int, seq: int) -> None:
        """The topic goes on where it was."""
        known, highest = self.seqs.get(topic, (incarnation, 0))
        assert incarnation == known, f"{topic}: its incarnation changed"
        assert seq >= highest, f"{topic}: it was at {highest}, and is at {seq}"

    def kept_item(self, topic: str, item: dict[str, Any]) -> None:
        """An item as HTTP tells it now, from history too."""
        name = item["id"]
        self._same(topic, name, self.records[topic, name], item)
        if item["kind"] == "task":
            reached = item["attempt"], RANK[item["status"]]
            promised = self.reached.get((topic, name), reached)
            assert reached >= promised, f"{topic} {name}: was at {promised}, and is at {reached}"

    def _same(self, topic: str, item: str, promised: dict[str, Any], found: Any) -> None:
        kept = {key: found[key] for key in promised if key not in ("title", "body")}
        wanted = {key: value for key, value in promised.items() if key in kept}
        assert kept == wanted, f"{topic} {item}: its record changed"

    def kept_on_disk(self, stored: Stored) -> None:
        """Everything promised is in the tables, each attempt's end is one event, and seqs have no gap."""
        for topic in self.ledgers:
            for (item, slot), promised in self._places(topic):
                found = stored.weights.get((topic, item, slot))
                assert found is not None, f"{topic} {item} {slot}: gone"
                assert found >= promised, f"{topic} {item} {slot}: fell back"
        for record in self.records:
            assert record in stored.records, f"{record}: gone"
        for place, final in self.finals.items():
            assert stored.events[place] == (final["event"], final["status"], final["at"]), place

    def _places(self, topic: str) -> Iterator[tuple[tuple[ItemId, Slot], bytes]]:
        for item, registers in self.ledgers[topic].items():
            for slot, register in registers.items():
                yield (item, slot), register.weight
