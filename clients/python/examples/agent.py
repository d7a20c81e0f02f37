"""An agent that reports what it does: a task with progress, which any of the user's devices can cancel.

TONGBU_URL=http://127.0.0.1:8787 TONGBU_TOKEN=… python agent.py
"""

import asyncio
import os

import tongbu

STEPS = ("fetch", "transform", "load")


async def work(task: tongbu.Task) -> None:
    """What the agent is for."""
    for number, step in enumerate(STEPS, start=1):
        await asyncio.sleep(0.1)  # the work itself
        await task.progress(number / len(STEPS), note=step)


async def main() -> None:
    """One run: a task from its start to its end."""
    url = os.environ.get("TONGBU_URL", "http://127.0.0.1:8787")
    async with tongbu.connect(url, token=os.environ["TONGBU_TOKEN"], store="agent.db") as hub:
        async with hub.inbox().task("Nightly import", source="agent", tags=["import"]) as task:
            job = asyncio.create_task(work(task))
            watch = asyncio.create_task(heed(task, job))
            await asyncio.wait([job])
            watch.cancel()
            if not job.cancelled():
                job.result()  # an exception fails the task
        await hub.flush(timeout=10)
        print(task.status, task.progress_value)


async def heed(task: tongbu.Task, job: asyncio.Task[None]) -> None:
    """Stop when somebody cancels the task on their phone."""
    async for status in task.statuses():
        if status == "canceled":
            job.cancel()


asyncio.run(main())
