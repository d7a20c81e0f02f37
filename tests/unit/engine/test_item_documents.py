"""Whose a document is by its name: the notes of an item belong to the ledger that the item is in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.engine.yjs_session import YjsSession
from hub.errors import BadId, Forbidden, Refusal, UnknownTopic
from hub.model import Access, TopicName
from hub.protocol import yjs
from hub.state.names import ledger_of
from tests.kit.engines import Engine, running_engine
from tests.kit.peers import RecordingPeer

NOTES = TopicName("doc/inbox/ann/t1")
BOARD = TopicName("doc/space/team/t1")
TEAM = TopicName("space/team")
UPDATE = b"\x01\x01\x01\x00\x28\x01\x01m\x01k\x01w\x01v\x00"


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine() as engine:
        yield engine


async def access(engine: Engine, user: str, topic: TopicName) -> Access | type[Refusal]:
    """What a user may do with a topic, or how they are refused."""
    rights = engine.services.rights
    await rights.learn(topic)
    try:
        return rights.access(engine.identity(user), topic)
    except Refusal as refusal:
        return type(refusal)


async def member(
    engine: Engine, topic: TopicName, user: str, access: Access | None, by: str = "root"
) -> None:
    caller = engine.identity(by, "admin") if by == "root" else engine.identity(by)
    if access is None:
        await engine.services.people.delete_member(caller, topic, user)
    else:
        await engine.services.people.put_member(caller, topic, user, access)
    await engine.quiet()


async def opened(engine: Engine, user: str, topic: TopicName) -> tuple[YjsSession, RecordingPeer]:
    peer = RecordingPeer()
    session = YjsSession(peer, engine.services, topic, engine.token(user))
    await engine.quiet()
    return session, peer


async def write(engine: Engine, user: str, topic: TopicName) -> None:
    """The document's first update."""
    session, peer = await opened(engine, user, topic)
    session.receive(yjs.update(UPDATE))
    await engine.quiet()
    assert peer.closed is None
    session.lost()


@pytest.mark.parametrize(
    ("topic", "ledger"),
    [
        ("doc/inbox/ann/t1", "inbox/ann"),
        ("doc/inbox/ann/a/b", "inbox/ann"),
        ("doc/inbox/ann", "inbox/ann"),
        ("doc/space/team/t1", "space/team"),
        ("doc/inbox", None),
        ("doc/inboxes/ann/t1", None),
        ("doc/report", None),
        ("inbox/ann", None),
        ("space/team", None),
    ],
)
def test_a_documents_name_tells_its_ledger(topic: str, ledger: str | None) -> None:
    assert ledger_of(TopicName(topic)) == ledger


async def test_nobody_else_opens_a_document_of_an_inbox_or_makes_it_theirs(engine: Engine) -> None:
    assert await access(engine, "bob", NOTES) is Forbidden
    assert await access(engine, "ann", NOTES) == "write"
    await write(engine, "ann", NOTES)
    assert await access(engine, "bob", NOTES) is Forbidden
    assert await access(engine, "ann", NOTES) == "write"
    assert await access(engine, "annn", NOTES) is Forbidden
    admin = engine.identity("root", "admin")
    assert await engine.services.people.members(admin, NOTES) == [("ann", "write")]


async def test_a_stranger_who_came_first_is_refused_on_the_wire_and_leaves_nothing(engine: Engine) -> None:
    _, peer = await opened(engine, "bob", NOTES)
    assert peer.closed is not None
    assert peer.closed[0] == 4403
    assert engine.topics.document(NOTES).opener is None
    await write(engine, "ann", NOTES)


async def test_who_shares_the_notes_of_a_task_keeps_them(engine: Engine) -> None:
    await member(engine, NOTES, "bob", "write", by="ann")
    assert await access(engine, "bob", NOTES) == "write"
    assert await access(engine, "ann", NOTES) == "write", "though nobody made her a member"
    await write(engine, "ann", NOTES)
    await member(engine, NOTES, "cai", "read", by="bob")
    assert await access(engine, "cai", NOTES) == "read"
    await member(engine, NOTES, "bob", None, by="ann")
    assert await access(engine, "bob", NOTES) is Forbidden
    with pytest.raises(Forbidden):
        await member(engine, NOTES, "dan", "read", by="cai")


async def test_a_document_of_a_space_follows_its_membership(engine: Engine) -> None:
    assert await access(engine, "bob", BOARD) is UnknownTopic
    await member(engine, TEAM, "ann", "write")
    await member(engine, TEAM, "bob", "read")
    assert await access(engine, "ann", BOARD) == "write"
    assert await access(engine, "bob", BOARD) == "read"
    assert await access(engine, "cai", BOARD) is Forbidden
    await write(engine, "ann", BOARD)
    assert engine.storage.tables.members.get(BOARD, {}) == {}
    await member(engine, TEAM, "bob", "write")
    await member(engine, TEAM, "ann", None)
    assert await access(engine, "ann", BOARD) is Forbidden
    assert await access(engine, "bob", BOARD) == "write"


async def test_a_document_of_a_space_has_no_members_of_its_own(engine: Engine) -> None:
    with pytest.raises(BadId):
        await member(engine, BOARD, "bob", "write")


async def test_who_leaves_the_space_has_its_open_documents_closed(engine: Engine) -> None:
    for user in ("ann", "bob"):
        await member(engine, TEAM, user, "write")
    _, ann = await opened(engine, "ann", BOARD)
    session, bob = await opened(engine, "bob", BOARD)
    await member(engine, TEAM, "bob", "read")
    with pytest.raises(Exception, match="only read"):
        session.receive(yjs.update(UPDATE))
    await member(engine, TEAM, "bob", None)
    assert bob.closed is not None
    assert bob.closed[0] == 4403
    assert ann.closed is None
