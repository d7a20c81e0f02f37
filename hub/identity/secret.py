"""The secret that signs local tokens: 32 random bytes in the data folder's file ``secret``, mode 0600."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from hub.errors import DataFolderUnusable
from hub.telemetry import logs

FILE: Final = "secret"
MIN_SECRET: Final = 32
"""Fewest bytes; HS256 wants a key as long as its hash (RFC 7518 §3.2)."""
MAX_SECRET: Final = 4096

_log = logs.get("identity")


def load_secret(data: Path, create: bool) -> bytes:
    """The data folder's secret. A file that others may read is tightened to 0600, and logged.

    Args:
        data: the data folder.
        create: make folder and secret where they are missing. Processes that do so at the same time
            end with one secret.

    Raises:
        DataFolderUnusable: missing (without ``create``), unreadable, damaged, or it can't be made.
    """
    path = data / FILE
    try:
        if create and not path.exists():
            _make(path)
        return _read(path)
    except FileNotFoundError:
        raise DataFolderUnusable(
            f"{path} does not exist; start the hub once, or make a token, with this data folder."
        ) from None
    except OSError as error:
        raise DataFolderUnusable(f"{path} can't be used: {error.strerror}.") from None


def _make(path: Path) -> None:
    """Folder and secret. What stands in the way is told as such: ``/proc`` says that a new folder is not
    there."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
    except OSError as error:
        raise DataFolderUnusable(
            f"{path} can't be written ({error.strerror}). Make {path.parent} a folder that this user may "
            "write to, or choose another with --data."
        ) from None


def _create(path: Path) -> None:
    """Write the secret beside its place, whole and on disk, then link it there: the first one stays."""
    draft = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(MIN_SECRET))
            file.flush()
            os.fsync(file.fileno())
        _link(draft, path)
    finally:
        draft.unlink()


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            os.fchmod(file.fileno(), 0o600)
            _log.warning("identity.secret_tightened", path=str(path))
        secret = file.read(MAX_SECRET + 1)
    if not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise DataFolderUnusable(
            f"{path} holds {len(secret)} bytes instead of {MIN_SECRET}; bring it back from a backup, "
            "or delete it to make a new one, after which every token must be issued again."
        )
    return secret
