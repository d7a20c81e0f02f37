"""One topic as this device has it: what the wire says of it, and what waits to be pushed. No I/O.

What is to be kept goes into a ``Batch``; whoever calls hands it to the store before anything is sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from hub.model import Access, Json
from hub.protocol.frames import pack
from hub.protocol.native_device import No, Opened, Relay
from tongbu.errors import Refusal
from tongbu.items import RefusedStatement
from tongbu.presence import Presence
from tongbu.store import Batch

OWN_INBOX: Final = "inbox/me"
"""The own inbox, whatever the user's name turns out to be; nobody can be called ``me``."""

HEAD_BYTES: Final = 64
"""Of a message, more than enough, beside what it carries."""


class Limits(NamedTuple):
    """Those of the hub that a device heeds: bytes, statements a push, ms."""

    message: int = 2**20
    statements: int = 1_000
    retention: int = 90 * 86_400_000

    @classmethod
    def of(cls, limits: Mapping[str, int]) -> Limits:
        """From ``welcome``; defaults for what an older hub does not tell."""
        return cls(**{name: limits[name] for name in cls._fields if limits.get(name)})


class Topic(ABC):
    """A ledger or a document.

    ``handle`` is None unless open on the present connection; ``synced`` once what the hub answered on this
    connection is here. ``refusal`` is why it can't be opened. ``retry_at`` (monotonic seconds) holds back
    opens and pushes until then.
    """

    def __init__(self, name: str, incarnation: int, seq: int) -> None:
        self.name = name
        self.incarnation = incarnation
        self.seq = seq
        self.handle: int | None = None
        self.access: Access | None = None
        self.opening = False
        self.synced = False
        self.refusal: Refusal | None = None
        self.retry_at = 0.0
        self.tries = 0
        self.pushing = False
        self.closing = False
        """Nobody needs it any more, once nothing waits in it."""
        self.behind = False
        """It must be opened again: what is here is not what the hub has."""
        self.presence = Presence()
        self._parts: list[Any] | None = None
        self._whole: Opened | Relay | None = None

    # ------------------------------------------------------------------ the wire

    def lost(self) -> None:
        """The connection ended, or the right to the topic: what hung on it is void."""
        self.handle, self.access = None, None
        self.opening = self.synced = False
        self._parts = self._whole = None
        self.presence.lost()
        self.unanswered()

    def stop(self, error: Exception | None) -> None:
        """Nothing comes any more: followers raise the error, or end."""
        self.presence.stop(error)

    def reopen(self) -> None:
        """It was to be closed, and is needed again."""
        self.closing = False
        self.presence = Presence()

    def opened(self, message: Opened, batch: Batch) -> None:
        """The answer to an open, or (``ref`` 0) what changed unasked."""
        self.handle, self.access = message.handle, message.access
        self.refusal = None
        self._parts = self._whole = None
        if message.ref:
            self.opening = False
        if message.more:
            self._parts, self._whole = list(message.body), message
        else:
            self._take(message, message.body, batch)

    def relay(self, message: Relay, batch: Batch) -> bool:
        """What others saved; whether the topic must be opened again, because something is missing."""
        if self._parts is not None and self._whole is not None and message.seq == self._whole.seq:
            self._parts += message.body
            if not message.more:
                whole, body = self._whole, self._parts
                self._parts = self._whole = None
                self._take(whole, body, batch)
            return False
        if self.opening or message.seq < self.seq:
            return False
        if message.seq > self.seq + 1:
            return True
        if message.more:
            self._parts, self._whole = list(message.body), message
        else:
            self._take(message, message.body, batch)
        return False

    def _take(self, message: Opened | Relay, body: list[Any], batch: Batch) -> None:
        full = isinstance(message, Opened) and message.full
        replaced = full and self.incarnation not in (0, getattr(message, "incarnation", 0))
        seq = message.seq if full else max(self.seq, message.seq)
        if isinstance(message, Opened):
            self.incarnation = message.incarnation
            self.synced = True
        self.bring(body, seq, full, replaced, batch)
        self._reached(seq, batch)

    def _reached(self, seq: int, batch: Batch) -> None:
        self.seq = seq
        batch.put("put_topic", self.name, self.incarnation, seq)

    def acknowledged(self, seq: int, batch: Batch) -> None:
        """What was pushed is saved under ``seq``."""
        self.tries = 0
        seq = max(self.seq, seq)
        self.settle(seq, batch)
        self._reached(seq, batch)

    # ------------------------------------------------------------------ content

    @abstractmethod
    def bring(self, body: list[Any], seq: int, full: bool, replaced: bool, batch: Batch) -> None:
        """Take a body saved under ``seq``; ``full``: it is everything, ``replaced``: another history."""

    @abstractmethod
    def state_vector(self) -> bytes | None:
        """What an open tells besides the seq."""

    @abstractmethod
    def oldest(self) -> int | None:
        """The number of the oldest thing that the hub has not answered."""

    @abstractmethod
    def next_push(self, limits: Limits, refused: Callable[[RefusedStatement], None], batch: Batch) -> Any:
        """The body of the next push, on its way from now on; None for nothing."""

    @abstractmethod
    def settle(self, seq: int, batch: Batch) -> None:
        """What is on its way was saved."""

    @abstractmethod
    def unanswered(self) -> None:
        """What is on its way is not known to have been taken: it waits again."""

    @abstractmethod
    def refused(self, no: No, batch: Batch) -> list[RefusedStatement]:
        """What is on its way was refused; what was given up because of it."""

    @abstractmethod
    def give_up(self, no: Refusal, batch: Batch) -> list[RefusedStatement]:
        """Everything that waits was refused with the topic."""


def packed_size(value: Json | bytes | tuple[Any, ...]) -> int:
    """Bytes of a value on the wire."""
    return len(pack(value))
