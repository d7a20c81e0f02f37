"""Each peer: what it needs, how it is started, and what its acknowledgement means."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.peers.kits import FOLDER, GO_SERVER, PYTHON, KitName

PASSED_ON: Final = "passed on; no document, no check, nothing saved"
_NPM: Final = str(FOLDER / "npm")
_HERE: Final = Path(__file__).parent
_SQLITE: Final = "node_modules/better-sqlite3/build/Release/better_sqlite3.node"


@dataclass(frozen=True, slots=True)
class Peer:
    """A server of others.

    ``command``: with ``{port}`` and ``{folder}`` (empty, its own) in it. ``means``: what its acknowledgement
    is worth, told beside its numbers. ``file``: without it, the kit came without this peer.
    """

    name: str
    kit: KitName
    command: Sequence[str]
    means: str
    environment: Mapping[str, str] = field(default_factory=dict)
    file: str = ""

    def is_there(self) -> bool:
        """Whether the kit brought it."""
        return not self.file or Path(self.file).exists()

    def started_by(self, port: int, folder: str) -> tuple[list[str], dict[str, str]]:
        """The command and its environment, on a port of 127.0.0.1."""
        command = [part.format(port=port, folder=folder) for part in self.command]
        told = {name: value.format(port=port, folder=folder) for name, value in self.environment.items()}
        return command, {**os.environ, "NODE_ENV": "production", **told}


def _node(name: str, script: str, means: str, file: str = "", **environment: str) -> Peer:
    told = {"HOST": "127.0.0.1", "PORT": "{port}", **environment}
    return Peer(name, "npm", ("node", f"{_NPM}/{script}"), means, told, f"{_NPM}/{file}" if file else "")


def _python(name: str, script: str, means: str) -> Peer:
    return Peer(name, "python", (str(PYTHON), str(_HERE / script), "{port}"), means)


_ALL: Final = (
    _node(
        "y-websocket",
        "node_modules/@y/websocket-server/src/server.js",
        "held in memory; nobody is told, nothing is saved",
    ),
    _node(
        "hocuspocus",
        "hocuspocus-server.mjs",
        'the sender is told "applied" once it is in memory; nothing is saved',
    ),
    _node(
        "hocuspocus-sqlite",
        "hocuspocus-server.mjs",
        'the sender is told "applied" once it is in memory; the whole document is saved 2 to 10 s later',
        _SQLITE,
        DATABASE="{folder}/documents.sqlite",
    ),
    _python("pycrdt-websocket", "pycrdt_server.py", "held in memory; nobody is told, nothing is saved"),
    _node("ws", "ws-server.mjs", PASSED_ON),
    _node("socket.io", "socket-io-server.mjs", PASSED_ON),
    _python("websockets", "websockets_server.py", PASSED_ON),
    _python("picows", "picows_server.py", PASSED_ON),
    Peer(
        "centrifuge",
        "go",
        (str(GO_SERVER), "{port}"),
        "told ok once it is on its way in memory; nothing is saved",
    ),
    Peer(
        "nats",
        "python",
        (str(PYTHON.parent / "nats-server"), "-c", "{folder}/nats.conf"),
        "core NATS, at most once: passed on, nobody is told, nothing is saved",
    ),
)
PEERS: Final[Mapping[str, Peer]] = {peer.name: peer for peer in _ALL}

_NATS_CONFIGURATION: Final = """\
listen: "127.0.0.1:-1"
websocket {{ listen: "127.0.0.1:{port}", no_tls: true }}
"""


def folder_for(peer: Peer, port: int) -> tempfile.TemporaryDirectory[str]:
    """A folder for one run of a peer, with the configuration it wants."""
    folder = tempfile.TemporaryDirectory(dir=FOLDER)
    if peer.name == "nats":
        Path(folder.name, "nats.conf").write_text(_NATS_CONFIGURATION.format(port=port))
    return folder
