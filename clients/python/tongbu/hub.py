"""``connect`` and ``Hub``: one device of one user, whether the hub can be reached or not."""

# ruff: noqa: ASYNC109  # a timeout in seconds is what callers expect; asyncio.timeout stands behind it

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

from hub.state.names import is_document_name, is_name
from tongbu.address import Address, address_of
from tongbu.core import Core
from tongbu.document import Document
from tongbu.errors import BadId, StoreUnusable
from tongbu.items import RefusedStatement
from tongbu.ledger import Inbox, Ledger
from tongbu.link import Link, State
from tongbu.others import OthersInbox
from tongbu.program import program_name
from tongbu.store import Batch, Store, open_store
from tongbu.tokens import AskedToken, ClaimedToken, Credentials, GivenToken, NoToken, claims_of
from tongbu.topics import OWN_INBOX

Token = str | Callable[[], Awaitable[str]]

EXIT_FLUSH: Final = 5.0
"""Seconds that leaving waits for what the hub has not answered, where the hub can be reached."""


class Hub:
    """A device of a user. Entered with ``async with tongbu.connect(…) as hub``."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._ledgers: dict[str, Ledger] = {}
        self._others: dict[str, OthersInbox] = {}
        self._documents: dict[str, Document] = {}

    @property
    def user(self) -> str | None:
        """Who this is; None until the token or the hub has told."""
        return self._core.session.user

    @property
    def device(self) -> str | None:
        """The id the hub issued; None until it has."""
        return self._core.session.device

    @property
    def online(self) -> bool:
        """Whether the hub has welcomed this connection and it still stands."""
        return self._core.link.state is State.ONLINE

    async def connected(self, timeout: float | None = None) -> None:
        """Wait for the hub's welcome.

        Raises:
            NotConnected: not within ``timeout`` seconds; says what stood in the way.
            HubError: it does not make sense to come back (see ``tongbu.errors``).
        """
        await self._core.connected(timeout)

    async def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything stated so far is acknowledged or refused; False where ``timeout`` seconds
        were not enough.

        Raises:
            HubError: it does not make sense to come back.
        """
        return await self._core.flush(timeout)

    def inbox(self, user: str | None = None) -> Inbox:
        """The own inbox, or (scope ``publish``) somebody else's. Raises ``BadId``."""
        if user is None or user == self.user:
            return self._inbox
        if not is_name(user):
            raise BadId("a user's name is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -")
        if user not in self._others:
            self._others[user] = OthersInbox(self._core, user)
        return self._others[user]

    @property
    def _inbox(self) -> Inbox:
        inbox = self._ledgers.get(OWN_INBOX)
        if not isinstance(inbox, Inbox):
            inbox = self._ledgers[OWN_INBOX] = Inbox(self._core, OWN_INBOX)
        return inbox

    def space(self, name: str) -> Ledger:
        """A shared ledger. Raises ``BadId``."""
        if not is_name(name):
            raise BadId("a space's name is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -")
        topic = f"space/{name}"
        if topic not in self._ledgers:
            self._ledgers[topic] = Ledger(self._core, topic)
        return self._ledgers[topic]

    async def document(self, name: str) -> Document:
        """A document, opened: brought up to date where the hub can be reached, else as it is here.

        Raises:
            BadId: it is no name.
            Refusal: the hub does not let this user open it.
            StoreError: the store can't be read.
        """
        if not is_document_name(name):
            raise BadId("a document's name is 1 to 64 characters, names joined by /")
        topic = await self._core.document(f"doc/{name}")
        if name not in self._documents or self._documents[name].closed:
            self._documents[name] = Document(self._core, topic)
        await self._core.answered_or_away(topic)
        return self._documents[name]

    def refusals(self) -> AsyncIterator[RefusedStatement]:
        """What the hub did not take, from now on; of more than 1,000 that wait the oldest are dropped."""
        return self._core.refusals()


def connect(
    url: str,
    *,
    token: Token | None = None,
    link_code: str | None = None,
    store: str | Path | None = None,
    device_name: str | None = None,
    platform: str = "python",
) -> AbstractAsyncContextManager[Hub]:
    """One device of a user at a hub, entered with ``async with``. Entering needs no hub that answers.

    Leaving waits up to 5 s for what the hub has not answered, where it can be reached; the rest is kept in
    the store for the next time (in memory it is lost).

    Args:
        url: ``https://hub.example.org`` or ``http://127.0.0.1:8080``.
        token: text, or a coroutine function that gives one: asked again before it runs out, and when the hub
            no longer takes it.
        link_code: from a device that is signed in; used once, the token it gives is kept in the store and
            renewed.
        store: an SQLite file of this program's own, made where there is none; None: in memory.
        device_name: for people; unless told, script and machine.
        platform: likewise.

    Raises (at entering):
        StoreInUse: another process has the store open.
        StoreUnusable: it can't be made, read or written, or it is another user's.
        ValueError: ``url`` is none.
    """
    about = {"name": device_name or program_name(), "platform": platform}
    return _entered(address_of(url), token, link_code, store, about)


@asynccontextmanager
async def _entered(
    address: Address,
    token: Token | None,
    link_code: str | None,
    path: str | Path | None,
    about: Mapping[str, str],
) -> AsyncIterator[Hub]:
    store = await open_store(path)
    try:
        core = await _assembled(store, address, token, link_code, about)
        tasks = [asyncio.create_task(core.link.run()), asyncio.create_task(core.pass_time())]
        try:
            yield Hub(core)
        finally:
            await _left(core, tasks)
    finally:
        await store.close()


async def _assembled(
    store: Store, address: Address, token: Token | None, link_code: str | None, about: Mapping[str, str]
) -> Core:
    meta = {str(key): str(value) for key, value in await store.read("all_meta")}
    random = Random()
    core = Core(store, (await store.read("highest_stamps"))[0], random)
    core.session.user, core.session.device = _who(meta, token), meta.get("device")
    core.link = Link(
        address,
        core.session,
        store,
        _credentials(address, token, link_code, meta, store, about),
        (about["name"], about["platform"]),
        lambda: core.clock.now() / 1000,
        core.changed,
        random,
    )
    await core.load()
    return core


def _who(meta: Mapping[str, str], token: Token | None) -> str | None:
    user = meta.get("user")
    told = claims_of(token).get("sub") if isinstance(token, str) else None
    if user is not None and isinstance(told, str) and told != user:
        raise StoreUnusable(f"The store belongs to {user}: give {told} one of their own.")
    return user or (told if isinstance(told, str) else None)


def _credentials(
    address: Address,
    token: Token | None,
    link_code: str | None,
    meta: Mapping[str, str],
    store: Store,
    about: Mapping[str, str],
) -> Credentials:
    if isinstance(token, str):
        return GivenToken(token)
    if token is not None:
        return AskedToken(token)
    if link_code is None and "token" not in meta:
        return NoToken()

    async def keep(values: Mapping[str, str]) -> None:
        batch = Batch()
        for key, value in values.items():
            batch.put("put_meta", key, value)
        await store.save(batch)

    return ClaimedToken(address, link_code, meta, keep, about)


async def _left(core: Core, tasks: list[asyncio.Task[None]]) -> None:
    try:
        await core.leave(EXIT_FLUSH)
    finally:
        core.closed = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        core.stop(core.link.error)
        core.signal.fire()
