"""Whether a channel may call now: its window, breaker, vendor's block and pause, as one state. Pure.

Of all that is told here nothing is on disk: a hub that starts again asks the vendor anew. Times are seconds
of a clock that never runs backwards, passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

from hub.delivery.limits import Breaker, TokenBucket
from hub.model import Outcome
from hub.ports import ChannelTraits

GateState = Literal["ok", "paused", "waiting", "open"]
"""``paused``: its settings are wrong. ``waiting``: the vendor takes no calls for a while. ``open``: the
breaker is, nothing gets through."""
Change = Literal["paused", "resumed", "waiting", "open"]

MIN_BLOCK: Final = 1.0
"""Seconds; a vendor that says "later" without a time, or zero, is not asked again at once."""
MAX_BLOCK: Final = 24 * 3600.0
"""Seconds; the longest of a vendor's windows is a day."""

_VERDICTS: Final = frozenset({"ok", "partial", "bad_message", "bad_recipient"})
"""Outcomes by which the vendor has accepted who calls."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """How a channel stands: ``reason`` in an operator's words, ``wait`` seconds until it is tried again."""

    state: GateState
    reason: str | None = None
    wait: float | None = None


class Gate:
    """One channel's. ``probe`` is how often a paused channel tries one delivery, in seconds."""

    __slots__ = (
        "_blocked_until",
        "_breaker",
        "_bucket",
        "_parallel",
        "_paused",
        "_probe",
        "_probe_at",
        "_reason",
    )

    def __init__(self, traits: ChannelTraits, probe: float, now: float) -> None:
        self._bucket = TokenBucket(traits.burst, traits.per_minute, now)
        self._breaker = Breaker()
        self._parallel = max(traits.parallel, 1)
        self._probe = probe
        self._paused = False
        self._probe_at = now
        self._blocked_until = now
        self._reason: str | None = None

    def free(self, now: float, flying: int) -> int:
        """How many calls may begin now, ``flying`` being under way."""
        if self.wait(now):
            return 0
        limit = 1 if self._paused or self._breaker.tripped else self._parallel
        return max(min(limit - flying, self._bucket.available(now)), 0)

    def wait(self, now: float) -> float:
        """Seconds until a call may begin, were none under way; 0 for at once."""
        return max(self._closed(now), self._bucket.wait(now))

    def refusal(self, now: float) -> Outcome | None:
        """Why not even an operator's test may call now: the vendor's window is used up, or the rate that the
        hub keeps to lest it be. None if it may."""
        blocked, early = self._blocked_until - now, self._bucket.wait(now)
        wait = max(blocked, early)
        if wait <= 0:
            return None
        whose = "the vendor takes no calls" if blocked >= early else "the hub's own rate allows no call"
        return Outcome("rate_limited", until=wait, error=f"nothing was sent: {whose} for {ceil(wait)} s")

    def take(self, count: int, now: float) -> None:
        """``count`` calls begin."""
        self._bucket.take(count, now)
        if self._paused:
            self._probe_at = now + self._probe

    def take_test(self, now: float) -> None:
        """An operator's test begins; the next delivery tries a paused channel when it would have."""
        self._bucket.take(1, now)

    def give_back(self, count: int) -> None:
        """``count`` calls were not begun after all."""
        self._bucket.give_back(count)

    def judge(self, outcome: Outcome, now: float) -> Change | None:
        """A call ended so. What that changes, told once."""
        stood = self.standstill(now).state
        if outcome.kind == "retry":
            self._breaker.failed(now)
        else:
            self._breaker.succeeded()
        if outcome.kind in ("rate_limited", "quota"):
            self._blocked_until = max(
                self._blocked_until, now + min(max(outcome.until, MIN_BLOCK), MAX_BLOCK)
            )
        elif outcome.kind == "bad_config":
            self._pause(now)
        elif outcome.kind in _VERDICTS:
            self._paused = False
        stands = self.standstill(now).state
        if stands != "ok":
            self._reason = outcome.error or outcome.kind
        if stands == stood:
            return None
        return "resumed" if stands == "ok" else stands

    def standstill(self, now: float) -> Standstill:
        """How the channel stands; of several reasons the one that needs an operator first."""
        if self._paused:
            return Standstill("paused", self._reason, max(self._probe_at - now, 0.0))
        if self._breaker.tripped:
            return Standstill("open", self._reason, self._breaker.wait(now))
        if self._blocked_until > now:
            return Standstill("waiting", self._reason, self._blocked_until - now)
        return Standstill("ok")

    def _closed(self, now: float) -> float:
        paused = self._probe_at - now if self._paused else 0.0
        return max(paused, self._breaker.wait(now), self._blocked_until - now, 0.0)

    def _pause(self, now: float) -> None:
        if not self._paused:
            self._probe_at = now + self._probe
        self._paused = True
