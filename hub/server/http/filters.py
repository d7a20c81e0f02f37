"""Filters of lists as the query names them: checked, so that a typing error is not an empty list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.engine.users import ME
from hub.errors import BadId, BadValue, UnknownTopic
from hub.model import ItemId, TopicName, UserId
from hub.state.names import inbox_of, is_item_id, is_name, topic_kind

MAX_DIGITS: Final = 16


def place_of(topic: str | None, user: str | None, caller: UserId) -> TopicName | None:
    """The topic, or the inbox of the user (``me``: the caller); None for any. Raises ``BadValue``."""
    if user is None:
        return topic_of(topic)
    if topic is not None:
        raise BadValue("user and topic: only one of them")
    return inbox_of(caller if user == ME else checked("user", user, is_name))


def topic_of(topic: str | None) -> TopicName | None:
    """The topic, None for any. Raises ``BadValue``."""
    if topic is None:
        return None
    try:
        topic_kind(topic)
    except (BadId, UnknownTopic) as refusal:
        raise BadValue(f"topic: {refusal.message}") from None
    return TopicName(topic)


def item_of(item: str | None) -> ItemId | None:
    """The item, None for any. Raises ``BadValue``."""
    return None if item is None else ItemId(checked("item", item, is_item_id))


def checked(name: str, value: str, is_one: Callable[[object], bool]) -> str:
    """A value of its alphabet. Raises ``BadValue``."""
    if not is_one(value):
        raise BadValue(f"{name}: {value!r:.80} can't be one")
    return value


def number_of(cursor: str | None) -> int | None:
    """Where a page begins, None for the first. Raises ``BadValue``."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_DIGITS):
        raise BadValue("the cursor is not one that a page gave")
    return int(cursor)
