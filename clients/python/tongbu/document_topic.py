"""A document as this device has it: a pycrdt ``Doc``, and edits that the hub does not have yet. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from pycrdt import Doc, TransactionEvent, merge_updates

from hub.protocol.body import updates_of
from hub.protocol.native_device import No
from tongbu.errors import Refusal
from tongbu.held import is_held
from tongbu.items import RefusedStatement
from tongbu.store import Batch
from tongbu.topics import HEAD_BYTES, Limits, Topic

EMPTY_UPDATE = b"\0\0"
"""Of Yjs v1: no structs, no deletes."""
MAX_UPDATES = 500
"""Rows of one document in the store before one stands for all."""
MAX_MERGED = 1_000
"""Edits that one push merges."""


class Edit(NamedTuple):
    """One local update that the hub has not answered."""

    number: int
    update: bytes


class DocumentTopic(Topic):
    """One replicated document.

    Args:
        updates: the document as the hub has it, as stored.
        edits: (number, update) that the hub has not answered, in order.
        edited: called with each local update; it answers with the edit's number, having it saved.
    """

    def __init__(
        self,
        name: str,
        incarnation: int,
        seq: int,
        updates: Iterable[bytes],
        edits: Iterable[tuple[int, bytes]],
        edited: Callable[[DocumentTopic, bytes], int],
    ) -> None:
        super().__init__(name, incarnation, seq)
        self._updates = list(updates)
        self._edits = {number: Edit(number, update) for number, update in edits}
        self._edited = edited
        self._away: list[Edit] = []
        self._bringing = False
        self._gaps = 0
        self.watches: list[Callable[[bool], None]] = []
        """Called after others changed the content; with True when ``doc`` is another object."""
        self.stops: list[Callable[[Exception | None], None]] = []
        """Called when nothing comes any more."""
        self._subscription: Any = None
        self.doc: Doc[Any] = self._made()
        self._rows = len(self._updates)
        self._updates.clear()

    # ------------------------------------------------------------------ the Doc

    def _made(self) -> Doc[Any]:
        doc: Doc[Any] = Doc()
        for update in (*self._updates, *(edit.update for edit in self._edits.values())):
            doc.apply_update(update)
        self._subscription = doc.observe(self._observed)
        return doc

    def _observed(self, event: TransactionEvent) -> None:
        update: bytes = event.update
        if self._bringing or update == EMPTY_UPDATE:
            return
        number = self._edited(self, update)
        self._edits[number] = Edit(number, update)

    def _apply(self, updates: Iterable[bytes]) -> None:
        self._bringing = True
        try:
            for update in updates:
                self.doc.apply_update(update)
        finally:
            self._bringing = False

    def _replace(self, updates: list[bytes], keep_edits: bool) -> None:
        if not keep_edits:
            self._edits.clear()
            self._away.clear()
        self._updates = updates
        self.doc.unobserve(self._subscription)
        self.doc = self._made()
        self._updates = []

    def _begin(self, updates: list[bytes], batch: Batch) -> None:
        """Another history. Edits that build on what only the former one holds bring that with them."""
        former = self.doc
        self._replace(updates, keep_edits=True)
        vector = self.doc.get_state()
        if all(is_held(edit.update, vector) for edit in self._edits.values()):
            return
        self._apply([former.get_update(vector)])
        self._fill(_state_of(updates), batch)

    # ------------------------------------------------------------------ Topic

    def state_vector(self) -> bytes | None:
        """Of the Doc, edits included."""
        vector: bytes = self.doc.get_state()
        return vector

    def oldest(self) -> int | None:
        """The first edit that was not answered."""
        return next(iter(self._edits), None)

    def newest(self) -> int:
        """The number of the last edit that was not answered; 0 for none."""
        return next(reversed(self._edits), 0)

    def stop(self, error: Exception | None) -> None:
        """Nothing comes any more."""
        super().stop(error)
        for each in self.stops:
            each(error)

    def bring(self, body: list[Any], seq: int, full: bool, replaced: bool, batch: Batch) -> None:
        """Apply what the hub relays; a replaced history makes another Doc, on which own edits are laid."""
        updates = updates_of(body)
        if full:
            batch.put("clear_updates", self.name)
            self._rows = 0
        for update in updates:
            batch.put("put_update", self.name, update)
        self._rows += len(updates)
        if replaced:
            self._begin(updates, batch)
        else:
            self._apply(updates)
        self._tidy(batch)
        if updates or replaced:
            self._tell(replaced)

    def _tidy(self, batch: Batch) -> None:
        if self._rows > MAX_UPDATES and not self._edits:
            batch.put("clear_updates", self.name)
            batch.put("put_update", self.name, self.doc.get_update())
            self._rows = 1

    def next_push(self, limits: Limits, refused: Callable[[RefusedStatement], None], batch: Batch) -> Any:
        """Edits in order, merged into one update of at most a message; one too large gives all up."""
        room, size = limits.message - HEAD_BYTES, 0
        first = next(iter(self._edits.values()), None)
        if first is not None and len(first.update) > room:
            for told in self._give_up("too_big", "the edit is larger than the hub takes", batch):
                refused(told)
            return None
        for edit in self._edits.values():
            size += len(edit.update)
            if size > room or len(self._away) == MAX_MERGED:
                break
            self._away.append(edit)
        if not self._away:
            return None
        if len(self._away) == 1:
            return self._away[0].update
        merged: bytes = merge_updates(*(edit.update for edit in self._away))
        return merged

    def settle(self, seq: int, batch: Batch) -> None:
        """What was pushed is part of what the hub has; what stands for it by now still waits."""
        for edit in self._away:
            batch.put("put_update", self.name, edit.update)
            if self._edits.get(edit.number) is edit:
                del self._edits[edit.number]
                batch.put("drop_edit", edit.number)
        self._rows += len(self._away)
        self._away.clear()
        self._gaps = 0
        self._tidy(batch)

    def unanswered(self) -> None:
        """It is pushed again."""
        self._away.clear()

    def refused(self, no: No, batch: Batch) -> list[RefusedStatement]:
        """A gap is filled with all that the hub lacks; any other refusal gives every unsaved edit up.

        What builds on a refused edit can't be taken either, so ``doc`` becomes another object, as the hub
        has it: once the topic is opened again.
        """
        self.unanswered()
        if no.code == "gap" and no.state_vector is not None and not self._gaps:
            self._gaps += 1
            self._fill(no.state_vector, batch)
            return []
        return self._give_up(no.code, no.message, batch)

    def _fill(self, vector: bytes, batch: Batch) -> None:
        """One edit with all that is not in ``vector`` stands for those that wait."""
        lacking: bytes = self.doc.get_update(vector)
        numbers = list(self._edits)
        for number in numbers:
            batch.put("drop_edit", number)
        batch.put("put_edit", numbers[-1], self.name, lacking)
        self._edits = {numbers[-1]: Edit(numbers[-1], lacking)}

    def give_up(self, no: Refusal, batch: Batch) -> list[RefusedStatement]:
        """The document can't be opened: no edit can be said."""
        return self._give_up(no.code, no.message, batch) if self._edits else []

    def _give_up(self, code: str, message: str, batch: Batch) -> list[RefusedStatement]:
        for number in self._edits:
            batch.put("drop_edit", number)
        batch.put("clear_updates", self.name)
        self._rows = self._gaps = 0
        self._replace([], keep_edits=False)
        self.incarnation, self.behind = 0, True
        self._reached(0, batch)
        self._tell(True)
        return [RefusedStatement(self.name, "", "update", None, code, message)]

    def _tell(self, replaced: bool) -> None:
        for watch in list(self.watches):
            watch(replaced)


def _state_of(updates: list[bytes]) -> bytes:
    doc: Doc[Any] = Doc()
    for update in updates:
        doc.apply_update(update)
    vector: bytes = doc.get_state()
    return vector
