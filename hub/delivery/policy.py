"""What becomes of a delivery: one call's outcome, the row as it stood and the time give the next row. Pure.

=====================  =====================================  ==============================================
outcome                what is known                          what follows
=====================  =====================================  ==============================================
ok                     the part was taken                     the next part, or ``sent``
partial                taken, not by all recipients           ``partial``
retry, never           it did not leave (DNS, connect)        again after a back-off, until ``max_age``
retry, refused         an answer: not now (5xx, -1)           uses a retry; back-off; then ``dead``
refresh_token          the channel's credential was renewed   the same
retry, unknown         no answer after it went out            uses a retry. Where the vendor knows
                                                              repetitions: the same bytes. Elsewhere: one
                                                              repetition with the mark, then ``dead``: it
                                                              may have arrived
rate_limited, quota    the vendor's window is used up         waits as it is; the channel stands still
bad_config             the channel's settings are wrong       waits as it is; the channel is paused
bad_message,           it will never be taken                 ``dead``
bad_recipient
=====================  =====================================  ==============================================

What ends ``dead`` after some of its parts were taken ends ``partial``. What stays on its way for
``delivery.max_age`` ends with the sentence that says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from hub.config.outward import DeliverySettings
from hub.model import ENDED, DeliveryRow, DeliveryState, Milliseconds, Outcome

MAX_DOUBLINGS: Final = 30
"""More change nothing: every limit of a back-off is reached long before."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the steps of one channel's deliveries depend on.

    Attributes:
        idempotent: whether the vendor takes the same message once, however often it is sent.
        retries: calls that may have reached the vendor are repeated so often.
        first, longest: bounds of the back-off, seconds.
        max_age: seconds, the delay that the route asks for included.
    """

    idempotent: bool
    retries: int
    first: float
    longest: float
    max_age: float

    @classmethod
    def of(cls, settings: DeliverySettings, idempotent: bool, delay: float = 0.0) -> Rules:
        """As configured, for a route with that ``delay`` in seconds."""
        return cls(
            idempotent,
            settings.retries,
            settings.backoff,
            settings.backoff_limit,
            settings.max_age + delay,
        )


def backoff(turn: int, first: float, longest: float, random: Random) -> float:
    """Seconds to wait before repetition number ``turn`` (1, 2, …): anything up to a bound that doubles.

    Full jitter, https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    return random.uniform(0, min(longest, first * 2.0 ** min(turn - 1, MAX_DOUBLINGS)))


def mark_of(delivery: str) -> str:
    """The short id that a reader sees on a message that may have come twice: the first six characters of
    the id's random part, which follows ten of time (see ``hub.state.ulid``)."""
    return f"#{delivery[10:16].lower()}"


def key_of(row: DeliveryRow) -> str:
    """The same for every call of the row's present part, and for no other."""
    return row.id if len(row.bodies) == 1 else f"{row.id}-{row.part + 1}"


def is_old(row: DeliveryRow, now: Milliseconds, max_age: float) -> bool:
    """Whether the row has been on its way for ``max_age`` seconds.

    Nothing is older than its event: only after a jump of the clock can ``since`` say so.
    """
    return now - max(row.since, row.event.at) >= max_age * 1000


def due_at_start(row: DeliveryRow, now: Milliseconds, delay: float | None, longest: float) -> Milliseconds:
    """When a pending row is due that another process left, whose clock may have been ahead of this one's.

    Nothing that happened before can be meant to wait longer from now on than it was meant to from the
    beginning: for the ``delay`` of its route (seconds; None where that is gone: as its times tell). What was
    tried waits for a back-off of ``longest`` seconds at most.
    """
    if row.attempts:
        meant = round(longest * 1000)
    elif delay is not None:
        meant = round(delay * 1000)
    else:
        meant = max(row.due - max(row.since, row.event.at), 0)
    return min(row.due, Milliseconds(now + meant))


def leased(row: DeliveryRow, now: Milliseconds, seconds: float) -> DeliveryRow:
    """The row as it must be on disk before its call: begun, and taken until ``seconds`` from now."""
    return replace(
        row,
        state="leased",
        attempts=row.attempts + 1,
        leased_until=Milliseconds(now + round(seconds * 1000)),
    )


def ended(row: DeliveryRow, state: DeliveryState, error: str | None, now: Milliseconds) -> DeliveryRow:
    """The row's end. One that can't go on but has parts that were taken is ``partial``, not ``dead``."""
    told = "partial" if state == "dead" and row.part else state
    return replace(row, state=told, error=error, ended_at=now, leased_until=None)


