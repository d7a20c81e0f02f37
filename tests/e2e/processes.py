"""The hub as a process: started, killed, ended, started again on the same folder and port."""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import DeviceId, Scope, UserId
from hub.ports import SystemClock

HUB = Path(sys.executable).with_name("hub")
"""The installed command."""
LAUNCHER = Path(__file__).with_name("launcher.py")
START_TIMEOUT = 30.0
"""Seconds until ``ready``; a second on an idle machine."""
STOP_TIMEOUT = 30.0
TTL = 3600


class HubProcess:
    """One data folder and the process over it.

    Args:
        folder: for the data, the settings and the log; the data folder is ``folder / "data"``.
        settings: of the config file, by dotted key.
        options: more of ``hub serve``.
        tweaks: for ``launcher.py``, which starts the hub instead of the installed command; may be changed
            before a start.
        wrapper: a command that runs the hub, such as strace.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, object] | None = None,
        options: Sequence[str] = (),
        tweaks: Mapping[str, object] | None = None,
        wrapper: Sequence[str] = (),
    ) -> None:
        self.data = folder / "data"
        self.log = folder / "hub.log"
        self.config = write_settings(folder / "hub.toml", settings or {})
        self.port = 0
        self.url = ""
        self.stdout = ""
        self._options = list(options)
        self.tweaks = tweaks
        self._wrapper = list(wrapper)
        self._process: subprocess.Popen[str] | None = None

    # ------------------------------------------------------------------ its life

    def start(self) -> None:
        """Start, and wait for the ``ready`` line."""
        self.spawn()
        self.wait_ready()

    def spawn(self) -> None:
        """Start, and don't wait. Again: on the same port."""
        assert self._process is None, "it runs"
        self.stdout = ""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=subprocess.PIPE, stderr=log, text=True)

    def wait_ready(self) -> None:
        """Until it accepts; fails with its log where it doesn't."""
        line = self._line()
        assert line.startswith("ready "), f"not ready: {line!r}\n{self.log.read_text()}"
        self.stdout += line
        self.url = line.split()[1]
        self.port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL."""
        self.running.kill()
        self._over()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; the exit code."""
        self.running.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Until it ends by itself; the exit code."""
        await asyncio.to_thread(self.running.wait, STOP_TIMEOUT)
        return self._over()

    def close(self) -> None:
        """Whatever its state: gone."""
        if self._process is not None:
            self.kill()

    @property
    def running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it does not run"
        return self._process

    @property
    def pid(self) -> int:
        return self.running.pid

    def _command(self) -> list[str]:
        hub = [str(HUB)]
        if self.tweaks is not None:
            hub = [sys.executable, str(LAUNCHER), json.dumps(self.tweaks)]
        given = ["serve", "--data", str(self.data), "--config", str(self.config), "--port", str(self.port)]
        return [*self._wrapper, *hub, *given, *self._options]

    def _line(self) -> str:
        out = self.running.stdout
        assert out is not None
        deadline, line = time.monotonic() + START_TIMEOUT, b""
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            while not line.endswith(b"\n") and selector.select(max(0.0, deadline - time.monotonic())):
                if not (more := os.read(out.fileno(), 4096)):
                    break
                line += more
        return line.decode()

    def _over(self) -> int:
        process, self._process = self.running, None
        code = process.wait()
        if process.stdout is not None:
            self.stdout += process.stdout.read()
            process.stdout.close()
        return code

    # ------------------------------------------------------------------ talking to it

    @property
    def native_url(self) -> str:
        return f"{self._socket_url}/v1/connect"

    @property
    def yjs_url(self) -> str:
        """Append ``/<document>?token=…``."""
        return f"{self._socket_url}/yjs/doc"

    @property
    def hocuspocus_url(self) -> str:
        return f"{self._socket_url}/hocuspocus"

    @property
    def _socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def token(self, user: str, *scopes: Scope, device: str | None = None, ttl: int = TTL) -> str:
        """A token as ``hub token`` signs it; with scope ``user`` unless told otherwise."""
        tokens = LocalTokens(load_secret(self.data, create=False), SystemClock())
        bound = None if device is None else DeviceId(device)
        return tokens.issue(UserId(user), scopes or ("user",), ttl, bound)

    async def http(
        self, method: str, path: str, body: Any = None, token: str | None = None, **options: Any
    ) -> tuple[int, Any]:
        """One request with a JSON body: status, and the answer's JSON (None where there is none)."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.url + path, json=body, headers=headers, **options) as response,
        ):
            return response.status, await response.json(content_type=None) if await response.read() else None


def write_settings(file: Path, settings: Mapping[str, object]) -> Path:
    """A config file; what JSON writes of numbers, texts and lists is TOML, too."""
    sections: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in settings.items():
        section, _, name = key.partition(".")
        sections[section].append(f"{name} = {json.dumps(value)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in sections.items()))
    return file


def run_hub(*arguments: str, timeout: float = START_TIMEOUT) -> subprocess.CompletedProcess[str]:
    """Run a command of the hub that ends by itself."""
    command = [str(HUB), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
