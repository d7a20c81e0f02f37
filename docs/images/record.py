"""Record what a command prints on a terminal as a picture: ``python docs/images/record.py OUT.svg -- COMMAND…``

The command runs on a terminal of its own (a pty), so it prints as it does for a person; what it printed is drawn
as SVG by rich. Options: ``--columns 100`` ``--title TEXT`` ``--seconds N`` (then SIGINT, for what runs until
Ctrl-C).
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from fcntl import ioctl
from pathlib import Path

from rich.console import Console
from rich.text import Text


def main() -> None:
    """Run, record, draw."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("picture", type=Path)
    options.add_argument("--columns", type=int, default=100)
    options.add_argument("--title", default="")
    options.add_argument("--seconds", type=float, default=120.0)
    options.add_argument("command", nargs="+")
    given = options.parse_args()
    printed = record(given.command, given.columns, given.seconds)
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=given.columns, file=nowhere, force_terminal=True)
        for line in printed.splitlines():
            console.print(Text.from_ansi(line), soft_wrap=True)
        console.save_svg(str(given.picture), title=given.title or " ".join(given.command))


def record(command: list[str], columns: int, seconds: float) -> str:
    """What the command printed within so many seconds."""
    ours, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    printed, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not select.select([ours], [], [], left)[0]:
            break
        try:
            chunk = os.read(ours, 65_536)
        except OSError:  # the last who had the terminal open closed it
            break
        if not chunk:
            break
        printed += chunk
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.wait()
    return printed.decode(errors="replace").replace("\r\n", "\n")


if __name__ == "__main__":
    main()
