"""What ``hub doctor`` looks at. Each check is one function that changes nothing and says what to do."""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import os
import resource
import shutil
import socket
import sqlite3
import ssl
import stat
import struct
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from hub.cli.channels_check import check_channels
from hub.cli.finding import Finding, Level
from hub.cli.outbox_check import check_outbox
from hub.cli.routes_check import check_routes
from hub.config import MIB, Config
from hub.errors import DataFolderNewer
from hub.identity import secret
from hub.storage.folder import DATABASE_NAME, LOCK_NAME
from hub.storage.migrations import APPLICATION_ID, SCHEMA_VERSION, refuse_newer

PACKAGES: Final = (
    "aiohttp", "aiosqlite", "httptools", "joserfc", "litestar", "msgpack", "msgspec", "pycrdt", "uvicorn",
    "uvloop", "websockets",
)  # fmt: skip
SPACE_WANTED: Final = 1024 * MIB
SPACE_NEEDED: Final = 100 * MIB
FILES_WANTED: Final = 20_000
FILES_NEEDED: Final = 256
EARLIEST_TIME: Final = 1_767_225_600
"""2026-01-01: no hub ran before."""
ANSWER_TIMEOUT: Final = 3.0
"""Seconds to wait for a running hub's answer."""
AHEAD: Final = 60
"""Seconds that stamps may lie ahead."""


def findings(config: Config, *, delivery: bool = True) -> Iterator[Finding]:
    """Every check's findings, one after the other. ``delivery``: whether channels and routes are known."""
    for check in (*CHECKS, *(DELIVERY if delivery else ())):
        yield from check(config)


def check_python(_config: Config) -> Iterator[Finding]:
    """Interpreter and SQLite."""
    number = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "python", f"{sys.implementation.name} {number}, SQLite {sqlite3.sqlite_version}")


def check_packages(_config: Config) -> Iterator[Finding]:
    """The packages the server stands on."""
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("fail", "packages", f"missing: {', '.join(missing)}", "pip install 'tongbu[server]'")
    else:
        yield Finding("ok", "packages", ", ".join(found))


def check_folder(config: Config) -> Iterator[Finding]:
    """Whether the data folder can be used, and who uses it."""
    folder = config.data_folder
    if not folder.exists():
        yield _absent_folder(folder)
    elif not folder.is_dir():
        yield Finding("fail", "data folder", f"{folder} is not a folder", "choose another with --data")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "fail", "data folder", f"{folder} may not be written by this user", f"chown it to {os.getuid()}"
        )
    elif folder.stat().st_mode & 0o077:
        yield Finding("warn", "data folder", f"{folder} is open to other users", f"chmod 700 {folder}")
    else:
        yield Finding("ok", "data folder", str(folder.absolute()))


def _absent_folder(folder: Path) -> Finding:
    parent = _existing(folder)
    if os.access(parent, os.W_OK | os.X_OK):
        return Finding("ok", "data folder", f"{folder} does not exist yet; the first start makes it")
    return Finding("fail", "data folder", f"{folder} can't be made in {parent}", "choose another with --data")


def check_lock(config: Config) -> Iterator[Finding]:
    """Whether a hub runs on the folder."""
    process = _lock_holder(config.data_folder)
    if process is None:
        yield Finding("ok", "lock", "no hub is running on this folder")
    else:
        yield Finding("ok", "lock", f"a hub is running on this folder (process {process})")


def _lock_holder(folder: Path) -> str | None:
    """The process whose hub runs on the folder; None where none does."""
    try:
        with (folder / LOCK_NAME).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(32).decode("ascii", "replace").strip()
    except OSError:
        pass
    return None


def check_schema(config: Config) -> Iterator[Finding]:
    """Whether this version can read the database, judged by SQLite's file header."""
    path = config.data_folder / DATABASE_NAME
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        yield Finding("ok", "database", "none yet; the first start makes it")
        return
    except OSError as error:
        yield Finding("fail", "database", f"{path} can't be read: {error.strerror}", "see its permissions")
        return
    yield _schema(path, header)


def _schema(path: Path, header: bytes) -> Finding:
    if not header:
        return Finding("ok", "database", "empty; the first start fills it")
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return Finding("fail", "database", f"{path} is not a SQLite file", "bring it back from a backup")
    number, application = struct.unpack_from(">4xi4xi", header, 56)
    if application != APPLICATION_ID:
        return Finding("fail", "database", f"{path} belongs to another program", "choose another --data")
    try:
        refuse_newer(number, str(path))
    except DataFolderNewer as error:
        return Finding("fail", "database", error.message)
    older = "" if number == SCHEMA_VERSION else f"; the next start brings it to {SCHEMA_VERSION}"
    return Finding("ok", "database", f"schema {number}{older}, {path.stat().st_size // MIB} MiB")


