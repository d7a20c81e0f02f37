"""``connect`` and ``Hub``: one device of one user, whether the hub can be reached or not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tongbu.document import Document
from tongbu.items import RefusedStatement
from tongbu.ledger import Inbox, Ledger

Token = str | Callable[[], Awaitable[str]]


class Hub:
    """A device of a user."""

    @property
    def user(self) -> str | None:
        """Who this is; None until the token or the hub has told."""
        raise NotImplementedError

    @property
    def device(self) -> str | None:
        """The id the hub issued; None until it has."""
        raise NotImplementedError

    @property
    def online(self) -> bool:
        """Whether the hub has welcomed this connection and it still stands."""
        raise NotImplementedError

    async def connected(self, timeout: float | None = None) -> None:
        """Wait for the hub's welcome.

        Raises:
            NotConnected: not within ``timeout`` seconds; says what stood in the way.
            HubError: it does not make sense to come back (see ``tongbu.errors``).
        """
        raise NotImplementedError

    async def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything stated so far is acknowledged or refused; False where ``timeout`` seconds
        were not enough."""
        raise NotImplementedError

    def inbox(self, user: str | None = None) -> Inbox:
        """The own inbox, or (scope ``publish``) somebody else's."""
        raise NotImplementedError

    def space(self, name: str) -> Ledger:
        """A shared ledger."""
        raise NotImplementedError

    async def document(self, name: str) -> Document:
        """A document, opened."""
        raise NotImplementedError

    def refusals(self) -> AsyncIterator[RefusedStatement]:
        """What the hub did not take, from now on."""
        raise NotImplementedError


def connect(
    url: str,
    *,
    token: Token | None = None,
    link_code: str | None = None,
    store: str | Path | None = None,
    device_name: str = "python",
    platform: str = "python",
) -> AbstractAsyncContextManager[Hub]:
    """A connection to the hub at ``url`` (``http://host:port`` or ``https://…``), entered with ``async with``."""
    raise NotImplementedError
