"""All resident topics by name, and the way of a commit to their readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from hub.engine.residence import TopicCache
from hub.engine.topics import DocumentTopic, Ledger, Topic
from hub.model import TopicName
from hub.ports import Commit
from hub.state.names import topic_kind


class TopicBook:
    """Owns the topics. One that nobody reads and nothing waits for may leave at any time; a new one takes its
    place, with a new handle."""

    __slots__ = ("_topics",)

    def __init__(self, capacity: int) -> None:
        self._topics: TopicCache[Topic] = TopicCache(capacity)

    def topic(self, name: TopicName) -> Topic:
        """The topic of that name, resident from now on. Raises ``BadId``, ``UnknownTopic``."""
        topic = self._topics.get(name)
        if topic is None:
            kind, _ = topic_kind(name)
            topic = DocumentTopic(name, kind) if kind == "doc" else Ledger(name, kind)
            self._topics.add(name, topic)
        return topic

    def held(self, name: TopicName) -> Topic | None:
        """The topic of that name, where it is resident; it counts as used."""
        return self._topics.get(name)

    def ledger(self, name: TopicName) -> Ledger:
        """As ``topic``, for a name that is an inbox or a space."""
        return cast("Ledger", self.topic(name))

    def document(self, name: TopicName) -> DocumentTopic:
        """As ``topic``, for a name that is a document."""
        return cast("DocumentTopic", self.topic(name))

    def resident(self) -> list[Topic]:
        """All topics in memory."""
        return self._topics.values()

    def relay(self, commits: Sequence[Commit]) -> None:
        """Show commits to the readers; subscribed to the bus."""
        for commit in commits:
            topic = self._topics.peek(commit.topic)
            if topic is not None and topic.readers:
                topic.relay(commit)
