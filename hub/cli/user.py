"""``hub user``: what the hub keeps of a person, to be handed over or erased."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from hub.cli.failures import CommandFailed
from hub.cli.options import DataOption
from hub.cli.terminal import tell
from hub.errors import BadId
from hub.model import UserId
from hub.ports import SystemClock
from hub.state.names import is_name
from hub.telemetry import logs

user = typer.Typer(
    name="user", no_args_is_help=True, help="What the hub keeps of a person: hand it over, or erase it."
)

SILENCE: Final = 10.0
"""Seconds of long work between two lines that say it goes on."""

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Of the user.", show_default=False)]


@user.command("export")
def export(
    name: NameArgument,
    data: DataOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write; `-` is stdout.")
    ] = Path("-"),
    documents: Annotated[
        bool, typer.Option("--documents", help="With the content of the documents they may write.")
    ] = False,
) -> None:
    """Write everything that is kept of a user as one JSON document; docs/privacy.md tells its shape.

    Works while the hub runs, and sees what was acknowledged up to now. A FILE is made for this user of the
    machine alone (0600), and stands there only once it is whole.

    Examples:

        hub user export ann --output ann.json

        hub user export ann --data /srv/hub --documents | gzip > ann.json.gz
    """
    logs.configure("warning")
    from hub.storage.looking import looking
    from hub.storage.personal import is_known, user_document

    named, folder = _checked(name), data or Path("data")
    with looking(folder) as connection:
        if not is_known(connection, named):
            raise CommandFailed(f"Nothing is kept of {named} in {folder}.")
        document = user_document(connection, named, SystemClock().now(), documents=documents)
        with _opened(output) as file:
            write_document(file, document)


@user.command("erase")
def erase(
    name: NameArgument,
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Erase a user: inbox, history, events, deliveries, devices, memberships, name; their tokens are void.

    The hub must be stopped. Shows what will go and asks. What they stated in spaces stays there, by `erased`;
    so does what they wrote into documents. The audit stays: it holds no content. Afterwards the database is
    written anew, so that the bytes are in no file of the folder; backups are yours to look after. Killed at
    any moment it did all or nothing: run it again.

    Examples:

        hub user erase ann --data /srv/hub

        hub user export ann -o ann.json && hub user erase ann --yes
    """
    logs.configure("warning")
    from hub.engine.topics import new_incarnation
    from hub.storage.erasure import Erasure

    named, folder = _checked(name), data or Path("data")
    with closing(Erasure(folder, Patience(SILENCE), new_incarnation)) as erasure:
        interrupted = erasure.to_scrub()
        tell(f"looking for what is kept of {named} …")
        counts = erasure.begin(named, SystemClock().now())
        if counts:
            _confirm(named, counts, yes)
            erasure.commit()
            tell(f"{named} is erased; the database is written anew without what it held …")
        elif interrupted:
            erasure.rollback()
            tell("an erasure was interrupted: the database is written anew without what it held …")
        else:
            raise CommandFailed(f"Nothing is kept of {named} in {folder}.")
        erasure.scrub()
    tell(
        f"done: the data folder holds no byte of it but the name {named} itself, so that former tokens stay "
        "void. Backups and exports are yours to look after."
    )


def write_document(file: TextIO, document: Mapping[str, Any]) -> None:
    """An object as JSON, the elements of its lists a line each. Its iterators are read on the way, and their
    elements are not held."""
    _write_object(file, document, "")
    file.write("\n")


def _write_object(file: TextIO, members: Mapping[str, Any], indent: str) -> None:
    before = "{"
    for key, value in members.items():
        file.write(f"{before}\n{indent}  {json.dumps(key)}: ")
        before = ","
        if isinstance(value, Mapping):
            _write_object(file, value, indent + "  ")
        elif isinstance(value, list | Iterator):
            _write_list(file, value, indent + "  ")
        else:
            file.write(_json(value))
    file.write("{}" if before == "{" else f"\n{indent}}}")


def _write_list(file: TextIO, elements: list[Any] | Iterator[Any], indent: str) -> None:
    before = "["
    for element in elements:
        file.write(f"{before}\n{indent}  {_json(element)}")
        before = ","
    file.write("[]" if before == "[" else f"\n{indent}]")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Patience:
    """Called during long work: says now and then that it goes on. ``silence``: seconds between two lines."""

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._begun = self._told = time.monotonic()

    def __call__(self) -> None:
        """So many steps were done."""
        now = time.monotonic()
        if now - self._told >= self._silence:
            self._told = now
            tell(f"still at it, {now - self._begun:.0f} s so far …")


def _checked(name: str) -> UserId:
    if not is_name(name):
        raise BadId("A user is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -.")
    return UserId(name)


def _confirm(name: str, counts: Counter[str], yes: bool) -> None:
    """Say what goes; go on only if that is wanted."""
    for words, count in counts.items():
        print(f"{count:>9}  {words}", file=sys.stderr)
    if not yes and not typer.confirm(f"Erase {name} for good?", err=True):
        raise CommandFailed("Nothing was erased.")


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """A file that appears whole or not at all, or stdout."""
    if str(path) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise CommandFailed(f"{path} can't be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            partial.unlink()
