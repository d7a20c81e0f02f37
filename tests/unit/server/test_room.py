"""Who makes room when no more sockets may be opened."""

from __future__ import annotations

import resource

import pytest
from structlog.testing import capture_logs

from hub.server import room
from hub.server.room import Room


class Guest:
    def __init__(self, waiting_since: float | None) -> None:
        self.waiting_since = waiting_since
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def test_as_long_as_there_is_room_nobody_goes() -> None:
    guests = [Guest(0.0) for _ in range(9)]
    crowd = Room(9, lambda: 0.0)
    assert all(crowd.enter(guest, taken) for taken, guest in enumerate(guests, 1))
    assert not any(guest.aborted for guest in guests)


def test_one_in_eight_of_those_that_wait_goes_the_oldest_first() -> None:
    guests = [Guest(float(-number)) for number in range(16)] + [Guest(None)]
    crowd = Room(17, lambda: 0.0)
    for taken, guest in enumerate(guests, 1):
        crowd.enter(guest, taken)
    assert crowd.enter(Guest(1.0), 18)
    assert [-guest.waiting_since for guest in guests if guest.aborted and guest.waiting_since] == [14, 15]


def test_of_two_that_wait_as_long_the_earlier_one_goes() -> None:
    guests = [Guest(0.0) for _ in range(40)]
    crowd = Room(40, lambda: 0.0)
    for taken, guest in enumerate([*guests, Guest(0.0)], 1):
        crowd.enter(guest, taken)
    assert [guest.aborted for guest in guests] == [True] * 5 + [False] * 35


def test_whoever_is_answered_stays_and_whoever_left_makes_no_room() -> None:
    busy, gone = Guest(None), Guest(0.0)
    crowd = Room(1, lambda: 0.0)
    crowd.enter(gone, 1)
    crowd.leave(gone)
    crowd.enter(busy, 1)
    assert not crowd.enter(Guest(0.0), 2)
    assert not busy.aborted
    assert not gone.aborted


def test_a_crowd_is_told_once_a_minute() -> None:
    times = iter((0.0, 1.0, 59.0, 61.0, 62.0))
    now = 0.0
    crowd = Room(0, lambda: now)
    with capture_logs() as logs:
        while (now := next(times, -1.0)) >= 0:
            crowd.enter(Guest(0.0), 1)
    assert [log["event"] for log in logs] == ["listener.full"] * 2


@pytest.mark.parametrize(("limit", "least", "most"), [(256, room.LEAST, 256 - room.RESERVED), (16, 8, 8)])
def test_some_descriptors_are_kept_for_everything_else(
    monkeypatch: pytest.MonkeyPatch, limit: int, least: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    sockets = room.sockets_at_most()
    assert sockets is not None
    assert least <= sockets <= most


def test_without_a_limit_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room.sockets_at_most() is None
