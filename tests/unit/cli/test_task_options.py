"""``hub task run``: what can't be told is said before the command runs, and what can be mended is."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from hub.cli import run
from hub.cli.task.order import Order


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What would run."""
    found: list[Order] = []

    def take(order: Order) -> int:
        found.append(order)
        return 0

    monkeypatch.setattr(import_module("hub.cli.task"), "_run", take)
    monkeypatch.setenv("TONGBU_TOKEN", "t")
    return found


@pytest.mark.parametrize(
    "options",
    [
        ("--id", "no id"),
        ("--to", "no name"),
        ("--space", "no name"),
        ("--to", "ann", "--space", "team"),
        ("--link", "no-url"),
        ("--tag", ""),
        ("--source", "x" * 5_000),
    ],
    ids=" ".join,
)
def test_nothing_runs_whose_task_the_hub_would_refuse(
    options: tuple[str, ...], orders: list[Order], capsys: Any
) -> None:
    assert run(["task", "run", *options, "--", "true"]) == 2
    assert orders == []
    assert capsys.readouterr().err.startswith("hub: ")


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ("Merge\n\nwith \x1b[31mcolours\x1b[0m", "Merge with colours"),
        ("", "make -j4"),
        ("长" * 900, "长" * 500),
    ],
    ids=["lines", "empty", "long"],
)
def test_a_title_from_elsewhere_is_made_one(given: str, title: str, orders: list[Order]) -> None:
    assert run(["task", "run", "--title", given, "--link", "", "--", "make", "-j4"]) == 0
    assert (orders[0].title, orders[0].link) == (title, None)
