"""Awareness: whose word counts, what is newer, and what ends with a connection."""

from __future__ import annotations

import pytest
from pycrdt import Doc, Map

from hub.engine.awareness import CONNECTION_BYTES, DOCUMENT_BYTES, MAX_CLIENTS, Awareness, Share
from hub.engine.document import Document
from hub.errors import Forbidden
from hub.model import UserId
from hub.protocol.yjs import AwarenessEntry

ANN, BOB = UserId("ann"), UserId("bob")
SHARE = Share()


def nobody(_: int) -> UserId | None:
    return None


def entry(client_id: int, clock: int, state: bytes | None = b"{}") -> AwarenessEntry:
    return AwarenessEntry(client_id, clock, state)


def update_of(client_id: int) -> bytes:
    doc: Doc[Map[str]] = Doc(client_id=client_id)
    doc["m"] = Map({"k": "v"})
    return doc.get_update()


def test_only_what_is_newer_is_taken() -> None:
    awareness = Awareness()
    assert awareness.take([entry(1, 2)], 10, ANN, nobody, SHARE) == [entry(1, 2)]
    assert awareness.take([entry(1, 2), entry(1, 1)], 10, ANN, nobody, SHARE) == []
    assert awareness.take([entry(1, 2, None)], 10, ANN, nobody, SHARE) == [entry(1, 2, None)]
    assert awareness.shown() == []


def test_clock_0_of_an_unknown_client_says_nothing() -> None:
    assert Awareness().take([entry(1, 0)], 10, ANN, nobody, SHARE) == []


def test_nobody_speaks_for_another_users_client_id() -> None:
    awareness = Awareness()
    awareness.take([entry(1, 1)], 10, ANN, nobody, SHARE)
    assert awareness.take([entry(1, 2, None)], 20, BOB, nobody, SHARE) == []
    assert awareness.take([entry(7, 1)], 20, BOB, lambda client: ANN if client == 7 else None, SHARE) == []
    assert awareness.shown() == [entry(1, 1)]


def test_what_a_connection_stated_ends_with_it() -> None:
    awareness = Awareness()
    awareness.take([entry(1, 4), entry(2, 1, None)], 10, ANN, nobody, SHARE)
    assert awareness.leave(10) == [entry(1, 4, None)]
    assert awareness.shown() == []
    assert awareness.claims == {}
    assert awareness.take([entry(1, 5)], 20, BOB, nobody, SHARE) == [entry(1, 5)]


def test_a_document_shows_a_bounded_number_of_clients() -> None:
    awareness = Awareness()
    taken = awareness.take([entry(client, 1) for client in range(MAX_CLIENTS + 5)], 10, ANN, nobody, SHARE)
    assert len(taken) == len(awareness.shown()) == MAX_CLIENTS


def test_a_client_id_shown_by_one_user_is_not_another_users_to_write_with() -> None:
    awareness, document = Awareness(), Document()
    document.claims = awareness.claims
    awareness.take([entry(77, 1)], 10, ANN, document.owner, SHARE)
    with pytest.raises(Forbidden):
        document.apply(update_of(77), BOB)
    assert document.apply(update_of(77), ANN).bound == [77]


def test_a_claim_without_structs_ends_with_its_connection() -> None:
    awareness, document = Awareness(), Document()
    document.claims = awareness.claims
    awareness.take([entry(77, 1)], 10, ANN, document.owner, SHARE)
    awareness.leave(10)
    assert document.apply(update_of(77), BOB).new
    assert awareness.take([entry(77, 9)], 20, ANN, document.owner, SHARE) == []


def test_what_one_connection_shows_is_bounded_whatever_the_documents() -> None:
    share, state = Share(), bytes(60_000)
    documents = [Awareness() for _ in range(3)]
    taken = [
        len(each.take([entry(i, 1, state) for i in range(10)], 10, ANN, nobody, share)) for each in documents
    ]
    assert taken == [10, CONNECTION_BYTES // 60_000 - 10, 0]
    assert documents[0].take([entry(1, 2, state)], 10, ANN, nobody, share)
    assert documents[0].take([entry(1, 3, bytes(60_001))], 10, ANN, nobody, Share())
    documents[0].leave(10)
    assert documents[2].take([entry(1, 1, state)], 10, ANN, nobody, share)


def test_what_one_document_shows_is_bounded_whatever_the_connections() -> None:
    awareness, state = Awareness(), bytes(60_000)
    taken = [bool(awareness.take([entry(i, 1, state)], i, ANN, nobody, Share())) for i in range(100)]
    assert sum(taken) == DOCUMENT_BYTES // 60_000
    awareness.take([entry(1, 2, None)], 1, ANN, nobody, Share())
    assert awareness.take([entry(100, 1, state)], 100, ANN, nobody, Share())