def expired(row: DeliveryRow, reason: str, now: Milliseconds, max_age: float) -> DeliveryRow:
    """The end of a row that is old, while ``reason`` kept it from being sent."""
    return ended(row, "dead", f"not sent within {_span(max_age)}: {reason}{_doubt(row)}", now)


def broken_off(row: DeliveryRow, fault: str, now: Milliseconds) -> DeliveryRow:
    """The end of a leased row that an error of ours stopped: nobody knows whether its call was made."""
    reason = f"The hub failed to send the message ({fault}), it may have arrived; its log tells more."
    return ended(replace(row, unsure=True), "dead", reason, now)


def put_off(row: DeliveryRow, now: Milliseconds, rules: Rules) -> DeliveryRow:
    """A pending row whose item the hub fails to read: the others don't wait for it, it does for them."""
    reason = "the hub failed to read the item; its log tells more"
    if is_old(row, now, rules.max_age):
        return expired(row, reason, now, rules.max_age)
    return replace(row, due=Milliseconds(now + round(1000 * rules.longest)), error=reason)


def next_step(
    row: DeliveryRow, outcome: Outcome, now: Milliseconds, rules: Rules, random: Random
) -> DeliveryRow:
    """The row after its call: ended, or pending from ``due`` on.

    Args:
        row: as it was leased for the call.
        outcome: of the call.
        now: ms, by the clock of ``row.due``.
        rules: the channel's.
        random: for the jitter.
    """
    match outcome.kind:
        case "ok":
            return _taken(row, outcome, now)
        case "partial":
            return replace(ended(row, "partial", _reason(outcome), now), ref=outcome.ref or row.ref)
        case "bad_message" | "bad_recipient":
            return ended(row, "dead", f"{_reason(outcome)}{_doubt(row)}", now)
        case "rate_limited" | "quota" | "bad_config":
            return _waits(row, outcome, row.due, now, rules)
        case "retry" if outcome.arrival == "never":
            return _waits(row, outcome, _later(now, row.attempts, rules, random), now, rules)
        case "retry" | "refresh_token":
            return _retried(row, outcome, now, rules, random)


def _taken(row: DeliveryRow, outcome: Outcome, now: Milliseconds) -> DeliveryRow:
    row = replace(row, part=row.part + 1, unsure=False, ref=outcome.ref or row.ref)
    if row.part < len(row.bodies):
        return replace(row, state="pending", error=None, leased_until=None)
    return ended(row, "sent", None, now)


def _retried(
    row: DeliveryRow, outcome: Outcome, now: Milliseconds, rules: Rules, random: Random
) -> DeliveryRow:
    reason = _reason(outcome)
    unknown = outcome.kind == "retry" and outcome.arrival == "unknown"
    if unknown and row.unsure and not rules.idempotent:
        return ended(row, "dead", f"{reason}; sent twice without an answer, it may have arrived", now)
    row = replace(row, unsure=row.unsure or unknown)
    if row.retries >= rules.retries:
        return ended(row, "dead", f"{reason}; given up after {row.retries} retries{_doubt(row)}", now)
    row = replace(row, retries=row.retries + 1)
    return _waits(row, outcome, _later(now, row.retries, rules, random), now, rules)


def _waits(
    row: DeliveryRow, outcome: Outcome, due: Milliseconds, now: Milliseconds, rules: Rules
) -> DeliveryRow:
    if is_old(row, now, rules.max_age):
        return expired(row, _reason(outcome), now, rules.max_age)
    return replace(row, state="pending", due=due, error=_reason(outcome), leased_until=None)


def _later(now: Milliseconds, turn: int, rules: Rules, random: Random) -> Milliseconds:
    return Milliseconds(now + round(1000 * backoff(max(turn, 1), rules.first, rules.longest, random)))


def _reason(outcome: Outcome) -> str:
    return outcome.error or f"{outcome.kind} {outcome.code}".rstrip()


def _doubt(row: DeliveryRow) -> str:
    """What an operator must know before replaying it."""
    return "; it may have arrived" if row.unsure else ""


def _span(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds:g} seconds"
    hours = seconds / 3600
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def has_ended(row: DeliveryRow) -> bool:
    """Whether the row never moves again by itself."""
    return row.state in ENDED
