"""What a wire is told of a Yjs document that one of its connections has open."""

from __future__ import annotations

from typing import Protocol

from hub.errors import Fatal, Refusal
from hub.protocol import yjs


class Host(Protocol):
    """A wire's side of an open document."""

    def opened(self) -> None:
        """The right is known and the document there; the peer is told nothing of it before."""
        ...

    def asked(self) -> None:
        """The peer asked for what it lacks, and is answered next."""
        ...

    def saved(self, step2: bool) -> None:
        """An update is saved, or holds nothing new. ``step2``: it answers a Step1."""
        ...

    def passed_over(self) -> None:
        """An update builds on what the hub has asked for; the answer will hold it, too."""
        ...

    def refused(self, refusal: Refusal) -> None:
        """An update is refused for good, or can't be saved."""
        ...

    def unwritable(self, update: yjs.SyncUpdate) -> None:
        """An update on a document that may only be read. It was not looked at. May raise ``Fatal``."""
        ...

    def changed(self) -> None:
        """``OpenDocument.access`` is another."""
        ...

    def ended(self, error: Refusal | Fatal) -> None:
        """The document can't be opened or shown, or what was said of it is malformed."""
        ...
