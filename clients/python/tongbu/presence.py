"""Who else is there, in one topic. Never kept, gone with the connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub.errors import TooBig
from hub.model import Json
from hub.protocol.frames import pack
from tongbu.followers import Followers

STATE_BYTES = 4_096
"""Of one state on the wire; the hub refuses more."""


@dataclass(frozen=True, slots=True)
class Present:
    """What one connection says of itself."""

    device: str
    user: str
    state: Any


class Presence:
    """Others in a topic, and what they are shown of this connection."""

    def __init__(self) -> None:
        self._others: dict[str, Present] = {}
        self._followers: Followers[Mapping[str, Present]] = Followers(1)
        self.own: Json = None
        self.said: Json = None
        """What the hub was told on this connection."""
        self.wake: Callable[[], None] = _nobody

    @property
    def others(self) -> Mapping[str, Present]:
        """By connection; a snapshot."""
        return MappingProxyType(dict(self._others))

    async def show(self, state: Json) -> None:
        """What others see, at most 4,096 bytes; None takes it back. Said again after reconnecting.

        Raises:
            TooBig: it is larger.
        """
        if len(pack(state)) > STATE_BYTES:
            raise TooBig(f"a presence state is at most {STATE_BYTES} bytes")
        self.own = state
        self.wake()

    def changes(self) -> AsyncIterator[Mapping[str, Present]]:
        """Everybody who is there, whenever that changes."""
        return self._followers.follow(lambda: self.others, lambda _: self.others)

    def heard(self, states: Mapping[str, dict[str, Any] | None]) -> None:
        """The hub named connections; None for one that is gone."""
        for connection, about in states.items():
            if about is None:
                self._others.pop(connection, None)
            else:
                device, user = str(about.get("device", "")), str(about.get("user", ""))
                self._others[connection] = Present(device, user, about.get("state"))
        self._followers.tell("")

    def lost(self) -> None:
        """The connection ended."""
        self.said = None
        if self._others:
            self._others.clear()
            self._followers.tell("")

    def stop(self, error: Exception | None) -> None:
        """It ends for good; followers raise the error where there is one."""
        self._followers.stop(error)


def _nobody() -> None:
    """Before a connection listens."""
