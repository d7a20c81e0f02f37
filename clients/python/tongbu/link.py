"""The link: one socket at a time, said hello on, read, written, and come back for. Decides by ``Session``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from enum import Enum
from random import Random
from typing import Final

import websockets
from websockets.asyncio.client import ClientConnection, connect

from hub.protocol import native_device as wire
from hub.protocol.native import SUBPROTOCOL
from tongbu.address import Address, leads_to
from tongbu.backoff import Backoff
from tongbu.errors import (
    Forbidden,
    HubError,
    Malformed,
    NotFound,
    TooBig,
    Unauthorized,
)
from tongbu.session import Session
from tongbu.store import Batch, Store
from tongbu.tokens import Credentials, claims_of, renewal_wait

log = logging.getLogger("tongbu")
_socket_log = logging.getLogger("tongbu.socket")
_socket_log.setLevel(logging.INFO)  # at DEBUG it would log what is said, the token included

OPEN_TIMEOUT: Final = 10.0
CLOSE_TIMEOUT: Final = 2.0
"""Seconds."""
MOST_MESSAGE: Final = 256 * 2**20
"""Bytes of one WebSocket message from the hub; a document may be large."""
MOST_BACKLOG: Final = 100
"""Batches that may wait for the store before reading pauses."""
GOING_AWAY_SPREAD: Final = 0.25
"""Of ``retry_after``, added at random."""
LEAST_BETWEEN_RENEWALS: Final = 1.0
"""Seconds."""
FIRST_BEAT: Final = 20.0
"""Seconds of silence before the hub has told its own ``beat``; twice that ends the connection."""

_FINAL: Final[dict[int, type[HubError]]] = {
    4400: Malformed,
    4401: Unauthorized,
    4403: Forbidden,
    4413: TooBig,
}


class State(Enum):
    """Of the link."""

    CONNECTING = "connecting"
    """The first try has not come to an end."""
    ONLINE = "online"
    AWAY = "away"
    STOPPED = "stopped"


class _Ended(Exception):
    """The connection ended by the hub's word. ``code``: of the close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason or f"closed with {code}")
        self.code = code


