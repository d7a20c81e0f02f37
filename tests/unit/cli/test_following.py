"""``hub.cli.following``: a stream through the hub's restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from hub.cli import following
from hub.cli.calls import STANDS, Calls
from hub.cli.failures import HubUnreachable
from hub.cli.server_sent import ServerSentEvent

EVENT = ServerSentEvent("item", "{}", "1-1")


class GoneThenBack:
    """A hub that is gone at the first attempt."""

    def __init__(self) -> None:
        self.attempts = 0

    async def stream(self, *_: Any) -> AsyncIterator[ServerSentEvent]:
        self.attempts += 1
        if self.attempts == 1:
            raise HubUnreachable("No hub answers.")
        yield STANDS
        yield EVENT


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST_WAIT", 0.0)


async def test_a_hub_that_never_answered_is_told_at_once() -> None:
    with pytest.raises(HubUnreachable):
        await anext(aiter(following.Following(cast("Calls", GoneThenBack()), "/").events()))


async def test_a_hub_that_goes_between_its_list_and_its_stream_is_waited_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    met = following.Following(cast("Calls", GoneThenBack()), "/", met=True)
    assert await anext(aiter(met.events())) == EVENT
    assert "Trying again until it is back." in capsys.readouterr().err
