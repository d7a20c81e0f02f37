"""Which of a channel's pauses an operator is woken for. Pure.

A receiver that answers 404 to some calls pauses its channel again and again: of the pauses for one reason one
an hour is an alert. A pause that was none, and lasts, becomes one when the hour is over. Times are seconds of
a clock that never runs backwards, passed in.
"""

from __future__ import annotations

from typing import Final, Literal

Notice = Literal["alert", "note", "nothing"]

ALERT_SECONDS: Final = 3600.0


class Alerts:
    """One channel's."""

    __slots__ = ("_owed", "_told")

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        """When an operator was last alerted, by reason."""
        self._owed = False
        """The pause that lasts was only noted."""

    def paused(self, reason: str, begins: bool, now: float) -> Notice:
        """How to tell of a call by which the channel is paused: from now on (``begins``), or still."""
        self._told = {each: at for each, at in self._told.items() if now - at < ALERT_SECONDS}
        if not begins and not self._owed:
            return "nothing"
        self._owed = reason in self._told
        if self._owed:
            return "note" if begins else "nothing"
        self._told[reason] = now
        return "alert"
