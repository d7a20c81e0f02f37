"""What ``hub doctor`` finds of channels and routes without calling anybody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hub.cli.finding import Finding
from hub.config import Config, MatchSettings, RouteSettings, route_name

FIRST_CHANNEL: Final = """\
to send every task's end to a WeCom group, write into the file of --config:
    [channels.ops]
    kind = "wecom_robot"
    key = "env:WECOM_OPS_KEY"

    [[routes]]
    match = { kind = "task" }
    channels = ["ops"]
to try it without WeChat: hub serve --dev --sandbox"""

_KINDS: Final = ("notification", "task")
_LISTED: Final = ("level", "source", "tags", "user", "topic", "status")


def check_routes(config: Config) -> Iterator[Finding]:
    """Whether every route can be reached and every channel is used."""
    if not config.channels:
        yield Finding("warn", "channels", "none: nothing leaves the hub", FIRST_CHANNEL)
        return
    found = [*_without_routes(config), *_unreachable(config.routes), *_unused(config)]
    yield from found
    if not found:
        counts = f"{len(config.routes)} routes to {len(config.channels)} channels"
        yield Finding("ok", "routes", f"{counts}; each can be reached, each is used")


def _without_routes(config: Config) -> Iterator[Finding]:
    if not config.routes:
        name = next(iter(config.channels))
        yield Finding(
            "warn",
            "routes",
            "none: nothing leaves the hub",
            f'write below the channels:\n    [[routes]]\n    channels = ["{name}"]',
        )


def _unreachable(routes: Sequence[RouteSettings]) -> Iterator[Finding]:
    for place, route in enumerate(routes):
        name, kinds = route_name(route, place), _matched_kinds(route.match)
        before = [_covering(kind, routes[:place], route.match) for kind in kinds]
        taken = dict.fromkeys(route_name(routes[each], each) for each in before if each is not None)
        if not kinds:
            advice = 'a notification has no status: match kind = "task", or no status'
            yield Finding("warn", "routes", f"{name} can't match anything", advice)
        elif None not in before:
            advice = "the first route that matches wins: put the narrower one first, or remove it"
            yield Finding(
                "warn",
                "routes",
                f"{name} is never reached: {' and '.join(taken)} takes it all before",
                advice,
            )


def _unused(config: Config) -> Iterator[Finding]:
    used = {name for route in config.routes for name in route.channels}
    for name in config.channels if config.routes else ():
        if name not in used:
            yield Finding(
                "warn",
                "routes",
                f"no route sends to {name}",
                f'name it in the channels of a route: channels = ["{name}"], or remove [channels.{name}]',
            )


def _matched_kinds(match: MatchSettings) -> Sequence[str]:
    """Of which kinds the items are that may match."""
    if match.status is not None:  # notifications have none
        return ("task",) if match.kind in (None, "task") else ()
    return _KINDS if match.kind is None else (match.kind,)


def _covering(kind: str, earlier: Sequence[RouteSettings], match: MatchSettings) -> int | None:
    """The place of the first route that takes all of a kind that ``match`` would; None for none."""
    for place, route in enumerate(earlier):
        if kind in _matched_kinds(route.match) and _covers(route.match, match):
            return place
    return None


def _covers(wide: MatchSettings, narrow: MatchSettings) -> bool:
    """Whether whatever matches ``narrow`` matches ``wide``, too, kinds aside; False in doubt."""
    for key in _LISTED:
        allowed, asked = _values(key, wide), _values(key, narrow)
        if allowed is not None and (asked is None or not (asked <= allowed)):
            return False
    return True


def _values(key: str, match: MatchSettings) -> frozenset[str] | None:
    """What a key demands; None for nothing: every event has a user and a topic, ``*`` demands none of it."""
    stated: str | tuple[str, ...] | None = getattr(match, key)
    if stated is None or (key in ("user", "topic") and "*" in _several(stated)):
        return None
    return frozenset(_several(stated))


def _several(stated: str | tuple[str, ...]) -> tuple[str, ...]:
    return (stated,) if isinstance(stated, str) else stated
