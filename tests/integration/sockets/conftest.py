"""The sockets run on both event loops that the hub supports; Autobahn's cases, a quarter of a minute of them,
on the one that it has where it can. What they look at, the frames, is none of the loop's business."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from tests.integration.sockets.harness import Certificate, Running, make_certificate, running


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    hubs_own: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    if item.path.stem == "test_conformance_autobahn":
        return {"uvloop": hubs_own}
    return {"asyncio": asyncio.new_event_loop, "uvloop": hubs_own}


@pytest.fixture
async def served() -> AsyncIterator[Running]:
    async with running() as served:
        yield served


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))
