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
from hub.ports import Authenticator, Clock, Commit, Timers
from hub.protocol import native
from hub.telemetry.metrics import Metrics


class NativeRelay:
    """How a commit goes out to native readers; a ledger's body larger than a message in parts."""

    __slots__ = ("_message",)

    def __init__(self, message: int) -> None:
        self._message = message

    def __call__(self, topic: Topic, commit: Commit) -> tuple[bytes, ...]:
        """The messages, to be shown together."""
        if len(commit.body) < self._message or isinstance(topic, DocumentTopic):
            return (native.relay(topic.handle, commit.seq, commit.body),)
        parts = native.split_body(commit.body, self._message)
        last = len(parts) - 1
        return tuple(native.relay(topic.handle, commit.seq, p, i < last) for i, p in enumerate(parts))


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
