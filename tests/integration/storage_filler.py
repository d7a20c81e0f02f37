"""A process that commits until its disk is full, then again when there is room; see test_sqlite_disk.py.

    python storage_filler.py FOLDER tmpfs|rlimit

The disk is a file system of 3 MiB mounted at FOLDER, or a limit on the size of files. Prints what it saw.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from hub.errors import Unavailable
from hub.model import Incarnation, Seq, TopicName, UserId
from hub.ports import Batch, JournalRow
from hub.storage.sqlite import SqliteStorage
from hub.telemetry.logs import configure

ROOM = 1 << 20  # bytes


class Disk:
    """A small disk that can be given room. The ballast stands in for somebody else's files."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._ballast = folder / "ballast"
        self._kind = kind
        if kind == "tmpfs":
            self._ballast.write_bytes(bytes(ROOM))
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))

    def make_room(self) -> None:
        """Somebody cleans up."""
        if self._kind == "tmpfs":
            self._ballast.unlink()
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def turn(number: int) -> Batch:
    """One journal row of 30 KB."""
    row = JournalRow(number, TopicName("inbox/ada"), Incarnation(1), Seq(number), b"%d" % number * 10_000)
    return Batch(journal=[row])


async def commit_until_refused(storage: SqliteStorage, number: int) -> tuple[int, Unavailable]:
    """The first number that was refused, and how."""
    while True:
        try:
            await storage.store.commit(turn(number))
        except Unavailable as refusal:
            return number, refusal
        number += 1


async def main(folder: Path, kind: str) -> None:
    """Fill, be refused, read, get room, go on, start again."""
    disk = Disk(folder, kind)
    storage = SqliteStorage(folder / "data")
    await storage.store.start()
    refused, refusal = await commit_until_refused(storage, 1)
    print("refused:", refusal.code, type(refusal.__cause__).__name__, refusal.__cause__)
    for _ in range(5):
        again, _ = await commit_until_refused(storage, refused)
        assert again == refused
    assert not storage.writable
    assert await storage.directory.user(UserId("ada")) is None
    print("reads: go on")
    disk.make_room()
    assert await storage.probe()
    await storage.store.commit(turn(refused))
    print("writes: go on")
    await storage.store.close()
    journal = await storage.store.start()
    await storage.store.close()
    whole = [row for number in range(1, refused + 1) for row in turn(number).journal]
    print("journal:", "whole" if list(journal) == whole else [row.number for row in journal])


if __name__ == "__main__":
    configure()  # to stderr: what stdout says is read
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
