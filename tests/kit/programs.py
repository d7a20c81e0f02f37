"""Programs that use the Python client, in this process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pycrdt import Text

import tongbu
from tests.kit.hubs import RunningHub

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens at the discard port."""
PATIENCE = 10.0


async def shown(ledger: tongbu.Ledger, item: str, **wanted: Any) -> tongbu.Item:
    """Until the ledger shows the item so."""
    async with asyncio.timeout(PATIENCE):
        changes = ledger.changes()
        while True:
            found = ledger.item(item)
            if found is not None and all(getattr(found, key) == value for key, value in wanted.items()):
                return found
            await anext(changes)


def item_of(ledger: tongbu.Ledger, item: str) -> tongbu.Item:
    found = ledger.item(item)
    assert found is not None
    return found


async def away(hub: tongbu.Hub) -> None:
    """Until the device knows that the hub is away."""
    async with asyncio.timeout(PATIENCE):
        while hub.online:
            await hub._core.signal.wait()


def device(hub: RunningHub, store: Path | None = None, url: str | None = None, user: str = "ann") -> Any:
    return tongbu.connect(url or hub.url, token=hub.token(user, "user", "publish"), store=store)


def text(document: tongbu.Document) -> Any:
    return document.doc.get("text", type=Text)


async def reads(document: tongbu.Document, wanted: str) -> None:
    """Until the document's text is so."""
    async with asyncio.timeout(PATIENCE):
        changes = document.changes()
        while str(text(document)) != wanted:
            await anext(changes)
