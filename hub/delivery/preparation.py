"""What a delivery says, decided at its first lease: rights → unless → class → words → mask → bodies. Pure.

Whatever goes wrong here ends this one delivery, with a sentence that repeats nothing of the message.
"""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from hub.config import RouteSettings
from hub.delivery.privacy import mask_personal
from hub.delivery.template import fill
from hub.delivery.unless import as_ended, holding
from hub.errors import Refusal
from hub.model import DeliveryRow, Json, Message, Milliseconds
from hub.ports import Channel, Standing
from hub.state.derive import ReadUpto, derive
from hub.state.weights import ITEM
from hub.state.words import DEFAULT_LEVEL
from hub.telemetry.logs import get

_log = get("hub.delivery")

_RIGHTLESS: Final = ("The user was deleted.", "They are no longer a member of the space.")
"""Why nothing is said to who may not read the item any more: of an inbox, of a space."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What to send. ``masked``: how many numbers were masked, by kind."""

    bodies: tuple[bytes, ...] = field(repr=False)
    masked: Counter[str]


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing is sent. ``error`` says why, to an operator."""

    state: Literal["suppressed", "dead"]
    error: str


def prepare(
    row: DeliveryRow, standing: Standing, route: RouteSettings | None, channel: Channel, now: Milliseconds
) -> Prepared | Ended:
    """The bodies of a delivery, or why there are none. Never raises.

    Args:
        row: the delivery; where an operator replayed it (``forced``), ``unless`` is not asked.
        standing: the item as the delivery's user sees it now.
        route: as configured now; None where it is no longer: then no ``unless`` and no template.
        channel: by which it leaves.
        now: the present time.
    """
    try:
        return _prepare(row, standing, route, channel, now)
    except Refusal as refusal:
        return Ended("dead", f"The message can't be made: {refusal.message.rstrip('.')}.")
    except Exception as error:  # a fault of ours must end one delivery, not the lane behind it
        _log.error(
            "delivery.preparation_failed",
            delivery=row.id,
            channel=row.channel,
            route=row.route,
            error=type(error).__name__,
            at=[f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in _frames(error)],
        )
        return Ended(
            "dead", f"The hub failed to make the message ({type(error).__name__}); its log tells more."
        )


def message_of(
    row: DeliveryRow, standing: Standing, language: Literal["zh", "en"], now: Milliseconds
) -> Message:
    """What a delivery has to say, before masking; the item must exist.

    Status and text are those of the attempt that ended, also where another runs already; title, body and
    everything else are as they stand now.
    """
    record: Any = standing.registers[ITEM].value
    state = derive(as_ended(row.event, standing.registers), ReadUpto(standing.marks), now, standing.personal)
    assert state is not None
    return Message(
        event=row.event,
        user=row.user,
        kind=state.kind,
        title=state.title,
        text=state.note or state.body or "",
        link=record.get("link"),
        level=record.get("level") or DEFAULT_LEVEL,
        source=record.get("source"),
        tags=tuple(record.get("tags") or ()),
        language=language,
        data=record.get("data"),
    )


def masked(message: Message) -> tuple[Message, Counter[str]]:
    """The message without personal numbers in any of its texts, and how many there were by kind."""
    mask = _Mask()
    clean = replace(
        message,
        title=mask.text(message.title),
        text=mask.text(message.text),
        link=mask.optional(message.link),
        source=mask.optional(message.source),
        tags=tuple(map(mask.text, message.tags)),
        custom=mask.optional(message.custom),
        data=mask.json(message.data),
    )
    return clean, mask.found


def _prepare(
    row: DeliveryRow, standing: Standing, route: RouteSettings | None, channel: Channel, now: Milliseconds
) -> Prepared | Ended:
    traits = channel.traits
    if ITEM not in standing.registers:
        return Ended("dead", "The item is gone.")
    if not standing.readable:
        return Ended("suppressed", _RIGHTLESS[row.event.user is None])
    word = None if row.forced or route is None else holding(route.unless, row.event, standing, now)
    if word is not None:
        return Ended("suppressed", f'"{word}" was stated after the event.')
    record: Any = standing.registers[ITEM].value
    if record.get("class") == "core" and not traits.allow_core:
        return Ended("suppressed", "Items of class core don't leave by this channel (allow_core).")
    language = route.language if route is not None and route.language is not None else traits.language
    message = message_of(row, standing, language, now)
    if route is not None and route.template is not None:
        message = replace(message, custom=fill(route.template, message))
    message, found = masked(message) if traits.mask else (message, Counter())
    return Prepared(channel.render(message), found)


class _Mask:
    """Masks one text after the other and counts."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()

    def text(self, text: str) -> str:
        clean, found = mask_personal(text)
        self.found.update(found)
        return clean

    def optional(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def json(self, value: Json) -> Json:
        """Every text in it, keys included; an integer that is such a number becomes a masked text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(each) for each in value]
        if isinstance(value, dict):
            return self._table(value)
        if type(value) is int:
            digits = str(value)
            return value if (clean := self.text(digits)) == digits else clean
        return value

    def _table(self, value: dict[str, Json]) -> dict[str, Json]:
        clean: dict[str, Json] = {}
        for key, each in value.items():
            name = self.text(key)
            while name in clean:  # two numbers may look alike when masked
                name += "*"
            clean[name] = self.json(each)
        return clean


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Where it happened. Its words may repeat the message, and so may those of what caused it."""
    return traceback.extract_tb(error.__traceback__)
