"""Which items a caller may see and state through HTTP and commands. Pure, but for remembered memberships.

========= ================================================================================
scope     may
========= ================================================================================
user      everything in the own inbox, and in spaces as their membership says; what is
          personal about a space's items whoever sees them states
publish   create in any inbox or space; see, and state status and progress of, tasks it created
admin     everything except items of class ``core``
========= ================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.engine.rights import Rights
from hub.engine.stated import Guard
from hub.errors import Forbidden, NotFound, Refusal, UnknownTopic
from hub.model import Access, Identity, Json, TopicName
from hub.state.names import inbox_of, topic_kind

Record = dict[str, Json]

_PUBLISHED = frozenset({"status", "progress"})


class ItemRights:
    """Gives a guard: what looks at an item's record in the turn and raises where it is not the caller's."""

    __slots__ = ("_created_by", "_publisher", "_rights")

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        # Programs say several things in a message: the last one's guard serves all of them.
        self._publisher: Identity | None = None
        self._created_by: Guard = _known

    async def learn(self, topic: TopicName) -> None:
        """Bring into memory what the other methods need. Raises ``BadId``, ``UnknownTopic``,
        ``Unavailable``.
        """
        if topic_kind(topic)[0] == "doc":
            raise UnknownTopic("a document holds no items")
        await self._rights.learn(topic)

    def may_list(self, caller: Identity, topic: TopicName) -> Guard:
        """For lists, counts and streams. Raises ``Forbidden``, ``UnknownTopic``."""
        self._check_space(topic)
        if self._access(caller, topic) is not None:
            return _known
        if "admin" in caller.scopes:
            return _not_core
        raise Forbidden("this needs the scope user in your own inbox or as a member, or the scope admin")

    def may_see(self, caller: Identity, topic: TopicName) -> Guard:
        """For one item. Raises ``Forbidden``, ``UnknownTopic``."""
        self._check_space(topic)
        if (
            "publish" in caller.scopes
            and self._access(caller, topic) is None
            and "admin" not in caller.scopes
        ):
            return self._creators(caller)
        return self.may_list(caller, topic)

    def may_state(self, caller: Identity, topic: TopicName, fields: Iterable[str]) -> Guard:
        """For statements on one item. Raises ``Forbidden``, ``UnknownTopic``."""
        self._check_space(topic)
        if self._access(caller, topic) == "write":
            return _known
        if "admin" in caller.scopes:
            return _not_core
        if "publish" in caller.scopes:
            if _PUBLISHED.issuperset(fields):
                return self._creators(caller)
            raise Forbidden("the scope publish states only status and progress")
        raise Forbidden("you may not state this here")

    def may_mark(self, caller: Identity, topic: TopicName) -> Guard:
        """For statements on what is personal about items: in a space whoever sees them may, in their own
        inbox. Raises ``Forbidden``, ``UnknownTopic``."""
        if not topic.startswith("space/"):
            return self.may_state(caller, topic, ("read",))
        self._check_space(topic)
        if "user" not in caller.scopes:
            raise Forbidden("what is personal about a space's items is stated with the scope user")
        return self.may_list(caller, topic)

    def may_create(self, caller: Identity, topic: TopicName, kind: object) -> None:
        """For new items. Raises ``Forbidden``, ``UnknownTopic``."""
        self._check_space(topic)
        if caller.scopes & {"publish", "admin"}:
            return
        if self._access(caller, topic) != "write":
            raise Forbidden("creating items here needs the scope publish")
        if kind == "notification":
            raise Forbidden("creating notifications needs the scope publish")

    def _creators(self, caller: Identity) -> Guard:
        if caller is not self._publisher:
            self._publisher, self._created_by = caller, _created_by(caller)
        return self._created_by

    def _check_space(self, topic: TopicName) -> None:
        if topic.startswith("space/") and not self._rights.has_members(topic):
            raise UnknownTopic

    def _access(self, caller: Identity, topic: TopicName) -> Access | None:
        if topic.startswith("inbox/") and topic != inbox_of(caller.user):
            return None  # without the price of an exception: programs write here all the time
        try:
            return self._rights.access(caller, topic)
        except Refusal:
            return None


def _known(record: Record | None) -> None:
    if record is None:
        raise NotFound("there is no such item")


def _not_core(record: Record | None) -> None:
    _known(record)
    if record is not None and record.get("class") == "core":
        raise Forbidden("items of class core are for their owner only")


def _created_by(caller: Identity) -> Guard:
    def check(record: Record | None) -> None:
        if record is None or (record["by"] != caller.device and record["by"] != caller.api_actor):
            raise Forbidden("the scope publish sees and states only what it created")

    return check
