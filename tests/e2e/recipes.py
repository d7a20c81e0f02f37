"""Where recipes are tried: a hub with a sandbox beside it, and what stands for other people's programs."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import textwrap
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hub.model import Scope
from tests.e2e.processes import HUB, HubProcess

PATIENCE = 20.0
"""Seconds for what takes a moment on an idle machine."""


class World:
    """A hub with a sandbox beside it, as ``make run`` starts them, and a folder for what recipes write."""

    def __init__(self, hub: HubProcess, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        found = re.search(r'"sandbox.started".*?"url": "(\S+)"', hub.log.read_text())
        assert found is not None
        self.sandbox = found[1]

    def environment(self, user: str, *scopes: Scope, **more: str) -> dict[str, str]:
        """What a program is told: which hub, and as whom."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBU_")}
        return {
            **kept,
            "PATH": f"{HUB.parent}:{kept['PATH']}",
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "TONGBU_URL": self.hub.url,
            "TONGBU_TOKEN": self.hub.token(user, *scopes),
            **more,
        }

    async def shell(self, script: str, env: Mapping[str, str], *arguments: str) -> tuple[int, str]:
        """Run by ``sh``, as cron, Jenkins and a person do; the exit code, and all that was written."""
        return await self.program("sh", "-c", script, *arguments, env=env)

    async def program(self, *command: str, env: Mapping[str, str]) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            written, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, written.decode()

    async def ask(self, user: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request of that user's own; the answer, {} where it is refused."""
        status, answer = await self.hub.http(method, f"/v1/users/me{path}", body, self.hub.token(user))
        return answer if status == 200 else {}

    async def received(self, *titles: str) -> list[str]:
        """What WeChat received, once a message with each of the titles is among it."""
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession() as session,
            session.get(f"{self.sandbox}/stream") as stream,
        ):
            async for _ in stream.content:
                async with session.get(f"{self.sandbox}/messages") as answer:
                    contents = [message["content"] for message in await answer.json()]
                if all(any(title in content for content in contents) for title in titles):
                    return contents
        raise AssertionError("the sandbox ended")


@asynccontextmanager
async def world(folder: Path, settings: str = "") -> AsyncIterator[World]:
    """Started with these settings, in TOML; ended in order."""
    hub = HubProcess(folder, options=["--sandbox"])
    hub.config.write_text(settings)
    hub.start()
    try:
        yield World(hub, folder)
        assert await hub.stop() == 0
    finally:
        hub.close()


PHONE_AGENT = {
    "__init__.py": "from phone_agent.agent import PhoneAgent\n",
    "model.py": """
        class ModelConfig:
            def __init__(self, base_url=""):
                self.base_url = base_url
        """,
    "agent.py": """
        import os
        from dataclasses import dataclass

        @dataclass
        class AgentConfig:
            max_steps: int = 100
            verbose: bool = True

        @dataclass
        class StepResult:
            success: bool
            finished: bool
            action: dict | None
            thinking: str
            message: str | None = None

        class PhoneAgent:
            def __init__(self, model_config, agent_config, confirmation_callback, takeover_callback):
                self.confirm, self.take_over = confirmation_callback, takeover_callback
                self.step_count = 0

            def step(self, task=None):
                assert (task is None) == (self.step_count > 0)
                self.step_count += 1
                if self.step_count == 1:
                    return self.did("Launch", app="Shop")
                if self.step_count == 2:
                    self.take_over("solve the captcha")
                    return self.did("Take_over")
                if self.step_count == 3 and not self.confirm("Pay 38 yuan"):
                    return StepResult(True, True, None, "", "User cancelled sensitive operation")
                if self.step_count == 3:
                    return self.did("Tap", element=[500, 300], message="Pay 38 yuan")
                return StepResult(True, True, {"_metadata": "finish"}, "", "Lunch ordered")

            def did(self, action, **more):
                return StepResult(True, False, {"_metadata": "do", "action": action, **more}, "")
        """,
}
"""A stand-in that calls back as Open-AutoGLM's ``PhoneAgent`` does: synchronously, from within ``step``."""


def put_phone_agent(folder: Path) -> None:
    """The stand-in, for a ``PYTHONPATH`` that names the folder."""
    (folder / "phone_agent").mkdir()
    for name, text in PHONE_AGENT.items():
        (folder / "phone_agent" / name).write_text(textwrap.dedent(text))
