"""A WeCom group robot: which message it takes, how it answers, what the group has received so far.

Decides; does no I/O. ``hub.sandbox.server`` puts it on a socket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hub.model import Milliseconds
from hub.ports import Clock
from hub.sandbox import answers
from hub.sandbox.answers import Answer
from hub.sandbox.faults import Fault, Faults
from hub.sandbox.messages import Rejected, RobotMessage, glimpse, read
from hub.sandbox.window import SlidingWindow

MAX_TAKEN: Final = 10_000
MAX_REFUSED: Final = 1000
"""Calls remembered; the oldest are forgotten."""
_LOST: Final[dict[str, answers.Manner]] = {"timeout": "never", "half": "half", "slow": "late"}
"""Faults that concern the answer alone: the message is judged, and taken, as always."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and whether the group received its message.

    Attributes:
        number: of the call, from 1.
        at: wall clock, ms.
        key: the end of the key, four characters; "" of keys too short to be shown in part.
        taken: whether the message is in the group.
        answer: what the caller was told: the vendor's code (``0`` for taken), ``HTTP 502``, ``html``, or how
            the answer was lost: ``timeout``, ``half``, ``slow``, ``refuse``.
        errmsg: the vendor's words; "" where it said none.
        used: messages that count against the key's minute, this one included.
        blocked_until: end of the key's block, wall clock in ms; None for none.
    """

    number: int
    at: Milliseconds
    key: str
    msgtype: str
    content: str
    mentioned: tuple[str, ...]
    taken: bool
    answer: str
    errmsg: str
    used: int
    blocked_until: Milliseconds | None


Watcher = Callable[[Call | None], None]
"""Called with each call as it comes, and with None when faults or messages were changed by hand."""


class Robot:
    """Owns the messages, the window and the faults of one sandbox.

    Args:
        clock: tells the time of messages, and that of the window.
        key: the only valid one; None: any is.
    """

    def __init__(self, clock: Clock, key: str | None = None) -> None:
        self._clock = clock
        self._key = key
        self._faults = Faults()
        self._window = SlidingWindow()
        self._taken: deque[Call] = deque(maxlen=MAX_TAKEN)
        self._refused: deque[Call] = deque(maxlen=MAX_REFUSED)
        self._number = 0
        self._watchers: list[Watcher] = []

    @property
    def taken(self) -> Sequence[Call]:
        """What the group received, in order: exactly that, also where the caller was not told so."""
        return tuple(self._taken)

    @property
    def calls(self) -> Sequence[Call]:
        """All calls in order, the refused ones too."""
        return sorted((*self._taken, *self._refused), key=lambda call: call.number)

    @property
    def faults(self) -> Sequence[Fault]:
        """Those still to come."""
        return self._faults.waiting

    def now(self) -> Milliseconds:
        """The time that messages bear."""
        return self._clock.now()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` from now on; what is returned ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def add_fault(self, fault: Fault) -> None:
        """Ask for one. Raises ``ValueError`` as ``Faults.add`` does."""
        self._faults.add(fault)
        self._tell(None)

    def clear_faults(self) -> None:
        """From now on nothing goes wrong."""
        self._faults.clear()
        self._tell(None)

    def clear_messages(self) -> None:
        """An empty group; the window is empty, too."""
        self._taken.clear()
        self._refused.clear()
        self._window.clear()
        self._tell(None)

    def next_fault(self, key: str) -> Fault | None:
        """What this call meets, used up. To be asked once a call, before its body is read."""
        return self._faults.take(key)

    def turn_away(self, key: str) -> None:
        """A call was cut off before it was read."""
        self._record(key, None, "refuse", "", taken=False)

    def receive(self, key: str, body: bytes, address: str, fault: Fault | None) -> Answer:
        """Judge one call, take its message or don't, and say how to answer.

        Args:
            key: of the address.
            body: of the request.
            address: the caller's, which the vendor's error texts repeat.
            fault: what ``next_fault`` gave.
        """
        if fault is not None and fault.kind not in _LOST:
            return self._fail(key, body, address, fault)
        manner = _LOST[fault.kind] if fault is not None else "whole"
        lost = fault.kind if fault is not None else None
        try:
            message = self._judge(key, body)
        except Rejected as error:
            answer = self.reject(key, error.code, error.words, address, body)
        else:
            self._window.count(key, self._clock.monotonic())
            self._record(key, message, lost or "0", "" if lost else "ok", taken=True)
            answer = answers.success()
        return replace(answer, manner=manner, seconds=fault.seconds if fault else 0.0)

    def reject(self, key: str, code: int, words: str, address: str, body: bytes = b"") -> Answer:
        """Refuse a call with a code of the vendor's."""
        errmsg = answers.sentence(code, words, self._clock.now(), self._number + 1, address)
        self._record(key, glimpse(body), str(code), errmsg, taken=False)
        return answers.failure(code, errmsg)

    def _judge(self, key: str, body: bytes) -> RobotMessage:
        if not key or (self._key is not None and key != self._key):
            raise Rejected(93000, answers.WORDS[93000])
        if not self._window.admits(key, self._clock.monotonic()):
            raise Rejected(45009, answers.WORDS[45009])
        return read(body)

    def _fail(self, key: str, body: bytes, address: str, fault: Fault) -> Answer:
        match fault.kind:
            case "500" | "502" | "html":
                status = 200 if fault.kind == "html" else int(fault.kind)
                answer, told = answers.page(status), "html" if status == 200 else f"HTTP {status}"
            case "429":
                answer, told = answers.too_many(fault.seconds), "HTTP 429"
            case _:
                code = int(fault.kind)
                return self.reject(key, code, answers.WORDS[code], address, body)
        self._record(key, glimpse(body), told, "", taken=False)
        return answer

    def _record(self, key: str, message: RobotMessage | None, answer: str, errmsg: str, taken: bool) -> None:
        self._number += 1
        now = self._clock.monotonic()
        blocked = self._window.blocked_for(key, now)
        call = Call(
            number=self._number,
            at=self._clock.now(),
            key=key[-4:] if len(key) >= 8 else "",
            msgtype=message.msgtype if message else "",
            content=message.content if message else "",
            mentioned=message.mentioned if message else (),
            taken=taken,
            answer=answer,
            errmsg=errmsg,
            used=self._window.used(key, now),
            blocked_until=Milliseconds(self._clock.now() + round(blocked * 1000)) if blocked else None,
        )
        (self._taken if taken else self._refused).append(call)
        self._tell(call)

    def _tell(self, call: Call | None) -> None:
        for watcher in tuple(self._watchers):
            watcher(call)
