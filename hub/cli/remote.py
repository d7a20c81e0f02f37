"""Which hub a command talks to, and as whom.

The token is, in this order: the content of ``--token-file``; ``--token`` or ``TONGBU_TOKEN``; one signed for
``--user`` with the secret of the data folder, where this machine has it. A token so signed goes only to a hub
on this machine, unless ``--data`` names the folder: who listens elsewhere could use it against that hub.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hub.cli.failures import WrongOptions
from hub.errors import DataFolderUnusable
from hub.identity.secret import load_secret
from hub.model import Scope, UserId
from hub.ports import SystemClock
from hub.telemetry import logs

DEFAULT_USER: Final = "dev"
DEFAULT_FOLDER: Final = Path("data")
SIGNED_TTL: Final = 3600
"""Seconds that a token lives which a command signs for itself."""
MAX_TOKEN: Final = 4096
"""As of ``hub.identity.tokens``, which a command that signs nothing starts without: reading it takes longer
than all else of such a command."""

_ADVICE: Final = (
    "Say who speaks: set TONGBU_TOKEN, or give --token-file FILE, or, on the hub's machine, --data DIR "
    "(its data folder). `hub token --user NAME` makes tokens."
)


@dataclass(frozen=True, slots=True)
class Remote:
    """A hub and a right to speak to it.

    Attributes:
        url: of the hub, ``http`` or ``https``, without a slash at its end.
        user: for whom the token speaks; None where it doesn't tell.
        token: gives a token that is good for the next minutes; never shown.
    """

    url: str
    user: str | None
    token: Callable[[], str] = field(repr=False)


def remote_of(
    url: str,
    token: str | None,
    token_file: Path | None,
    data: Path | None,
    user: str | None,
    scopes: Sequence[Scope],
) -> Remote:
    """What the options mean. ``scopes`` are those of a token that has to be signed.

    Raises:
        WrongOptions: the address or token is none, or nothing says who speaks.
        BadId: the user is no name.
    """
    logs.configure("warning")
    url = _checked(url)
    given = _read(token_file) if token_file is not None else token
    if given is not None:
        return _with_token(url, given.strip(), user)
    secret = _secret(url, data)
    from hub.identity.tokens import LocalTokens

    tokens, name = LocalTokens(secret, SystemClock()), UserId(user or DEFAULT_USER)

    def sign() -> str:
        return tokens.issue(name, scopes, SIGNED_TTL)

    sign()  # a wrong name is told now
    return Remote(url, name, sign)


def is_this_machine(url: str) -> bool:
    """Whether only this machine's own processes can listen at the address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def speaker(token: str) -> str | None:
    """The user that a JSON Web Token names, read without checking it; None where it names none."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) else None


def _checked(url: str) -> str:
    """The address without what a command adds itself."""
    try:
        parts = urlsplit(url.strip())
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.username is not None or parts.query or parts.fragment:
        raise WrongOptions("--url is an address such as http://127.0.0.1:8787, without a password in it.")
    return parts.geturl().rstrip("/")


def _with_token(url: str, token: str, user: str | None) -> Remote:
    if not token or len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise WrongOptions("The token is empty, or none as `hub token` prints it.")
    name = speaker(token)
    if user is not None and name is not None and user != name:
        raise WrongOptions(
            f"The token speaks for {name}, not for {user}: leave out --user (or TONGBU_USER), or the token "
            "(TONGBU_TOKEN)."
        )
    return Remote(url, name, lambda: token)


def _read(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.readline(MAX_TOKEN + 2)
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(MAX_TOKEN + 2)
    except OSError as error:
        raise WrongOptions(f"{path} can't be read: {error.strerror}.") from None


def _secret(url: str, data: Path | None) -> bytes:
    """The secret of the data folder, where it may be used for that hub."""
    if data is None and not is_this_machine(url):
        raise WrongOptions(f"A token is needed for {url}. {_ADVICE}")
    try:
        return load_secret(data or DEFAULT_FOLDER, create=False)
    except DataFolderUnusable as error:
        raise WrongOptions(f"A token is needed. {_ADVICE} ({error.message})") from None
