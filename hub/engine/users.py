"""Users as sessions and requests meet them: remembered, with the time before which their tokens are void.

A remembered user costs a dictionary look-up, one that is not costs two reads. ``UserRoster`` knows no rights.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from hub.errors import TokenVoid
from hub.model import Identity, Milliseconds, User, UserId
from hub.ports import Clock, Directory


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

    async def admit(self, user: UserId, issued_at: Milliseconds) -> None:
        """A token of that time named a user: they exist from now on.

        Raises:
            TokenVoid: the user was deleted after that time, or is being deleted.
        """
        void_before = self._void_before.get(user)
        if void_before is None:
            void_before = await self._learn(user, issued_at)
        if issued_at < void_before:
            raise TokenVoid

    async def name(self, user: UserId) -> None:
        """Something other than a token named a user: they exist from now on, their void tokens stay void."""
        if user not in self._void_before:
            await self._learn(user, math.inf)

    async def delete(self, user: UserId) -> bool:
        """Remove a user and void their tokens; False if unknown.

        Their tokens let nobody in while this is under way, either: a newer one got for an old one would last.
        """
        at = Milliseconds(self._clock.now() + 1)  # so that tokens of this very millisecond are void, too
        self._deletions += 1
        self._remember(user, at)
        try:
            return await self._directory.delete_user(user, at)
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
