"""The data folder: made private, looked at before it is touched, locked against a second hub."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from hub.errors import DataFolderInUse, DataFolderUnusable
from hub.storage.migrations import APPLICATION_ID, refuse_newer

DATABASE_NAME = "tongbu.db"
LOCK_NAME = "hub.lock"

_HEADER_SIZE = 100  # bytes; https://www.sqlite.org/fileformat2.html#the_database_header
_MAGIC = b"SQLite format 3\x00"


class DataFolder:
    """One data folder. Open it before the file in it, close it after."""

    __slots__ = ("_lock", "database", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / DATABASE_NAME
        self._lock = -1

    def open(self) -> None:
        """Create what is missing (folder 0700, file 0600) and take the lock.

        Raises:
            DataFolderNewer: the file's header tells a version beyond ours; nothing was touched.
            DataFolderInUse: another process holds the lock.
            DataFolderUnusable: the folder or file can't be made, read or written.
        """
        try:
            _make_private_folder(self.path)
            self._look()
            self._take_lock()
            os.close(os.open(self.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            self.close()
            raise DataFolderUnusable(
                f"The data folder {self.path} can't be used ({error.strerror}: {error.filename}). "
                "Make it a folder that this user may write to, or choose another with --data."
            ) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the lock. Idempotent."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _look(self) -> None:
        """Judge the file by its first bytes: SQLite itself could not look without making a WAL index."""
        try:
            with self.database.open("rb") as file:
                header = file.read(_HEADER_SIZE)
        except FileNotFoundError:
            return
        if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
            return  # new, or SQLite will say what is wrong with it
        version, application = struct.unpack_from(">4xi4xi", header, 56)
        if application == APPLICATION_ID:
            refuse_newer(version, str(self.database))

    def _take_lock(self) -> None:
        self._lock = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip()
            process = f" (process {owner})" if owner.isdigit() else ""
            raise DataFolderInUse(
                f"The data folder {self.path} is in use by another hub{process}. "
                "Stop that one first, or choose another folder with --data."
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, b"%d\n" % os.getpid(), 0)


def _make_private_folder(path: Path) -> None:
    """Make the folder and its parents, each name on disk before anything is promised to lie below it."""
    if path.is_dir():
        return
    if not path.parent.exists():
        _make_private_folder(path.parent)
    path.mkdir(mode=0o700)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
