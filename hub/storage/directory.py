"""Users and members, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from hub.model import Access, Milliseconds, TopicName, User, UserId
from hub.ports import Clock, MemberRow
from hub.storage.database import Database
from hub.storage.devices import revoke_all
from hub.storage.queries import load_queries
from hub.storage.users import create_users

_QUERIES = load_queries("directory")


class SqliteDirectory:
    """``Directory`` in SQLite."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def user(self, user: UserId) -> User | None:
        """See ``Directory``."""
        return await self._database.read(_user, user)

    async def users(self, after: str, limit: int) -> Sequence[User]:
        """See ``Directory``."""
        return await self._database.scan(_users, after, limit)

    async def put_user(self, user: User) -> bool:
        """See ``Directory``."""
        return await self._database.write(_put_user, user)

    async def delete_user(self, user: UserId, at: Milliseconds) -> bool:
        """See ``Directory``."""
        return await self._database.write(_delete_user, user, at)

    async def void_before(self, user: UserId) -> Milliseconds:
        """See ``Directory``."""
        return await self._database.read(_void_before, user)

    async def members(self, topic: TopicName) -> Mapping[UserId, Access]:
        """See ``Directory``."""
        return await self._database.read(_members, topic)

    async def put_member(self, member: MemberRow) -> bool:
        """See ``Directory``."""
        return await self._database.write(put_members, [member], self._clock.now())

    async def delete_member(self, topic: TopicName, user: UserId) -> bool:
        """See ``Directory``."""
        return await self._database.write(_delete_member, topic, user)


def put_members(connection: sqlite3.Connection, members: Iterable[MemberRow], now: Milliseconds) -> bool:
    """Give access, creating the users where needed; True if all are new."""
    created = True
    for member in members:
        create_users(connection, [(member.user, now)])
        columns = (member.topic, member.user, member.access)
        if connection.execute(_QUERIES["create_member"], columns).rowcount == 0:
            connection.execute(_QUERIES["change_member"], (member.access, member.topic, member.user))
            created = False
    return created


def _user(connection: sqlite3.Connection, user: UserId) -> User | None:
    row = connection.execute(_QUERIES["user"], (user,)).fetchone()
    return None if row is None else User(*row)


def _users(connection: sqlite3.Connection, after: str, limit: int) -> list[User]:
    return [User(*row) for row in connection.execute(_QUERIES["users_after"], (after, limit))]


def _put_user(connection: sqlite3.Connection, user: User) -> bool:
    columns = (user.user, user.name, user.created_at)
    if connection.execute(_QUERIES["create_user"], columns).rowcount:
        return True
    connection.execute(_QUERIES["rename_user"], (user.name, user.user))
    return False


def _delete_user(connection: sqlite3.Connection, user: UserId, at: Milliseconds) -> bool:
    if connection.execute(_QUERIES["drop_user"], (user,)).rowcount == 0:
        return False
    connection.execute(_QUERIES["drop_memberships"], (user,))
    connection.execute(_QUERIES["void_tokens"], (user, at))
    revoke_all(connection, user, at)
    return True


def _void_before(connection: sqlite3.Connection, user: UserId) -> Milliseconds:
    row = connection.execute(_QUERIES["void_before"], (user,)).fetchone()
    return Milliseconds(0 if row is None else row[0])


def _members(connection: sqlite3.Connection, topic: TopicName) -> dict[UserId, Access]:
    return dict(connection.execute(_QUERIES["members"], (topic,)))


def _delete_member(connection: sqlite3.Connection, topic: TopicName, user: UserId) -> bool:
    return connection.execute(_QUERIES["drop_member"], (topic, user)).rowcount > 0
