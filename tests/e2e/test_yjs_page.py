"""The page of ``docs/examples/yjs-page`` in a real browser, against ``hub serve --dev``."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeHub
from tests.e2e.yjs_peers import NODE, need_node

PAGE = Path(__file__).parents[2] / "docs" / "examples" / "yjs-page"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="Chromium is not installed")
async def test_two_people_write_one_note_and_see_each_other(make_hub: MakeHub) -> None:
    browser = next(path for path in map(shutil.which, BROWSERS) if path)
    hub = make_hub(options=["--dev"])
    hub.start()
    command = need_node(), NODE / "page.mjs", browser, hub.url, hub.token("dev")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    seen = json.loads(output)
    assert seen["notes"] == ["1. 买牛奶粉🍼\nend"] * 2, "each typed where their cursor was"
    assert seen["people"] == ["安", "Bob"]
    assert seen["left"] == ["安"]
    assert "token" in seen["refused"]
    assert seen["errors"] == []


def test_the_page_names_the_packages_that_are_tested() -> None:
    page = json.loads((PAGE / "package.json").read_text())
    tested = json.loads((NODE / "package.json").read_text())["dependencies"]
    named = page["dependencies"] | page["devDependencies"]
    assert named.items() <= tested.items()
