"""``hub.storage.rows``: what comes back from columns that something else than the hub has written."""

from __future__ import annotations

from typing import Any

import pytest

from hub.storage.rows import bodies_column, delivery_row


def columns(bodies: bytes | None) -> tuple[Any, ...]:
    event = ("e1", "notification.raised", "inbox/ada", "build", 0, None, 70, 1)
    stands = ("pending", 90, 70, 1, 0, bodies, "robot", 0)
    return (1, "d1", *event, "ops", "route-1", "ada", *stands, 0, 0, None, None, None, None)


def test_bodies_come_back_as_they_were_rendered() -> None:
    assert delivery_row(columns(bodies_column((b"\x00one\xff", b"two")))).bodies == (b"\x00one\xff", b"two")


@pytest.mark.parametrize(
    "damaged",
    [b"\xff\x00", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x91" * 5000, b"\x91\xc4\x09a", b"\x91\x07", b"\x07"],
)
def test_damaged_bodies_are_rendered_again_and_nobody_else_waits_for_that(damaged: bytes) -> None:
    row = delivery_row(columns(damaged))
    assert (row.id, row.state, row.bodies) == ("d1", "pending", ())
