"""What one call, or an operator's act, leaves in the audit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from hub.model import AuditRow, DeliveryRow, Milliseconds, Outcome
from hub.ports import ChannelTraits

HUB_ACTOR: Final = "hub"
Act = Literal["send", "test", "replay"]


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


def replay_audit(row: DeliveryRow, actor: str, at: Milliseconds) -> AuditRow:
    """The line about an operator's replay of a delivery that stands so: what is sent or under way stays."""
    outcome = row.state if row.state in ("sent", "leased") else "pending"
    return AuditRow(at, actor, "replay", row.id, row.channel, "", "", 0, "", "", outcome)
