"""A process that commits and says on stdout what was acknowledged; see test_store_kill.py.

    python storage_writer.py FOLDER

Prints ``start N`` with the last number in the journal, then every number whose commit returned.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from hub.model import Incarnation, Seq, TopicName
from hub.ports import Batch, Fold, JournalRow
from hub.storage.sqlite import SqliteStorage


def rows(first: int, count: int) -> list[JournalRow]:
    """A turn of so many topics; the body tells the number."""
    return [
        JournalRow(n, TopicName(f"inbox/u{n % 7}"), Incarnation(1), Seq(n), b"%d " % n * (n % 300 + 1))
        for n in range(first, first + count)
    ]


async def main(folder: Path) -> None:
    """Commit turns of growing size for ever, folding in between."""
    storage = SqliteStorage(folder)
    journal = await storage.store.start()
    last = journal[-1].number if journal else 0
    print("start", last, flush=True)
    for turn in itertools.count():
        count = turn % 5 + 1
        await storage.store.commit(Batch(journal=rows(last + 1, count)))
        last += count
        print(last, flush=True)
        if turn % 20 == 19:
            await storage.store.fold(Fold(upto=last - 1000))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
