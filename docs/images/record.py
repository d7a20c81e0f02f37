"""Record what a command prints on a terminal: ``python docs/images/record.py OUT.png -- COMMAND…``

The command runs on a terminal of its own (a pty), so it prints as it does for a person; Chromium draws what
it printed. Options: ``--columns 100`` ``--title TEXT`` ``--seconds N`` (then SIGINT, for what runs until
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
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_COLOURS = [(70, 74, 82), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221)]
_COLOURS += [(86, 182, 194), (220, 223, 228)]
_BRIGHT = [
    (139, 143, 152),
    (240, 128, 136),
    (140, 214, 110),
    (240, 205, 120),
    (120, 190, 250),
    (220, 140, 240),
]
_BRIGHT += [(100, 210, 225), (255, 255, 255)]
THEME = TerminalTheme((27, 29, 33), (232, 232, 227), _COLOURS, _BRIGHT)
PAGE = """<!doctype html><meta charset="utf-8"><title>TITLE</title><style>
body {{ margin: 0; background: #1b1d21; color: #e8e8e3; }}
h1 {{ font: 13px sans-serif; color: #8b8f98; text-align: center; margin: 12px 0 0; }}
pre {{ font: 14px/19px "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "WenQuanYi Zen Hei Mono", monospace;
  margin: 8px 24px; white-space: pre; }}
</style><h1>TITLE</h1><pre>{code}</pre>
"""


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
    draw(printed, given.columns, given.title or " ".join(given.command), given.picture)


def draw(printed: str, columns: int, title: str, picture: Path) -> None:
    """A picture of a terminal that shows this."""
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=columns, file=nowhere, force_terminal=True)
        lines = printed.strip("\n").splitlines()
        for line in lines:
            console.print(Text.from_ansi(line))
        page = console.export_html(theme=THEME, code_format=PAGE.replace("TITLE", title), inline_styles=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "terminal.html"
        source.write_text(page, encoding="utf-8")
        size = f"--window-size={round(columns * 8.43) + 48},{(len(lines) + 3) * 19 + 30}"
        chromium = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size]
        shot = [*chromium, f"--screenshot={picture.resolve()}", source.as_uri()]
        subprocess.run(shot, check=True, capture_output=True)


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
