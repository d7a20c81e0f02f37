"""What a command asks a hub over HTTP. Each failure becomes a sentence; no token is ever part of one."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

from hub.cli.failures import CommandFailed, HubFailing, HubUnreachable
from hub.cli.remote import Remote, is_this_machine
from hub.cli.server_sent import EventReader, ServerSentEvent

CONNECT_TIMEOUT: Final = 10.0
CALL_TIMEOUT: Final = 30.0
"""Seconds that a whole call may take."""
SILENCE: Final = 60.0
"""Seconds without a byte after which a stream is dead; the hub's beats come every 15."""
MAX_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of one answer that are read; a page of items may be large."""
PAGE: Final = 200
"""Rows asked for at once."""

STANDS: Final = ServerSentEvent("", "", "")
"""What a stream begins with: the hub has answered."""
_CHUNK: Final = 64 * 1024
_PATIENCE: Final = aiohttp.ClientTimeout(total=CALL_TIMEOUT, sock_connect=CONNECT_TIMEOUT)
_STREAM_PATIENCE: Final = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=SILENCE)


class Calls:
    """One session with a hub; an async context manager."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # A proxy of the environment is for hubs elsewhere: it can't reach this machine's own addresses.
        self._session = aiohttp.ClientSession(trust_env=not is_this_machine(self._remote.url))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(
        self, path: str, query: Mapping[str, object] | None = None, *, holds: str = "items"
    ) -> dict[str, Any]:
        """What the hub answers: an object that has ``holds``. ``query`` leaves out what is None.

        Raises:
            HubUnreachable: nobody answers, or nobody who is a hub.
            HubFailing: the hub can't right now.
            CommandFailed: the hub refused.
        """
        return await self._call("GET", path, query, None, holds)

    async def post(self, path: str, body: Any = None, *, holds: str = "id") -> dict[str, Any]:
        """Likewise."""
        return await self._call("POST", path, None, body, holds)

    async def pages(self, path: str, query: Mapping[str, object], most: int | None) -> AsyncIterator[Any]:
        """The items of a list, page by page, at most ``most``."""
        cursor, left = None, most
        while left is None or left > 0:
            page = await self.get(path, {**query, "limit": min(left or PAGE, PAGE), "cursor": cursor})
            for item in page["items"]:
                yield item
            left = None if left is None else left - len(page["items"])
            cursor = page["next"]
            if cursor is None:
                return

    async def stream(
        self, path: str, query: Mapping[str, object] | None = None, last_event_id: str | None = None
    ) -> AsyncIterator[ServerSentEvent]:
        """Server-sent events until the hub ends the stream, or it breaks; first ``STANDS``. Raises as
        ``get``."""
        headers = {"Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        async with self._answer("GET", path, query, None, headers, _STREAM_PATIENCE) as answer:
            yield STANDS
            reader = EventReader()
            async for chunk in answer.content.iter_chunked(_CHUNK):
                for event in reader.feed(chunk):
                    yield event

    async def _call(
        self, method: str, path: str, query: Mapping[str, object] | None, body: Any, holds: str
    ) -> dict[str, Any]:
        async with self._answer(method, path, query, body) as answer:
            found = await self._json(answer)
            if not isinstance(found, dict) or holds not in found:
                raise self._no_hub(answer.status)
            return found

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None,
        body: Any,
        headers: Mapping[str, str] | None = None,
        patience: aiohttp.ClientTimeout = _PATIENCE,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._session is not None, "entered"
        try:
            async with self._session.request(
                method,
                self._remote.url + path,
                params={name: str(value) for name, value in (query or {}).items() if value is not None},
                json=body,
                headers={"Authorization": f"Bearer {self._remote.token()}", **(headers or {})},
                allow_redirects=False,
                timeout=patience,
            ) as answer:
                if answer.status >= 300:
                    raise self._refusal(answer, await self._json(answer))
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise HubUnreachable(f"No hub answers at {self._remote.url} ({_reason(error)}).") from None

    async def _json(self, answer: aiohttp.ClientResponse) -> Any:
        raw = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            raw += chunk
            if len(raw) > MAX_ANSWER:
                raise CommandFailed(f"The answer is larger than {MAX_ANSWER} bytes.")
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            raise self._no_hub(answer.status, answer.headers.get("Location")) from None

    def _refusal(self, answer: aiohttp.ClientResponse, problem: Any) -> CommandFailed:
        if not isinstance(problem, dict) or not isinstance(problem.get("code"), str):
            return self._no_hub(answer.status, answer.headers.get("Location"))
        sentence = f"{str(problem.get('detail') or problem.get('title') or 'The hub refused').rstrip('.')}."
        kind = HubFailing if answer.status >= 500 else CommandFailed
        return kind(f"{sentence} ({problem['code']}){_advice(answer.status)}")

    def _no_hub(self, status: int, location: str | None = None) -> HubUnreachable:
        from tongbu.address import leads_to

        where = f", leading to {leads_to(location)}" if 300 <= status < 400 and location else ""
        return HubUnreachable(
            f"What answers at {self._remote.url} is not a hub (HTTP {status}{where}); see --url."
        )


def segment(name: str) -> str:
    """A name as one segment of a path."""
    return quote(name, safe="~@")


def _reason(error: BaseException) -> str:
    """The system's words, without the library's, which may hold addresses."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if isinstance(number, int) and number > 0 else type(error).__name__


def _advice(status: int) -> str:
    match status:
        case 401:
            return " Make a token with `hub token --user NAME`, on the hub's machine."
        case 403:
            return " `hub token --user NAME --scope publish` (or user, admin) makes a token with that right."
        case _:
            return ""
