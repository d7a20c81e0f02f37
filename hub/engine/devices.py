"""Devices as sessions and requests meet them: remembered, bound to their users, last seen.

Cheap when everybody comes back at once: a remembered device costs a dictionary look-up, one that is not
costs one read, and new ones that come together are saved together. ``DeviceRoster`` knows no rights.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from hub.engine.users import is_reserved
from hub.errors import BadId, BadValue, Forbidden, Limit, Unavailable
from hub.model import Device, DeviceId, UserId
from hub.ports import Clock, Devices
from hub.state.names import is_name

MAX_LABEL: Final = 100
"""Characters of a device's name and platform."""
SEEN_INTERVAL: Final = 60_000
"""``seen_at`` is saved at most once in so many milliseconds a device."""

_REMEMBERED: Final = 100_000
_FLUSH_ROWS: Final = 1000
_REFUSED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode that a name has no use for: what breaks a line, and what nobody sees but changes how
the rest is shown, as does the order of writing."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""Of ``Cf``: they hold emoji of several parts together, and letters of Persian and of Indic scripts apart."""
_UNSEEN: Final = frozenset({"Cn", "Co", "Me", "Mn", "Zs"})
"""Categories whose characters by themselves show nothing, or nothing that is the same everywhere."""
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as nothing: Hangul fillers and the empty Braille cell."""


def new_device_id() -> DeviceId:
    """A random id of 26 characters, 130 bits."""
    return DeviceId(base64.b32encode(secrets.token_bytes(17)).decode("ascii")[:26].lower())


def check_device_id(device: str) -> DeviceId:
    """The id, if a device may bear it.

    Raises:
        BadId: outside the alphabet of names.
        Forbidden: the name of somebody else: the caller's ``me``, or an actor that is no device.
    """
    if not is_name(device):
        raise BadId("a device id is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -")
    if is_reserved(device):
        raise Forbidden("this device id is reserved")
    return DeviceId(device)


def check_given_name(name: str) -> str:
    """The name, if a person may give it to a device.

    Raises:
        BadValue: longer than 100 characters, without any that can be seen, or with control characters, line
            breaks or format characters; but a joiner may stand between two others.
    """
    check_label("name", name)
    refused = any(unicodedata.category(character) in _REFUSED for character in _without_joiners(name))
    if refused or not any(map(_is_seen, name)):
        raise BadValue(f"name: 1 to {MAX_LABEL} characters in one line, none hidden")
    return name


def _without_joiners(name: str) -> str:
    """The name without those that stand between two characters which are none."""
    ends = len(name) - 1
    return "".join(
        character
        for place, character in enumerate(name)
        if character not in _JOINERS
        or not 0 < place < ends
        or name[place - 1] in _JOINERS
        or name[place + 1] in _JOINERS
    )


def _is_seen(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in _REFUSED and category not in _UNSEEN and character not in _BLANKS


def check_label(what: str, text: str) -> str:
    """The text, if it is short enough for a device's ``name`` or ``platform``.

    Raises:
        BadValue: longer than 100 characters.
    """
    if len(text) > MAX_LABEL:
        raise BadValue(f"{what}: at most {MAX_LABEL} characters")
    return text


class _Batch:
    """New devices that are saved together. ``error`` is why they were not."""

    __slots__ = ("devices", "error")

    def __init__(self) -> None:
        self.devices: dict[DeviceId, Device] = {}
        self.error: BaseException | None = None


class DeviceRoster:
    """What is known of devices while the process lives.

    Args:
        devices: where they are saved.
        clock: for ``created_at``, ``seen_at`` and ``revoked_at``.
        per_user: how many devices that aren't revoked a user may have.
        remembered: how many devices are held in memory, least recently used first out.
    """

    def __init__(self, devices: Devices, clock: Clock, per_user: int, remembered: int = _REMEMBERED) -> None:
        self._devices = devices
        self._clock = clock
        self._per_user = per_user
        self._remembered = remembered
        self._known: OrderedDict[DeviceId, Device] = OrderedDict()
        self._counts: OrderedDict[UserId, int] = OrderedDict()
        self._seen: dict[DeviceId, Device] = {}
        self._binding: dict[DeviceId, Device] = {}
        self._batch = _Batch()
        self._saving = asyncio.Lock()
        self._changes = 0

    def recall(self, device: DeviceId) -> Device | None:
        """The device, if it is in memory."""
        known = self._known.get(device)
        if known is not None:
            self._known.move_to_end(device)
        return known

    def in_order(self, device: DeviceId, user: UserId) -> Device | None:
        """The device, where it is in memory, that user's, not revoked, and was seen lately."""
        known = self.recall(device)
        if known is None or known.user != user or known.revoked_at is not None:
            return None
        return known if self.seen_lately(known) else None

    async def find(self, device: DeviceId) -> Device | None:
        """The device, from memory or the store; None where there is none."""
        while (known := self.recall(device)) is None:
            changes = self._changes
            row = await self._devices.device(device)
            if row is None:
                return self.recall(device)
            if changes == self._changes and device not in self._known:
                self._remember(row)
        return known

    async def bind(self, user: UserId, device: DeviceId, name: str, platform: str) -> Device:
        """Bind an id that nobody has to a user; saved when this returns.

        Returns:
            The device that now stands under the id: another user's, where they came first.

        Raises:
            Limit: the user has too many devices.
        """
        await self._count(user)
        standing = self.recall(device) or self._binding.get(device)
        if standing is None:
            now = self._clock.now()
            standing = Device(device, user, name, platform, created_at=now, seen_at=now)
            self._take_place(user)
            self._binding[device] = standing
        try:
            if standing is self._binding.get(device):
                await self._save(standing)
        finally:
            self._binding.pop(device, None)
        return await self.find(device) or standing

    def seen_lately(self, device: Device) -> bool:
        """Whether ``touch`` would leave ``seen_at`` as it is."""
        return self._clock.now() - device.seen_at < SEEN_INTERVAL

    def touch(self, device: Device, name: str, platform: str) -> Device:
        """Note that the device is here now, and what it calls itself ("": as before; a person's name
        for it stands)."""
        name = device.name if device.named else name or device.name
        platform = platform or device.platform
        same = device.name == name and device.platform == platform
        if same and self.seen_lately(device):
            return device
        seen_at = max(self._clock.now(), device.seen_at)
        touched = replace(device, name=name, platform=platform, seen_at=seen_at)
        self._remember(touched)
        if len(self._seen) < self._remembered:
            self._seen[device.device] = touched
        return touched

    async def rename(self, device: Device, name: str) -> Device:
        """Give it a person's name; as it stands then."""
        await self._devices.rename(device.device, name)
        self._changes += 1
        known = self._known.get(device.device)
        if known is None:  # forgotten meanwhile, maybe since it was revoked
            return await self.find(device.device) or replace(device, name=name, named=True)
        renamed = replace(known, name=name, named=True)
        self._remember(renamed)
        return renamed

    async def revoke(self, device: Device) -> None:
        """Revoke it for good."""
        at = self._clock.now()
        revoked = await self._devices.revoke(device.device, at)
        self._changes += 1
        self._remember(replace(self._known.get(device.device, device), revoked_at=device.revoked_at or at))
        if revoked and device.user in self._counts:
            self._counts[device.user] -= 1

    def forget(self, user: UserId) -> None:
        """The store has revoked all devices of that user: look there again."""
        self._changes += 1
        self._counts.pop(user, None)
        self._seen = {device: row for device, row in self._seen.items() if row.user != user}
        for device in [known.device for known in self._known.values() if known.user == user]:
            del self._known[device]

    async def flush(self) -> None:
        """Save who was seen. Raises ``errors.Unavailable``; what wasn't saved is tried again next time."""
        rows, self._seen = list(self._seen.values()), {}
        for start in range(0, len(rows), _FLUSH_ROWS):
            try:
                await self._devices.put_devices(rows[start : start + _FLUSH_ROWS])
            except Unavailable:
                unsaved = {row.device: row for row in rows[start:]}
                self._seen = {**unsaved, **self._seen}
                raise

    def _remember(self, device: Device) -> None:
        self._known[device.device] = device
        self._known.move_to_end(device.device)
        if len(self._known) > self._remembered:
            self._known.popitem(last=False)

    async def _count(self, user: UserId) -> None:
        """Know how many devices the user has."""
        if user not in self._counts:
            devices = await self._devices.devices(user)
            self._counts.setdefault(user, sum(device.revoked_at is None for device in devices))
        self._counts.move_to_end(user)
        if len(self._counts) > self._remembered:
            self._counts.popitem(last=False)

    def _take_place(self, user: UserId) -> None:
        if self._counts[user] >= self._per_user:
            raise Limit(f"at most {self._per_user} devices a user; revoke some")
        self._counts[user] += 1

    async def _save(self, device: Device) -> None:
        """Save a new device together with those that come while an earlier batch is being saved."""
        batch, changes = self._batch, self._changes
        batch.devices[device.device] = device
        async with self._saving:
            if batch is self._batch:
                self._batch = _Batch()
                await self._put(batch)
        if batch.error is not None:
            raise Unavailable from batch.error
        if changes == self._changes:  # else it may have been revoked as soon as it was saved
            self._remember(device)

    async def _put(self, batch: _Batch) -> None:
        try:
            await self._devices.put_devices(batch.devices.values())
        except BaseException as error:
            batch.error = error
            for device in batch.devices.values():
                if device.user in self._counts:
                    self._counts[device.user] -= 1
            if not isinstance(error, Unavailable):
                raise
