"""What ``hub serve --dev`` tells a person: an address that signs in, a token, and what to try first."""

from __future__ import annotations

import shlex
import shutil
import socket
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hub.cli.options import DEFAULT_URL
from hub.cli.remote import DEFAULT_FOLDER
from hub.config import Config
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import UserId
from hub.ports import SystemClock

COMMAND: Final = "hub"
EVERYWHERE: Final = ("0.0.0.0", "::")
"""Hosts that stand for every address of this machine; nothing can be opened by them."""
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737), by which the way out is looked up; nothing is sent."""


def greeting(url: str, settings: Config) -> str:
    """The words, with a new token of the user ``dev``; for a terminal, as a log would mask it."""
    tokens = LocalTokens(load_secret(settings.data_folder, create=True), SystemClock())
    token = tokens.issue(UserId("dev"), ["user", "publish"], settings.identity.token_ttl)
    address = reachable(url)
    return (
        f"The inbox of user dev, signed in:\n\n{address}/#token={token}\n\n"
        f"The same token, scopes user and publish, for a program:\n\n{token}\n\nTry it:\n\n"
        f"{_send(url, settings.data_folder)}\n\nor, without the command:\n\n"
        f"curl -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' "
        f"""-d '{{"kind": "notification", "title": "Hello"}}' {address}/v1/users/me/items\n"""
    )


def reachable(url: str) -> str:
    """The URL, with an address of this machine in its network where the hub listens on all."""
    parts = urlsplit(url)
    if parts.hostname not in EVERYWHERE:
        return url
    return f"{parts.scheme}://{_own_address()}:{parts.port}"


def _own_address() -> str:
    """That from which this machine speaks to others; loopback's without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(_ELSEWHERE)
            return str(way_out.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _send(url: str, folder: Path) -> str:
    """A first command as it can be pasted into another terminal in the same folder."""
    words = [command(), "send", "Hello"]
    parts = urlsplit(url)
    local = f"{parts.scheme}://127.0.0.1:{parts.port}" if parts.hostname in EVERYWHERE else url
    if local != DEFAULT_URL:
        words += ["--url", local]
    if folder != DEFAULT_FOLDER:
        words += ["--data", str(folder)]
    return shlex.join(words)


def command() -> str:
    """How the command that runs is called from here: by its name where a shell finds it, else by its path."""
    running, found = Path(sys.argv[0]), shutil.which(COMMAND)
    if running.name != COMMAND or (found is not None and Path(found).resolve() == running.resolve()):
        return COMMAND
    return str(running)
