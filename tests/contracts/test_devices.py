"""``Devices``."""

from __future__ import annotations

from dataclasses import replace

from hub.model import Device, DeviceId, Milliseconds, User, UserId
from tests.contracts.conftest import NOW, Home, Storage

ADA, BOB = UserId("ada"), UserId("bob")
BIRTH = Milliseconds(1_600_000_000_000)


def device(name: str, user: UserId = ADA, created_at: int = BIRTH) -> Device:
    at = Milliseconds(created_at)
    return Device(DeviceId(name), user, f"{name}'s name", "ios", at, at)


async def test_a_device_is_kept(home: Home) -> None:
    storage = await home.open()
    assert await storage.devices.device(DeviceId("phone")) is None
    await storage.devices.put_devices([device("phone")])
    storage = await home.reopen()
    assert await storage.devices.device(DeviceId("phone")) == device("phone")


async def test_a_users_devices_come_oldest_first_with_the_revoked(storage: Storage) -> None:
    await storage.devices.put_devices(
        [
            device("new", created_at=9),
            device("old", created_at=1),
            device("b", created_at=5),
            device("x", BOB),
        ]
    )
    await storage.devices.put_devices([device("a", created_at=5)])
    await storage.devices.revoke(DeviceId("old"), NOW)
    assert [row.device for row in await storage.devices.devices(ADA)] == ["old", "a", "b", "new"]
    assert [row.device for row in await storage.devices.devices(BOB)] == ["x"]
    assert list(await storage.devices.devices(UserId("nobody"))) == []


async def test_a_known_device_takes_name_platform_and_when_it_was_seen(storage: Storage) -> None:
    await storage.devices.put_devices([device("phone")])
    again = replace(device("phone", created_at=NOW), name="新手机", platform="android")
    await storage.devices.put_devices(row for row in [again])
    assert await storage.devices.device(DeviceId("phone")) == replace(again, created_at=BIRTH)


async def test_a_device_never_changes_hands(storage: Storage) -> None:
    await storage.devices.put_devices([device("phone")])
    await storage.devices.put_devices([replace(device("phone", BOB), name="stolen")])
    assert await storage.devices.device(DeviceId("phone")) == device("phone")
    assert list(await storage.devices.devices(BOB)) == []


async def test_a_name_that_a_person_gave_stands(home: Home) -> None:
    storage = await home.open()
    phone = DeviceId("phone")
    assert not await storage.devices.rename(phone, "Mei's")
    await storage.devices.put_devices([device("phone"), device("laptop")])
    assert await storage.devices.rename(phone, "Mei's")
    again = replace(device("phone"), name="Chrome", platform="web", seen_at=NOW)
    await storage.devices.put_devices([again])
    storage = await home.reopen()
    assert await storage.devices.device(phone) == replace(again, name="Mei's", named=True)
    assert await storage.devices.device(DeviceId("laptop")) == device("laptop")
    assert await storage.devices.rename(phone, "Tom's")
    assert [row.name for row in await storage.devices.devices(ADA)] == ["laptop's name", "Tom's"]


async def test_a_revocation_stands(storage: Storage) -> None:
    phone = DeviceId("phone")
    assert not await storage.devices.revoke(phone, NOW)
    await storage.devices.put_devices([device("phone")])
    assert await storage.devices.revoke(phone, NOW)
    assert not await storage.devices.revoke(phone, Milliseconds(NOW + 1))
    await storage.devices.put_devices([device("phone")])
    assert await storage.devices.device(phone) == replace(device("phone"), revoked_at=NOW)


async def test_a_device_makes_its_user_exist_and_keeps_one_who_does(storage: Storage) -> None:
    await storage.directory.put_user(User(BOB, "Bob", NOW))
    await storage.devices.put_devices([device("phone"), device("laptop", BOB)])
    assert await storage.directory.user(ADA) == User(ADA, "ada", BIRTH)
    assert await storage.directory.user(BOB) == User(BOB, "Bob", NOW)
