"""A LangChain run as a task: its steps are notes, its end reaches every device and WeChat, "cancel" stops it.

    pip install PATH/TO/tongbu langchain-core
    TONGBU_URL=http://127.0.0.1:8787 TONGBU_TOKEN=… python langchain_callback.py "Why is the sky blue?"

``TongbuCallback`` is all you need of it; ``chain`` stands for your own, and asks no model.
"""

import asyncio
import os
import sys
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

import tongbu

MAX_NOTE = 500


class Canceled(Exception):
    """Somebody canceled the task on a device."""


class TongbuCallback(AsyncCallbackHandler):
    """Reports each outermost run as one task. For ``ainvoke`` and ``astream``: it lives in their event loop.

    Args:
        ledger: where the tasks go: ``hub.inbox()``, ``hub.inbox("ann")`` or ``hub.space("team")``.
        tags: for routes to match.
    """

    raise_error = True  # so that Canceled ends the run; telling the hub waits for nobody and raises nothing

    def __init__(self, ledger: tongbu.Ledger, tags: tuple[str, ...] = ("agent",)) -> None:
        self._ledger = ledger
        self._tags = tags
        self._tasks: dict[UUID, tongbu.Task] = {}
        self._roots: dict[UUID, UUID] = {}

    async def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        """The outermost chain begins the task."""
        self._belongs(run_id, parent_run_id)
        if parent_run_id is None:
            self._roots[run_id] = run_id
            title = str(more.get("name") or "LangChain run")
            self._tasks[run_id] = await self._ledger.start(title, source="langchain", tags=self._tags)

    async def on_chain_end(self, outputs: Any, *, run_id: UUID, **_: Any) -> None:
        """The outermost chain ends it."""
        if (task := self._over(run_id)) is not None:
            await task.finish(_text(outputs))

    async def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """Likewise, failed; or canceled, by a device or by the program."""
        task = self._over(run_id)
        if task is None or task.ended:
            return
        if isinstance(error, asyncio.CancelledError):
            await task.cancel()
        else:
            await task.fail(f"{type(error).__name__}: {error}"[:MAX_NOTE])

    async def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        """A tool is a note."""
        self._belongs(run_id, parent_run_id)
        name = more.get("name") or (serialized or {}).get("name") or "tool"
        await self._note(run_id, f"{name}: {input_str}")

    async def on_chat_model_start(
        self, serialized: Any, messages: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        """A question to the model is one, too."""
        self._belongs(run_id, parent_run_id)
        await self._note(run_id, f"asks {more.get('name') or 'the model'}")

    async def on_llm_start(
        self, serialized: Any, prompts: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        """Likewise for models that are no chat models."""
        self._belongs(run_id, parent_run_id)
        await self._note(run_id, f"asks {more.get('name') or 'the model'}")

    def _belongs(self, run: UUID, parent: UUID | None) -> None:
        if parent in self._roots:
            self._roots[run] = self._roots[parent]

    def _over(self, run: UUID) -> tongbu.Task | None:
        """The task of an outermost run, which is forgotten with all that ran within it."""
        task = self._tasks.pop(run, None)
        if task is not None:
            self._roots = {each: root for each, root in self._roots.items() if root != run}
        return task

    async def _note(self, run: UUID, note: str) -> None:
        if (root := self._roots.get(run)) is None:
            return  # within no chain: a tool called by itself
        task = self._tasks[root]
        if task.ended:
            raise Canceled("canceled on a device")
        await task.progress(task.progress_value, _text(note))


def _text(value: Any) -> str:
    """What a run gave, as a note may hold it: of a graph's state the last message."""
    if isinstance(value, dict):
        value = value.get("output") or value.get("messages") or value
    if isinstance(value, list) and value:
        value = value[-1]
    text = str(getattr(value, "content", value))
    return "".join(letter for letter in text if letter.isprintable() or letter == "\n")[:MAX_NOTE]


# ------------------------------------------------------------------ your own chain


@tool
async def look_up(question: str) -> str:
    """Look something up."""
    return f"what the encyclopedia says about: {question}"


async def answer(found: str) -> str:
    """Put it into words."""
    return f"In short: {found}"


chain = (look_up | RunnableLambda(answer)).with_config(run_name="Answer a question")


async def main(question: str) -> None:
    """One run, reported."""
    url, token = os.environ["TONGBU_URL"], os.environ["TONGBU_TOKEN"]
    async with tongbu.connect(url, token=token, store="langchain-agent.db", device_name="LangChain") as hub:
        print(await chain.ainvoke(question, config={"callbacks": [TongbuCallback(hub.inbox())]}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
