"""The processes of a run: a server on one core, its load on another."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench import peers
from bench.load.window import Order, Window
from bench.measure import Percentiles
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import Scope, UserId
from hub.ports import SystemClock

ROOT: Final = Path(__file__).parent.parent
DATA: Final = ROOT / "bench" / "data"
"""Where the hub's data folders are while it is measured: on a real disk, so that fdatasync is real."""
_TOKEN_SECONDS: Final = 86_400
_STOP_SECONDS: Final = 30


class Failed(Exception):
    """A server or a load ended early; says what it wrote."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the servers run on, and which the load."""

    server: int
    load: int

    @classmethod
    def pick(cls) -> Cores:
        """The first and the last that this process may use. Raises ``Failed`` where there is one only."""
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) < 2:
            raise Failed("two cores are needed: one for the server, one for the load")
        return cls(usable[0], usable[-1])


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs. ``folder``: the hub's data; None for a peer."""

    name: str
    pid: int
    port: int
    folder: Path | None = None

    def tokens(self, users: Sequence[str], scopes: Sequence[Scope]) -> list[tuple[str, str]]:
        """Each user with a token."""
        assert self.folder is not None
        tokens = LocalTokens(load_secret(self.folder, create=True), SystemClock())
        return [(user, tokens.issue(UserId(user), scopes, _TOKEN_SECONDS)) for user in users]


@contextmanager
def hub(core: int) -> Iterator[Server]:
    """The hub as ``hub serve`` starts it, on defaults."""
    DATA.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=DATA))
    command = [sys.executable, "-m", "hub", "serve", "--data", str(folder), "--port", "0"]
    try:
        with _process([*command, "--log-level", "warning"], core, dict(os.environ)) as process:
            port = int(_line(process).rpartition(":")[2])
            yield Server("hub", process.pid, port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def y_websocket(core: int) -> Iterator[Server]:
    """``@y/websocket-server`` as its own command starts it, on defaults: documents in memory."""
    yield from _node("y-websocket", "node_modules/@y/websocket-server/src/server.js", core)


@contextmanager
def plain_ws(core: int) -> Iterator[Server]:
    """Node's ``ws`` with nothing around it."""
    target = peers.FOLDER / "ws-server.mjs"
    target.write_text((peers.HERE / "ws-server.mjs").read_text())
    yield from _node("ws", target.name, core)


def _node(name: str, script: str, core: int) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "NODE_ENV": "production"}
    with _process(["node", str(peers.FOLDER / script)], core, environment) as process:
        _line(process)
        yield Server(name, process.pid, port)


class LoadProcess:
    """A load beside a server. ``prepare`` opens its connections; then windows may be asked for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def window(self, order: Order) -> Window:
        """Load and measure once. Raises ``Failed``."""
        self._tell(asdict(order))
        told = json.loads(_line(self._process))
        for name in ("answer", "relay"):
            told[name] = None if told[name] is None else Percentiles(*told[name])
        return Window(**told)

    def prepare(self, kind: str, server: Server, plan: dict[str, Any]) -> None:
        """Have everything open. Raises ``Failed``."""
        whole: dict[str, Any] = {"port": server.port, **plan}
        self._tell({"kind": kind, "server_pids": [server.pid], "plan": whole})
        _line(self._process)

    def _tell(self, what: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()


@contextmanager
def load(core: int, kind: str, server: Server, plan: dict[str, Any]) -> Iterator[LoadProcess]:
    """A load of a kind, everything open."""
    with _process([sys.executable, "-m", "bench.load"], core, dict(os.environ)) as process:
        loading = LoadProcess(process)
        loading.prepare(kind, server, plan)
        yield loading


@contextmanager
def _process(
    command: Sequence[str], core: int, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield process
        except Exception as error:
            errors.seek(0)
            raise Failed(f"{' '.join(command)}: {error}\n{errors.read()[-2000:]}") from error
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _line(process: subprocess.Popen[str]) -> str:
    """The next line that a process says."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise Failed(f"it ended with {process.wait()}")
    return line.strip()


def bare_commits(core: int, count: int) -> list[float]:
    """Latencies of bare SQLite commits on the disk that the hub uses, in seconds."""
    command = [sys.executable, "-m", "bench.commits", str(DATA), str(count)]
    with _process(command, core, dict(os.environ)) as process:
        latencies: list[float] = json.loads(_line(process))
    return latencies
