"""Programs that publish over HTTP/1.1, on connections they keep: single items, or one for many inboxes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import cast

from bench.load.socket import Broken
from bench.load.window import Tally


@dataclass(frozen=True, slots=True)
class HttpPlan:
    """``tokens``: one a program, which has a connection; ``inboxes``: among which they choose; ``targets``:
    of one request; 1: by the route of a single inbox."""

    port: int
    tokens: Sequence[tuple[str, str]]
    inboxes: int
    targets: int


class Poster(asyncio.Protocol):
    """One program: the next request follows the answer to the one before."""

    def __init__(self, plan: HttpPlan, token: str, tally: Tally) -> None:
        self._plan = plan
        self._tally = tally
        self._held = b""
        self._posted = 0.0
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self._transport: asyncio.Transport | None = None

    def post(self) -> None:
        """Send a request."""
        plan = self._plan
        users = [f"away{random.randrange(plan.inboxes)}" for _ in range(plan.targets)]
        item: dict[str, object] = {"kind": "notification", "title": "备份 finished", "body": "42 files"}
        path = f"/v1/users/{users[0]}/items"
        if plan.targets > 1:
            path, item = "/v1/items", {**item, "users": list(set(users))}
        body = json.dumps(item).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n".encode()
        assert self._transport is not None
        self._transport.write(head + body)
        self._posted = perf_counter()
        self._tally.outstanding += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to post."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of one."""
        self._held += data
        head, end, body = self._held.partition(b"\r\n\r\n")
        if not end or len(body) < length_of(head):
            return
        if not head.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")):
            raise Broken(f"the hub answered {self._held[:300]!r}")
        self._held = b""
        self._answered(body)

    def _answered(self, body: bytes) -> None:
        tally = self._tally
        tally.done += 1 if self._plan.targets == 1 else body.count(b'"status":201')
        tally.outstanding -= 1
        tally.answers.append(perf_counter() - self._posted)
        if tally.running:
            self.post()


def length_of(head: bytes) -> int:
    """What ``Content-Length`` says; 0 where it is not there."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class HttpLoad:
    """Implements ``Load``: a unit of work is an item in an inbox."""

    def __init__(self, plan: HttpPlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._posters: list[Poster] = []

    async def prepare(self) -> None:
        """Connect."""
        loop = asyncio.get_running_loop()
        for _, token in self._plan.tokens:
            poster = Poster(self._plan, token, self.tally)
            await loop.create_connection(lambda poster=poster: poster, "127.0.0.1", self._plan.port)  # type: ignore[misc]  # lambda's default
            self._posters.append(poster)

    def begin(self, rate: float | None) -> None:
        """One request in flight each."""
        assert rate is None, "programs are as fast as the hub takes them"
        for poster in self._posters:
            poster.post()
