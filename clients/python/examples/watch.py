"""What happens in an inbox, as it happens; works offline with what is known, and catches up.

TONGBU_URL=http://127.0.0.1:8787 TONGBU_TOKEN=… python watch.py
"""

import asyncio
import os

import tongbu


async def main() -> None:
    """Show what is there, then what changes."""
    url = os.environ.get("TONGBU_URL", "http://127.0.0.1:8787")
    async with tongbu.connect(url, token=os.environ["TONGBU_TOKEN"], store="watch.db") as hub:
        inbox = hub.inbox()
        await inbox.open()
        changes = inbox.changes()
        for item in inbox.items():
            show(item)
        print(inbox.counts(), flush=True)
        async for change in changes:
            if change.kind == "reset":  # more changed than was kept for this loop: look at everything
                for item in inbox.items():
                    show(item)
            elif change.item is not None:
                show(change.item)


def show(item: tongbu.Item) -> None:
    """One line."""
    mark = " " if item.read else "•"
    state = f" {item.status} {item.progress:.0%}" if item.kind == "task" else ""
    print(f"{mark} {item.title}{state}", flush=True)


asyncio.run(main())
