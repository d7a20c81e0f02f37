"""What a Hocuspocus provider is told, and when: receipts, rights, tokens, limits. Without sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pycrdt import Doc, Text

from hub.engine.hocuspocus_session import HocuspocusSession
from hub.errors import Fatal, Malformed, MessageTooBig, Unavailable
from hub.model import Access, TopicName, UserId
from hub.protocol import hocuspocus, yjs
from tests.kit.engines import Engine, running_engine
from tests.kit.peers import RecordingPeer

PLAN = hocuspocus.address("plan")
TOPIC = TopicName("doc/plan")
STEP1 = yjs.sync_step1(b"\x00")
SAVED, REFUSED = hocuspocus.SyncStatus(True), hocuspocus.SyncStatus(False)
READ_WRITE, READ_ONLY = hocuspocus.Authenticated("read-write"), hocuspocus.Authenticated("readonly")


class Provider:
    """One socket's end: says frames and tells what came."""

    def __init__(self, engine: Engine, token: str | None = None) -> None:
        self.engine = engine
        self.peer = RecordingPeer()
        self.session = HocuspocusSession(self.peer, engine.services, token)

    def say(self, message: bytes, address: bytes = PLAN) -> None:
        """As the reactor does: what is fatal closes."""
        try:
            self.session.receive(address + message)
        except Fatal as fatal:
            self.peer.close(fatal.close_code, fatal.message)

    async def told(self, address: bytes = PLAN) -> list[hocuspocus.Message]:
        """What came since last asked; only for that address."""
        await self.engine.quiet()
        frames, self.peer.sent = list(self.peer.sent), type(self.peer.sent)()
        split = [hocuspocus.split(frame) for frame in frames]
        assert {written for written, _ in split} <= {address}
        return [hocuspocus.decode(message) for _, message in split]

    async def open(self, user: str = "ann", address: bytes = PLAN, **token: Any) -> list[hocuspocus.Message]:
        """Token and Step1 back to back, as providers do."""
        self.say(hocuspocus.token(self.engine.token(user, **token), "4.8.0"), address)
        self.say(STEP1, address)
        return await self.told(address)

    @property
    def closed(self) -> int | None:
        """With which code the hub closed the socket."""
        return self.peer.closed[0] if self.peer.closed else None


class Author:
    """A document of one's own, and the updates that make it."""

    def __init__(self) -> None:
        self.doc: Doc[Text] = Doc()
        self.text = self.doc.get("t", type=Text)

    def write(self, text: str = "x") -> bytes:
        before = self.doc.get_state()
        self.text += text
        return self.doc.get_update(before)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(topics=3) as engine:
        yield engine


@pytest.fixture
def author() -> Author:
    return Author()


async def member(engine: Engine, user: str, access: Access | None) -> None:
    admin, people = engine.identity("root", "admin"), engine.services.people
    if access is None:
        await people.delete_member(admin, TOPIC, user)
    else:
        await people.put_member(admin, TOPIC, user, access)
    await engine.quiet()


def step1(message: hocuspocus.Message) -> bool:
    return isinstance(message, yjs.SyncStep1)


def denied(messages: list[hocuspocus.Message]) -> list[str]:
    return [message.reason for message in messages if isinstance(message, hocuspocus.PermissionDenied)]


# ---------------------------------------------------------------------- opening


async def test_a_step1_is_answered_by_one_and_by_a_step2(engine: Engine) -> None:
    authenticated, asked, answered = await Provider(engine).open()
    assert authenticated == READ_WRITE
    assert asked == yjs.SyncStep1(b"\x00")
    assert answered == yjs.SyncUpdate(yjs.EMPTY_UPDATE, step2=True)


