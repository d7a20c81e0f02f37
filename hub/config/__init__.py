"""Every setting of the hub: its section, its unit, its default, its bounds. ``load`` reads them.

Sections are frozen and refuse unknown keys. Times are seconds, sizes are bytes, and nothing is unlimited.
Any text may be ``env:NAME`` or ``file:PATH`` (its content, trimmed); only ``load`` looks at the environment.
Not so the ``kind`` of a channel, the ``match`` and ``name`` of a route, and a template that holds a brace or
a blank: those mean what they say.
"""

from hub.config.outward import (
    ChannelSettings,
    DeliverySettings,
    MatchSettings,
    RouteSettings,
    WebhookSettings,
    WecomRobotSettings,
)
from hub.config.outward_reading import route_name
from hub.config.reading import load, settings
from hub.config.sections import (
    Config,
    ConnectionSettings,
    DocumentSettings,
    IdentitySettings,
    LimitSettings,
    ServerSettings,
    StorageSettings,
)
from hub.config.values import MIB

__all__ = [
    "MIB",
    "ChannelSettings",
    "Config",
    "ConnectionSettings",
    "DeliverySettings",
    "DocumentSettings",
    "IdentitySettings",
    "LimitSettings",
    "MatchSettings",
    "RouteSettings",
    "ServerSettings",
    "StorageSettings",
    "WebhookSettings",
    "WecomRobotSettings",
    "load",
    "route_name",
    "settings",
]
