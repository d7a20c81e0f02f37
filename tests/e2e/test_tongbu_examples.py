"""The examples of docs/python.md, run as they are against a hub; and what the page shows is what they are."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import tongbu
from hub.model import Scope
from tests.e2e.processes import HubProcess

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "clients" / "python" / "examples"
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
PATIENCE = 20.0


class Example:
    """One example as a process."""

    def __init__(self, hub: HubProcess, folder: Path, user: str, *scopes: Scope) -> None:
        token = hub.token(user, *scopes)
        self._environment = {**os.environ, "TONGBU_URL": hub.url, "TONGBU_TOKEN": token}
        self._folder = folder
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, name: str, *arguments: str) -> asyncio.StreamReader:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(EXAMPLES / name),
            *arguments,
            cwd=self._folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        return self.process.stdout

    async def run(self, name: str, *arguments: str) -> str:
        output = await self.start(name, *arguments)
        text = await asyncio.wait_for(output.read(), PATIENCE)
        assert self.process is not None
        assert await self.process.wait() == 0
        return text.decode()


async def test_an_agent_reports_and_can_be_canceled_from_a_phone(
    hub_process: HubProcess, tmp_path: Path
) -> None:
    example = Example(hub_process, tmp_path, "ann")
    assert await example.run("agent.py") == "succeeded 1.0\n"
    async with tongbu.connect(hub_process.url, token=hub_process.token("ann")) as phone:
        await phone.inbox().open()
        changes = phone.inbox().changes()
        output = await example.start("agent.py")
        async with asyncio.timeout(PATIENCE):
            change = await anext(changes)
            while change.item is None or change.item.status != "running":
                change = await anext(changes)
            task = await phone.inbox().start("Nightly import", id=change.id, source="agent", tags=["import"])
            await task.cancel()
            assert (await output.read()).startswith(b"canceled")


async def test_a_watcher_shows_what_is_there_and_what_comes(hub_process: HubProcess, tmp_path: Path) -> None:
    async with tongbu.connect(hub_process.url, token=hub_process.token("ann", "user", "publish")) as phone:
        await phone.inbox().notify("here before")
        assert await phone.flush(PATIENCE)
        example = Example(hub_process, tmp_path, "ann")
        output = await example.start("watch.py")
        async with asyncio.timeout(PATIENCE):
            assert (await output.readline()).decode() == "• here before\n"
            assert b"unread=1" in await output.readline()
            async with phone.inbox().task("comes"):
                pass
            lines = [(await output.readline()).decode()]
            while "succeeded" not in lines[-1]:
                lines.append((await output.readline()).decode())
        assert example.process is not None
        example.process.kill()
        await example.process.wait()


async def test_a_document_is_the_same_for_everybody(hub_process: HubProcess, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    one = Example(hub_process, tmp_path / "one", "ann")
    other = Example(hub_process, tmp_path / "other", "ann")
    assert await one.run("document.py", "milk") == "- milk\n"
    assert await other.run("document.py", "bread") == "- milk\n- bread\n"
    assert await one.run("document.py") == "- milk\n- bread\n"


async def test_a_publisher_tells_somebody_else(hub_process: HubProcess, tmp_path: Path) -> None:
    example = Example(hub_process, tmp_path, "monitor", "publish")
    assert await example.run("publisher.py", "ann") == "taken by the hub\n"
    async with tongbu.connect(hub_process.url, token=hub_process.token("ann")) as phone:
        await phone.inbox().open()
        assert [(item.title, item.status) for item in phone.inbox().items()] == [
            ("Deploy 1.4.2", "succeeded"),
            ("Certificate expires in 7 days", None),
        ]


async def test_the_library_needs_none_of_the_servers_packages() -> None:
    code = "import sys, tongbu; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    server = {
        "aiohttp",
        "httptools",
        "joserfc",
        "litestar",
        "msgspec",
        "prometheus_client",
        "rich",
        "structlog",
    }
    assert server.isdisjoint(output.decode().split())


def test_the_page_shows_the_examples_as_they_are() -> None:
    shown = re.findall(r"<!-- (\w+\.py) -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert {name for name, _ in shown} == {path.name for path in EXAMPLES.glob("*.py")}
    for name, code in shown:
        assert code == (EXAMPLES / name).read_text("utf-8").partition('"""\n\n')[2], name


def test_every_public_name_is_on_the_page() -> None:
    assert [name for name in tongbu.__all__ if f"`{name}" not in PAGE and f"tongbu.{name}" not in PAGE] == []
    errors = [name for name in tongbu.errors.__all__ if name[0].isupper()]
    assert [name for name in errors if f"`{name}`" not in PAGE] == []
