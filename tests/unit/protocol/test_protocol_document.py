"""``docs/protocol.md`` is complete and its bytes are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TypeVar

import pytest

from hub import errors
from hub.config import Config
from hub.protocol import frames, native, yjs
from hub.server.http import problems
from hub.state.attempts import RANK

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/protocol.md").read_text()
EXAMPLES = re.findall(r"^((?:[0-9a-f]{2})+)$", DOCUMENT, re.MULTILINE)


def vectors() -> set[str]:
    found: set[str] = set()
    for name in ("native.json", "yjs.json", "hocuspocus.json"):
        lists = json.loads((ROOT / "tests/vectors/protocol" / name).read_text())
        found |= {v["hex"] for key, vs in lists.items() if "bad" not in key for v in vs}
    return found


def section(number: int) -> str:
    return DOCUMENT.split(f"\n## {number}. ")[1].split("\n## ")[0]


Kind = TypeVar("Kind", bound=errors.HubError)


def kinds(root: type[Kind]) -> list[type[Kind]]:
    """Those of the tree, and those that HTTP adds to it; none that a test made."""
    ours = (
        child for child in root.__subclasses__() if child.__module__ in (errors.__name__, problems.__name__)
    )
    return [kind for child in ours for kind in (child, *kinds(child))]


REFUSALS = kinds(errors.Refusal)
FATALS = kinds(errors.Fatal)


def test_every_example_is_a_golden_vector() -> None:
    assert len(EXAMPLES) >= 20
    assert set(EXAMPLES) <= vectors()


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_code_of_a_refusal_is_documented(refusal: type[errors.Refusal]) -> None:
    assert f"\n| `{refusal.code}` | " in section(9)


@pytest.mark.parametrize("fatal", FATALS)
def test_every_close_code_is_documented(fatal: type[errors.Fatal]) -> None:
    assert f"\n| {fatal.close_code} | `{fatal.code}` | " in section(9)


def test_no_code_is_documented_that_does_not_exist() -> None:
    codes = {each.code for each in REFUSALS}
    table = section(9).split("\nClose codes")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == codes
    closes = {each.close_code for each in FATALS}
    assert {int(code) for code in re.findall(r"^\| (4\d{3}) \|", section(9), re.MULTILINE)} == closes


def test_every_limit_of_the_welcome_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", section(10), re.MULTILINE))
    assert documented == set(Config().limits_on_wire())


def test_the_fixed_limits_are_those_of_the_code() -> None:
    text = " ".join(section(10).split())
    assert f"{frames.MAX_FRAMES:,} messages in one WebSocket message" in text
    assert f"{frames.MAX_DEPTH} levels of nesting" in text
    y_websocket = " ".join(section(12).split())
    assert f"at most {yjs.MAX_AWARENESS_ENTRIES:,} entries" in y_websocket
    assert f"at most {yjs.MAX_AWARENESS_STATE // 1024} KiB of JSON" in y_websocket
    assert f"nested at most {yjs.MAX_AWARENESS_DEPTH} deep" in y_websocket


def test_every_message_of_the_code_is_in_a_table() -> None:
    listed = re.findall(r"^    (\[\d+.*\])\s{2,}", native.__doc__ or "", re.MULTILINE)
    assert len(listed) == 16
    for shape in listed:
        assert f"`{shape.split(', ')[0]}" in section(2) + section(3)


def test_every_status_is_documented_with_its_rank() -> None:
    for status, rank in RANK.items():
        assert re.search(rf"^\| {rank} \| .*`{status}`", section(5), re.MULTILINE)


def test_the_subprotocol_and_version_are_those_of_the_code() -> None:
    assert f"subprotocol `{native.SUBPROTOCOL}`" in section(1)
    assert f"version of this protocol: {native.VERSION}." in section(1)
