"""Who may read and write which topic. Memberships are remembered; changes are announced by ``forget``.

=========================== ============================================================================
topic                       who opens it
=========================== ============================================================================
``inbox/<user>``            that user
``space/<name>``            its members
``doc/inbox/<user>/…``      that user, always to write; its members. Nobody else makes one
``doc/space/<name>/…``      the members of the space, with the access they have there
``doc/<name>``, all others  its members; who opens one that doesn't exist yet, owns it
=========================== ============================================================================
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from hub.engine.topicbook import TopicBook
from hub.engine.topics import Topic
from hub.errors import Forbidden, Unavailable, UnknownTopic
from hub.model import Access, Identity, TopicName, UserId
from hub.ports import Directory
from hub.state.names import inbox_of, ledger_of, topic_kind

REMEMBERED = 10_000


def governing(topic: TopicName) -> TopicName:
    """The topic whose members may open a topic: the space of a space's document, else the topic itself."""
    ledger = ledger_of(topic)
    return topic if ledger is None or ledger.startswith("inbox/") else ledger


class Rights:
    """Answers at once where it remembers, and asks the directory where it does not."""

    __slots__ = ("_directory", "_forgotten", "_look_up", "_members", "_topics")

    def __init__(
        self, directory: Directory, topics: TopicBook, look_up: Callable[[Topic], Awaitable[None]]
    ) -> None:
        """``look_up`` makes a topic ``known``."""
        self._look_up = look_up
        self._directory = directory
        self._topics = topics
        self._forgotten = 0
        self._members: OrderedDict[TopicName, Mapping[UserId, Access]] = OrderedDict()

    def knows(self, topic: TopicName) -> bool:
        """Whether ``access`` can answer without ``learn``."""
        if topic.startswith("inbox/"):
            return True
        topic = governing(topic)
        members = self._members.get(topic)
        if members is None:
            return False
        return bool(members) or topic.startswith("space/") or self._topics.document(topic).known

    async def learn(self, topic: TopicName) -> None:
        """Remember who the topic's members are. Raises ``Unavailable``."""
        topic = governing(topic)
        while not self.knows(topic):
            asked = self._forgotten
            members = await self._directory.members(topic)
            if not members and topic.startswith("doc/"):
                await self._look_up(self._topics.document(topic))
            if asked == self._forgotten:
                self._members[topic] = members
        while len(self._members) > REMEMBERED:
            self._members.popitem(last=False)

    def forget(self, topic: TopicName) -> None:
        """The topic's members changed; what is being read now may be older."""
        self._forgotten += 1
        self._members.pop(topic, None)

    def forget_user(self, user: UserId) -> None:
        """The user was deleted, and with them all their memberships."""
        for topic in [topic for topic, members in self._members.items() if user in members]:
            del self._members[topic]
        self._forgotten += 1

    async def may_read(self, topic: TopicName, user: UserId) -> bool:
        """Whether the user, with whatever token, may read a ledger now: is a member of the space, or has not
        been deleted. Raises ``Unavailable``."""
        if topic_kind(topic)[0] == "inbox":
            return await self._directory.user(user) is not None
        await self.learn(topic)
        return user in self._members[topic]

    def has_members(self, topic: TopicName) -> bool:
        """Whether anybody is a member of a topic that is known."""
        return bool(self._members.get(topic))

    def access(self, identity: Identity, topic: TopicName) -> Access:
        """What a token with scope ``user`` may do with a topic that is known.

        A document that doesn't exist yet belongs to whoever opens it first, unless its name says whose it is.

        Raises:
            Forbidden: it is somebody else's, or the token lacks the scope.
            UnknownTopic, BadId: there is no such topic.
        """
        if topic == inbox_of(identity.user) and "user" in identity.scopes:
            return "write"
        kind, _ = topic_kind(topic)
        if "user" not in identity.scopes:
            raise Forbidden("opening topics needs the scope user")
        if kind == "inbox":
            raise Forbidden("this is somebody else's inbox")
        members = self._members.get(governing(topic))
        if members is None:
            raise Unavailable
        if kind == "doc" and self._owns(identity, topic, members):
            return "write"
        access = members.get(identity.user)
        if access is not None:
            return access
        if not members and governing(topic).startswith("space/"):
            raise UnknownTopic
        raise Forbidden(f"you are not a member of this {'space' if kind == 'space' else 'document'}")

    def _owns(self, identity: Identity, topic: TopicName, members: Mapping[UserId, Access]) -> bool:
        """Whether it is the user's by its name, or by being opened first."""
        ledger = ledger_of(topic)
        if ledger is None:
            return not members and self._opens(identity, topic)
        if ledger != inbox_of(identity.user):
            return False
        if not members:
            self._opens(identity, topic)
        return True

    def _opens(self, identity: Identity, topic: TopicName) -> bool:
        document = self._topics.document(topic)
        if not document.known:
            raise Unavailable
        if document.seq > 0:
            return False
        if document.opener is None or not document.busy:
            document.opener = identity.user
        return document.opener == identity.user
