"""Which event goes to which channels: the routes of the configuration, made ready to be asked within a turn.

For each user the first route that matches wins. A route without channels keeps what matches in the hub, and
so does an event that no route matches. Pure, but for the ids of the deliveries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.config import MatchSettings, RouteSettings, route_name
from hub.errors import BadConfig
from hub.model import Delivery, Event, Json, Milliseconds, UserId
from hub.state.ulid import new_ulid
from hub.state.words import DEFAULT_LEVEL

Rule = Callable[[Event, Mapping[str, Json]], bool]
"""What a route demands of an event and its item's record."""
Fits = Callable[[str], bool]
"""Whether a text is what a pattern asks for."""


class _Route(NamedTuple):
    """One route, compiled. ``delay`` in ms; ``user`` is None where any will do."""

    name: str
    channels: tuple[str, ...]
    delay: int
    rules: tuple[Rule, ...]
    user: Fits | None


class Router:
    """Implements ``ports.Routing``.

    Args:
        routes: in order.
        channels: the names of those that are configured.

    Raises:
        BadConfig: a route names another channel.
    """

    __slots__ = ("_by_kind", "_settings")

    def __init__(self, routes: Sequence[RouteSettings], channels: Collection[str]) -> None:
        self._settings = {route_name(route, place): route for place, route in enumerate(routes)}
        self._by_kind: dict[str, list[_Route]] = {"notification": [], "task": []}
        for place, route in enumerate(routes):
            name = route_name(route, place)
            for channel in route.channels:
                if channel not in channels:
                    raise BadConfig(f"route {name}: there is no channel {channel}.")
            compiled = _compiled(name, route)
            for kind, those in self._by_kind.items():
                if route.match.kind in (None, kind):
                    those.append(compiled)

    def deliveries(
        self, event: Event, record: Mapping[str, Json], users: Sequence[UserId]
    ) -> Sequence[Delivery]:
        """For each of ``users`` one for each channel of the first route that matches; due after its delay."""
        candidates = list(self._candidates(event, record))
        return [
            _delivery(event, route, channel, user)
            for user in users
            for route in _first(candidates, user)
            for channel in route.channels
        ]

    def route(self, name: str) -> RouteSettings | None:
        """The route of that name; None where it is no longer configured."""
        return self._settings.get(name)

    def _candidates(self, event: Event, record: Mapping[str, Json]) -> Iterator[_Route]:
        """The routes that the event matches for some user, up to the first that it matches for all."""
        for route in self._by_kind[str(record["kind"])]:
            for rule in route.rules:
                if not rule(event, record):
                    break
            else:
                yield route
                if route.user is None:
                    return


def _first(candidates: Iterable[_Route], user: UserId) -> Iterable[_Route]:
    for route in candidates:
        if route.user is None or route.user(user):
            return (route,)
    return ()


def _delivery(event: Event, route: _Route, channel: str, user: UserId) -> Delivery:
    return Delivery(
        id=new_ulid(event.at),
        event=event.id,
        item=event.item,
        channel=channel,
        route=route.name,
        due=Milliseconds(event.at + route.delay),
        user=user,
        topic=event.topic,
    )


def _compiled(name: str, route: RouteSettings) -> _Route:
    user = route.match.user
    return _Route(
        name,
        tuple(dict.fromkeys(route.channels)),
        round(route.delay * 1000),
        tuple(_rules(route.match)),
        None if user is None else _one_of(user),
    )


def _rules(match: MatchSettings) -> Iterator[Rule]:
    """What a match demands, besides kind and user; the cheapest first."""
    if match.status is not None:
        yield _status_rule(match.status)
    if match.level is not None:
        yield _level_rule(match.level)
    if match.topic is not None:
        yield _topic_rule(_one_of(match.topic))
    if match.source is not None:
        yield _source_rule(_one_of(match.source))
    if match.tags is not None:
        yield _tags_rule(_one_of(match.tags))


def _status_rule(ends: str | tuple[str, ...]) -> Rule:
    those = frozenset(_several(ends))
    return lambda event, record: event.status in those  # a notification has none


def _level_rule(levels: str | tuple[str, ...]) -> Rule:
    those = frozenset(_several(levels))
    return lambda event, record: (record.get("level") or DEFAULT_LEVEL) in those


def _topic_rule(fits: Fits) -> Rule:
    return lambda event, record: fits(event.topic)


def _source_rule(fits: Fits) -> Rule:
    def rule(event: Event, record: Mapping[str, Json]) -> bool:
        source: Any = record.get("source")
        return source is not None and fits(source)

    return rule


def _tags_rule(fits: Fits) -> Rule:
    def rule(event: Event, record: Mapping[str, Json]) -> bool:
        tags: Any = record.get("tags") or ()
        return any(map(fits, tags))

    return rule


def _several(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts


def _one_of(patterns: str | tuple[str, ...]) -> Fits:
    """Whether a text is one of those; ``*`` in them stands for any characters."""
    exact = frozenset(each for each in _several(patterns) if "*" not in each)
    globs = tuple(_glob(each) for each in _several(patterns) if "*" in each)
    if not globs:
        return exact.__contains__
    if len(globs) == 1 and not exact:
        return globs[0]
    return lambda text: text in exact or any(glob(text) for glob in globs)


def _glob(pattern: str) -> Fits:
    """One pattern with ``*``. What stands between two of them is sought from left to right, so that no text
    costs more than its length times the pattern's, as it would with a regular expression."""
    head, *middle, tail = pattern.split("*")

    def fits(text: str) -> bool:
        end = len(text) - len(tail)
        if end < len(head) or not text.startswith(head) or not text.endswith(tail):
            return False
        place = len(head)
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    return fits
