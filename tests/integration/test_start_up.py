"""What a process reads before it does anything: most of a command's time, and of a hub's start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hub.cli import remote
from hub.identity import tokens


def modules(statement: str) -> set[str]:
    """The packages that a new process has read after a statement."""
    script = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "unneeded"),
    [
        ("import hub.cli", {"aiohttp", "joserfc", "litestar", "pycrdt", "tongbu", "uvicorn"}),
        ("import hub.cli, hub.app", {"aiohttp", "tongbu"}),
    ],
    ids=["a command", "a hub without channels"],
)
def test_what_is_not_needed_is_not_read(statement: str, unneeded: set[str]) -> None:
    assert modules(statement) & unneeded == set()


def test_a_command_takes_the_tokens_that_a_hub_takes() -> None:
    assert remote.MAX_TOKEN == tokens.MAX_TOKEN
