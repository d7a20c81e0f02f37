"""What the placeholders of a route's template say about one message (syntax: ``hub.config.placeholders``).

=================  ===================================================================================
placeholder        says
=================  ===================================================================================
``{title}``        the title, as edited
``{status}``       how the task ended, in a word of the message's language; empty for a notification
``{mark}``         the sign of that end, of a notification's level
``{text}``         the attempt's last note, or the body
``{link}``         the link, as it is
``{level}``        in a word of the message's language
``{source}``       the source
``{tags}``         all of them
``{user}``         for whom the message is
``{attempt}``      the number of the attempt that ended; empty for a notification
``{kind}``         ``task`` or ``notification``
``{item}``         the item's id
``{topic}``        the ledger it is in
``{data[key]}``    from the record's ``data``; ``[key][key]`` goes deeper, ``[0]`` into lists
=================  ===================================================================================

What an item may do without (link, source, text, tags) is empty where it has none. ``data`` must hold what the
template asks for. Texts in it stand as they are, everything else as JSON, null as nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hub.config.placeholders import Placeholder, parse
from hub.errors import BadValue
from hub.model import Json, Message
from hub.state.words import COMMAS, LEVELS, STATUSES

MAX_FILLED: Final = 256 * 1024
"""Characters that a template may make."""


def fill(template: str, message: Message) -> str:
    """The message in the template's words.

    Raises:
        BadValue: ``data`` lacks what the template asks for, or what it makes is blank or longer than
            ``MAX_FILLED``; the sentence names the place in the template, never what the message says.
        ValueError: the template is not valid; a configuration that was loaded holds none.
    """
    parts: list[str] = []
    room = MAX_FILLED
    for part in parse(template):
        text = part if isinstance(part, str) else _said(part, message)
        room -= len(text)
        if room < 0:
            raise BadValue(f"the template makes more than {MAX_FILLED} characters")
        parts.append(text)
    filled = "".join(parts)
    if not filled.strip():
        raise BadValue("the template makes no text")
    return filled


def _said(placeholder: Placeholder, message: Message) -> str:
    if placeholder.name == "data":
        return _as_text(_reached(message.data, placeholder.keys))
    return _SAYINGS[placeholder.name](message)


def _reached(data: Json, keys: Sequence[str]) -> Json:
    """What ``data`` holds under the keys, one within the other."""
    for place, key in enumerate(keys, 1):
        if isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, list) and _is_index(key) and int(key) < len(data):
            data = data[int(key)]
        else:
            asked = "".join(f"[{each:.64}]" for each in keys[:place])
            raise BadValue(f"the template asks for {{data{asked}}}, which the item does not have")
    return data


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) < 10


def _as_text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _status(message: Message) -> str:
    word = STATUSES.get(message.event.status or "")
    return message.event.status or "" if word is None else word.spoken(message.language)


def _mark(message: Message) -> str:
    word = STATUSES.get(message.event.status or "") or LEVELS.get(message.level)
    return "" if word is None else word.mark


def _level(message: Message) -> str:
    word = LEVELS.get(message.level)
    return message.level if word is None else word.spoken(message.language)


_SAYINGS: Final[Mapping[str, Callable[[Message], str]]] = {
    "title": lambda message: message.title,
    "status": _status,
    "mark": _mark,
    "text": lambda message: message.text,
    "link": lambda message: message.link or "",
    "level": _level,
    "source": lambda message: message.source or "",
    "tags": lambda message: COMMAS[message.language].join(message.tags),
    "user": lambda message: message.user,
    "attempt": lambda message: str(message.event.attempt or ""),
    "kind": lambda message: message.kind,
    "item": lambda message: message.event.item,
    "topic": lambda message: message.event.topic,
}
