"""Whole turns of the engine, without sockets and files: pushes in; journal rows, relays and oks out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from itertools import count, cycle, islice
from typing import Final

from bench.load.statements import pack
from bench.micro.case import Act, Case
from bench.micro.documents import updates
from hub.engine.yjs_session import YjsSession
from hub.model import TopicName
from hub.protocol import yjs
from hub.state.clock import hlc_of
from tests.kit.engines import Engine, running_engine, task
from tests.kit.peers import Link, LinkedDevice, RecordingPeer

_DEVICES: Final = 3
_INBOX: Final = "inbox/ann"
_AWAY: Final = 200
_TOGETHER: Final = 20
_DOCUMENT: Final = TopicName("doc/notes")

Turn = Callable[[], Coroutine[object, object, None]]


@asynccontextmanager
async def _statements() -> AsyncIterator[Turn]:
    """Every device states progress of its task; all of them are answered and have seen the others'."""
    async with running_engine() as engine:
        opened = [await _opened(engine, number) for number in range(_DEVICES)]
        numbers, now = count(1), hlc_of(engine.clock.now())

        async def turn() -> None:
            number = next(numbers)
            for index, (link, handle) in enumerate(opened):
                link.peer.sent.clear()
                statement = (f"task-{index}", "progress", (1, number / 100_000), now + number)
                link.session.receive(pack((3, number, handle, (statement,))))
            await _told([link.peer for link, _ in opened])

        yield turn


async def _opened(engine: Engine, number: int) -> tuple[Link, int]:
    """A device with its inbox open and a task in it: its link, and the inbox's handle."""
    device = LinkedDevice(engine, "ann", f"device-{number}")
    await device.connect()
    await device.open(_INBOX)
    handle = device.state.topics[_INBOX].handle
    assert device.link is not None
    assert handle is not None
    await device.act(_INBOX, f"task-{number}", "item", task())
    return device.link, handle


@asynccontextmanager
async def _away() -> AsyncIterator[Turn]:
    """A program reports the progress of tasks in inboxes that nobody has open."""
    async with running_engine() as engine:
        device = LinkedDevice(engine, "program", "program.1", "user", "publish")
        await device.connect()
        assert device.link is not None
        link, now = device.link, hlc_of(engine.clock.now())
        numbers, inboxes = count(1), cycle(f"inbox/away{number}" for number in range(_AWAY))

        async def said(name: str, commands: Sequence[dict[str, object]]) -> None:
            link.peer.sent.clear()
            link.session.receive(b"".join(pack((6, next(numbers), name, command)) for command in commands))
            await _told([link.peer])

        for inbox in islice(inboxes, _AWAY):
            await said(
                "create", [{"topic": inbox, "id": "backup", "kind": "task", "title": "备份 the laptop"}]
            )

        async def turn() -> None:
            number = next(numbers)
            about = {"item": "backup", "attempt": 1, "hlc": now + number, "answer": "seq"}
            progress = {**about, "progress": number / 1_000_000}
            await said("progress", [{**progress, "topic": inbox} for inbox in islice(inboxes, _TOGETHER)])

        yield turn


@asynccontextmanager
async def _documents() -> AsyncIterator[Turn]:
    """Every device types a character; all of them have seen the others'."""
    async with running_engine() as engine:
        peers = [RecordingPeer() for _ in range(_DEVICES)]
        token = engine.token("ann")
        sessions = [YjsSession(peer, engine.services, _DOCUMENT, token) for peer in peers]
        await engine.quiet()
        typed = [map(yjs.update, updates()) for _ in range(_DEVICES)]

        async def turn() -> None:
            for peer, session, messages in zip(peers, sessions, typed, strict=True):
                peer.sent.clear()
                session.receive(next(messages))
            await _told(peers)

        yield turn


async def _told(peers: Sequence[RecordingPeer]) -> None:
    """Until everybody was told something: all of a turn leaves at once."""
    while not all(peer.sent for peer in peers):  # noqa: ASYNC110 # an event would be counted with it
        await asyncio.sleep(0)


@contextmanager
def _turns(begin: Callable[[], AbstractAsyncContextManager[Turn]]) -> Iterator[Act]:
    with asyncio.Runner() as runner:
        life = AsyncExitStack()
        turn = runner.run(life.enter_async_context(begin()))
        try:
            yield lambda: runner.run(turn())
        finally:
            runner.run(life.aclose())


CASES: Final = (
    Case("engine: a turn of 3 statements, each seen by 2 others", partial(_turns, _statements), 50),
    Case("engine: a turn of 20 reports into inboxes that nobody has open", partial(_turns, _away), 50),
    Case("engine: a turn of 3 typed characters, each seen by 2 others", partial(_turns, _documents), 50),
)
