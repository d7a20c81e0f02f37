"""Follows a stream through the hub's restarts: comes back by itself, from where it was."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import Final

from hub.cli.calls import STANDS, Calls
from hub.cli.failures import HubFailing, HubUnreachable
from hub.cli.server_sent import ServerSentEvent
from hub.cli.terminal import tell

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 10.0
"""Seconds between attempts, at most; they grow twofold and are drawn with full jitter."""


class Following:
    """One stream over all its connections. What the first attempt fails with is raised, unless the hub has
    answered before; later ones are made until the hub is back, or refuses.

    Args:
        calls: a session.
        path: of the stream.
        query: of the first connection and of those until an event told where to resume.
        met: whether the hub has answered already.
    """

    def __init__(
        self, calls: Calls, path: str, query: Mapping[str, object] | None = None, *, met: bool = False
    ) -> None:
        self._calls = calls
        self._path = path
        self._query = query
        self._id: str | None = None
        self._met = met
        self._told = False
        self._wait = FIRST_WAIT

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """Events, without end. Raises ``CommandFailed`` as ``Calls.get``."""
        while True:
            try:
                async for event in self._calls.stream(self._path, self._query, self._id):
                    self._heard(event)
                    if event is not STANDS:
                        yield event
            except (HubUnreachable, HubFailing) as error:
                if not self._met:
                    raise
                self._say(f"{error.message} Trying again until it is back.")
            await asyncio.sleep(random.uniform(0.0, self._wait))
            self._wait = min(self._wait * 2, LONGEST_WAIT)

    def _heard(self, event: ServerSentEvent) -> None:
        self._id = event.id or self._id
        self._met = True
        self._wait = FIRST_WAIT if event is not STANDS else self._wait
        if self._told:
            self._told = False
            tell("the hub is back.")

    def _say(self, sentence: str) -> None:
        if not self._told:
            self._told = True
            tell(sentence)
