"""One document of a Hocuspocus connection: what its provider is told, and how many receipts it is owed."""

from __future__ import annotations

from typing import Protocol

from hub.engine.intake import Intake
from hub.engine.services import Services
from hub.engine.yjs_document import OpenDocument
from hub.errors import Fatal, Refusal
from hub.model import Identity, TopicName
from hub.ports import Peer
from hub.protocol import hocuspocus, yjs

MAX_OWED = 10_000
"""Receipts that are owed at most for updates that were not saved by themselves."""


class Owner(Protocol):
    """The connection that has the document open."""

    def opened(self, document: HocuspocusDocument) -> None:
        """It is open."""
        ...

    def ended(self, document: HocuspocusDocument, error: Refusal | Fatal) -> None:
        """It can't be opened, or stay open."""
        ...


class HocuspocusDocument:
    """Implements ``document_host.Host``.

    A provider counts what it sent and takes one off for each receipt (``SyncStatus(1)``); a Step1 of its own
    sets the count to one. So an update that is passed over for a gap, or was refused while the document could
    only be read, is still owed its receipt: it comes with that of the Step2 that brings it.
    """

    __slots__ = ("_owed", "_owner", "_peer", "address", "reader")

    def __init__(
        self,
        owner: Owner,
        peer: Peer,
        services: Services,
        intake: Intake,
        address: bytes,
        topic: TopicName,
        identity: Identity,
    ) -> None:
        self.address = address
        self.reader = OpenDocument(
            peer, services, intake, self, topic, identity, prefix=address, asks_back=True
        )
        self._owner = owner
        self._peer = peer
        self._owed = 0

    def say(self, message: bytes) -> None:
        """Queue a message of this document as an answer."""
        self._peer.answer(self.address + message)

    # ------------------------------------------------------------------ Host

    def opened(self) -> None:
        """Authenticated, and with which right."""
        self._owner.opened(self)
        self.changed()

    def changed(self) -> None:
        """The right is told in the same words again."""
        scope: hocuspocus.Scope = "read-write" if self.reader.access == "write" else "readonly"
        self.say(hocuspocus.authenticated(scope))

    def asked(self) -> None:
        """The provider counts from one again."""
        self._owed = 1

    def saved(self, step2: bool) -> None:
        """One receipt for an update, and for a Step2 all that are owed."""
        receipts = max(1, self._owed) if step2 else 1
        if step2:
            self._owed = 0
        for _ in range(receipts):
            self.say(hocuspocus.SAVED)

    def passed_over(self) -> None:
        """Its receipt comes with the Step2 that the hub asks for."""
        self._owed = min(self._owed + 1, MAX_OWED)

    def refused(self, refusal: Refusal) -> None:
        """Told, and the document ends."""
        self.say(hocuspocus.REFUSED)
        self._owner.ended(self, refusal)

    def unwritable(self, update: yjs.SyncUpdate) -> None:
        """Refused, unless it is a Step2 without anything new: a reader has to be told that it is in step."""
        if update.step2:
            self.reader.if_held(update.update, self._told_held)
        else:
            self.passed_over()
            self.say(hocuspocus.REFUSED)

    def _told_held(self, held: bool) -> None:
        if held:
            self.saved(step2=True)
        else:
            self.say(hocuspocus.REFUSED)

    def ended(self, error: Refusal | Fatal) -> None:
        """Its connection tells."""
        self._owner.ended(self, error)
