"""Users as sessions and requests meet them: remembered, with the time before which their tokens are void.

A remembered user costs a dictionary look-up, one that is not costs two reads. ``UserRoster`` knows no rights.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from typing import Final

from hub.errors import BadId, Forbidden, TokenVoid
from hub.model import ERASED, HUB, Identity, Milliseconds, User, UserId
from hub.ports import Clock, Directory
from hub.state.names import is_name

ME: Final = "me"
"""Stands for the caller where HTTP names a user."""
_API: Final = ".api"
_PAST_THIS_MILLISECOND: Final = 0.002
"""Seconds after which the wall clock shows a later millisecond, also where timers fire up to one early."""


def is_reserved(name: str) -> bool:
    """Whether a name means something else than a user or device of that name: ``me`` is the caller, ``hub``,
    ``erased`` and what ends with ``.api`` are actors."""
    return name in (HUB, ME, ERASED) or name.endswith(_API)


def check_user_id(user: str) -> UserId:
    """The name, if it is of the alphabet.

    Raises:
        BadId: it is not.
    """
    if not is_name(user):
        raise BadId("a user is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -")
    return UserId(user)


def check_new_user_id(user: str) -> UserId:
    """The name, if a user may bear it.

    Raises:
        BadId: outside the alphabet, or reserved.
    """
    if is_reserved(user):
        raise BadId(f"no user is called {user}: the name is reserved")
    return check_user_id(user)


class UserRoster:
    """What is known of users while the process lives.

    Args:
        directory: where they are saved.
        clock: for ``created_at`` and the time of a deletion.
        remembered: how many users are held in memory, the longest known first out.
    """

    def __init__(self, directory: Directory, clock: Clock, remembered: int) -> None:
        self._directory = directory
        self._clock = clock
        self._remembered = remembered
        self._void_before: OrderedDict[UserId, Milliseconds] = OrderedDict()
        """Of users who exist."""
        self._deletions = 0

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._void_before)

    def admits(self, identity: Identity) -> bool:
        """Whether ``admit`` would find nothing to do: the user is remembered, the token isn't void."""
        void_before = self._void_before.get(identity.user)
        return void_before is not None and identity.issued_at >= void_before

    def remembers(self, user: UserId) -> bool:
        """Whether ``name`` would find nothing to do."""
        return user in self._void_before

    async def admit(self, user: UserId, issued_at: Milliseconds) -> None:
        """A token of that time named a user: they exist from now on.

        Raises:
            TokenVoid: the user was deleted after that time, or is being deleted.
            Forbidden: nobody may bear that name.
        """
        void_before = self._void_before.get(user)
        if void_before is None:
            if is_reserved(user):
                raise Forbidden(f"no user is called {user}: the name is reserved")
            void_before = await self._learn(user, issued_at)
        if issued_at < void_before:
            raise TokenVoid

    async def name(self, user: UserId) -> None:
        """Something other than a token named a user: they exist from now on, their void tokens stay void.

        Raises:
            BadId: nobody may bear that name.
        """
        if user not in self._void_before:
            await self._learn(check_new_user_id(user), math.inf)

    async def is_known(self, user: UserId) -> bool:
        """Whether the user exists."""
        return user in self._void_before or await self._directory.user(user) is not None

    async def delete(self, user: UserId) -> bool:
        """Remove a user and void their tokens; False if unknown.

        Their tokens let nobody in while this is under way, either: a newer one got for an old one would last.
        A token issued once this has returned is good.
        """
        at = Milliseconds(self._clock.now() + 1)  # so that tokens of this very millisecond are void, too
        self._deletions += 1
        self._remember(user, at)
        try:
            existed = await self._directory.delete_user(user, at)
            if self._clock.now() < at:
                await asyncio.sleep(_PAST_THIS_MILLISECOND)
            return existed
        finally:
            self._deletions += 1
            self._void_before.pop(user, None)

    async def _learn(self, user: UserId, issued_at: float) -> Milliseconds:
        """The time before which the user's tokens are void. They exist from now on, unless ``issued_at`` lies
        before it. What was read before or during a deletion is not relied on."""
        while True:
            deletions = self._deletions
            void_before = self._void_before.get(user)
            if void_before is None:
                void_before = await self._directory.void_before(user)
            if issued_at < void_before:
                return void_before
            if await self._directory.user(user) is None:
                await self._directory.put_user(User(user, user, self._clock.now()))
            if deletions == self._deletions:
                self._remember(user, void_before)
                return void_before

    def _remember(self, user: UserId, void_before: Milliseconds) -> None:
        self._void_before[user] = void_before
        self._void_before.move_to_end(user)
        if len(self._void_before) > self._remembered:
            self._void_before.popitem(last=False)
