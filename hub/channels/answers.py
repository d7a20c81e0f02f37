"""What an answer means whose body says nothing: by HTTP status and ``Retry-After``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from hub.channels.outbound import Answer
from hub.model import Arrival, Milliseconds, Outcome, OutcomeKind

MAX_WAIT: Final = 3600.0
"""Seconds; who asks to wait longer is asked again after these."""
DEFAULT_WAIT: Final = 60.0
"""Seconds after a 429 that doesn't tell how long."""
MAX_DIGITS: Final = 12

_STATUSES: Final[Mapping[int, tuple[OutcomeKind, Arrival]]] = {
    401: ("bad_config", "refused"),
    403: ("bad_config", "refused"),
    404: ("bad_config", "refused"),
    408: ("retry", "refused"),
    410: ("bad_config", "refused"),
    429: ("rate_limited", "refused"),
    504: ("retry", "unknown"),  # a gateway gave up waiting: what it passed on may have been taken
}
_HUNDREDS: Final[Mapping[int, tuple[OutcomeKind, Arrival]]] = {
    2: ("ok", "refused"),
    3: ("bad_config", "refused"),  # a redirect is not followed: the key would go along
    4: ("bad_message", "refused"),
    5: ("retry", "refused"),
}


def by_status(answer: Answer, now: Milliseconds) -> Outcome:
    """The outcome as HTTP has it: 2xx ok; 401, 403, 404, 410 and redirects bad_config; other 4xx bad_message;
    5xx retry; 429, and 503 with ``Retry-After``, rate_limited."""
    status = answer.status
    kind, arrival = _STATUSES.get(status) or _HUNDREDS.get(status // 100) or ("retry", "unknown")
    wait = retry_after(answer.retry_after, answer.date, now)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None:
        kind = "rate_limited"
    return Outcome(
        kind,
        arrival,
        until=(DEFAULT_WAIT if wait is None else wait) if kind == "rate_limited" else 0.0,
        error=None if kind == "ok" else f"HTTP {_named(status)}",
        code=str(status),
    )


def retry_after(value: str, date: str, now: Milliseconds) -> float | None:
    """Seconds that a ``Retry-After`` (RFC 9110 §10.2.3) asks for, 1 to ``MAX_WAIT``; None if unreadable.

    Args:
        value: the header: seconds, or a date.
        date: the answer's ``Date``: a date is measured by the clock of who wrote it.
        now: the hub's clock, for want of a ``Date``.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal() and len(value) <= MAX_DIGITS:
        seconds: float | None = float(value)
    else:
        end, begin = _seconds(value), _seconds(date)
        seconds = None if end is None else end - (now / 1000 if begin is None else begin)
    return None if seconds is None else min(max(seconds, 1.0), MAX_WAIT)


def _seconds(date: str) -> float | None:
    """Seconds since 1970 of an HTTP date."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
