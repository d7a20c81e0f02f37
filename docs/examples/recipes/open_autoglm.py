"""An Open-AutoGLM phone agent as a task: each step a note, what is sensitive asked on your devices.

    pip install PATH/TO/tongbu    # beside Open-AutoGLM, https://github.com/zai-org/Open-AutoGLM
    TONGBU_URL=http://127.0.0.1:8787 TONGBU_TOKEN=… python open_autoglm.py "Order the usual lunch"

The token has the scopes ``user`` and ``publish``. When the agent asks, the task is paused and a notification
says why: resume the task on any device for "yes" (or "done"), cancel it for "no".
"""

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, TypeVar

from phone_agent import PhoneAgent
from phone_agent.agent import AgentConfig
from phone_agent.model import ModelConfig

import tongbu

MAX_STEPS = 50
PATIENCE = 15 * 60.0
"""Seconds that a question waits for a person; then the answer is no."""
MAX_TITLE = 200
MAX_NOTE = 500

T = TypeVar("T")


class Report:
    """One task for synchronous code, as a context; the client, which is asyncio, runs in a thread.

    The task fails on an exception and else succeeds; what a device ended stays as it is.
    """

    def __init__(self, title: str, url: str, token: str, store: str = "phone-agent.db") -> None:
        self._title = title[:MAX_TITLE]
        self._connection = tongbu.connect(url, token=token, store=store, device_name="phone agent")
        self._stack = AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._inbox: tongbu.Inbox
        self._task: tongbu.Task

    @property
    def canceled(self) -> bool:
        """Whether somebody ended the task on a device."""
        return self._task.ended

    def step(self, share: float, note: str) -> None:
        """How far the agent is, 0 to 1, and what it does."""
        self._wait(self._task.progress(share, note[:MAX_NOTE]))

    def end(self, succeeded: bool, note: str) -> None:
        """How it went."""
        if not self._task.ended:
            self._wait((self._task.finish if succeeded else self._task.fail)(note[:MAX_NOTE]))

    def ask(self, question: str) -> bool:
        """Whether somebody resumed the task: not if they canceled it, or did neither for ``PATIENCE``."""
        return self._wait(self._ask(question))

    async def _ask(self, question: str) -> bool:
        await self._task.pause()
        await self._inbox.notify(
            f"{self._title}: {question}"[:MAX_TITLE],
            body="Resume the task for yes, cancel it for no.",
            level="warning",
            source="phone-agent",
        )
        try:
            async with asyncio.timeout(PATIENCE):
                async for status in self._task.statuses():
                    if status == "running":
                        return True
        except TimeoutError:
            await self._task.resume()
        return False

    async def _begin(self) -> None:
        hub = await self._stack.enter_async_context(self._connection)
        self._inbox = hub.inbox()
        task = self._inbox.task(self._title, source="phone-agent", tags=["agent"])
        self._task = await self._stack.enter_async_context(task)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def __enter__(self) -> "Report":
        self._thread.start()
        self._wait(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._stack.__aexit__(kind, error, trace))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def said(action: dict[str, Any] | None) -> str:
    """A step in a line, such as ``Launch Calendar``. Not what it types: that may be a password."""
    words = (action or {}).get("action"), (action or {}).get("app")
    return " ".join(str(word) for word in words if word) or "thinks"


def main(order: str) -> int:
    """Have it done; the exit code."""

    def take_over(message: str) -> None:
        if not report.ask(f"please take over: {message}"):
            sys.exit("nobody took over")

    with Report(order, os.environ["TONGBU_URL"], os.environ["TONGBU_TOKEN"]) as report:
        agent = PhoneAgent(
            model_config=ModelConfig(base_url=os.environ.get("MODEL_URL", "http://localhost:8000/v1")),
            agent_config=AgentConfig(max_steps=MAX_STEPS, verbose=False),
            confirmation_callback=lambda message: report.ask(f"go on? {message}"),
            takeover_callback=take_over,
        )
        step = agent.step(order)
        while not step.finished and agent.step_count < MAX_STEPS and not report.canceled:
            report.step(agent.step_count / MAX_STEPS, said(step.action))
            step = agent.step()
        done = step.finished and step.success and not report.canceled
        report.end(done, step.message or ("done" if done else f"not done after {agent.step_count} steps"))
        return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
