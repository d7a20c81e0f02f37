"""Who is there: what each connection says of itself in a topic, for native readers. Never saved."""

from __future__ import annotations

from typing import Protocol

from hub.engine.topics import Topic
from hub.errors import TooBig
from hub.model import DeviceId, Json, UserId
from hub.protocol import native
from hub.protocol.frames import pack

STATE_BYTES = 4 * 1024


class Present(Protocol):
    """A reader that shows presence."""

    id: int

    def show_presence(self, message: bytes) -> None:
        """Queue a presence message; it may be dropped for a slow reader."""
        ...


class PresenceBoard:
    """States by topic and connection."""

    __slots__ = ("_states",)

    def __init__(self) -> None:
        self._states: dict[int, dict[str, Json]] = {}

    def state(self, topic: Topic, present: Present, device: DeviceId, user: UserId, state: Json) -> None:
        """A connection says something of itself; None takes it back. Raises ``TooBig``."""
        if state is None:
            self.leave(topic, present)
            return
        if len(pack(state)) > STATE_BYTES:
            raise TooBig(f"a presence state is at most {STATE_BYTES} bytes")
        shown: Json = {"device": device, "user": user, "state": state}
        self._states.setdefault(topic.handle, {})[str(present.id)] = shown
        self._tell(topic, present.id, {str(present.id): shown})

    def leave(self, topic: Topic, present: Present) -> None:
        """A connection closed the topic or is gone."""
        states = self._states.get(topic.handle, {})
        if states.pop(str(present.id), None) is None:
            return
        if not states:
            del self._states[topic.handle]
        self._tell(topic, present.id, {str(present.id): None})

    def message(self, topic: Topic) -> bytes | None:
        """Everybody's state, for a new reader; None if nobody said anything."""
        states = self._states.get(topic.handle)
        return native.presence(topic.handle, states) if states else None

    def _tell(self, topic: Topic, origin: int, states: dict[str, Json]) -> None:
        message = native.presence(topic.handle, states)
        for reader in list(topic.readers.values()):
            show = getattr(reader, "show_presence", None)
            if show is not None and reader.id != origin:
                show(message)
