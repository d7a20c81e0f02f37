"""A browser as a load: pages of the web inbox in a real Chromium, driven by ``tests/e2e/node/web.mjs``."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

from bench.interruption import INTERRUPTION
from bench.processes import ROOT, Failed

_NODE: Final = ROOT / "tests" / "e2e" / "node"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_PAGE: Final = ROOT / "hub" / "static" / "index.html"


class Browser:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._ids = count(1)

    def ask(self, operation: str, **given: Any) -> Any:
        """One operation of ``web.mjs``; its value. Raises ``Failed``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"id": next(self._ids), "op": operation, **given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the browser has ended"}')
        if "error" in answer:
            raise Failed(f"{operation}: {answer['error']}")
        return answer["value"]

    def open(self, name: str, url: str) -> None:
        """A page of that name in a profile of its own, everything there."""
        self.ask("profile", profile=name, locale="en-GB", dark=False, width=1280, height=800, touch=False)
        self.ask("open", profile=name, page=name, url=url)
        self.ask("shows", page=name, where={"css": ".saved-chip.is-saved"})


def missing() -> str | None:
    """What there must be and isn't; None where a browser can be had."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not any(map(shutil.which, _BROWSERS)):
        return "Chromium is not installed"
    if not (_NODE / "node_modules" / "playwright-core").is_dir():
        return f"npm ci was not run in {_NODE.relative_to(ROOT)}"
    return None if _PAGE.is_file() else "hub/static is empty (make web)"


@contextmanager
def browser(core: int) -> Iterator[Browser]:
    """A browser on one core."""
    found = next(path for path in map(shutil.which, _BROWSERS) if path)
    command = ["taskset", "--cpu-list", str(core), "node", str(_NODE / "web.mjs"), found]
    pipe = subprocess.PIPE
    with INTERRUPTION.held():
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            yield Browser(process)
        finally:
            process.terminate()
            process.stdin.close()
            process.stdout.read()  # until it has ended, so that it need not complain
