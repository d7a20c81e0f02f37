"""A shared checklist: edited offline or online, merged everywhere.

TONGBU_URL=http://127.0.0.1:8787 TONGBU_TOKEN=… python document.py "buy milk"
"""

import asyncio
import os
import sys

from pycrdt import Array

import tongbu


async def main() -> None:
    """Add what the command line says, and show everything."""
    url = os.environ.get("TONGBU_URL", "http://127.0.0.1:8787")
    async with tongbu.connect(url, token=os.environ["TONGBU_TOKEN"], store="document.db") as hub:
        document = await hub.document("lists/shopping")
        entries = document.doc.get("entries", type=Array)
        for line in sys.argv[1:]:
            entries.append(line)
        await document.saved(timeout=10)
        for entry in entries:
            print("-", entry)


asyncio.run(main())
