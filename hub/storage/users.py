"""Users who come to exist because something names them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from hub.model import Milliseconds, UserId
from hub.storage.queries import load_queries

_CREATE_USER = load_queries("directory")["create_user"]


def create_users(connection: sqlite3.Connection, users: Iterable[tuple[UserId, Milliseconds]]) -> None:
    """Create those that don't exist, shown under their id until somebody names them."""
    connection.executemany(_CREATE_USER, ((user, user, created_at) for user, created_at in users))
