"""A Yjs session's right is what it is when the document is shown, not when it was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.engine.yjs_session import YjsSession
from hub.model import Access, TopicName
from hub.protocol import yjs
from tests.kit.engines import Engine, running_engine
from tests.kit.peers import RecordingPeer

NOTES = TopicName("doc/notes")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(topic_cache=1) as engine:
        await member(engine, "bob", "write")
        yield engine


async def member(engine: Engine, user: str, access: Access | None) -> None:
    admin = engine.identity("root", "admin")
    if access is None:
        await engine.services.people.delete_member(admin, NOTES, user)
    else:
        await engine.services.people.put_member(admin, NOTES, user, access)


async def test_a_right_that_is_taken_while_the_document_loads_closes(engine: Engine) -> None:
    peer = RecordingPeer()
    engine.store.at_load.close()
    YjsSession(peer, engine.services, NOTES, engine.token("bob"))
    await engine.store.at_load.arrival()
    await member(engine, "ann", "write")
    await member(engine, "bob", None)
    engine.store.at_load.open()
    await engine.quiet()
    await engine.quiet()
    assert peer.closed is not None
    assert peer.closed[0] == 4403
    assert not any(message[:1] == b"\x00" for message in peer.sent)


async def test_a_right_that_shrinks_while_the_document_loads_is_the_smaller_one(engine: Engine) -> None:
    peer = RecordingPeer()
    engine.store.at_load.close()
    session = YjsSession(peer, engine.services, NOTES, engine.token("bob"))
    await engine.store.at_load.arrival()
    await member(engine, "bob", "read")
    engine.store.at_load.open()
    await engine.quiet()
    await engine.quiet()
    assert peer.closed is None
    with pytest.raises(Exception, match="may only read"):
        session.receive(yjs.update(b"\x01\x01\x01\x00\x28\x01\x01m\x01k\x01w\x01v\x00"))


async def test_a_session_reads_the_topic_that_is_in_memory_now(engine: Engine) -> None:
    peer = RecordingPeer()
    engine.store.at_read.close()
    YjsSession(peer, engine.services, NOTES, engine.token("bob"))
    for number in range(20):  # enough to make the document's topic leave
        engine.topics.topic(TopicName(f"inbox/u{number}"))
    engine.store.at_read.open()
    await engine.quiet()
    assert len(engine.topics.document(NOTES).readers) == 1
