"""Devices, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from hub.model import Device, DeviceId, Milliseconds, UserId
from hub.storage.database import Database
from hub.storage.queries import load_queries
from hub.storage.users import create_users

_QUERIES = load_queries("devices")

_columns = attrgetter("device", "user", "name", "platform", "created_at", "seen_at", "revoked_at", "named")


class SqliteDevices:
    """``Devices`` in SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def device(self, device: DeviceId) -> Device | None:
        """See ``Devices``."""
        return await self._database.read(_device, device)

    async def devices(self, user: UserId) -> Sequence[Device]:
        """See ``Devices``."""
        return await self._database.scan(_devices, user)

    async def put_devices(self, devices: Iterable[Device]) -> None:
        """See ``Devices``."""
        await self._database.write(_put_devices, list(devices))

    async def rename(self, device: DeviceId, name: str) -> bool:
        """See ``Devices``."""
        return await self._database.write(_rename, device, name)

    async def revoke(self, device: DeviceId, at: Milliseconds) -> bool:
        """See ``Devices``."""
        return await self._database.write(_revoke, device, at)


def revoke_all(connection: sqlite3.Connection, user: UserId, at: Milliseconds) -> None:
    """Revoke every device of a user that isn't revoked yet."""
    connection.execute(_QUERIES["revoke_devices_of_user"], (at, user))


def _device(connection: sqlite3.Connection, device: DeviceId) -> Device | None:
    row = connection.execute(_QUERIES["device"], (device,)).fetchone()
    return None if row is None else _of(row)


def _of(row: tuple[Any, ...]) -> Device:
    device, user, name, platform, created_at, seen_at, revoked_at, named = row
    return Device(device, user, name, platform, created_at, seen_at, revoked_at, bool(named))


def _devices(connection: sqlite3.Connection, user: UserId) -> list[Device]:
    return [_of(row) for row in connection.execute(_QUERIES["devices_of_user"], (user,))]


def _put_devices(connection: sqlite3.Connection, devices: list[Device]) -> None:
    create_users(connection, [(device.user, device.created_at) for device in devices])
    connection.executemany(_QUERIES["put_device"], map(_columns, devices))


def _rename(connection: sqlite3.Connection, device: DeviceId, name: str) -> bool:
    return connection.execute(_QUERIES["rename_device"], (name, device)).rowcount > 0


def _revoke(connection: sqlite3.Connection, device: DeviceId, at: Milliseconds) -> bool:
    return connection.execute(_QUERIES["revoke_device"], (at, device)).rowcount > 0
