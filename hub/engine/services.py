"""What every session of the process shares."""

from __future__ import annotations

from dataclasses import dataclass

from hub.engine.actions import Actions
from hub.engine.checking import StatementCheck
from hub.engine.people import People
from hub.engine.pipeline import Pipeline
from hub.engine.presence import PresenceBoard
from hub.engine.rights import Rights
from hub.engine.session import Sessions, Tasks
from hub.engine.topicbook import TopicBook
from hub.engine.topics import DocumentTopic, Topic
from hub.model import Seq
from hub.ports import Authenticator, Clock, Commit, Timers
from hub.protocol import native
from hub.telemetry.metrics import Metrics

HEAD_BYTES = 256
"""More than a message takes beside its body."""


class NativeRelay:
    """How a commit goes out to native readers; a ledger's body larger than a message in parts."""

    __slots__ = ("_part",)

    def __init__(self, message: int) -> None:
        self._part = message - HEAD_BYTES

    def __call__(self, topic: Topic, commit: Commit) -> tuple[bytes, ...]:
        """The messages, to be shown together."""
        if len(commit.body) <= self._part or isinstance(topic, DocumentTopic):
            return (native.relay(topic.handle, commit.seq, commit.body),)
        return self.messages(topic.handle, commit.seq, commit.body)

    def parts(self, body: bytes) -> list[bytes]:
        """A ledger's body in parts that fit a message."""
        return native.split_body(body, self._part)

    def messages(self, handle: int, seq: Seq, body: bytes) -> tuple[bytes, ...]:
        """A ledger's body as relays."""
        parts = self.parts(body)
        last = len(parts) - 1
        return tuple(native.relay(handle, seq, part, index < last) for index, part in enumerate(parts))


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What one connection may do. Times in seconds, sizes in bytes; ``on_wire`` is the welcome's."""

    message: int
    document: int
    topics: int
    connections_per_user: int
    statements_per_second: int
    waiting_bytes: int
    hello_timeout: float
    hello_bytes: int
    beat: float
    on_wire: dict[str, int]


@dataclass(frozen=True, slots=True)
class Services:
    """What every session of the process shares."""

    pipeline: Pipeline
    topics: TopicBook
    rights: Rights
    people: People
    actions: Actions
    presence: PresenceBoard
    sessions: Sessions
    tasks: Tasks
    authenticator: Authenticator
    clock: Clock
    timers: Timers
    metrics: Metrics
    limits: SessionLimits
    relay: NativeRelay
    check: StatementCheck
