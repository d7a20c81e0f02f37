"""Reads server-sent events (HTML Living Standard §9.2.6): bytes in, events out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_EVENT: Final = 4 * 1024 * 1024
"""Bytes of one event; what is longer is left out."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event. ``id`` is the last one told, from which a stream resumes; "" for none."""

    name: str
    data: str
    id: str

    @property
    def object(self) -> Mapping[str, Any]:
        """The data where it is a JSON object; empty otherwise."""
        try:
            found = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class EventReader:
    """Turns the chunks of one stream into events."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._id = ""

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """The events that are complete with this chunk. Comments, which are beats, give none."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            event = self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if event is not None:
                yield event
        if len(self._rest) > MAX_EVENT:
            self._rest, self._size = b"", MAX_EVENT + 1

    def _line(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._end()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "id":
            self._id = value
        elif name == "data":
            self._size += len(value)
            if self._size <= MAX_EVENT:
                self._data.append(value)
        return None

    def _end(self) -> ServerSentEvent | None:
        whole = bool(self._data) and self._size <= MAX_EVENT
        event = ServerSentEvent(self._name or "message", "\n".join(self._data), self._id) if whole else None
        self._name, self._data, self._size = "", [], 0
        return event
