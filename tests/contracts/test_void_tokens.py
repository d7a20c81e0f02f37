"""``Directory``: which tokens a deletion voids, for good."""

from __future__ import annotations

from hub.model import Device, DeviceId, Milliseconds, TopicName, User, UserId
from hub.ports import MemberRow
from tests.contracts.conftest import NOW, Home, Storage

ADA, BOB = UserId("ada"), UserId("bob")
SPACE = TopicName("space/home")
LATER = Milliseconds(NOW + 1000)


async def test_no_tokens_are_void_of_a_user_who_was_never_deleted(storage: Storage) -> None:
    await storage.directory.put_user(User(ADA, "Ada", NOW))
    await storage.directory.put_user(User(BOB, "Bob", NOW))
    await storage.directory.delete_user(BOB, NOW)
    assert await storage.directory.void_before(ADA) == 0


async def test_a_deletion_voids_the_tokens_issued_before_and_a_restart_revives_none(home: Home) -> None:
    storage = await home.open()
    await storage.directory.put_user(User(ADA, "Ada", NOW))
    await storage.directory.delete_user(ADA, LATER)
    assert await storage.directory.void_before(ADA) == LATER
    storage = await home.reopen()
    assert await storage.directory.void_before(ADA) == LATER


async def test_what_is_void_stays_void_however_the_user_comes_to_exist_again(storage: Storage) -> None:
    await storage.directory.put_user(User(ADA, "Ada", NOW))
    await storage.directory.delete_user(ADA, LATER)
    await storage.directory.put_user(User(ADA, "Ada", LATER))
    await storage.directory.put_member(MemberRow(SPACE, ADA, "read"))
    await storage.devices.put_devices([Device(DeviceId("phone"), ADA, "", "", LATER, LATER)])
    assert await storage.directory.user(ADA) is not None
    assert await storage.directory.void_before(ADA) == LATER


async def test_a_further_deletion_voids_more_and_never_less(storage: Storage) -> None:
    for at, void_before in ((NOW, NOW), (LATER, LATER), (NOW, LATER)):
        await storage.directory.put_user(User(ADA, "Ada", NOW))
        await storage.directory.delete_user(ADA, at)
        assert await storage.directory.void_before(ADA) == void_before


async def test_deleting_a_user_who_does_not_exist_voids_nothing(storage: Storage) -> None:
    assert not await storage.directory.delete_user(ADA, NOW)
    assert await storage.directory.void_before(ADA) == 0
