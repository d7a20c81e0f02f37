"""What the demo tells on the terminal, and whether each promise was kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rich.cells import set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES: Final = {
    "agent": "bright_magenta",
    "laptop": "bright_cyan",
    "phone": "bright_blue",
    "hub": "bright_yellow",
    "wechat": "bright_green",
}
_NAME_CELLS: Final = 8


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that was to be seen, in words, and whether it was."""

    words: str
    kept: bool


class Narrator:
    """Tells the story as it happens.

    Args:
        console: where to.
        names: how to call whoever does something.
    """

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._started = time.monotonic()
        self.promises: list[Promise] = []

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left", style="dim")

    def tell(self, who: str, words: str) -> None:
        """Somebody does or sees something."""
        line = Text()
        line.append(f"{time.monotonic() - self._started:5.1f} s  ", style="bright_black")
        line.append(set_cell_size(self._names[who], _NAME_CELLS), style=_STYLES[who])
        line.append(words)
        self._console.print(line, soft_wrap=True)

    def promise(self, words: str, kept: bool) -> None:
        """Whether something is as it should be."""
        self.promises.append(Promise(words, kept))
        mark = Text(
            "        ✓ " if kept else "        ✗ ", style="bold bright_green" if kept else "bold bright_red"
        )
        self._console.print(mark.append(words, style="not bold" if kept else "bold"), soft_wrap=True)

    def summary(self, kept_title: str, broken_title: str) -> bool:
        """A table of all promises; whether all were kept."""
        broken = [promise for promise in self.promises if not promise.kept]
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        for promise in self.promises:
            style = "bright_green" if promise.kept else "bright_red"
            table.add_row(Text("✓" if promise.kept else "✗", style=f"bold {style}"), promise.words)
        self._console.print()
        title = broken_title if broken else kept_title
        self._console.rule(
            Text(title, style="bold bright_red" if broken else "bold bright_green"), align="left"
        )
        self._console.print(table)
        seconds = time.monotonic() - self._started
        count = f"{len(self.promises) - len(broken)}/{len(self.promises)}"
        self._console.print(Text(f"\n{count} · {seconds:.0f} s", style="bright_black"))
        return not broken
