"""The sandbox's page in a real browser."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest

from tests.e2e.yjs_peers import NODE, need_node
from tests.kit.sandboxes import running_sandbox

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="Chromium is not installed")
async def test_the_page_shows_the_group_as_it_would_look_and_runs_nothing_of_a_message() -> None:
    browser = next(path for path in map(shutil.which, BROWSERS) if path)
    async with running_sandbox() as sandbox:
        command = need_node(), NODE / "sandbox.mjs", browser, sandbox.url
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    seen = json.loads(output)
    assert seen["heading"] == "Done"
    assert seen["quote"] == "<b>214</b> checks"
    assert seen["links"] == [["https://x.example/a", "noopener noreferrer"]]
    assert seen["raw"] == "<script>alert(1)</script><img src=x onerror=alert(1)>"
    assert seen["refused"] == "45009api freq out of limit"
    assert (seen["count"], seen["waiting"]) == ("2/20", 0)
    assert f'base_url = "{sandbox.url}"' in seen["config"]
    assert seen["titles"] == ["WeChat group · sandbox", "微信群 · 沙箱"]
    assert seen["errors"] == []
