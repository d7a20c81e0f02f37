"""Who else is there, in one topic. Never kept, gone with the connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.model import Json


@dataclass(frozen=True, slots=True)
class Present:
    """What one connection says of itself."""

    device: str
    user: str
    state: Any


class Presence:
    """Others in a topic, and what they are shown of this connection."""

    @property
    def others(self) -> Mapping[str, Present]:
        """By connection."""
        raise NotImplementedError

    async def show(self, state: Json) -> None:
        """What others see, at most 4,096 bytes; None takes it back. Said again after reconnecting."""
        raise NotImplementedError

    def changes(self) -> AsyncIterator[Mapping[str, Present]]:
        """Everybody who is there, whenever that changes."""
        raise NotImplementedError
