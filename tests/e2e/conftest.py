"""A hub as a process for each test that wants one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import HubProcess

MakeHub = Callable[..., HubProcess]


@pytest.fixture
def make_hub(tmp_path: Path) -> Iterator[MakeHub]:
    """Makes hubs, not started yet, each over a folder of its own; arguments as of ``HubProcess``."""
    made: list[HubProcess] = []

    def make(**options: Any) -> HubProcess:
        made.append(HubProcess(tmp_path / f"hub{len(made)}", **options))
        return made[-1]

    yield make
    for hub in made:
        hub.close()


@pytest.fixture
def hub_process(make_hub: MakeHub) -> HubProcess:
    """A running hub with default settings."""
    hub = make_hub()
    hub.start()
    return hub
