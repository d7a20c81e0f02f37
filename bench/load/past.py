"""What happened in an inbox before a load begins: tasks, and statements on them."""

from __future__ import annotations

import time
from typing import Any, Final

from bench.load.statements import NativeDevice, pack
from hub.state.clock import hlc_of

PER_TASK: Final = 4
"""Statements: that it is there, and three marks."""
_MARKS: Final = ("seen", "read", "pinned")
_PER_PUSH: Final = 400
_OPENED, _OK = 1, 3


class PastDevice(NativeDevice):
    """Makes so many statements, in groups of a task each; then it is ready. ``seqs``: each push's."""

    __slots__ = ("_statements", "incarnation", "seqs")

    def __init__(self, user: str, name: str, count: int) -> None:
        super().__init__(user, name)
        self._statements = past(count)
        self.incarnation = 0
        self.seqs: list[int] = []

    def skip(self, count: int) -> None:
        """Leave out the first so many: they were made before."""
        self._statements = self._statements[count:]

    def told(self, message: list[Any]) -> None:
        """One push after the other."""
        if message[0] == _OK:
            self.seqs.append(message[2])
            self._push()
            return
        if message[0] == _OPENED:
            self.incarnation = message[3]
        super().told(message)

    def opened(self) -> None:
        """Begin."""
        self._push()

    def _push(self) -> None:
        if not self._statements:
            self.ready.set_result(None)
            return
        pushed, self._statements = self._statements[:_PER_PUSH], self._statements[_PER_PUSH:]
        self.send(pack((3, len(self.seqs) + 1, self.handle, pushed)))


def past(count: int) -> list[tuple[str, str, Any, int]]:
    """So many statements, or a few less, on tasks that they create."""
    now = hlc_of(time.time_ns() // 1_000_000)
    record = {"kind": "task", "title": "备份 the laptop"}
    statements: list[tuple[str, str, Any, int]] = []
    for number in range(count // PER_TASK):
        task = f"past-{number}"
        statements.append((task, "item", record, now))
        statements += [(task, mark, True, now) for mark in _MARKS]
    return statements
