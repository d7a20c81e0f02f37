"""Who may see and say who the members of a space or document are. Pure.

============================ ===================== =============================
who                          sees the members      adds and removes members
============================ ===================== =============================
scope ``admin``              of all                of all
member with ``write``        yes                   of documents, not of spaces
member with ``read``         their own access      no
the user in a document's     yes                   yes
name, ``doc/inbox/<user>/…``
============================ ===================== =============================

The documents of a space, ``doc/space/<name>/…``, have the members of the space and none of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.errors import BadId, Forbidden, Limit
from hub.model import Access, Identity, TopicName, UserId
from hub.state.names import inbox_of, ledger_of, topic_kind

MAX_MEMBERS: Final = 1000
"""Of a document, as far as its members add them."""

Members = Mapping[UserId, Access]


def check_shared(topic: TopicName) -> None:
    """Raises ``BadId`` where a topic has no members of its own, ``UnknownTopic`` for no kind of topic."""
    if topic_kind(topic)[0] == "inbox":
        raise BadId("an inbox has no members")
    if (ledger_of(topic) or "").startswith("space/"):
        raise BadId("the document of a space has the members of the space")


def check_sees(identity: Identity, topic: TopicName, members: Members) -> None:
    """Raises ``Forbidden`` where the caller may not see who the others are."""
    writes = members.get(identity.user) == "write" or ledger_of(topic) == inbox_of(identity.user)
    if "admin" in identity.scopes or ("user" in identity.scopes and writes):
        return
    if not members and topic_kind(topic)[0] == "doc" and ledger_of(topic) is None:
        raise Forbidden(
            "the document is nobody's: if it was never written, open it and write something, "
            "and it is yours to share"
        )
    raise Forbidden("this is for members with write access and administrators")


def check_removes(identity: Identity, topic: TopicName, members: Members) -> None:
    """Raises ``Forbidden`` where the caller may not say who the members are."""
    if topic_kind(topic)[0] == "space" and "admin" not in identity.scopes:
        raise Forbidden("the members of a space are for administrators to say")
    check_sees(identity, topic, members)


def check_adds(identity: Identity, topic: TopicName, members: Members, user: UserId) -> None:
    """As ``check_removes``; raises ``Limit`` for one more than who isn't an administrator may add."""
    check_removes(identity, topic, members)
    if "admin" not in identity.scopes and user not in members and len(members) >= MAX_MEMBERS:
        raise Limit(f"at most {MAX_MEMBERS} members; an administrator may add more")