class _Connect(connect):
    """Follows no redirect: the token is for the address that the program named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """What was to be followed is told instead."""
        return exc


class Link:
    """Keeps a session connected.

    Args:
        address: of the hub.
        session: what is said and heard.
        store: where batches go before anything is sent.
        credentials: for hello and renewals.
        about: (name, platform) of the device.
        hub_seconds: the hub's time in seconds since 1970.
        changed: called after everything heard and every change of ``state``.
        random: for jitter.
    """

    def __init__(
        self,
        address: Address,
        session: Session,
        store: Store,
        credentials: Credentials,
        about: tuple[str, str],
        hub_seconds: Callable[[], float],
        changed: Callable[[], None],
        random: Random,
    ) -> None:
        self.state = State.CONNECTING
        self.error: HubError | None = None
        """Why it makes no sense to come back."""
        self.reason = "no try has ended yet"
        """Why it is not online, without secrets."""
        self._address = address
        self._session = session
        self._store = store
        self._credentials = credentials
        self._about = about
        self._hub_seconds = hub_seconds
        self._changed = changed
        self._random = random
        self._backoff = Backoff(random)
        self._wake = asyncio.Event()
        self._welcome = asyncio.Event()
        self._refused_tokens = 0
        self._wait: float | None = None

    def wake(self) -> None:
        """There may be something to say."""
        self._wake.set()

    async def run(self) -> None:
        """Connect and come back until cancelled, or until it makes no sense: then ``error`` is set."""
        while self.error is None:
            try:
                await self._connect()
            except asyncio.CancelledError:
                self._lost(State.STOPPED)
                raise
            except HubError as error:
                self._stop(error)
            except (OSError, TimeoutError, websockets.WebSocketException, _Ended) as error:
                self._note(error)
            except ImportError as error:  # of websockets: what a SOCKS proxy takes
                self._note(error)
            except Exception as error:  # a token callable may raise anything, and say its secret
                log.error("link.failed error=%s", type(error).__name__)
                self._note(OSError(f"{type(error).__name__} was raised"))
            if self.error is None:
                self._lost(State.AWAY)
                await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        wait, self._wait = self._wait, None
        return self._backoff.next() if wait is None else wait

    def _note(self, error: Exception) -> None:
        self.reason = str(error) or type(error).__name__
        log.info("link.lost reason=%s", self.reason)

    def _stop(self, error: HubError) -> None:
        self.error = error
        log.error("link.stopped code=%s message=%s", error.code, error.message)
        self._lost(State.STOPPED)

    def _lost(self, state: State) -> None:
        self.state = state
        self._welcome.clear()
        self._session.lost()
        self._changed()

    # ------------------------------------------------------------------ one connection

    async def _connect(self) -> None:
        token = await self._credentials.current()
        try:
            async with _Connect(
                self._address.socket,
                proxy=None if self._address.is_this_machine else True,
                subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
                max_size=MOST_MESSAGE,
                compression=None,
                open_timeout=OPEN_TIMEOUT,
                close_timeout=CLOSE_TIMEOUT,
                ping_interval=None,
                logger=_socket_log,
                user_agent_header="tongbu-python",
            ) as socket:
                await self._converse(socket, token)
        except websockets.InvalidStatus as refused:
            self._not_upgraded(refused.response.status_code, refused.response.headers)
        except websockets.ConnectionClosed as closed:
            await self._closed(closed, token)

    async def _converse(self, socket: ClientConnection, token: str) -> None:
        device = claims_of(token).get("device") or self._session.device
        await socket.send(wire.hello(token, device, *self._about))
        tasks = [
            asyncio.create_task(self._read(socket)),
            asyncio.create_task(self._write(socket)),
            asyncio.create_task(self._renew(token)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in sorted(done, key=tasks.index):
            task.result()

    async def _read(self, socket: ClientConnection) -> None:
        """Until the connection ends; nothing heard for twice the hub's beat ends it, too."""
        while True:
            silence = 2 * (self._session.beat / 1000 if self._session.welcomed else FIRST_BEAT)
            try:
                async with asyncio.timeout(silence):
                    message = await socket.recv()
            except TimeoutError:
                raise OSError(f"nothing was heard for {silence:g} s") from None
            if isinstance(message, str):
                raise OSError("the other side does not speak tongbu.v1")
            self._take(message)
            if self._store.failed is not None:
                raise self._store.failed
            if self._store.backlog > MOST_BACKLOG:
                await self._store.settled()

    def _take(self, message: bytes) -> None:
        batch = Batch()
        was_welcomed = self._session.welcomed
        try:
            self._session.receive(message, batch)
        finally:
            if batch:
                self._store.save(batch)
        if self._session.welcomed and not was_welcomed:
            self._welcomed()
        self.wake()
        self._changed()

    def _welcomed(self) -> None:
        self.state = State.ONLINE
        self.reason = ""
        self._refused_tokens = 0
        self._backoff.reset()
        self._welcome.set()
        log.info("link.online user=%s device=%s", self._session.user, self._session.device)

    async def _write(self, socket: ClientConnection) -> None:
        """Say what there is to say, whenever something changed or a retry is due."""
        while not self._session.must_return:
            self._wake.clear()
            batch = Batch()
            messages = self._session.outgoing(batch)
            if batch:
                self._store.save(batch)
            for chunk in _chunks(messages, self._session.limits.message):
                await socket.send(chunk)
            if not messages:
                await self._woken()
        self._wait = 0.0

    async def _woken(self) -> None:
        at = self._session.next_try()
        wait = None if at is None else max(0.0, at - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._wake.wait()

    async def _renew(self, token: str) -> None:
        """Replace the token in place before it runs out; never ends by itself."""
        await self._welcome.wait()
        backoff = Backoff(self._random)
        extra = 0.0
        while (wait := renewal_wait(token, self._hub_seconds())) is not None:
            await asyncio.sleep(max(wait, LEAST_BETWEEN_RENEWALS) + extra)
            new = await self._replacement(token)
            if new == token:
                extra = backoff.next()
                continue
            token, extra = new, 0.0
            self._session.renew(token)
            self.wake()
        await asyncio.get_running_loop().create_future()

    async def _replacement(self, token: str) -> str:
        try:
            return await self._credentials.renewed(token)
        except HubError:
            raise
        except (
            Exception
        ) as error:  # the hub's answer or anything a callable raises: there is time to try again
            log.warning("token.not_renewed reason=%s", type(error).__name__)
            return token

    # ------------------------------------------------------------------ how it ended

    def _not_upgraded(self, status: int, headers: Mapping[str, str]) -> None:
        if status in (401, 403):
            raise (Unauthorized if status == 401 else Forbidden)(f"the hub answered {status}")
        if status in (400, 404, 405):
            raise NotFound(f"there is no hub at this address: it answered {status}")
        if 300 <= status < 400:
            raise OSError(
                f"the hub's address answered {status}, leading to {leads_to(headers.get('Location'))}"
            )
        retry_after = headers.get("Retry-After")
        if retry_after is not None and retry_after.isdigit():
            self._wait = min(float(retry_after), 300.0) * self._random.uniform(1, 1 + GOING_AWAY_SPREAD)
        raise OSError(f"the hub answered {status}")

    async def _closed(self, closed: websockets.ConnectionClosed, token: str) -> None:
        fatal, away = self._session.fatal, self._session.going_away
        code = closed.rcvd.code if closed.rcvd is not None else 1006
        words = (
            fatal.message if fatal is not None else (closed.rcvd.reason if closed.rcvd is not None else "")
        )
        if code in (4401, 4501) and await self._has_another(token):
            self._wait = 0.0
            raise _Ended(code, words)
        if code in _FINAL:
            raise _FINAL[code](words or None)
        if away is not None:
            self._wait = away.retry_after / 1000 * self._random.uniform(1, 1 + GOING_AWAY_SPREAD)
        raise _Ended(code, words)

    async def _has_another(self, token: str) -> bool:
        """Whether there is another token than the one that was refused. Two in a row are enough."""
        self._refused_tokens += 1
        if self._refused_tokens > 2:
            return False
        return await self._replacement(token) != token


def _chunks(messages: list[bytes], limit: int) -> list[bytes]:
    """Messages joined into WebSocket messages of at most ``limit`` bytes."""
    chunks: list[list[bytes]] = []
    size = limit + 1
    for message in messages:
        if size + len(message) > limit or len(chunks[-1]) >= 1_000:
            chunks.append([])
            size = 0
        chunks[-1].append(message)
        size += len(message)
    return [b"".join(chunk) for chunk in chunks]
