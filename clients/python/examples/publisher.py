"""A service that tells somebody else: needs a token with the scope ``publish``.

TONGBU_URL=http://127.0.0.1:8787 TONGBU_TOKEN=… python publisher.py ann
"""

import asyncio
import os
import sys

import tongbu


async def main(user: str) -> None:
    """A notification and a task in the user's inbox."""
    url = os.environ.get("TONGBU_URL", "http://127.0.0.1:8787")
    async with tongbu.connect(url, token=os.environ["TONGBU_TOKEN"], store="publisher.db") as hub:
        inbox = hub.inbox(user)
        await inbox.notify("Certificate expires in 7 days", level="warning", source="monitor")
        async with inbox.task("Deploy 1.4.2", tags=["deploy"]) as task:
            await task.progress(0.5, note="half of the nodes")
        saved = await hub.flush(timeout=10)
        print("taken by the hub" if saved else "kept, and said when the hub can be reached")


asyncio.run(main(sys.argv[1]))
