"""One round trip for a device that can't hold a socket: push, then what it lacks, per topic."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, NamedTuple

from hub.engine.checking import StatementCheck
from hub.engine.documents import Update, UseDocument
from hub.engine.pipeline import Pipeline
from hub.engine.reading import Catch
from hub.engine.rights import Rights
from hub.engine.shapes import SyncAnswer, SyncPart
from hub.engine.statements import Write
from hub.engine.topicbook import TopicBook
from hub.engine.topics import DocumentTopic, Ledger, Topic
from hub.errors import BadValue, Forbidden, Limit, Refusal
from hub.model import Access, Actor, Identity, Incarnation, Seq, Statement
from hub.protocol.native import encode_statements
from hub.protocol.yjs import EMPTY_UPDATE

ANSWER_BYTES = 16 * 1024 * 1024
"""What all topics of one request lack, together. A topic that lacks more is answered alone."""


class Allowance:
    """How much of one request's answer is left. What comes first always fits."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left: int | None = None

    def take(self, size: int) -> None:
        """So many bytes more. Raises ``Limit`` where they do not fit."""
        left = max(ANSWER_BYTES, size) if self._left is None else self._left
        if size > left:
            raise Limit(
                "what this topic lacks does not fit the answer: sync it alone, or over a socket",
                retry_after=0,
            )
        self._left = left - size


class _Lacked(NamedTuple):
    """What the device lacked, and where it is with it: as of one moment between turns."""

    incarnation: Incarnation
    seq: Seq
    full: bool
    body: Any


class Exchange:
    """Answers ``POST /v1/sync``."""

    __slots__ = ("_check", "_pipeline", "_rights", "_topics")

    def __init__(self, pipeline: Pipeline, topics: TopicBook, rights: Rights, check: StatementCheck) -> None:
        self._pipeline = pipeline
        self._topics = topics
        self._rights = rights
        self._check = check

    async def one(self, caller: Identity, actor: Actor, part: SyncPart, allowance: Allowance) -> SyncAnswer:
        """Push and catch up one topic. A refused push does not keep the rest from being answered."""
        try:
            await self._rights.learn(self._topics.topic(part.topic).name)
            access = self._rights.access(caller, part.topic)
        except Refusal as refusal:
            return SyncAnswer(part.topic, part.incarnation, part.seq, None, False, [], refusal)
        topic = self._topics.topic(part.topic)
        pushed = self._push(caller, actor, topic, access, part)
        answer: asyncio.Future[_Lacked] = asyncio.get_running_loop().create_future()
        self._read(topic, part, answer, allowance)
        refusal_of_push = await pushed
        try:
            lacked = await answer
        except Refusal as refusal:
            refusal = refusal_of_push or refusal
            return SyncAnswer(part.topic, part.incarnation, part.seq, access, False, [], refusal)
        return SyncAnswer(
            part.topic, lacked.incarnation, lacked.seq, access, lacked.full, lacked.body, refusal_of_push
        )

    def _push(
        self, caller: Identity, actor: Actor, topic: Topic, access: Access, part: SyncPart
    ) -> asyncio.Future[Refusal | None]:
        pushed: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        if part.push is None:
            pushed.set_result(None)
            return pushed
        refused = partial(_settle, pushed)
        try:
            if access != "write":
                raise Forbidden("you may only read this topic")
            self._submit(caller, actor, topic, part.push, pushed)
        except Refusal as refusal:
            refused(refusal)
        return pushed

    def _submit(
        self, caller: Identity, actor: Actor, topic: Topic, push: Any, pushed: asyncio.Future[Refusal | None]
    ) -> None:
        def done(_: Seq) -> None:
            _settle(pushed, None)

        refused = partial(_settle, pushed)
        if isinstance(topic, Ledger):
            stated = self._check.stated(topic.kind, push, caller)
            self._pipeline.submit(Write(topic, stated, actor, 0, done, refused))
        elif isinstance(topic, DocumentTopic):
            if type(push) is not bytes:
                raise BadValue("a document is pushed one update (bytes; base64 in JSON)")
            self._pipeline.submit(Update(topic, push, caller.user, 0, done, refused))

    def _read(
        self, topic: Topic, part: SyncPart, answer: asyncio.Future[_Lacked], allowance: Allowance
    ) -> None:
        def refused(refusal: Refusal) -> None:
            if not answer.done():
                answer.set_exception(refusal)

        def caught(full: bool, statements: list[Statement]) -> None:
            try:
                allowance.take(len(encode_statements(statements)))
            except Limit as limit:
                refused(limit)
                return
            body = [list(each) for each in statements]
            _settle(answer, _Lacked(topic.incarnation, topic.seq, full, body))

        def opened(document_topic: DocumentTopic, document: Any) -> None:
            full = part.incarnation != document_topic.incarnation or part.seq > document_topic.seq
            update = document.diff(None if full else part.state_vector)
            allowance.take(len(update))
            in_sync = update == EMPTY_UPDATE or (not full and part.seq == document_topic.seq)
            _settle(answer, _Lacked(topic.incarnation, topic.seq, full, [] if in_sync else [update]))

        if isinstance(topic, Ledger):
            self._pipeline.submit(Catch(topic, Incarnation(part.incarnation), Seq(part.seq), caught, refused))
        elif isinstance(topic, DocumentTopic):
            self._pipeline.submit(UseDocument(topic, opened, refused))


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)
