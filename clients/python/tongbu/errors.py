"""What can go wrong, as types. Those of the hub carry its codes; all are ``HubError``s.

HubError
├── Refusal                 the hub, or a check before anything is sent, refuses; nothing was changed
│   ├── BadId  BadField  BadValue  Exists  ClockAhead  Forbidden  UnknownTopic  UnknownHandle
│   ├── Limit  TooBig  Gap  Refused  NotFound  Unauthorized
│   └── Unavailable  Internal
├── Malformed               the other side does not speak this protocol
├── NotConnected            also a ``TimeoutError``: the hub can't be reached, the message says why
├── NotOpen                 the ledger is used before ``open``
├── NotReplicated           somebody else's inbox is written only
├── OutboxFull              too much waits for the hub
├── LinkCodeRefused         the code is unknown, used or expired
├── Closed                  the ``async with`` is over
└── StoreError
    ├── StoreInUse          another process has it open
    └── StoreUnusable       it can't be read or written, or was written by a newer version

What ends a connection for good is raised by ``Hub.connected``, ``Hub.flush`` and every iterator: the close
codes 4400 as ``Malformed``, 4401 as ``Unauthorized``, 4403 as ``Forbidden``, 4413 as ``TooBig``.
"""

from __future__ import annotations

from hub.errors import (
    BadField,
    BadId,
    BadValue,
    ClockAhead,
    Exists,
    Forbidden,
    Gap,
    HubError,
    Internal,
    Limit,
    Malformed,
    NotFound,
    Refusal,
    Refused,
    TooBig,
    Unauthorized,
    Unavailable,
    UnknownHandle,
    UnknownTopic,
)

__all__ = [
    "BadField",
    "BadId",
    "BadValue",
    "ClockAhead",
    "Closed",
    "Exists",
    "Forbidden",
    "Gap",
    "HubError",
    "Internal",
    "Limit",
    "LinkCodeRefused",
    "Malformed",
    "NotConnected",
    "NotFound",
    "NotOpen",
    "NotReplicated",
    "OutboxFull",
    "Refusal",
    "Refused",
    "StoreError",
    "StoreInUse",
    "StoreUnusable",
    "TooBig",
    "Unauthorized",
    "Unavailable",
    "UnknownHandle",
    "UnknownTopic",
    "refusal_of",
]


class NotConnected(HubError, TimeoutError):
    """The hub could not be reached in time."""

    code = "not_connected"
    retry = True


class NotOpen(HubError):
    """The ledger is not open yet: `await ledger.open()` first."""

    code = "not_open"


class NotReplicated(HubError):
    """Somebody else's inbox is written only: it can't be listed, counted or marked from here."""

    code = "not_replicated"


class OutboxFull(HubError):
    """Too much waits for the hub already; nothing was entered."""

    code = "outbox_full"
    retry = True


class LinkCodeRefused(HubError):
    """The link code is unknown, used or expired: get another one."""

    code = "link_code"


class Closed(HubError):
    """The connection to the hub was left: its `async with` is over."""

    code = "closed"


class StoreError(HubError):
    """The store can't be used."""

    code = "store"


class StoreInUse(StoreError):
    """Another process uses this store."""

    code = "store_in_use"


class StoreUnusable(StoreError):
    """The store can't be read or written."""

    code = "store_unusable"


_REFUSALS: dict[str, type[Refusal]] = {
    each.code: each
    for each in (
        BadField,
        BadId,
        BadValue,
        ClockAhead,
        Exists,
        Forbidden,
        Gap,
        Internal,
        Limit,
        NotFound,
        Refused,
        TooBig,
        Unauthorized,
        Unavailable,
        UnknownHandle,
        UnknownTopic,
    )
}


def refusal_of(code: str, message: str) -> Refusal:
    """The hub's ``no`` as an error; a code from a newer hub is a plain ``Refusal``."""
    kind = _REFUSALS.get(code)
    if kind is not None:
        return kind(message)
    return Refusal(f"{message} ({code})")
