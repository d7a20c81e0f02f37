"""What a turn saves beside the rows its works added themselves: one journal row a topic, in order."""

from __future__ import annotations

from hub.engine.topics import Topic
from hub.engine.turn import Turn
from hub.model import Seq, made
from hub.ports import Commit, JournalRow


class Journal:
    """Owns the numbers of journal rows. Does no I/O."""

    __slots__ = ("_number",)

    def __init__(self) -> None:
        self._number = 0

    def begin(self, number: int) -> None:
        """Numbers go on from here."""
        self._number = number

    def rows(self, turn: Turn) -> list[Commit]:
        """Complete the turn's batch: a journal row for each topic in which something won, and what else its
        parts save. What the readers are to be shown once it is on disk."""
        batch = turn.batch
        commits = []
        for part in turn.ledgers.values():
            if part.settled is not None:
                batch.settled.extend(part.settled)
                batch.audits.extend(part.audits or ())
            if part.overlay:
                # Only a session that brought the batch alone is sent what was altered.
                altered = part.altered_body() if part.origin else b""
                commits.append(self._row(turn, part.ledger, part.body(), part.origin or 0, altered))
                part.row = batch.journal[-1]
        for document in turn.documents.values():
            commits.append(self._row(turn, document.topic, document.body(), document.origin or 0, b""))
            document.row = batch.journal[-1]
            batch.client_ids.extend(document.bound)
            batch.members.extend(document.members())
        return commits

    def _row(self, turn: Turn, topic: Topic, body: bytes, origin: int, altered: bytes) -> Commit:
        self._number += 1
        seq = Seq(topic.seq + 1)
        row = (self._number, topic.name, topic.incarnation, seq, body)
        turn.batch.journal.append(made(JournalRow, row))
        return made(Commit, (topic.name, topic.incarnation, seq, body, origin, altered))
