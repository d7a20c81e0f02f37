"""What the kernel was asked for, in order: a hub under strace, and what to read in its trace."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SYNCS = ("fdatasync", "fsync")
WAL_WRITES = ("pwrite64", "pwritev", "write", "writev")
SENDS = ("write", "writev", "sendto", "sendmsg", "sendmmsg")
LONGEST_TEXT = 4096
"""Bytes of each argument in the trace."""

_LINE = re.compile(r"^(?P<pid>\d+) +(?P<rest>.*)$")
_BEGUN = re.compile(r"^(?P<call>\w+)\((?P<arguments>.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^<\.\.\. (?P<call>\w+) resumed>(?P<arguments>.*)$")
_WHOLE = re.compile(r"^(?P<call>\w+)\((?P<arguments>.*)\) += (?P<value>-?\d+)")
_END = re.compile(r"^(?P<arguments>.*)\) += (?P<value>-?\d+)")
_BYTES = re.compile(r"\\x([0-9a-f]{2})")
_FILE = re.compile(r"^\d+<(?P<file>[^>]*)>")


@dataclass
class Call:
    """One call of the kernel. ``begun`` and ``ended`` count the trace's lines; what has not ended is -1."""

    name: str
    arguments: str
    begun: int
    ended: int = -1
    value: int = -1

    @property
    def file(self) -> str:
        """What the first argument is open on: a path or ``socket:[…]``, which -xx writes as bytes."""
        found = _FILE.match(self.arguments)
        return _BYTES.sub(lambda byte: chr(int(byte[1], 16)), found["file"]) if found else ""

    @property
    def content(self) -> bytes:
        """All bytes among the arguments."""
        return bytes.fromhex("".join(_BYTES.findall(self.arguments)))


def strace(trace: Path) -> Sequence[str]:
    """The command before a hub's. Fails, and says what to do, where tracing is not possible."""
    command = shutil.which("strace")
    if command is None:
        pytest.fail("strace is not installed, so durability can't be watched: apt-get install strace")
    tried = subprocess.run([command, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.fail(
            f"strace may not trace here ({tried.stderr.strip()}), so durability can't be watched: "
            "allow ptrace (in a container --cap-add=SYS_PTRACE, on a host kernel.yama.ptrace_scope=1)"
        )
    names = ",".join(dict.fromkeys((*SYNCS, *WAL_WRITES, *SENDS)))
    # -f: threads, too; -y: paths of descriptors; -xx: every byte as \x..; -D: the hub stays our own child.
    options = ["-f", "-y", "-xx", "-s", str(LONGEST_TEXT), "-D", "-e", f"trace={names}", "-o", str(trace)]
    return [command, *options]


def calls(trace: Path) -> list[Call]:
    """Every call, in the order of their beginnings."""
    found: list[Call] = []
    open_calls: dict[str, Call] = {}
    for number, line in enumerate(trace.read_text().splitlines()):
        if match := _LINE.match(line):
            _read(number, match["pid"], match["rest"], found, open_calls)
    return found


def _read(number: int, pid: str, rest: str, found: list[Call], open_calls: dict[str, Call]) -> None:
    if match := _BEGUN.match(rest):
        open_calls[pid] = Call(match["call"], match["arguments"], number)
        found.append(open_calls[pid])
    elif match := _RESUMED.match(rest):
        call = open_calls.pop(pid)
        if end := _END.match(match["arguments"]):
            call.ended, call.value = number, int(end["value"])
    elif match := _WHOLE.match(rest):
        found.append(Call(match["call"], match["arguments"], number, number, int(match["value"])))


def unsynced(trace: Path, saved: bytes, told: bytes) -> str | None:
    """Why what was told was not on disk before: None where it was.

    Args:
        saved: bytes that the log's part holds that was to be synced.
        told: bytes that left a socket because it was saved.
    """
    every = calls(trace)
    sends = [call for call in every if call.name in SENDS and _is_socket(call) and told in call.content]
    if not sends:
        return "nobody was told"
    first = sends[0]
    writes = [call for call in every if call.name in WAL_WRITES and _is_log(call) and saved in call.content]
    written = [call for call in writes if 0 <= call.ended < first.begun]
    if not written:
        return "it was told before it was written"
    if not any(_covers(sync, written[0], first) for sync in every):
        return "it was told before the log was synced"
    return None


def _covers(sync: Call, write: Call, send: Call) -> bool:
    """Whether a sync of the log began after the write and was over before the sending began."""
    is_sync = sync.name in SYNCS and _is_log(sync) and sync.value == 0
    return is_sync and write.ended < sync.begun and 0 <= sync.ended < send.begun


def _is_log(call: Call) -> bool:
    return call.file.endswith("tongbu.db-wal")


def _is_socket(call: Call) -> bool:
    return call.file.startswith(("socket:", "TCP:", "TCPv6:"))
