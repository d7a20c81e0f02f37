"""When a connection's large answers are made: not before its peer has room for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hub.ports import Peer


class Serving:
    """Answers of one connection that may be worth a whole document or ledger.

    One is asked for while the peer has room, else once it has drained; so what waits for a peer that does not
    listen is its buffer and one answer, however much it asked for. Who may find the room taken by others when
    an answer is ready to be made asks again.
    """

    __slots__ = ("_peer", "_waiting")

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        # Mostly nothing waits.
        self._waiting: deque[Callable[[], None]] | None = None

    def begin(self, ask: Callable[[], None]) -> None:
        """Ask now, or when there is room, after whatever waits already."""
        if self._waiting is None and self._peer.room():
            ask()
        elif self._waiting is None:
            self._waiting = deque((ask,))
        else:
            self._waiting.append(ask)

    def drained(self) -> None:
        """The peer drained: ask for what waits, as long as there is room. What asks again comes last."""
        waiting, self._waiting = self._waiting, None
        while waiting and self._peer.room():
            waiting.popleft()()
        if waiting:
            waiting.extend(self._waiting or ())
            self._waiting = waiting

    def forget(self) -> None:
        """The peer is gone."""
        self._waiting = None
