"""``hub.delivery.router``: for each user the first route that matches wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import MatchSettings, RouteSettings
from hub.delivery.router import Router
from hub.errors import BadConfig
from hub.model import Delivery, Event, ItemId, Milliseconds, TopicName, UserId

ANN, BOB = UserId("ann"), UserId("bob")
CHANNELS = ("ops", "hook")
RAISED = Event(
    "e1", "notification.raised", TopicName("inbox/ann"), ItemId("i"), 0, None, Milliseconds(1_000_000)
)
ENDED = replace(RAISED, type="task.finalized", attempt=1, status="failed")
NOTIFICATION: dict[str, Any] = {"kind": "notification", "title": "t"}
TASK: dict[str, Any] = {"kind": "task", "title": "t"}


def to(*channels: str, delay: float = 0, name: str | None = None, **match: Any) -> RouteSettings:
    return RouteSettings(channels=channels, delay=delay, name=name, match=MatchSettings(**match))


def routed(
    routes: Sequence[RouteSettings],
    event: Event = RAISED,
    record: dict[str, Any] = NOTIFICATION,
    users: Sequence[UserId] = (ANN,),
) -> Sequence[Delivery]:
    return Router(routes, CHANNELS).deliveries(event, record, users)


def channels_of(deliveries: Sequence[Delivery]) -> list[str]:
    return [delivery.channel for delivery in deliveries]


def matches(event: Event = RAISED, record: dict[str, Any] = NOTIFICATION, **match: Any) -> bool:
    return bool(routed([to("ops", **match)], event, record))


def test_a_delivery_tells_event_route_channel_and_for_whom_and_is_due_after_the_delay() -> None:
    (delivery,) = routed([to("ops", delay=30.5)])
    assert replace(delivery, id="") == Delivery(
        "", "e1", ItemId("i"), "ops", "route-1", Milliseconds(1_030_500), ANN, TopicName("inbox/ann")
    )


def test_the_first_route_that_matches_wins() -> None:
    routes = [to("hook", kind="task"), to("ops", name="second"), to("hook")]
    assert [(each.channel, each.route) for each in routed(routes)] == [("ops", "second")]


def test_a_route_without_channels_keeps_what_it_matches_in_the_hub() -> None:
    assert routed([to(kind="notification"), to("ops")]) == []
    assert channels_of(routed([to(kind="task"), to("ops")])) == ["ops"]


def test_what_no_route_matches_stays_in_the_hub() -> None:
    assert routed([]) == []
    assert routed([to("ops", kind="task")]) == []


def test_every_channel_of_the_route_gets_one() -> None:
    assert channels_of(routed([to("ops", "hook", "ops")])) == ["ops", "hook"]


def test_in_a_space_each_member_has_the_first_route_that_matches_them() -> None:
    routes = [to("ops", user="ann"), to(user="b*"), to("hook")]
    event = replace(RAISED, topic=TopicName("space/x"))
    found = routed(routes, event, users=[ANN, BOB, UserId("cat")])
    assert [(each.user, each.channel, each.route) for each in found] == [
        ("ann", "ops", "route-1"),
        ("cat", "hook", "route-3"),
    ]


def test_an_item_without_a_level_has_info() -> None:
    assert matches(level="info")
    assert not matches(level=("warning", "error"))
    assert matches(record={**NOTIFICATION, "level": "error"}, level=("warning", "error"))


def test_a_status_matches_ended_tasks_only() -> None:
    assert matches(ENDED, TASK, status="failed")
    assert matches(ENDED, TASK, status=("canceled", "failed"))
    assert not matches(ENDED, TASK, status="succeeded")
    assert not matches(RAISED, NOTIFICATION, status=("succeeded", "failed", "canceled", "expired"))


def test_every_key_that_is_given_must_match_and_any_of_its_values() -> None:
    record = {**TASK, "tags": ["deploy", "web"], "source": "ci"}
    assert matches(ENDED, record, kind="task", tags=("x", "web"), source="ci")
    assert not matches(ENDED, record, kind="task", tags=("x", "web"), source="cron")
    assert not matches(ENDED, record, kind="notification", tags="web")
    assert not matches(ENDED, {**TASK, "tags": []}, tags="*")


def test_an_item_without_a_source_matches_no_source() -> None:
    assert not matches(source="*")
    assert matches(record={**NOTIFICATION, "source": ""}, source="*")


@pytest.mark.parametrize(
    ("pattern", "topic", "fits"),
    [
        ("inbox/ann", "inbox/ann", True),
        ("inbox/an", "inbox/ann", False),
        ("inbox/*", "inbox/ann", True),
        ("*", "inbox/ann", True),
        ("*/ann", "inbox/ann", True),
        ("i*n*n", "inbox/ann", True),
        ("inbox/ann*", "inbox/ann", True),
        ("inbox/ann*n", "inbox/ann", False),
        ("*n*n*n*n*", "inbox/ann", False),
        ("i*nn*nn", "inbox/ann", False),
        ("*ann*ann", "inbox/ann", False),
        ("Inbox/*", "inbox/ann", False),
        ("inbox.ann", "inbox/ann", False),
        ("[i]nbox/?nn", "inbox/ann", False),
        ("inbox/*", "space/inbox/", False),
    ],
)
def test_a_star_stands_for_any_characters_and_nothing_else_is_special(
    pattern: str, topic: str, fits: bool
) -> None:
    assert matches(replace(RAISED, topic=TopicName(topic)), topic=pattern) is fits


@given(st.text("ab*", min_size=1, max_size=8), st.text("ab", min_size=1, max_size=10))
def test_a_pattern_means_what_it_means_as_a_regular_expression(pattern: str, text: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    expected = re.fullmatch(expression, text, re.DOTALL) is not None
    assert matches(record={**NOTIFICATION, "source": text}, source=pattern) is expected


_values = st.sampled_from(["a", "b", "*", "a*"])
_routes = st.lists(
    st.builds(
        to,
        st.sampled_from(CHANNELS),
        kind=st.sampled_from([None, "task", "notification"]),
        level=st.sampled_from([None, "info", ("error", "info")]),
        source=st.none() | _values,
        user=st.none() | _values,
    ),
    max_size=6,
)


@given(_routes, st.sampled_from(["a", "ab", "b", None]), st.lists(st.sampled_from("abc"), unique=True))
def test_a_route_that_comes_after_the_one_that_matched_changes_nothing(
    routes: list[RouteSettings], source: str | None, names: list[str]
) -> None:
    record = {**NOTIFICATION, "source": source}
    found = routed(routes, record=record, users=list(map(UserId, names)))
    for name in names:
        alone = [
            place
            for place, route in enumerate(routes)
            if routed([route], record=record, users=[UserId(name)])
        ]
        expected = [f"route-{alone[0] + 1}"] if alone else []
        assert [each.route for each in found if each.user == name] == expected


def test_ids_are_unique_and_sort_by_the_time_of_their_event() -> None:
    router = Router([to("ops")], CHANNELS)
    ids = [
        router.deliveries(replace(RAISED, at=Milliseconds(at)), NOTIFICATION, (ANN,))[0].id
        for at in range(1_700_000_000_000, 1_700_000_000_500)
    ]
    same = {router.deliveries(RAISED, NOTIFICATION, (ANN,))[0].id for _ in range(500)}
    assert ids == sorted(ids)
    assert len(same) == 500


def test_a_route_is_found_by_its_name_and_by_its_place_where_it_has_none() -> None:
    routes = [to("ops"), to("hook", name="web")]
    router = Router(routes, CHANNELS)
    assert (router.route("route-1"), router.route("web")) == (routes[0], routes[1])
    assert router.route("route-2") is None


def test_a_route_to_a_channel_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadConfig, match="route route-2: there is no channel opz"):
        Router([to("ops"), to("opz")], CHANNELS)
