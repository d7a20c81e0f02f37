"""The message by which an operator tries a channel. Pure."""

from __future__ import annotations

from typing import Final

from hub.model import Event, ItemId, Message, Milliseconds, TopicName, UserId
from hub.ports import Channel
from hub.state.ulid import new_ulid

_WORDS: Final = {
    "zh": ("同步：测试消息", "渠道「{channel}」可以送达。"),
    "en": ("Tongbu: a test", 'The channel "{channel}" works.'),
}


def trial_message(channel: Channel, actor: str, now: Milliseconds) -> Message:
    """What a test says; it speaks of nothing that is in the hub."""
    language = channel.traits.language
    title, text = _WORDS[language]
    subject = new_ulid(now)
    event = Event(subject, "notification.raised", TopicName(f"inbox/{actor}"), ItemId(subject), 0, None, now)
    return Message(
        event=event,
        user=UserId(actor),
        kind="notification",
        title=title,
        text=text.format(channel=channel.name),
        link=None,
        level="info",
        source="tongbu",
        tags=(),
        language=language,
    )