async def test_a_step1_in_a_sync_reply_is_answered_by_a_step2_alone(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(hocuspocus.sync_reply(STEP1))
    assert await provider.told() == [yjs.SyncUpdate(yjs.EMPTY_UPDATE, step2=True)]


async def test_a_burst_of_step1s_is_answered_once(engine: Engine, author: Author) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(yjs.update(author.write("a large document")))
    await provider.told()
    provider.say(hocuspocus.sync_reply(STEP1))
    for _ in range(100):
        provider.say(STEP1)
    provider.say(hocuspocus.sync_reply(STEP1))
    asked, answered = await provider.told()
    assert step1(asked)
    assert answered == yjs.SyncUpdate(author.doc.get_update(), step2=True)


async def test_both_names_of_a_document_and_sessions_of_it_are_one_document(
    engine: Engine, author: Author
) -> None:
    provider = Provider(engine)
    addresses = [PLAN, hocuspocus.address("doc/plan"), hocuspocus.address("plan", "s1")]
    for address in addresses:
        await provider.open(address=address)
    update = author.write()
    provider.say(yjs.update(update))
    await engine.quiet()
    split = [hocuspocus.split(frame) for frame in provider.peer.sent]
    got = {address: [hocuspocus.decode(rest) for at, rest in split if at == address] for address in addresses}
    assert got[addresses[0]] == [SAVED]
    assert got[addresses[1]] == got[addresses[2]] == [yjs.SyncUpdate(update, step2=False)]


async def test_the_token_of_the_upgrade_counts_where_the_message_has_none(engine: Engine) -> None:
    provider = Provider(engine, engine.token("ann"))
    provider.say(hocuspocus.token(""))
    assert await provider.told() == [READ_WRITE]
    other = Provider(engine, engine.token("ann"))
    other.say(hocuspocus.token("no token"))
    assert denied(await other.told())


async def test_a_name_that_is_none_is_denied(engine: Engine) -> None:
    provider, address = Provider(engine), hocuspocus.address("任务")
    assert denied(await provider.open(address=address))
    assert await provider.open() != []
    assert provider.closed is None


async def test_what_comes_before_the_token_is_not_heard(engine: Engine, author: Author) -> None:
    provider = Provider(engine)
    provider.say(yjs.update(author.write()))
    provider.say(yjs.QUERY_AWARENESS)
    assert await provider.told() == []
    assert len(await provider.open()) == 3


async def test_only_so_many_documents_are_open_on_one_connection(engine: Engine) -> None:
    provider = Provider(engine)
    addresses = [hocuspocus.address(f"d{number}") for number in range(4)]
    for address in addresses[:3]:
        assert READ_WRITE in await provider.open(address=address)
    assert "too many documents" in denied(await provider.open(address=addresses[3]))[0]
    provider.say(hocuspocus.close(), addresses[0])
    assert await provider.told(addresses[0]) == [hocuspocus.Close("provider_initiated")]
    assert READ_WRITE in await provider.open(address=addresses[3])


# ---------------------------------------------------------------------- receipts


async def test_saved_is_told_once_it_is_and_not_before(engine: Engine, author: Author) -> None:
    provider = Provider(engine)
    await provider.open()
    engine.store.at_commit.close()
    provider.say(yjs.update(author.write()))
    await engine.store.at_commit.arrival()
    assert not provider.peer.sent
    engine.store.at_commit.open()
    assert await provider.told() == [SAVED]


async def test_what_can_not_be_saved_ends_the_connection_so_that_the_provider_comes_back(
    engine: Engine, author: Author
) -> None:
    provider = Provider(engine)
    await provider.open()
    engine.store.at_commit.refuses = Unavailable()
    provider.say(yjs.update(author.write()))
    assert await provider.told() == [REFUSED]
    assert provider.closed == 4503


async def test_an_empty_step2_is_receipted(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(yjs.sync_step2(yjs.EMPTY_UPDATE))
    assert await provider.told() == [SAVED]


async def test_updates_with_a_gap_are_asked_for_once_and_receipted_with_the_answer(
    engine: Engine, author: Author
) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(yjs.sync_step2(yjs.EMPTY_UPDATE))
    await provider.told()
    author.write("lost on the way")
    later = [author.write(), author.write()]
    for update in later:
        provider.say(yjs.update(update))
    assert await provider.told() == [yjs.SyncStep1(b"\x00")]
    provider.say(yjs.sync_step2(author.doc.get_update()))
    assert await provider.told() == [SAVED, SAVED], "one for each update, none for what was not counted"
    provider.say(yjs.update(author.write()))
    assert await provider.told() == [SAVED]


async def test_a_gap_before_the_first_answer_is_receipted_beside_it(engine: Engine, author: Author) -> None:
    provider = Provider(engine)
    await provider.open()
    author.write("written while the token was fetched")
    provider.say(yjs.update(author.write()))
    assert await provider.told() == [], "the answer that is awaited holds it"
    provider.say(yjs.sync_step2(author.doc.get_update()))
    assert await provider.told() == [SAVED, SAVED]


async def test_an_answer_that_leaves_the_gap_twice_closes_the_document(
    engine: Engine, author: Author
) -> None:
    provider = Provider(engine)
    await provider.open()
    author.write()
    unfit = author.write()
    provider.say(yjs.sync_step2(unfit))
    assert list(map(step1, await provider.told())) == [True]
    provider.say(yjs.sync_step2(unfit))
    refused, closed = await provider.told()
    assert refused == REFUSED
    assert isinstance(closed, hocuspocus.Close)
    assert provider.closed is None


async def test_a_refused_update_is_told_and_closes_its_document_alone(engine: Engine, author: Author) -> None:
    provider, other = Provider(engine), hocuspocus.address("other")
    await provider.open()
    await provider.open(address=other)
    provider.say(yjs.update(b"\x01\x01\x01\x00\xff\x00"))
    refused, closed = await provider.told()
    assert refused == REFUSED
    assert isinstance(closed, hocuspocus.Close)
    provider.say(yjs.update(author.write()), PLAN)
    assert await provider.told() == [], "it is closed"
    provider.say(yjs.update(author.write()), other)
    provider.say(yjs.sync_step2(author.doc.get_update()), other)
    assert SAVED in await provider.told(other)
    assert len(await provider.open()) == 3, "and may be opened again"


async def test_no_receipt_reaches_who_opened_the_document_anew(engine: Engine, author: Author) -> None:
    provider = Provider(engine)
    await provider.open()
    engine.store.at_commit.close()
    provider.say(yjs.update(author.write()))
    await engine.store.at_commit.arrival()
    provider.say(hocuspocus.close())
    provider.say(hocuspocus.token(engine.token("ann")))
    engine.store.at_commit.open()
    assert await provider.told() == [hocuspocus.Close("provider_initiated"), READ_WRITE]


# ---------------------------------------------------------------------- rights


async def test_a_reader_is_refused_and_gets_its_receipts_once_it_may_write(
    engine: Engine, author: Author
) -> None:
    await member(engine, "bob", "read")
    provider = Provider(engine)
    assert (await provider.open("bob"))[0] == READ_ONLY
    provider.say(yjs.sync_step2(yjs.EMPTY_UPDATE))
    assert await provider.told() == [SAVED]
    for _ in range(2):
        provider.say(yjs.update(author.write()))
    assert await provider.told() == [REFUSED, REFUSED]
    assert engine.topics.document(TOPIC).seq == 0
    await member(engine, "bob", "write")
    authenticated, asked = await provider.told()
    assert (authenticated, step1(asked)) == (READ_WRITE, True)
    provider.say(yjs.sync_step2(author.doc.get_update()))
    assert await provider.told() == [SAVED, SAVED]


async def test_a_reader_with_nothing_new_is_in_step(engine: Engine, author: Author) -> None:
    await member(engine, "ann", "write")
    await member(engine, "bob", "read")
    writer, reader = Provider(engine), Provider(engine)
    await writer.open()
    author.write("abc")
    del author.text[1:2]
    writer.say(yjs.update(author.doc.get_update()))
    await writer.told()
    await reader.open("bob")
    held = author.doc.get_update(author.doc.get_state())
    assert held != yjs.EMPTY_UPDATE, "the deletes"
    reader.say(yjs.sync_step2(held))
    assert await reader.told() == [SAVED]
    before = author.doc.get_state()
    del author.text[0:1]
    reader.say(yjs.sync_step2(author.doc.get_update(before)))
    assert await reader.told() == [REFUSED], "a delete is something new"


async def test_who_is_no_member_any_more_has_the_document_closed(engine: Engine) -> None:
    await member(engine, "ann", "write")
    await member(engine, "bob", "write")
    provider = Provider(engine)
    await provider.open("bob")
    await member(engine, "bob", None)
    (closed,) = await provider.told()
    assert isinstance(closed, hocuspocus.Close)
    assert "no longer a member" in closed.reason
    assert denied(await provider.open("bob"))
    assert provider.closed is None


async def test_a_revoked_device_is_denied_and_its_connection_closed(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open(device="phone")
    await engine.services.people.revoke(engine.identity("ann"), "ann", "phone")
    assert denied(await provider.told())
    assert provider.closed == 4403


# ---------------------------------------------------------------------- tokens


async def test_without_a_good_token_a_connection_lives_five_seconds(engine: Engine) -> None:
    silent, wrong, good = Provider(engine), Provider(engine), Provider(engine)
    wrong.say(hocuspocus.token("wrong"))
    assert denied(await wrong.told())
    await good.open()
    engine.advance(4.5)
    assert (silent.closed, wrong.closed) == (None, None)
    engine.advance(1)
    assert (silent.closed, wrong.closed, good.closed) == (4401, 4401, None)


@pytest.mark.parametrize(
    "frame", [PLAN + hocuspocus.token("x" * 1000), hocuspocus.PING], ids=["token", "ping"]
)
async def test_without_a_good_token_4_kib_may_be_said(engine: Engine, frame: bytes) -> None:
    session = Provider(engine).session
    for _ in range(4096 // len(frame)):
        session.receive(frame)
    with pytest.raises(MessageTooBig):
        session.receive(frame)


async def test_a_void_token_opens_nothing_and_does_not_stay(engine: Engine) -> None:
    provider, token = Provider(engine), engine.token("ann")
    await Provider(engine).open()
    await engine.services.people.delete_user(engine.identity("root", "admin"), "ann")
    provider.say(hocuspocus.token(token))
    assert denied(await provider.told())
    engine.advance(5.5)
    assert provider.closed == 4401


async def test_a_token_that_is_not_good_changes_nothing_of_what_is_open(
    engine: Engine, author: Author
) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(hocuspocus.token("wrong"))
    assert denied(await provider.told())
    provider.say(yjs.update(author.write()))
    assert await provider.told() == [SAVED]


async def test_somebody_elses_token_closes_the_document(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open()
    refusal, closed = await provider.open("bob")
    assert denied([refusal])
    assert isinstance(closed, hocuspocus.Close)
    assert READ_WRITE in await provider.open("ann")


async def test_a_token_is_asked_for_before_it_expires_and_a_new_one_goes_on(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open(ttl=100)
    engine.advance(79)
    assert await provider.told() == []
    engine.advance(2)
    assert await provider.told() == [hocuspocus.TokenRequest()]
    provider.say(hocuspocus.token(engine.token("ann", ttl=100)))
    await engine.quiet()
    engine.advance(50)
    assert await provider.told() == []
    assert provider.closed is None


async def test_the_same_token_again_is_no_answer_and_expires(engine: Engine) -> None:
    provider, token = Provider(engine), engine.token("ann", ttl=100)
    provider.say(hocuspocus.token(token))
    await provider.told()
    engine.advance(81)
    assert await provider.told() == [hocuspocus.TokenRequest()]
    provider.say(hocuspocus.token(token))
    engine.advance(18)
    assert await provider.told() == [], "it is not asked again and again"
    engine.advance(2)
    assert provider.closed == 4501


async def test_a_token_without_the_scope_takes_the_documents_away(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(hocuspocus.token(engine.token("ann", "publish", ttl=7200)))
    await engine.quiet()
    assert isinstance((await provider.told())[-1], hocuspocus.Close)


# ---------------------------------------------------------------------- the rest


async def test_who_is_here_is_told_on_asking_and_gone_with_the_document(engine: Engine) -> None:
    ann, bob = Provider(engine), Provider(engine)
    await ann.open()
    await bob.open()
    state = yjs.AwarenessEntry(7, 1, b'{"name":"\xe5\xae\x89"}')
    ann.say(yjs.awareness([state]))
    (shown,) = await bob.told()
    assert isinstance(shown, yjs.AwarenessUpdate)
    assert shown.entries == [state]
    bob.say(yjs.QUERY_AWARENESS)
    assert await bob.told() == [shown]
    ann.say(hocuspocus.close())
    (gone,) = await bob.told()
    assert isinstance(gone, yjs.AwarenessUpdate)
    assert gone.entries == [state._replace(state=None)]


async def test_who_is_slow_gets_each_document_once_it_has_drained(engine: Engine, author: Author) -> None:
    slow, fast = Provider(engine), Provider(engine)
    await slow.open()
    await fast.open()
    slow.peer.full = True
    for _ in range(3):
        fast.say(yjs.update(author.write()))
    await fast.told()
    assert await slow.told() == []
    slow.peer.full = False
    slow.session.drained()
    (caught_up,) = await slow.told()
    assert caught_up == yjs.SyncUpdate(author.doc.get_update(), step2=True)
    assert engine.metrics.relays_dropped == 1


async def test_pings_are_answered_and_pongs_heard(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.session.receive(hocuspocus.PONG)
    provider.session.receive(hocuspocus.PING)
    assert list(provider.peer.sent) == [hocuspocus.PONG]


async def test_providers_of_before_4_are_kept_alive_by_what_they_know(engine: Engine) -> None:
    new, old, silent = Provider(engine), Provider(engine), Provider(engine)
    await new.open()
    old.say(hocuspocus.token(engine.token("ann")))
    assert new.session.idle_message == hocuspocus.PING
    assert old.session.idle_message == PLAN + yjs.EMPTY_AWARENESS
    assert silent.session.idle_message == b""


async def test_stateless_messages_reach_nobody_and_only_servers_broadcast(engine: Engine) -> None:
    ann, bob = Provider(engine), Provider(engine)
    await ann.open()
    await bob.open()
    ann.say(hocuspocus.stateless("hello"))
    assert await ann.told() == []
    ann.say(b"\x06\x05hello")
    (closed,) = await ann.told()
    assert isinstance(closed, hocuspocus.Close)
    assert await bob.told() == []
    assert ann.closed is None


@pytest.mark.parametrize(
    "message",
    [
        hocuspocus.TOKEN_REQUEST,
        hocuspocus.authenticated("read-write"),
        hocuspocus.permission_denied("no"),
        hocuspocus.SAVED,
        yjs.sync_step1(b"\x01"),
        b"\x0b",
    ],
    ids=["token request", "authenticated", "denied", "sync status", "state vector", "unknown"],
)
async def test_what_no_provider_says_is_malformed(engine: Engine, message: bytes) -> None:
    provider = Provider(engine)
    await provider.open()
    with pytest.raises(Malformed):
        provider.session.receive(PLAN + message)


async def test_what_is_malformed_before_the_document_is_open_closes_as_well(engine: Engine) -> None:
    provider = Provider(engine)
    provider.say(hocuspocus.token(engine.token("ann")))
    provider.say(yjs.sync_step1(b"\x01"))
    await engine.quiet()
    assert provider.closed == 4400


async def test_a_lost_connection_leaves_nothing_behind(engine: Engine) -> None:
    provider = Provider(engine)
    await provider.open()
    assert engine.metrics.connections["hocuspocus"] == 1
    provider.session.lost()
    provider.session.receive(PLAN + STEP1)
    await engine.quiet()
    assert engine.topics.document(TOPIC).readers == {}
    assert engine.metrics.connections["hocuspocus"] == 0
    assert len(engine.sessions) == 0
    opening = Provider(engine)
    opening.say(hocuspocus.token(engine.token("ann")))
    opening.session.lost()
    await engine.quiet()
    assert engine.topics.document(TOPIC).readers == {}


# ---------------------------------------------------------------------- who asks and does not listen


async def test_step1s_of_many_sessions_of_a_document_are_answered_as_the_peer_listens(
    engine: Engine, author: Author
) -> None:
    provider, addresses = Provider(engine), [hocuspocus.address("plan", f"s{n}") for n in range(3)]
    for address in addresses:
        await provider.open(address=address)
    provider.say(yjs.update(author.write("a large document")), addresses[0])
    await engine.quiet()
    provider.peer.sent.clear()
    provider.peer.full = True
    for address in addresses:
        provider.say(hocuspocus.sync_reply(STEP1), address)
        for _ in range(50):
            provider.say(b"\x03", address)
    await engine.quiet()
    assert not provider.peer.sent
    provider.peer.full = False
    provider.session.drained()
    await engine.quiet()
    frames = [hocuspocus.split(frame) for frame in provider.peer.sent]
    kinds = [(address, type(hocuspocus.decode(rest))) for address, rest in frames]
    assert sorted(kinds, key=repr) == sorted(
        [(address, kind) for address in addresses for kind in (yjs.SyncUpdate, yjs.AwarenessUpdate)], key=repr
    )


async def test_an_answer_that_finds_no_room_any_more_is_made_later(engine: Engine, author: Author) -> None:
    provider = Provider(engine)
    await provider.open()
    provider.say(STEP1)
    provider.peer.full = True
    await engine.quiet()
    assert not provider.peer.sent
    provider.peer.full = False
    provider.session.drained()
    assert len(await provider.told()) == 2


async def test_a_relay_that_finds_no_room_is_made_up_for_once(engine: Engine, author: Author) -> None:
    one, other = Provider(engine), Provider(engine)
    await one.open()
    await other.open()
    other.peer.full = True
    for _ in range(3):
        one.say(yjs.update(author.write("text")))
        await engine.quiet()
    other.session.drained()
    other.session.drained()
    other.peer.full = False
    other.session.drained()
    assert await other.told() == [yjs.SyncUpdate(author.doc.get_update(), step2=True)]


# --------------------------------------------------------- tokens good by their signature alone


async def revoked(engine: Engine) -> str:
    """A token of a device that was revoked."""
    device = (await engine.services.people.hello(engine.identity("ann"), None, "n", "p")).device
    await engine.services.people.revoke(engine.identity("ann"), "ann", device)
    return engine.token("ann", device=device)


async def test_a_revoked_device_is_closed_and_never_counts(engine: Engine) -> None:
    provider, token = Provider(engine), await revoked(engine)
    provider.say(hocuspocus.token(token, "4.8.0"))
    assert provider.peer.paused
    assert engine.services.sessions.of(UserId("ann")) == 0
    assert provider.peer.max_bytes == 4096
    assert len(denied(await provider.told())) == 1
    assert provider.closed == 4403
    assert engine.services.sessions.of(UserId("ann")) == 0
    assert provider.peer.max_bytes == 4096


async def test_a_denied_token_gives_no_more_time(engine: Engine) -> None:
    provider = Provider(engine)
    for _ in range(3):
        engine.advance(2)
        provider.say(hocuspocus.token("not.a.token"))
    assert provider.closed == 4401


async def test_who_may_not_read_its_first_document_may_open_another(engine: Engine) -> None:
    await member(engine, "bob", "write")
    provider = Provider(engine)
    assert denied(await provider.open("ann"))
    assert not provider.peer.paused
    assert engine.services.sessions.of(UserId("ann")) == 1
    assert READ_WRITE in await provider.open("ann", hocuspocus.address("other"))


async def test_what_is_said_to_no_document_counts() -> None:
    async with running_engine(statements_per_second=20) as engine:
        provider = Provider(engine)
        await provider.open()
        for _ in range(30):
            provider.say(yjs.update(yjs.EMPTY_UPDATE), hocuspocus.address("nowhere"))
        assert provider.peer.paused


async def test_empty_updates_count() -> None:
    async with running_engine(statements_per_second=20) as engine:
        provider = Provider(engine)
        await provider.open()
        for _ in range(30):
            provider.say(yjs.update(yjs.EMPTY_UPDATE))
        assert provider.peer.paused
