"""Who may read and write which topic. Memberships are remembered; changes are announced by ``forget``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from hub.engine.topicbook import TopicBook
from hub.engine.topics import Topic
from hub.errors import Forbidden, Unavailable, UnknownTopic
from hub.model import Access, Identity, TopicName, UserId
from hub.ports import Directory
from hub.state.names import topic_kind

REMEMBERED = 10_000


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
        members = self._members.get(topic)
        if members is None:
            return False
        return bool(members) or topic.startswith("space/") or self._topics.document(topic).known

    async def learn(self, topic: TopicName) -> None:
        """Remember who the topic's members are. Raises ``Unavailable``."""
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

        A document that doesn't exist yet belongs to whoever opens it first.

        Raises:
            Forbidden: it is somebody else's, or the token lacks the scope.
            UnknownTopic, BadId: there is no such topic.
        """
        kind, name = topic_kind(topic)
        if "user" not in identity.scopes:
            raise Forbidden("opening topics needs the scope user")
        if kind == "inbox":
            if name != identity.user:
                raise Forbidden("this is somebody else's inbox")
            return "write"
        members = self._members.get(topic)
        if members is None:
            raise Unavailable
        access = members.get(identity.user)
        if access is not None:
            return access
        if kind == "doc" and not members and self._opens(identity, topic):
            return "write"
        if not members and kind == "space":
            raise UnknownTopic
        raise Forbidden(f"you are not a member of this {'space' if kind == 'space' else 'document'}")

    def _opens(self, identity: Identity, topic: TopicName) -> bool:
        document = self._topics.document(topic)
        if not document.known:
            raise Unavailable
        if document.seq > 0:
            return False
        if document.opener is None or not document.busy:
            document.opener = identity.user
        return document.opener == identity.user
