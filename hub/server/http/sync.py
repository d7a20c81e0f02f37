"""``POST /v1/sync``: one round trip for whom can't hold a socket. JSON or msgpack.

In JSON a document's bytes are base64 (RFC 4648 §4), in msgpack they are binary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.actions import Actions, SyncAnswer, SyncPart
from hub.engine.people import People
from hub.errors import BadId, BadValue, Limit
from hub.model import TopicName
from hub.server.http.answer import MSGPACK, Answer, json_answer
from hub.server.http.bodies import SyncPartBody, SyncQuery
from hub.server.http.call import Call, decode
from hub.server.http.problems import document
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import SyncPartAnswer

_json_body: Final = msgspec.json.Decoder(list[SyncPartBody])
_msgpack_body: Final = msgspec.msgpack.Decoder(list[SyncPartBody])
_encode_msgpack: Final = msgspec.msgpack.Encoder().encode

_MSGPACK_TYPES: Final = ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")
_TYPES: Final = ("application/json", "application/msgpack")


class SyncRoutes:
    """The route of one-round-trip sync.

    Args:
        actions: the engine's.
        people: for the device that speaks.
        max_topics: ``limits.topics``.
        max_body: bytes of a body.
    """

    def __init__(self, actions: Actions, people: People, max_topics: int, max_body: int) -> None:
        self._actions = actions
        self._people = people
        self._max_topics = max_topics
        self._max_body = max_body

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            Route(
                "POST",
                "/v1/sync",
                self.sync,
                "sync",
                "sync",
                "Push and catch up several topics in one round trip",
                {200: Reply("An answer a topic, in their order.", list[SyncPartAnswer], _TYPES)},
                "Each topic is taken or refused on its own. A document's bytes are base64 in JSON.",
                scopes=("user", "publish"),
                query=SyncQuery,
                body=list[SyncPartBody],
                body_types=_TYPES,
                refusals=(BadId, BadValue, Limit),
                max_body=self._max_body,
            ),
        )

    async def sync(self, call: Call) -> ASGIApp:
        """What each topic's device lacks."""
        parts = self._parts(await call.body(), packed=_is_msgpack(call.header(b"content-type")))
        device = await self._device(call)
        answers = await self._actions.sync(call.identity, device, parts)
        content = [_answer(answer) for answer in answers]
        if _wants_msgpack(call):
            return Answer(200, _encode_msgpack(content), MSGPACK)
        return json_answer(content)

    def _parts(self, body: bytes, packed: bool) -> Sequence[SyncPart]:
        parts = decode(_msgpack_body, body) if packed else decode(_json_body, body)
        if len(parts) > self._max_topics:
            raise Limit(f"at most {self._max_topics} topics at once")
        if len({part.topic for part in parts}) < len(parts):
            raise BadValue("a topic is named more than once")
        return [_part(part) for part in parts]

    async def _device(self, call: Call) -> str | None:
        """The device that speaks: the token's, or the one named."""
        named = call.query(SyncQuery).device
        if named is None or named == call.identity.device:
            return call.identity.device
        return (await self._people.adopt(call.identity, named)).device


def _part(body: SyncPartBody) -> SyncPart:
    push: Any = body.push
    if push is not None and isinstance(push, bytes) != body.topic.startswith("doc/"):
        raise BadValue("push: a ledger takes statements, a document one update")
    return SyncPart(TopicName(body.topic), body.incarnation, body.seq, push, body.state_vector)


def _answer(answer: SyncAnswer) -> dict[str, Any]:
    content: dict[str, Any] = {
        "topic": answer.topic,
        "incarnation": answer.incarnation,
        "seq": answer.seq,
        "access": answer.access,
        "full": answer.full,
        "body": answer.body,
    }
    if answer.refusal is not None:
        content["problem"] = document(answer.refusal, of_push=True)
    return content


def _is_msgpack(media_type: str | None) -> bool:
    return media_type is not None and media_type.partition(";")[0].strip().lower() in _MSGPACK_TYPES


def _wants_msgpack(call: Call) -> bool:
    """The answer comes in the first format that is accepted, else as the question came."""
    for accepted in (call.header(b"accept") or "").split(","):
        if _is_msgpack(accepted):
            return True
        if accepted.partition(";")[0].strip() == "application/json":
            return False
    return _is_msgpack(call.header(b"content-type"))
