"""A member of a space is erased after the message went out to them: nobody else gets it a second time."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.model import Delivery, DeliveryRow, Event, Incarnation, ItemId, Milliseconds, TopicName, UserId
from hub.ports import Batch
from hub.storage.erasure import Erasure
from hub.storage.folder import DATABASE_NAME
from hub.storage.sqlite import SqliteStorage
from tests.kit.clocks import StillClock

SPACE = TopicName("space/team")
BODIES = (b"the build is done",)
ERASED_AT = Milliseconds(900)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def left(folder: Path, *users: str, **stands: Any) -> list[DeliveryRow]:
    """An event of the space with a delivery for each of these users; that of ``ann`` stands so."""
    storage = SqliteStorage(folder, clock=StillClock())
    await storage.store.start()
    event = Event("e1", "task.finalized", SPACE, ItemId("t1"), 1, "succeeded", Milliseconds(100))
    made = [
        Delivery(f"for-{user}", "e1", event.item, "ops", "r", event.at, UserId(user), SPACE) for user in users
    ]
    await storage.store.commit(Batch(events=[event], deliveries=made))
    rows = [await one(storage, delivery.id) for delivery in made]
    began = replace(rows[0], attempts=1, bodies=BODIES, rendered_by="wecom_robot")
    await storage.outbox.save([replace(began, **stands)])
    await storage.store.close()
    return rows


async def one(storage: SqliteStorage, delivery: str) -> DeliveryRow:
    row = await storage.outbox.delivery(delivery)
    assert row is not None
    return row


def erase(folder: Path, user: str) -> None:
    with closing(Erasure(folder, lambda: None, lambda: Incarnation(7))) as erasure:
        erasure.begin(UserId(user), ERASED_AT)
        erasure.commit()
        erasure.scrub()


@pytest.mark.parametrize(
    ("stands", "state"),
    [
        ({"state": "sent", "part": 1}, "sent"),
        ({"state": "leased"}, "dead"),
        ({"state": "pending", "unsure": True}, "dead"),
        ({"state": "pending", "part": 1}, "partial"),
        ({"state": "dead", "unsure": True}, "dead"),
    ],
)
async def test_what_went_out_or_may_have_to_an_erased_member_is_still_known_without_name_and_words(
    folder: Path, stands: dict[str, Any], state: str
) -> None:
    _, bob, carl = await left(folder, "ann", "bob", "carl", **stands)
    erase(folder, "ann")
    storage = SqliteStorage(folder, clock=StillClock())
    await storage.store.start()
    assert await storage.outbox.take_over(ERASED_AT) == 0
    assert await storage.outbox.twin(replace(bob, bodies=BODIES)) == "for-ann"
    assert await storage.outbox.twin(replace(carl, bodies=(b"other words",))) is None
    mark = await one(storage, "for-ann")
    assert (mark.state, mark.user, mark.bodies) == (state, "erased.for-ann", ())
    assert (await one(storage, "for-bob")).state == "pending"
    await storage.store.close()
    assert BODIES[0] not in (folder / DATABASE_NAME).read_bytes()


async def test_two_who_are_erased_one_after_the_other_are_each_still_known(folder: Path) -> None:
    await left(folder, "ann", "bob", "carl", state="sent", part=1)
    storage = SqliteStorage(folder, clock=StillClock())
    await storage.store.start()
    carl, bob = await one(storage, "for-carl"), await one(storage, "for-bob")
    await storage.outbox.save([replace(bob, state="sent", bodies=(b"other words",))])
    await storage.store.close()
    erase(folder, "ann")
    erase(folder, "bob")
    await storage.store.start()
    assert await storage.outbox.twin(replace(carl, bodies=BODIES)) == "for-ann"
    assert await storage.outbox.twin(replace(carl, bodies=(b"other words",))) == "for-bob"
    await storage.store.close()


@pytest.mark.parametrize(
    ("users", "stands"),
    [(["ann", "bob"], {"state": "pending"}), (["ann"], {"state": "sent"})],
    ids=["never left", "nobody else"],
)
async def test_what_keeps_no_message_from_anybody_is_gone(
    folder: Path, users: list[str], stands: dict[str, Any]
) -> None:
    await left(folder, *users, **stands)
    erase(folder, "ann")
    storage = SqliteStorage(folder, clock=StillClock())
    await storage.store.start()
    assert await storage.outbox.delivery("for-ann") is None
    await storage.store.close()
