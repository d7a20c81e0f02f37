"""Every command of README and guide, as a reader would paste them, against the installed command."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import UserId
from hub.ports import SystemClock

ROOT = Path(__file__).parents[2]
HUB = Path(sys.executable).with_name("hub")

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A hub on a free port with a sandbox, run like ``make run`` does."""
    assert f"{HUB.name} serve --dev --sandbox $(ARGS)" in (ROOT / "Makefile").read_text()
    command = [str(HUB), "serve", "--dev", "--sandbox", "--port", "0", "--data", str(tmp_path / "data")]
    with (tmp_path / "log").open("wb") as log:
        hub = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert hub.stdout is not None
        try:
            ready, _, url = hub.stdout.readline().strip().partition(" ")
            assert ready == "ready", (tmp_path / "log").read_text()
            yield url
        finally:
            hub.send_signal(signal.SIGTERM)
            rest, _ = hub.communicate(timeout=20)
    assert hub.returncode == 0
    assert rest == ""


def script_of(page: str, url: str, data: Path) -> str:
    """The page's shell blocks as one script, for this hub instead of the default one."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    script = "\n".join(block for block in blocks if "make run" not in block and "npm" not in block)
    assert "http://127.0.0.1:8787" in script
    script = script.replace("http://127.0.0.1:8787", url)
    script = re.sub(
        r"\.venv/bin/hub ((?:task |deliveries )?\w+)", lambda found: command(found[1], url, data), script
    )
    # Nobody presses Ctrl-C here, or writes in the page's two windows.
    script = re.sub(
        r"^(curl .*/stream) +# until Ctrl-C$", r"\1 -m 1 || test $? = 28", script, flags=re.MULTILINE
    )
    return script.replace(f"\n{SHARED}", f"\n{WRITTEN}\n{SHARED}")


def command(name: str, url: str, data: Path) -> str:
    """A command of the hub with what tells it where this hub is."""
    return f"{HUB} {name} --data {data}" + ("" if name == "token" else f" --url {url}")


MEANT = ("Operation timed out", "opens ann on one device, once")
"""What stderr may tell: that nobody pressed Ctrl-C, and how long a link is good."""
SHARED = "api $HUB/v1/docs/note/members/ann "
WRITTEN = """api $HUB/v1/sync -d '[{"topic": "doc/note", "push": "AQEBACgBAW0BawF3AXYA"}]'"""
TELLING_CURL = """#!/bin/sh
exec {curl} -w '%{{stderr}}answered %{{http_code}} %{{method}} %{{url}}\\n' "$@"
"""


def pasted(script: str, folder: Path) -> list[dict[str, Any]]:
    """Run it; the answers. A command that fails, and an answer that refuses, fails the test."""
    telling = folder / "bin" / "curl"
    telling.parent.mkdir(exist_ok=True)
    telling.write_text(TELLING_CURL.format(curl=shutil.which("curl")))
    telling.chmod(0o700)
    path = {**os.environ, "PATH": f"{telling.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=30, env=path)
    assert done.returncode == 0, done.stderr
    answered = [line for line in done.stderr.splitlines() if line.startswith("answered ")]
    assert answered
    assert [line for line in answered if not line.startswith("answered 2")] == []
    others = [line for line in done.stderr.splitlines() if line not in answered]
    assert [line for line in others if not any(word in line for word in MEANT)] == []
    return answers_in(done.stdout)


@pytest.mark.parametrize("page", ["README.md", "docs/zh/README.md"])
def test_the_first_five_minutes_go_as_the_readme_says(page: str, url: str, tmp_path: Path) -> None:
    answers = pasted(script_of(page, url, tmp_path / "data"), tmp_path)
    assert answers[0]["id"] == "disk-1"
    assert [answer["read"] for answer in answers[:2]] == [False, True]
    assert [answer["status"] for answer in answers[2:5]] == ["queued", "running", "succeeded"]
    assert answers[4]["final"]["status"] == "succeeded"
    assert [item["id"] for item in answers[5]["items"]] == ["build-7"]
    assert answers[6] == {"unread": 0, "unseen": 0, "open": 0}
    assert answers[-1] == {"user": "ann", "access": "write"}
    titles = [content.partition("\n")[0] for content in received((tmp_path / "log").read_text(), 3)]
    assert titles == ["**Build 7**", "**Build 8**", "**Disk full**"]


def received(log: str, count: int) -> list[str]:
    """What WeChat received, once it is so many."""
    found = re.search(r'"sandbox.started".*?"url": "(\S+)"', log)
    assert found is not None
    with urllib.request.urlopen(f"{found[1]}/stream", timeout=20) as calls:
        for _ in calls:
            with urllib.request.urlopen(f"{found[1]}/messages", timeout=20) as answer:
                messages = [message["content"] for message in json.load(answer)]
            if len(messages) >= count:
                return messages
    raise AssertionError("the sandbox ended")


def test_the_guide_goes_as_it_says_after_the_readme(url: str, tmp_path: Path) -> None:
    pasted(script_of("README.md", url, tmp_path / "data"), tmp_path)
    answers = pasted(script_of("docs/guide.md", url, tmp_path / "data"), tmp_path)
    assert answers[0]["id"] == "disk-2"
    releases = [answer for answer in answers if answer.get("id") == "release"]
    assert [release["pinned"] for release in releases] == [False, True]
    (devices,) = [answer["items"] for answer in answers if "platform" in answer.get("items", [{}])[0]]
    assert devices[-1]["name"] == "phone"
    assert answers[-1]["final"]["status"] == "succeeded"


def test_the_python_of_the_readme_reports_a_task(url: str, tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    body = textwrap.indent(code.replace("http://127.0.0.1:8787", url), "    ")
    program = f"import asyncio, sys, tongbu\nasync def main(token):\n{body}\nasyncio.run(main(sys.argv[1]))"
    secret = load_secret(tmp_path / "data", create=False)
    token = LocalTokens(secret, SystemClock()).issue(UserId("dev"), ["user"], 3600)
    done = subprocess.run(
        [sys.executable, "-c", program, token], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    (message,) = received((tmp_path / "log").read_text(), 1)
    assert message.startswith("**Monthly report**")
    assert "half of the pages" in message


def test_the_typescript_of_the_readme_keeps_an_inbox_in_step(url: str, tmp_path: Path) -> None:
    bundler = ROOT / "clients" / "node_modules" / ".bin" / "esbuild"
    if not bundler.exists():
        pytest.skip("the clients' packages are not installed: npm ci in clients")
    (code,) = re.findall(r"^```ts\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    told = code.replace("http://127.0.0.1:8787", url)
    assert told != code
    program = f"const token = process.argv[2];\n{told}\nawait hub.flush(10_000);\nawait hub.close();\n"
    (tmp_path / "page.ts").write_text(program)
    entry = ROOT / "clients" / "typescript" / "src" / "node" / "index.ts"
    options = ["--bundle", "--format=esm", "--platform=node", "--target=node20", "--log-level=error"]
    built = [f"--alias:@tongbu/client/node={entry}", "--external:ws", "--outfile=page.mjs"]
    subprocess.run([bundler, "page.ts", *options, *built], cwd=tmp_path, check=True)
    (tmp_path / "node_modules").symlink_to(ROOT / "clients" / "node_modules")
    secret = load_secret(tmp_path / "data", create=False)
    token = LocalTokens(secret, SystemClock()).issue(UserId("dev"), ["user"], 3600)
    done = subprocess.run(
        ["node", "page.mjs", token], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[ 'Water the plants' ]\n")
    asked = urllib.request.Request(f"{url}/v1/users/me/items", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert [item["title"] for item in json.load(answer)["items"]] == ["Water the plants"]


def test_the_yjs_page_starts_with_the_commands_of_the_readme() -> None:
    folder = ROOT / "docs" / "examples" / "yjs-page"
    assert "start" in json.loads((folder / "package.json").read_text())["scripts"]
    for page in ("README.md", "docs/zh/README.md"):
        assert f"cd {folder.relative_to(ROOT)}\nnpm install\nnpm start\n" in (ROOT / page).read_text()


def answers_in(output: str) -> list[dict[str, Any]]:
    """Every JSON object but the stream's; the stream's lines may follow in the same line."""
    decoder = json.JSONDecoder()
    return [decoder.raw_decode(line)[0] for line in output.splitlines() if line.startswith("{")]
