"""Documents: Yjs content as ``pycrdt.Doc``s that stay the same everywhere."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc

from tongbu.presence import Presence


class Document:
    """One document. Edit ``doc``; what is edited is kept and sent by itself, offline, too."""

    @property
    def name(self) -> str:
        """Without ``doc/``."""
        raise NotImplementedError

    @property
    def doc(self) -> Doc[Any]:
        """The content. Another object after the hub replaced the history."""
        raise NotImplementedError

    @property
    def presence(self) -> Presence:
        """Who else has it open."""
        raise NotImplementedError

    @property
    def synced(self) -> bool:
        """Whether the hub's content is here and every edit is saved there, as far as this side can tell."""
        raise NotImplementedError

    async def saved(self, timeout: float | None = None) -> None:
        """Wait until the hub has saved (or refused) every edit made so far."""
        raise NotImplementedError
