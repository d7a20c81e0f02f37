"""Whether an update costs the web inbox more where it holds much."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

from bench.browser import Browser, browser, missing
from bench.load.window import Window
from bench.measure import spread
from bench.processes import Server
from bench.row import HUB, ON_DISK, Row
from bench.stand import Stand, compared

MUST: Final = 1.5
"""At most so many times as much with many items as with few."""
_FEW: Final = 100
_UPDATES: Final = 40
_IN_SIGHT: Final = 4
"""Items that are updated: the newest, which are in sight however many there are."""
_AT_ONCE: Final = 1_000


class Inbox:
    """One that a page shows, and a program that changes it over HTTP."""

    def __init__(self, hub: Server, shown: Browser, number: int) -> None:
        ((self._user, self._token),) = hub.tokens([f"items{number}"], ("user",))
        self._connection = http.client.HTTPConnection("127.0.0.1", hub.port)
        self._browser = shown
        self._turns = 0
        self._ids = [f"t{index:05}" for index in range(number)]
        for first in range(0, number, _AT_ONCE):
            self._create(self._ids[first : first + _AT_ONCE])
        shown.open(self._user, f"http://127.0.0.1:{hub.port}/#token={self._token}")

    def window(self) -> Window:
        """Updates one after the other, each drawn before the next is made."""
        began, spent = time.perf_counter(), self._spent()
        for number in range(_UPDATES):
            self._turns += 1
            title = f"Update {self._turns}."
            item = self._ids[-1 - number % _IN_SIGHT]
            self._call("PATCH", f"/v1/users/me/items/{item}", {"title": title})
            self._browser.ask("shows", page=self._user, where={"text": title})
        seconds, cpu = time.perf_counter() - began, self._spent() - spent
        return Window(_UPDATES, seconds, cpu, cpu, None, None)

    def _spent(self) -> float:
        return float(self._browser.ask("spent", page=self._user))

    def _create(self, ids: list[str]) -> None:
        record = {"kind": "task", "title": "One of many", "source": "bench"}
        push = [[item, "item", record, 1] for item in ids]
        self._call("POST", "/v1/sync", [{"topic": f"inbox/{self._user}", "push": push}])

    def _call(self, method: str, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        told = answer.read()
        assert answer.status == 200, told


def row(stand: Stand) -> Iterator[Row]:
    """Updates relayed to a page with many items, and to one with few."""
    if (lacking := missing()) is not None:
        print(f"SKIPPED: the web inbox is not measured: {lacking}", file=sys.stderr, flush=True)
        return
    many, few = stand.size.history, f"{_FEW} items"
    with ExitStack() as stack:
        hub = stand.hub(stack)
        shown = stack.enter_context(browser(stand.cores.load))
        inboxes = {HUB: Inbox(hub, shown, many), few: Inbox(hub, shown, _FEW)}
        windows: dict[str, list[Window]] = {name: [] for name in inboxes}
        for inbox in inboxes.values():
            inbox.window()
        for _ in range(stand.size.rounds):
            for name, inbox in inboxes.items():
                windows[name].append(inbox.window())
    title = f"update drawn by the web inbox with {many:,} items, against {_FEW}"
    measured = compared("web", title, windows, dict.fromkeys(windows, ON_DISK), few)
    costs = [spread([each.cost for each in rounds]).median / 1000 for rounds in windows.values()]
    measured.notes = (
        f"CPU of the page's main thread, not of the hub: {costs[0]:.1f} ms an update against {costs[1]:.1f}; "
        f"at most {MUST:g} times as much",
    )
    yield measured
