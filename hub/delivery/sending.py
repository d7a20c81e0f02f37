"""What one call leaves behind, and the message by which an operator tries a channel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from hub.model import AuditRow, Event, ItemId, Message, Milliseconds, Outcome, TopicName, UserId
from hub.ports import Channel, ChannelTraits
from hub.state.ulid import new_ulid

HUB_ACTOR: Final = "hub"
Act = Literal["send", "test", "replay"]

_TEST_WORDS: Final = {
    "zh": ("同步：测试消息", "渠道「{channel}」可以送达。"),
    "en": ("Tongbu: a test", 'The channel "{channel}" works.'),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a vendor. ``subject`` is the delivery; ``masked`` counts what was masked by kind, {} where
    that was told with an earlier call of the same bytes."""

    at: Milliseconds
    subject: str
    body: bytes
    masked: Mapping[str, int]
    action: Act = "send"
    actor: str = HUB_ACTOR


def audit_of(call: Call, channel: str, traits: ChannelTraits, outcome: Outcome) -> AuditRow:
    """The line about a call."""
    return AuditRow(
        at=call.at,
        actor=call.actor,
        action=call.action,
        subject=call.subject,
        channel=channel,
        host=traits.host,
        recipient=sha256(traits.recipient.encode()).hexdigest(),
        size=len(call.body),
        body=sha256(call.body).hexdigest(),
        masked=" ".join(f"{kind}={count}" for kind, count in sorted(call.masked.items()) if count),
        outcome=f"{outcome.kind} {outcome.code}".rstrip(),
    )


def replay_audit(delivery: str, channel: str, actor: str, state: str, at: Milliseconds) -> AuditRow:
    """The line about an operator's replay, after which the delivery is in ``state``."""
    return AuditRow(at, actor, "replay", delivery, channel, "", "", 0, "", "", state)


def trial_message(channel: Channel, actor: str, now: Milliseconds) -> Message:
    """What a test says; it speaks of nothing that is in the hub."""
    language = channel.traits.language
    title, text = _TEST_WORDS[language]
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
