"""``Directory``: users and members."""

from __future__ import annotations

from hub.model import Device, DeviceId, Milliseconds, TopicName, User, UserId
from hub.ports import MemberRow
from tests.contracts.conftest import NOW, Home, Storage

ADA, BOB, EVE = UserId("ada"), UserId("bob"), UserId("eve")
SPACE, PLAN = TopicName("space/home"), TopicName("doc/plan")
BIRTH = Milliseconds(1_600_000_000_000)


async def test_a_user_is_created_once_and_renamed_after(home: Home) -> None:
    storage = await home.open()
    assert await storage.directory.user(ADA) is None
    assert await storage.directory.put_user(User(ADA, "Ada", BIRTH))
    assert not await storage.directory.put_user(User(ADA, "艾达", NOW))
    storage = await home.reopen()
    assert await storage.directory.user(ADA) == User(ADA, "艾达", BIRTH)


async def test_users_are_paged_by_the_bytes_of_their_names(storage: Storage) -> None:
    users = [User(UserId(name), name, BIRTH) for name in ("a", "B", "b", "~", "10", "9")]
    for user in users:
        await storage.directory.put_user(user)
    in_order = sorted(users, key=lambda user: user.user)
    assert list(await storage.directory.users("", 4)) == in_order[:4]
    assert list(await storage.directory.users(in_order[3].user, 4)) == in_order[4:]
    assert list(await storage.directory.users("~", 4)) == []


async def test_a_member_is_created_once_and_changed_after(home: Home) -> None:
    storage = await home.open()
    assert await storage.directory.members(SPACE) == {}
    assert await storage.directory.put_member(MemberRow(SPACE, ADA, "read"))
    assert not await storage.directory.put_member(MemberRow(SPACE, ADA, "write"))
    assert not await storage.directory.put_member(MemberRow(SPACE, ADA, "write"))
    assert await storage.directory.put_member(MemberRow(SPACE, BOB, "read"))
    assert await storage.directory.put_member(MemberRow(PLAN, BOB, "write"))
    storage = await home.reopen()
    assert await storage.directory.members(SPACE) == {ADA: "write", BOB: "read"}
    assert await storage.directory.members(PLAN) == {BOB: "write"}


async def test_a_membership_makes_the_user_exist_and_keeps_one_who_does(storage: Storage) -> None:
    await storage.directory.put_user(User(ADA, "Ada", BIRTH))
    await storage.directory.put_member(MemberRow(SPACE, ADA, "read"))
    await storage.directory.put_member(MemberRow(SPACE, BOB, "read"))
    assert await storage.directory.user(ADA) == User(ADA, "Ada", BIRTH)
    assert await storage.directory.user(BOB) == User(BOB, "bob", NOW)


async def test_a_membership_ends_once(storage: Storage) -> None:
    await storage.directory.put_member(MemberRow(SPACE, ADA, "read"))
    assert await storage.directory.delete_member(SPACE, ADA)
    assert not await storage.directory.delete_member(SPACE, ADA)
    assert not await storage.directory.delete_member(PLAN, ADA)
    assert await storage.directory.members(SPACE) == {}
    assert await storage.directory.user(ADA) is not None


def device(name: str, user: UserId) -> Device:
    return Device(DeviceId(name), user, name, "test", BIRTH, BIRTH)


async def test_a_deleted_user_takes_memberships_along_and_leaves_devices_revoked(home: Home) -> None:
    storage = await home.open()
    for user in (ADA, BOB):
        await storage.directory.put_member(MemberRow(SPACE, user, "read"))
        await storage.directory.put_member(MemberRow(PLAN, user, "write"))
    await storage.devices.put_devices([device("old", ADA), device("phone", ADA), device("laptop", BOB)])
    await storage.devices.revoke(DeviceId("old"), BIRTH)

    assert await storage.directory.delete_user(ADA, NOW)
    assert not await storage.directory.delete_user(ADA, NOW)
    assert not await storage.directory.delete_user(EVE, NOW)

    storage = await home.reopen()
    assert await storage.directory.user(ADA) is None
    assert await storage.directory.members(SPACE) == {BOB: "read"}
    assert await storage.directory.members(PLAN) == {BOB: "write"}
    revoked = {row.device: row.revoked_at for row in await storage.devices.devices(ADA)}
    assert revoked == {"old": BIRTH, "phone": NOW}
    [laptop] = await storage.devices.devices(BOB)
    assert laptop.revoked_at is None


async def test_a_user_who_comes_back_finds_their_devices_still_revoked(storage: Storage) -> None:
    await storage.devices.put_devices([device("phone", ADA)])
    await storage.directory.delete_user(ADA, NOW)
    assert await storage.directory.put_user(User(ADA, "Ada", NOW))
    await storage.devices.put_devices([device("phone", ADA)])
    [phone] = await storage.devices.devices(ADA)
    assert phone.revoked_at == NOW
