"""What lets people and devices in: tokens and codes, as they are handed out."""

from __future__ import annotations

from typing import NamedTuple

from hub.model import DeviceId, Milliseconds, UserId


class Renewed(NamedTuple):
    """A new token and when it expires, in ms."""

    token: str
    expires_at: Milliseconds


class LinkCode(NamedTuple):
    """A code that lets a new device in, and when it expires, in ms."""

    code: str
    expires_at: Milliseconds


class Claimed(NamedTuple):
    """What a new device gets for a code: its token, whose it is, and the id it was issued."""

    token: str
    user: UserId
    device: DeviceId
