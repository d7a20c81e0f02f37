"""``[delivery]``, ``[channels.<name>]``, ``[[routes]]``: which events leave the hub, by which way, when."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

import msgspec

from hub.config.placeholders import MAX_TEMPLATE
from hub.config.values import DAY, Seconds, Secret, Section, Text
from hub.model import ItemKind

MAX_CHANNELS: Final = 100
MAX_ROUTES: Final = 1000
MAX_VALUES: Final = 100
"""Of one key of a match."""

Url = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^https?://[^\s/?#@\\]+([/?][^\s#]*)?\Z",
        max_length=2048,
        extra={"allowed": 'an address such as "https://example.org/hook", without user, password or #'},
    ),
]
Address = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^https?://[^\s/?#@\\]+(/[^\s?#]*)?\Z",
        max_length=2048,
        extra={"allowed": 'an address such as "https://qyapi.weixin.qq.com", without user, password, ? or #'},
    ),
]
RouteName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,64}\Z",
        extra={"allowed": "a name of 1 to 64 characters, in one line"},
    ),
]
Template = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=MAX_TEMPLATE,
        extra={"allowed": f'a text such as "{{title}}: {{status}}", of 1 to {MAX_TEMPLATE} characters'},
    ),
]
Delay = Annotated[float, msgspec.Meta(ge=0, le=30 * DAY)]
"""Seconds, 0 for none."""
Texts = Text | Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=MAX_VALUES)]
"""One text or several."""
Unless = Literal["seen", "read", "archived", "snoozed", "deleted"]
Level = Literal["debug", "info", "success", "warning", "error", "critical"]
Levels = Level | Annotated[tuple[Level, ...], msgspec.Meta(min_length=1, max_length=MAX_VALUES)]
End = Literal["succeeded", "failed", "canceled", "expired"]
Ends = End | Annotated[tuple[End, ...], msgspec.Meta(min_length=1, max_length=MAX_VALUES)]
Language = Literal["zh", "en"]


class DeliverySettings(Section, frozen=True):
    """``[delivery]``: how hard the hub tries, and what it keeps."""

    call_timeout: Seconds = 5.0
    """One call to a vendor, connecting included."""
    retries: Annotated[int, msgspec.Meta(ge=0, le=100)] = 3
    """After calls that may have reached the vendor."""
    backoff: Seconds = 1.0
    """The first wait before a retry, at most; it doubles, with full jitter."""
    backoff_limit: Seconds = 60.0
    """The longest."""
    max_age: Seconds = 1.0 * DAY
    """What could not be sent for so long is dead."""
    paused_probe: Seconds = 300.0
    """A channel paused for its configuration tries one delivery again after so long."""
    keep: Seconds = 90.0 * DAY
    """Events, and deliveries that ended, are kept so long."""
    audit_keep: Seconds = 3.0 * 365 * DAY
    """One line about every call, never what it said, is kept so long."""


class ChannelSection(Section, frozen=True, tag_field="kind"):
    """What every channel takes, besides ``kind`` and ``base_url``.

    ``allow_core``: whether items of class ``core`` may leave by it. ``mask``: whether identity-card and phone
    numbers are masked. Nothing of it is ever shown: it holds keys.
    """

    SECRETS: ClassVar[tuple[str, ...]] = ("base_url",)

    allow_core: bool = False
    mask: bool = True
    language: Language = "zh"

    def __post_init__(self) -> None:
        for name in self.SECRETS:
            msgspec.structs.force_setattr(self, name, Secret(getattr(self, name)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class WecomRobotSettings(ChannelSection, frozen=True, tag="wecom_robot", kw_only=True):
    """A WeCom group robot (消息推送), https://developer.work.weixin.qq.com/document/path/99110."""

    SECRETS = ("base_url", "key")

    key: Text
    base_url: Address = "https://qyapi.weixin.qq.com"
    format: Literal["markdown", "text"] = "markdown"
    mentioned: tuple[Text, ...] = ()
    """WeCom user ids to mention; ``@all`` for everybody, in format ``text`` only."""


class WebhookSettings(ChannelSection, frozen=True, tag="webhook", kw_only=True):
    """Standard Webhooks (https://www.standardwebhooks.com): the event and the item as JSON, signed."""

    SECRETS = ("base_url", "secret")

    base_url: Url
    """Where to POST, path included."""
    secret: Text
    """``whsec_`` and the base64 of 24 to 64 bytes; several, divided by blanks, while one replaces another."""
    allow_private: bool = False
    """Whether a host name may lead to a private address; one written as an address may anyway."""


ChannelSettings = WecomRobotSettings | WebhookSettings


class MatchSettings(Section, frozen=True):
    """What an event must be for a route: every key that is given, any of its values. ``*`` stands for any
    characters in ``source``, ``tags``, ``user`` and ``topic``; upper and lower case differ."""

    kind: ItemKind | None = None
    level: Levels | None = None
    """An item without a level has ``info``."""
    source: Texts | None = None
    """An item without a source matches no text, ``*`` neither."""
    tags: Texts | None = None
    """One of the item's tags is enough."""
    user: Texts | None = None
    """The inbox's user; in a space each member."""
    topic: Texts | None = None
    status: Ends | None = None
    """How the task ended; a notification has no end and doesn't match."""


class RouteSettings(Section, frozen=True):
    """One ``[[routes]]``; the first that matches wins."""

    channels: Annotated[tuple[Text, ...], msgspec.Meta(max_length=MAX_CHANNELS)]
    """() keeps what matches in the hub."""
    match: MatchSettings = MatchSettings()
    name: RouteName | None = None
    """By default its place, ``route-1``. Deliveries remember it: name routes that you move."""
    delay: Delay = 0.0
    unless: tuple[Unless, ...] = ()
    """What, stated after the event, keeps it in the hub."""
    template: Template | None = None
    """The message in the route's own words (``hub.config.placeholders``), or ``file:PATH`` where they are."""
    language: Language | None = None
    """By default the channel's."""
