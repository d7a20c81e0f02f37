"""Fixtures of the tests with real sockets and real files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.hubs import RunningHub, running_hub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub with default settings."""
    async with running_hub(tmp_path / "data") as hub:
        yield hub
