"""``hub.engine.users``, on a directory in memory and the machine's clock."""

from __future__ import annotations

import pytest

from hub.engine.users import UserRoster
from hub.errors import TokenVoid
from hub.model import UserId
from hub.ports import SystemClock
from hub.storage.memory import MemoryStorage

ANN = UserId("ann")


async def test_a_token_issued_once_a_deletion_has_returned_is_good_one_from_just_before_is_not() -> None:
    clock, storage = SystemClock(), MemoryStorage()
    await storage.store.start()
    roster = UserRoster(storage.directory, clock, remembered=10)
    for _ in range(20):
        await roster.admit(ANN, clock.now())
        before = clock.now()
        await roster.delete(ANN)
        after = clock.now()
        with pytest.raises(TokenVoid):
            await roster.admit(ANN, before)
        await roster.admit(ANN, after)
