"""The web inbox in a real Chromium: profiles in it, pages in those; ``node/web.mjs`` does what is asked.

Every method waits for what it is about, up to 15 s, and fails with what Playwright says. They block: the hub
is a process of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pytest

from tests.e2e.processes import HubProcess
from tests.e2e.yjs_peers import NODE, need_node

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
STATIC: Final = Path(__file__).resolve().parents[2] / "hub" / "static"
DESKTOP: Final = (1280, 800)
PHONE: Final = (390, 844)
OUTAGE: Final = re.compile(r"net::ERR_|WebSocket connection to|the server responded with a status of 50[34]")
"""What the browser itself writes into the console where the hub can't be reached."""

Where = dict[str, Any]
"""What ``web.mjs`` locates: by ``role`` and ``name``, ``label``, ``text`` or ``css``; ``within`` another."""


def need_browser() -> str:
    """The browser's command; without it, or without a build, there is nothing to test."""
    browser = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if browser is None:
        pytest.skip("Chromium is not installed: the web inbox is not tried in a browser")
    if not (STATIC / "index.html").is_file():
        pytest.fail("hub/static is empty: make web")
    return browser


class WebBrowser:
    """One Chromium."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._names = count(1)
        self._process = subprocess.Popen(
            [need_node(), NODE / "web.mjs", need_browser()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def ask(self, operation: str, **given: Any) -> Any:
        """One operation of ``web.mjs``; its value."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"id": next(self._ids), "op": operation, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the browser has ended"}')
        assert "error" not in answer, f"{operation} {given}: {answer['error']}"
        return answer["value"]

    def profile(
        self, locale: str = "en-GB", dark: bool = False, size: tuple[int, int] = DESKTOP, **options: Any
    ) -> Profile:
        """A browser that knows nothing yet; ``permissions`` are granted to ``origin``."""
        name = f"profile{next(self._names)}"
        width, height = size
        touch = width < 700
        self.ask(
            "profile",
            profile=name,
            locale=locale,
            dark=dark,
            width=width,
            height=height,
            touch=touch,
            **options,
        )
        return Profile(self, name)

    def named(self, kind: str) -> str:
        """A name that nothing else has."""
        return f"{kind}{next(self._names)}"


class Profile:
    """One person's browser: its pages share what it keeps."""

    def __init__(self, browser: WebBrowser, name: str) -> None:
        self.browser = browser
        self.name = name
        self.pages: list[WebPage] = []

    def open(self, url: str) -> WebPage:
        page = WebPage(self.browser, self.browser.named("page"))
        self.browser.ask("open", profile=self.name, page=page.name, url=url)
        self.pages.append(page)
        return page

    def close(self) -> None:
        self.browser.ask("forget", profile=self.name)


class Way:
    """A network between a browser and a hub, that can be lost. ``url`` is the hub's, seen through it."""

    def __init__(self, browser: WebBrowser, hub: HubProcess) -> None:
        self._browser = browser
        self._name = browser.named("way")
        self.url = f"http://127.0.0.1:{browser.ask('way', way=self._name, port=hub.port)}"

    def cut(self) -> None:
        """Everything connected drops off, and nobody gets through."""
        self._browser.ask("cut", way=self._name)

    def mend(self) -> None:
        self._browser.ask("mend", way=self._name)


class WebPage:
    """One page, its parts located by role and name first."""

    def __init__(self, browser: WebBrowser, name: str) -> None:
        self.browser = browser
        self.name = name
        self._knows_outage = False

    def ask(self, operation: str, **given: Any) -> Any:
        return self.browser.ask(operation, page=self.name, **given)

    # ------------------------------------------------------------------ doing

    def click(self, name: str | None = None, role: str = "button", **where: Any) -> None:
        self.ask("click", where=_where(name, role, where))

    def hover(self, name: str | None = None, role: str = "button", **where: Any) -> None:
        self.ask("hover", where=_where(name, role, where))

    def focus(self, name: str | None = None, role: str = "button", **where: Any) -> None:
        self.ask("focus", where=_where(name, role, where))

    def fill(self, label: str, value: str) -> None:
        self.ask("fill", where={"label": label}, value=value)

    def press(self, *keys: str) -> None:
        """Keys as Playwright names them, one after the other."""
        self.ask("press", keys=keys)

    def type(self, value: str) -> None:
        self.ask("type", value=value)

    def goto(self, url: str) -> None:
        self.ask("goto", url=url)

    def reload(self) -> None:
        self.ask("reload")

    def back(self) -> None:
        self.ask("back")

    def close(self) -> None:
        self.ask("close")

    # ------------------------------------------------------------------ looking

    def shows(self, text: str | None = None, **where: Any) -> None:
        """Until it is in sight; a text without more is a part of one."""
        self.ask("shows", where=_text(text, where))

    def hides(self, text: str | None = None, **where: Any) -> None:
        """Until it is not."""
        self.ask("hides", where=_text(text, where))

    def text(self, css: str) -> str:
        found: str = self.ask("text", where={"css": css})
        return found

    def texts(self, css: str) -> list[str]:
        found: list[str] = self.ask("texts", where={"css": css})
        return found

    def count(self, **where: Any) -> int:
        found: int = self.ask("count", where=where)
        return found

    def title(self) -> str:
        found: str = self.ask("title")
        return found

    def address(self) -> str:
        found: str = self.ask("address")
        return found

    def evaluate(self, script: str, given: Any = None) -> Any:
        """The value of a function in the page."""
        return self.ask("evaluate", script=script, given=given)

    def until(self, script: str, given: Any = None) -> None:
        """Until a function in the page says true."""
        self.ask("until", script=script, given=given)

    def screenshot(self, path: Path) -> None:
        self.ask("screenshot", path=str(path))

    def barriers(self) -> list[str]:
        """What axe finds that keeps people out: serious and critical alone."""
        found = self.ask("axe")
        return [
            f"{each['id']}: {each['nodes']}" for each in found if each["impact"] in ("serious", "critical")
        ]

    def complaints(self, outage: bool = False) -> list[str]:
        """What the console says in red or yellow since this was last asked; with ``outage``, also once it was
        given before, without what the browser itself says of a hub that is away: it may say so once more."""
        self._knows_outage = self._knows_outage or outage
        said: list[str] = self.ask("said")
        return [each for each in said if not (self._knows_outage and OUTAGE.search(each))]

    # ------------------------------------------------------------------ the inbox's own

    def saved(self) -> None:
        """Until everything said here is on the hub's disk."""
        self.shows(css=".saved-chip.is-saved")

    def row(self, item: str) -> Where:
        """The row of an item."""
        return {"css": f'.row[data-id="{item}"]'}


def _where(name: str | None, role: str, where: Where) -> Where:
    if where.keys() & {"css", "label", "text"}:
        return where
    return {"role": role, **where} if name is None else {"role": role, "name": name, **where}


def _text(text: str | None, where: Where) -> Where:
    return where if text is None else {"text": text, "exact": False, **where}