def check_secret(config: Config) -> Iterator[Finding]:
    """The secret that signs tokens."""
    path = config.data_folder / secret.FILE
    try:
        found = path.stat()
    except OSError:
        yield Finding("ok", "secret", "none yet; the first start makes it")
        return
    mode = stat.S_IMODE(found.st_mode)
    if not secret.MIN_SECRET <= found.st_size <= secret.MAX_SECRET:
        yield Finding(
            "fail", "secret", f"{path} is damaged ({found.st_size} bytes)",
            "bring it back from a backup, or delete it and issue every token again",
        )  # fmt: skip
    elif mode & 0o077:
        yield Finding("warn", "secret", f"other users may read {path} ({mode:o})", f"chmod 600 {path}")
    else:
        yield Finding("ok", "secret", f"{path} ({mode:o})")


def check_space(config: Config) -> Iterator[Finding]:
    """Room on the disk."""
    free = shutil.disk_usage(_existing(config.data_folder)).free
    level: Level = "ok" if free >= SPACE_WANTED else "warn" if free >= SPACE_NEEDED else "fail"
    advice = "" if level == "ok" else "make room: with a full disk the hub saves and acknowledges nothing"
    yield Finding(level, "disk", f"{free // MIB} MiB free", advice)


def check_files(_config: Config) -> Iterator[Finding]:
    """How many connections the system lets the process hold."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = "unlimited" if soft == resource.RLIM_INFINITY else str(soft)
    many = sys.maxsize if soft == resource.RLIM_INFINITY else soft
    level: Level = "ok" if many >= FILES_WANTED else "warn" if many >= FILES_NEEDED else "fail"
    advice = "" if level == "ok" else "ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit"
    yield Finding(level, "open files", f"{allowed}; each connection needs one", advice)


def check_listen(config: Config) -> Iterator[Finding]:
    """Whether tokens are protected on their way."""
    server = config.server
    if server.tls_cert is not None and server.tls_key is not None:
        yield _tls(server.tls_cert, server.tls_key)
    elif _is_loopback(server.host):
        yield Finding("ok", "address", f"{server.host}: reachable from this machine only")
    else:
        yield Finding(
            "warn", "address", f"{server.host} without TLS: tokens travel in the clear",
            "set server.tls_cert and server.tls_key, or listen on 127.0.0.1 behind a proxy with TLS",
        )  # fmt: skip


def _tls(cert: str, key: str) -> Finding:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return Finding(
            "fail", "address", f"certificate and key can't be used: {reason}", "see tls_cert, tls_key"
        )
    return Finding("ok", "address", f"TLS with {cert}")


def check_port(config: Config) -> Iterator[Finding]:
    """Whether the port is free, or a hub answers there."""
    host, port = config.server.host, config.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        yield Finding("ok", "port", f"{host}:{port} is free")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            yield _whoever_answers(config)
        else:
            yield Finding(
                "fail", "port", f"can't listen on {host}:{port}: {error.strerror}", "choose --host, --port"
            )


def _whoever_answers(config: Config) -> Finding:
    """The hub's own /readyz, or somebody else."""
    server = config.server
    place = f"{server.host}:{server.port}"
    url = _local_url(config) + "/readyz"
    trusting = ssl._create_unverified_context()  # asks this machine, sends no secret
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT, context=trusting) as answer:
            ready = answer.status == 200
    except urllib.error.HTTPError as error:
        ready = False
        if error.code != 503:
            return Finding("fail", "port", f"{place} is another program's", "choose another --port")
    except (OSError, ValueError):
        return Finding("fail", "port", f"{place} is taken and does not answer", "choose another --port")
    if _lock_holder(config.data_folder) is None:
        return Finding(
            "warn", "port", f"a hub answers at {place}, but it does not run on {config.data_folder}",
            "to start one on this folder too, choose another --port; to look at that one, its --data",
        )  # fmt: skip
    if ready:
        return Finding("ok", "port", f"the hub at {place} is ready")
    return Finding("fail", "port", f"the hub at {place} is not ready", f"see its log, and {url}")


def _local_url(config: Config) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.server.host, config.server.host)
    scheme = "https" if config.server.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.server.port}"


def check_clock(config: Config) -> Iterator[Finding]:
    """Whether the machine's time can be right: every merge depends on it."""
    now = time.time()
    saved = [path.stat().st_mtime for path in config.data_folder.glob(f"{DATABASE_NAME}*")]
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    if now < EARLIEST_TIME:
        yield Finding("fail", "clock", f"{shown} is in the past", "set the time, and run an NTP service")
    elif max(saved, default=0.0) > now + AHEAD:
        yield Finding(
            "fail", "clock", f"{shown} is before the database's last change", "set the time, and run NTP"
        )
    else:
        yield Finding("ok", "clock", shown)


def _existing(path: Path) -> Path:
    """The nearest folder above that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


CHECKS: Final[tuple[Callable[[Config], Iterator[Finding]], ...]] = (
    check_python,
    check_packages,
    check_folder,
    check_lock,
    check_schema,
    check_secret,
    check_space,
    check_files,
    check_listen,
    check_port,
    check_clock,
)
DELIVERY: Final[tuple[Callable[[Config], Iterator[Finding]], ...]] = (
    check_channels,
    check_routes,
    check_outbox,
)
"""What follows from channels and routes; of no use where the settings can't be read."""
