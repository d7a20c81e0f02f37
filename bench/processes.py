"""The processes of a run: a server on one core, its load on another."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from bench.interruption import INTERRUPTION
from bench.load.window import Order, Window
from bench.measure import Percentiles
from bench.peers import PEERS
from bench.peers.catalog import folder_for
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import Scope, UserId
from hub.ports import SystemClock

ROOT: Final = Path(__file__).parent.parent
DATA: Final = ROOT / "bench" / "data"
"""Where the hub's data folders are while it is measured: on a real disk, so that fdatasync is real."""
_TOKEN_SECONDS: Final = 86_400
_STOP_SECONDS: Final = 30
_START_SECONDS: Final = 20
_SILENT_SECONDS: Final = 150


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
def hub(core: int, configuration: str = "") -> Iterator[Server]:
    """The hub as ``hub serve`` starts it, on defaults, or with a configuration (TOML)."""
    DATA.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=DATA))
    command = [sys.executable, "-m", "hub", "serve", "--data", str(folder), "--port", "0"]
    try:
        if configuration:
            (folder / "hub.toml").write_text(configuration)
            command += ["--config", str(folder / "hub.toml")]
        with _process([*command, "--log-level", "warning"], core, dict(os.environ)) as process:
            port = int(_line(process).rpartition(":")[2])
            yield Server("hub", process.pid, port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def peer(name: str, core: int) -> Iterator[Server]:
    """A server of others, on its defaults; listens. Raises ``Failed``."""
    port = free_port()
    with folder_for(PEERS[name], port) as folder:
        command, environment = PEERS[name].started_by(port, folder)
        with _process(command, core, environment) as process:
            _listening(process, port)
            yield Server(name, process.pid, port)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _listening(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if process.poll() is not None:
            raise Failed(f"it ended with {process.returncode}")
        time.sleep(0.05)
    raise Failed("it does not listen")


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
    process = None
    with tempfile.TemporaryFile("w+") as errors:
        try:
            with INTERRUPTION.held():
                process = _started(["taskset", "--cpu-list", str(core), *command], environment, errors)
            yield process
        except Exception as error:
            errors.seek(0)
            raise Failed(f"{' '.join(command)}: {error}\n{errors.read()[-2000:]}") from error
        finally:
            if process is not None:
                _stop(process)


def _started(command: Sequence[str], environment: dict[str, str], errors: IO[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=errors, text=True
    )


def _stop(process: subprocess.Popen[str]) -> None:
    """Whatever happens meanwhile, it has ended afterwards."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()


def _line(process: subprocess.Popen[str]) -> str:
    """The next line that a process says. Raises ``Failed`` where none comes."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], _SILENT_SECONDS)[0]:
        raise Failed(f"it said nothing for {_SILENT_SECONDS} s")
    line = process.stdout.readline()
    if not line:
        raise Failed(f"it ended with {process.wait()}")
    return line.strip()


def bare_commits(core: int, count: int) -> list[float]:
    """Latencies of bare SQLite commits on the disk that the hub uses, in seconds."""
    DATA.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        command = [sys.executable, "-m", "bench.commits", folder, str(count)]
        with _process(command, core, dict(os.environ)) as process:
            latencies: list[float] = json.loads(_line(process))
    return latencies
