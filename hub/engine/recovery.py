"""What the journal holds at start goes back into the tail, as if it had just been committed."""

from __future__ import annotations

from collections.abc import Sequence

from hub.engine.tail import Overlay, Tail
from hub.model import Seq, Statement
from hub.ports import JournalRow, Store, TopicRow, UpdateRow, Wanted
from hub.protocol.body import decode_statements
from hub.state.join import registered
from hub.state.weights import ITEM, slot


async def recover(store: Store, tail: Tail, journal: Sequence[JournalRow]) -> int:
    """Fill the tail; the last journal number.

    A crash between a pass's steps leaves rows in the journal whose topic was folded already: they are taken
    again, but not counted again.
    """
    found = await store.read(Wanted(topics={row.topic for row in journal}))
    topics = dict(found.topics)
    for row in journal:
        stored = topics.get(row.topic) or TopicRow(row.topic, row.incarnation, Seq(0))
        if row.topic.startswith("doc/"):
            topics[row.topic] = _document(tail, row, stored)
        else:
            topics[row.topic] = _ledger(tail, row, stored)
    return journal[-1].number if journal else 0


def _document(tail: Tail, row: JournalRow, stored: TopicRow) -> TopicRow:
    topic = TopicRow(row.topic, row.incarnation, Seq(max(row.seq, stored.seq)))
    tail.add_document(topic, UpdateRow(row.topic, row.seq, row.body), row.number)
    return topic


def _ledger(tail: Tail, row: JournalRow, stored: TopicRow) -> TopicRow:
    statements = decode_statements(row.body)
    # A record of an older order came back from history.
    records = [each for each in statements if each.field == ITEM and _order(each) > stored.order]
    topic = TopicRow(
        row.topic,
        row.incarnation,
        max(row.seq, stored.seq),
        stored.floor,
        stored.items + len(records),
        stored.live + len(records),
        stored.unknown,
        max(stored.order, *(_order(record) for record in records)) if records else stored.order,
    )
    tail.add_ledger(topic, _overlay(row.seq, statements), row.number, len(row.body))
    return topic


def _overlay(seq: Seq, statements: Sequence[Statement]) -> Overlay:
    overlay: Overlay = {}
    for statement in statements:
        overlay[(statement.item, slot(statement.field, statement.actor))] = registered(statement, seq)
    return overlay


def _order(record: Statement) -> int:
    value = record.value
    order = value.get("order") if isinstance(value, dict) else 0
    return order if isinstance(order, int) else 0
