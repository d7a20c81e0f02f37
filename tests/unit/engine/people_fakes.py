"""What ``People`` meets in tests: storage that counts and waits, connections that listen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from hub.engine.people import People
from hub.identity.codes import LinkCodes
from hub.identity.tokens import LocalTokens
from hub.model import Device, DeviceId, Identity, Milliseconds, TopicName, User, UserId
from hub.storage.memory import MemoryDevices, MemoryDirectory, MemoryStorage
from tests.kit.clocks import StillClock

TOKEN_TTL = 3600
DEVICES_PER_USER = 3


class RecordingConnections:
    """``LiveConnections`` that remember what they were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.open: frozenset[DeviceId] = frozenset()

    def connected(self, user: UserId) -> frozenset[DeviceId]:
        return self.open

    def device_revoked(self, device: DeviceId) -> None:
        self.told.append(("revoked", device))

    def user_deleted(self, user: UserId) -> None:
        self.told.append(("deleted", user))

    def access_changed(self, topic: TopicName, user: UserId) -> None:
        self.told.append(("access", topic, user))


class GatedDirectory(MemoryDirectory):
    """Counts look-ups of users; they, and deletions, may be held back until their gate opens."""

    reads = 0

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.tables)
        self.read_gate = asyncio.Event()
        self.delete_gate = asyncio.Event()
        self.read_gate.set()
        self.delete_gate.set()

    async def user(self, user: UserId) -> User | None:
        self.reads += 1
        found = await super().user(user)
        await self.read_gate.wait()
        return found

    async def void_before(self, user: UserId) -> Milliseconds:
        self.reads += 1
        return await super().void_before(user)

    async def delete_user(self, user: UserId, at: Milliseconds) -> bool:
        await self.delete_gate.wait()
        return await super().delete_user(user, at)


class GatedDevices(MemoryDevices):
    """Counts calls; reads and writes, and the news that something was written, may be held back until their
    gate opens."""

    reads = 0
    writes = 0
    rows = 0

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.tables)
        self.read_gate = asyncio.Event()
        self.write_gate = asyncio.Event()
        self.written_gate = asyncio.Event()
        self.read_gate.set()
        self.write_gate.set()
        self.written_gate.set()

    async def device(self, device: DeviceId) -> Device | None:
        self.reads += 1
        found = await super().device(device)
        await self.read_gate.wait()
        return found

    async def devices(self, user: UserId) -> Sequence[Device]:
        self.reads += 1
        return await super().devices(user)

    async def put_devices(self, devices: Iterable[Device]) -> None:
        self.writes += 1
        rows = list(devices)
        self.rows += len(rows)
        await self.write_gate.wait()
        await super().put_devices(rows)
        await self.written_gate.wait()

    async def rename(self, device: DeviceId, name: str) -> bool:
        renamed = await super().rename(device, name)
        await self.written_gate.wait()
        return renamed


class Town:
    """``People`` over storage in memory, and everything that can be asked about it."""

    def __init__(self, devices_per_user: int = DEVICES_PER_USER, remembered: int = 1000) -> None:
        self.clock = StillClock()
        self.storage = MemoryStorage(self.clock)
        self.storage.tables.open = True
        self.tables = self.storage.tables
        self.directory = GatedDirectory(self.storage)
        self.devices = GatedDevices(self.storage)
        self.tokens = LocalTokens(b"s" * 32, self.clock)
        self.codes = LinkCodes(self.clock)
        self.live = RecordingConnections()
        self.people = People(
            self.directory,
            self.devices,
            self.tokens,
            self.clock,
            self.codes,
            self.live,
            token_ttl=TOKEN_TTL,
            devices_per_user=devices_per_user,
            remembered=remembered,
        )

    def identity(self, user: str, *scopes: str, device: str | None = None) -> Identity:
        """A caller whose token was issued just now; with scope ``user`` unless told otherwise."""
        return Identity(
            UserId(user),
            frozenset(scopes or ("user",)),
            Milliseconds(self.clock.wall + 1000 * TOKEN_TTL),
            None if device is None else DeviceId(device),
            self.clock.now(),
        )
