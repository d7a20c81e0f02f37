"""A hub whose own task ended does not stay: whoever supervises the process starts a new one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub import app, config
from hub.engine.sweeping import Sweeper
from hub.errors import InternalError


async def test_a_hub_whose_task_ends_drains_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Sweeper, interval: float) -> None:
        raise RuntimeError("no sweep")

    monkeypatch.setattr(Sweeper, "run", fail)
    given = {"storage.data": str(tmp_path / "data"), "server.port": 0, "server.drain_timeout": 2.0}
    ready: list[str] = []
    with pytest.raises(InternalError, match="Start it again"):
        async with asyncio.timeout(20):
            await app.serve(config.load(None, given), on_ready=ready.append)
    assert len(ready) == 1
