"""The store, with a real file: turns appended to the journal, and folding steps."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from bench.micro.case import Act, Case
from bench.micro.messages import ACTOR, NOW, PROGRESS
from hub.model import Incarnation, ItemId, Key, Register, Seq, Slot, TopicName
from hub.ports import Batch, Fold, JournalRow, RegisterRow, Store, TopicRow
from hub.protocol import native
from hub.state.clock import hlc_of
from hub.storage.sqlite import SqliteStorage

_TOPICS: Final = [TopicName(f"inbox/user-{number}") for number in range(100)]
_STEP: Final = 250
_BODY: Final = native.encode_statements([PROGRESS])
_DATA: Final = Path(__file__).parents[1] / "data"

Next = Callable[[Store], Coroutine[Any, Any, None]]


@contextmanager
def _stored(make: Callable[[], Next]) -> Iterator[Act]:
    _DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_DATA) as folder, asyncio.Runner() as runner:
        store, following = SqliteStorage(Path(folder)).store, make()
        runner.run(store.start())
        try:
            yield lambda: runner.run(following(store))
        finally:
            runner.run(store.close())


def _append() -> Next:
    numbers = count(1)

    def append(store: Store) -> Coroutine[Any, Any, None]:
        rows = [JournalRow(next(numbers), topic, Incarnation(1), Seq(1), _BODY) for topic in _TOPICS]
        return store.commit(Batch(journal=rows))

    return append


def _fold() -> Next:
    steps = count(1)

    def fold(store: Store) -> Coroutine[Any, Any, None]:
        step = next(steps)
        topic = _TOPICS[step % len(_TOPICS)]
        rows = [
            RegisterRow(Key(topic, ItemId(f"task-{number}"), Slot("read")), _read(step))
            for number in range(_STEP)
        ]
        return store.fold(Fold(rows, topics=[TopicRow(topic, Incarnation(1), Seq(step))]))

    return fold


def _read(step: int) -> Register:
    return Register(True, hlc_of(NOW), ACTOR, Seq(step), step.to_bytes(8, "big"))


CASES: Final = (
    Case("storage: a turn of 100 topics into the journal", lambda: _stored(_append), 20),
    Case("storage: fold 250 registers", lambda: _stored(_fold), 20),
)
