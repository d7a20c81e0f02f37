"""What the demo tells on the terminal, and whether each promise was kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLES: Final = {
    "agent": "magenta",
    "laptop": "cyan",
    "phone": "blue",
    "hub": "yellow",
    "wechat": "green",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that was to be seen, in words, and whether it was."""

    words: str
    kept: bool


class Narrator:
    """Tells the story as it happens.

    Args:
        console: where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self.promises: list[Promise] = []

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left", style="dim")

    def tell(self, who: str, words: str) -> None:
        """Somebody does or sees something."""
        line = Text(f"{time.monotonic() - self._started:5.1f} s  ", style="dim")
        line.append(f"{who:<7}", style=_STYLES.get(who, ""))
        line.append(f" {words}")
        self._console.print(line, soft_wrap=True)

    def promise(self, words: str, kept: bool) -> None:
        """Whether something is as it should be."""
        self.promises.append(Promise(words, kept))
        mark = Text("        ✓ " if kept else "        ✗ ", style="bold green" if kept else "bold red")
        self._console.print(mark.append(words, style="" if kept else "red"), soft_wrap=True)

    def summary(self, kept_title: str, broken_title: str) -> bool:
        """A table of all promises; whether all were kept."""
        broken = [promise for promise in self.promises if not promise.kept]
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        for promise in self.promises:
            style = "green" if promise.kept else "red"
            table.add_row(Text("✓" if promise.kept else "✗", style=f"bold {style}"), promise.words)
        self._console.print()
        title = broken_title if broken else kept_title
        self._console.rule(Text(title, style="bold red" if broken else "bold green"), align="left")
        self._console.print(table)
        seconds = time.monotonic() - self._started
        count = f"{len(self.promises) - len(broken)}/{len(self.promises)}"
        self._console.print(Text(f"\n{count} · {seconds:.0f} s", style="dim"))
        return not broken
