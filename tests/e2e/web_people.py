"""Whose inbox the pages show: somebody, and the programs that write to them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from tests.e2e.processes import HubProcess
from tests.e2e.web_pages import Profile, Way, WebPage

_NUMBERS: Final = count(1)


@dataclass(frozen=True)
class Person:
    """A user of a hub."""

    hub: HubProcess
    user: str

    @classmethod
    def of(cls, hub: HubProcess, test: str) -> Person:
        """Named after the test."""
        return cls(hub, f"{re.sub('[^a-z0-9]+', '-', test)[:40]}{next(_NUMBERS)}")

    def address(self, path: str = "/", ttl: int = 3600, way: Way | None = None) -> str:
        """A link that signs a browser in."""
        url = self.hub.url if way is None else way.url
        return f"{url}{path}#token={self.hub.token(self.user, ttl=ttl)}"

    def at(self, profile: Profile, path: str = "/", way: Way | None = None) -> WebPage:
        """A page of theirs, everything there."""
        page = profile.open(self.address(path, way=way))
        page.saved()
        return page

    async def http(self, method: str, path: str, body: Any = None, publisher: bool = False) -> Any:
        """As a program of theirs, or as one that publishes."""
        token = self.hub.token("ci", "publish") if publisher else self.hub.token(self.user)
        status, answer = await self.hub.http(method, path, body, token)
        assert status in (200, 201), answer
        return answer

    async def notify(self, title: str, **record: Any) -> str:
        """A notification to them; its id."""
        created = {"kind": "notification", "title": title, **record}
        path = f"/v1/users/{self.user}/items"
        return str((await self.http("POST", path, created, publisher=True))["id"])

    async def task(self, title: str, **state: Any) -> str:
        """A task that a program started for them; its id."""
        path = f"/v1/users/{self.user}/items"
        item = str((await self.http("POST", path, {"kind": "task", "title": title}, publisher=True))["id"])
        await self.report(item, **state)
        return item

    async def report(self, item: str, **state: Any) -> None:
        """How a program's task goes on: ``status``, ``progress``, ``note``."""
        if state:
            await self.http("PATCH", f"/v1/users/{self.user}/items/{item}", state, publisher=True)

    async def item(self, item: str) -> dict[str, Any]:
        """One of theirs, as the hub has it."""
        found: dict[str, Any] = await self.http("GET", f"/v1/users/me/items/{item}")
        return found

    async def devices(self) -> list[bool]:
        """Whether each device of theirs was revoked; those that weren't first."""
        found = await self.http("GET", "/v1/users/me/devices")
        return sorted(each["revoked_at"] is not None for each in found["items"])

    async def until(self, item: str, **wanted: Any) -> None:
        """Until the hub has it so."""
        async with asyncio.timeout(15):
            found = await self.item(item)
            while {key: found[key] for key in wanted} != wanted:
                found = await self.item(item)
