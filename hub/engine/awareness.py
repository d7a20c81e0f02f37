"""Yjs awareness of one document: who is there, by Yjs client id. Never saved.

Rules of y-protocols: a state is newer with a greater clock, or with the same clock and no state (gone).
Providers echo states of others, so what isn't newer is ignored without a word. A client id belongs to the
user who first named it, here or in the document: nobody else's word on it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hub.model import UserId
from hub.protocol.yjs import AwarenessEntry

MAX_CLIENTS = 1_000
"""Client ids with a state in one document; more are not shown."""

DOCUMENT_BYTES = 4 * 1024 * 1024
"""All states of one document. A state with which there would be more is not shown."""

CONNECTION_BYTES = 1024 * 1024
"""All states that one connection shows, in whatever documents. Another one is not shown."""


class Share:
    """How many bytes of states one connection shows."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        self.used = 0


class _State:
    __slots__ = ("clock", "session", "share", "state")

    def __init__(self, clock: int, state: bytes | None, session: int, share: Share) -> None:
        self.clock = clock
        self.state = state
        self.session = session
        self.share = share

    @property
    def size(self) -> int:
        return len(self.state or b"")


class Awareness:
    """States by client id, and which session stated each last."""

    __slots__ = ("_bytes", "_states", "claims")

    def __init__(self) -> None:
        self._bytes = 0
        self._states: dict[int, _State] = {}
        self.claims: dict[int, UserId] = {}
        """Whose word on a client id counts, as long as one of their connections shows it."""

    def take(
        self,
        entries: Iterable[AwarenessEntry],
        session: int,
        user: UserId,
        owner: Callable[[int], UserId | None],
        share: Share,
    ) -> list[AwarenessEntry]:
        """Take what is newer and the user's to say; returns that.

        Args:
            owner: whose a client id is by what the document holds; None if nobody's.
            share: the connection's.
        """
        return [entry for entry in entries if self._take(entry, session, user, owner, share)]

    def _take(
        self,
        entry: AwarenessEntry,
        session: int,
        user: UserId,
        owner: Callable[[int], UserId | None],
        share: Share,
    ) -> bool:
        known = self._states.get(entry.client_id)
        clock = known.clock if known else 0
        gone_now = known is not None and known.state is not None and entry.state is None
        if not (entry.clock > clock or (entry.clock == clock and gone_now)):
            return False
        if known is None and len(self._states) >= MAX_CLIENTS:
            return False
        if (owner(entry.client_id) or self.claims.get(entry.client_id) or user) != user:
            return False
        state = _State(entry.clock, entry.state, session, share)
        if not self._fits(known, state):
            return False
        if known is not None:
            self._count(known, -1)
        self._count(state, 1)
        self.claims[entry.client_id] = user
        self._states[entry.client_id] = state
        return True

    def _fits(self, known: _State | None, state: _State) -> bool:
        """Whether there is room for a state in the place of the one before. What is smaller always has it."""
        before = known.size if known is not None else 0
        mine = before if known is not None and known.share is state.share else 0
        return (state.size <= before or self._bytes - before + state.size <= DOCUMENT_BYTES) and (
            state.size <= mine or state.share.used - mine + state.size <= CONNECTION_BYTES
        )

    def _count(self, state: _State, sign: int) -> None:
        self._bytes += sign * state.size
        state.share.used += sign * state.size

    def shown(self) -> list[AwarenessEntry]:
        """Everybody who is there."""
        return [
            AwarenessEntry(client, state.clock, state.state)
            for client, state in self._states.items()
            if state.state is not None
        ]

    def leave(self, session: int) -> list[AwarenessEntry]:
        """A connection is gone: what it stated last is over, and told so.

        Under the same clock, as y-protocols does it for others: a greater one would be the client's own next,
        and whoever comes back after a short break of the network would not be seen.
        """
        gone = [client for client, state in self._states.items() if state.session == session]
        told = []
        for client in gone:
            state = self._states.pop(client)
            self._count(state, -1)
            self.claims.pop(client, None)
            if state.state is not None:
                told.append(AwarenessEntry(client, state.clock, None))
        return told
