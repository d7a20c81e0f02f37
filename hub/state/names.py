"""The alphabets of names, item ids and topics.

==================== =====================================================================
name                 ``[A-Za-z0-9_.~@-]{1,64}``: users, devices, channels, spaces, documents
document name        1 to 64 characters, names joined by ``/``; or an item's document
an item's document   ``inbox/<user>/<item id>`` or ``space/<name>/<item id>``, however long its parts
item id              ``[A-Za-z0-9][A-Za-z0-9_.~-]{0,63}``
personal item        ``space/<name>/<id>`` or ``space/<name>/*``, only in an inbox
topic                ``inbox/<user>``, ``space/<name>``, ``doc/<document name>``
==================== =====================================================================
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from hub.errors import BadId, UnknownTopic
from hub.model import ItemId, TopicKind, TopicName

MAX_NAME: Final = 64

_PATHS: Final = frozenset({".", ".."})
"""Within the alphabet, but no URL can hold them: they are no names."""

_KINDS: Final[dict[str, TopicKind]] = {"inbox": "inbox", "space": "space", "doc": "doc"}

ALL: Final = ItemId("*")
"""The item that stands for every item of an inbox: ``read_upto`` is stated on it."""

_NAME = r"[A-Za-z0-9_.~@-]{1,64}"
_ITEM_ID = r"[A-Za-z0-9][A-Za-z0-9_.~-]{0,63}"

_is_name = re.compile(_NAME).fullmatch
_is_item_id = re.compile(_ITEM_ID).fullmatch
_is_document_name = re.compile(r"[A-Za-z0-9_.~@-]+(?:/[A-Za-z0-9_.~@-]+)*").fullmatch
_is_items_document = re.compile(rf"(?:inbox|space)/{_NAME}/{_ITEM_ID}").fullmatch
_personal = re.compile(rf"space/({_NAME})/({_ITEM_ID}|\*)").fullmatch

Target = Literal["item", "all", "personal", "personal_all"]
"""What a statement's ``item`` names: an item, ``*``, ``space/<name>/<id>``, ``space/<name>/*``."""


class PersonalItem(NamedTuple):
    """A personal item taken apart: ``item`` is ``*`` where all items of the space are meant."""

    space: str
    item: ItemId


def is_name(value: object) -> bool:
    """Whether ``value`` names a user, device, channel or space."""
    return isinstance(value, str) and _is_name(value) is not None and value not in _PATHS


def is_item_id(value: object) -> bool:
    """Whether ``value`` is the id of a notification or task."""
    return isinstance(value, str) and _is_item_id(value) is not None


def is_document_name(value: object) -> bool:
    """Whether ``value`` names a document: names joined by ``/``, at most 64 characters in all, or longer
    where it is the document of an item, ``inbox/<user>/<item id>`` or ``space/<name>/<item id>``."""
    if not isinstance(value, str):
        return False
    if len(value) > MAX_NAME and _is_items_document(value) is None:
        return False
    return _is_document_name(value) is not None and _PATHS.isdisjoint(value.split("/"))


def topic_kind(topic: object) -> tuple[TopicKind, str]:
    """Take a topic apart into its kind and name.

    Raises:
        BadId: not a string, or the name is outside the alphabet.
        UnknownTopic: a kind that does not exist.
    """
    if not isinstance(topic, str):
        raise BadId("a topic is a string")
    prefix, _, name = topic.partition("/")
    kind = _KINDS.get(prefix)
    if kind is None:
        raise UnknownTopic("a topic is inbox/<user>, space/<name> or doc/<name>")
    if is_document_name(name) if kind == "doc" else is_name(name):
        return kind, name
    raise BadId(f"the name of a topic is 1 to {MAX_NAME} of A-Z a-z 0-9 _ . ~ @ -")


def ledger_of(topic: TopicName) -> TopicName | None:
    """The ledger that a document belongs to: ``inbox/<user>`` of ``doc/inbox/<user>/…``, ``space/<name>`` of
    ``doc/space/<name>/…``. None for every other topic."""
    kind, _, rest = topic.partition("/")
    ledger, _, rest = rest.partition("/")
    name = rest.partition("/")[0]
    return TopicName(f"{ledger}/{name}") if kind == "doc" and ledger in ("inbox", "space") and name else None


def inbox_of(user: str) -> TopicName:
    """The topic of a user's inbox."""
    return TopicName(f"inbox/{user}")


def personal_name(space: str, item: str) -> ItemId:
    """The item under which a reader states what is personal about a shared item (``*``: about all)."""
    return ItemId(f"space/{space}/{item}")


def personal_item(item: str) -> PersonalItem | None:
    """Take a personal item apart; None where ``item`` is of another sort."""
    found = _personal(item)
    return None if found is None else PersonalItem(found[1], ItemId(found[2]))


def target_of(kind: TopicKind, item: object) -> Target:
    """What ``item`` names in a ledger of that kind.

    Raises:
        BadId: outside the alphabets, or not a thing that this kind of ledger holds.
    """
    if not isinstance(item, str):
        raise BadId("an item's id is a string")
    if _is_item_id(item) is not None:
        return "item"
    if kind == "inbox":
        if item == ALL:
            return "all"
        found = _personal(item)
        if found is not None:
            return "personal_all" if found[2] == ALL else "personal"
    raise BadId("an id is 1 to 64 of A-Z a-z 0-9 _ . ~ -, the first a letter or digit")
