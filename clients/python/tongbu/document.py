"""Documents: Yjs content as ``pycrdt.Doc``s that stay the same everywhere."""

# ruff: noqa: ASYNC109  # a timeout in seconds is what callers expect; asyncio.timeout stands behind it

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

from pycrdt import Doc

from tongbu.core import Core
from tongbu.document_topic import DocumentTopic
from tongbu.errors import NotConnected
from tongbu.followers import Followers
from tongbu.presence import Presence

DocumentChange = Literal["update", "reset"]
"""``update``: others changed the content. ``reset``: ``doc`` is another object now."""


class Document:
    """One document, from ``Hub.document``. Edit ``doc``: it is kept and sent by itself, offline, too.

    A ``pycrdt.Doc`` is edited in the event loop's thread. Don't ``await`` within a transaction.
    """

    def __init__(self, core: Core, topic: DocumentTopic) -> None:
        self._core = core
        self._topic = topic
        self._followers: Followers[DocumentChange] = Followers(1)
        self._closed = False
        topic.watches.append(lambda replaced: self._followers.tell("reset" if replaced else "update"))
        topic.stops.append(self._followers.stop)

    @property
    def name(self) -> str:
        """Without ``doc/``."""
        return self._topic.name.partition("/")[2]

    @property
    def doc(self) -> Doc[Any]:
        """The content. Another object after the hub replaced the history or refused an edit: a ``reset``."""
        return self._topic.doc

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def close(self) -> None:
        """Follow it no longer, once every edit is saved. The copy stays in the store; don't edit ``doc``."""
        self._closed = self._topic.closing = True
        self._topic.stop(None)
        self._core.link.wake()

    @property
    def presence(self) -> Presence:
        """Who else has it open."""
        return self._topic.presence

    @property
    def synced(self) -> bool:
        """Whether the hub's content is here and every edit is saved there, as far as this side can tell."""
        return self._topic.synced and self._topic.oldest() is None

    async def saved(self, timeout: float | None = None) -> None:
        """Wait until the hub has saved (or refused) every edit made so far.

        Raises:
            NotConnected: not within ``timeout`` seconds.
            HubError: it makes no sense to come back, or the hub does not let this user open it.
        """
        last = self._topic.newest()
        try:
            async with asyncio.timeout(timeout):
                await self._core.until(lambda: (self._topic.oldest() or last + 1) > last)
        except TimeoutError:
            raise NotConnected(f"The edits could not be saved in time. {self._core.link.reason}") from None

    async def kept(self) -> None:
        """Wait until every edit made so far is on this disk. Raises ``StoreError``."""
        await self._core.store.settled()
        self._core.check()

    def changes(self) -> AsyncIterator[DocumentChange]:
        """What others do from now on. Updates that follow each other faster than they are read are one.

        Finer changes are pycrdt's own: observe ``doc`` or a shared type.
        """
        return self._followers.follow(lambda: "reset", lambda key: "reset" if key == "reset" else "update")
