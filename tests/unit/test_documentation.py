"""Settings, codes, metrics, commands and options without documentation, and dead links, fail the build."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from typer.main import get_command

from hub import config, errors, model
from hub.channels import wecom_codes
from hub.cli import commands
from hub.cli.routes_check import check_routes
from hub.config.outward import ChannelSection, Unless
from hub.config.outward_reading import KINDS
from hub.config.placeholders import PLACEHOLDERS
from hub.delivery.gate import GateState
from hub.sandbox.faults import KINDS as FAULTS
from hub.server.http.pages import PAGE_SECURITY
from hub.telemetry.metrics import FAMILIES

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
DELIVERY = (ROOT / "docs" / "delivery.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md"]
PAGES += sorted(page for page in (ROOT / "docs").rglob("*.md") if "node_modules" not in page.parts)
SETTINGS = [
    (f"{section}.{name}", default)
    for section, table in config.settings().items()
    for name, default in table.items()
]


def blocks(page: Path, kind: str) -> list[str]:
    """The page's code blocks of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def chapter(title: str) -> str:
    """One chapter of docs/operations.md."""
    return OPERATIONS.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def error_types(kind: type[errors.HubError] = errors.HubError) -> Iterator[type[errors.HubError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from error_types(child)


def toml(value: object) -> str:
    """A default as it would stand in the file; empty for none."""
    if value is None:
        return ""
    if isinstance(value, config.MatchSettings):
        return "{}"
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else json.dumps(value)


@pytest.mark.parametrize(("name", "default"), SETTINGS, ids=[name for name, _ in SETTINGS])
def test_a_setting_is_documented_with_its_default(name: str, default: object) -> None:
    row = re.search(rf"^\| `{re.escape(name)}` \|(.*?)\|", OPERATIONS, re.MULTILINE)
    assert row is not None, f"docs/operations.md has no row for {name}"
    if isinstance(default, float):
        assert float(row[1].strip("` ")) == default
    else:
        assert row[1].strip("` ") == toml(default)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", chapter("Settings"), re.MULTILINE)
    assert sorted(rows) == sorted(name for name, _ in SETTINGS)


COMMON = {field.encode_name for field in msgspec.structs.fields(ChannelSection)}
TABLES: list[tuple[str, type[msgspec.Struct], set[str]]] = [
    ("every channel", ChannelSection, set()),
    *((f"kind `{name}`", kind, COMMON) for name, kind in KINDS.items()),
    ("`[[routes]]`", config.RouteSettings, set()),
    ("`match`", config.MatchSettings, set()),
]
"""The tables of what stands in channels and routes: their heading, the keys, and those told elsewhere."""


@pytest.mark.parametrize(("heading", "kind", "elsewhere"), TABLES, ids=[table[0] for table in TABLES])
def test_each_key_of_channels_and_routes_is_documented_with_its_default(
    heading: str, kind: type[msgspec.Struct], elsewhere: set[str]
) -> None:
    table = OPERATIONS.partition(f"\n| {heading} | default |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*?)\|", table, re.MULTILINE))
    defaults = {
        field.encode_name: "required" if field.required else toml(field.default)
        for field in msgspec.structs.fields(kind)
        if field.encode_name not in elsewhere
    }
    if kind is ChannelSection:
        defaults["kind"] = "required"
    assert {name: cell.strip("` ") for name, cell in rows.items()} == defaults


def test_every_configuration_in_the_pages_is_one_the_hub_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [(page, block) for page in PAGES for block in blocks(page, "toml")]
    assert len(examples) >= 4
    for page, text in examples:
        for name in re.findall(r'"env:(\w+)"', text):
            monkeypatch.setenv(name, "whsec_" + "A" * 32)
        file = tmp_path / "hub.toml"
        file.write_text(text)
        told = tomllib.loads(text)
        try:
            loaded = config.load(file, {})
        except errors.BadConfig as error:
            pytest.fail(f"{page.name}: {error.message}\n{text}")
        assert len(loaded.routes) == len(told.get("routes", ()))
        found = list(check_routes(loaded)) if loaded.channels else []
        assert [finding.text for finding in found if finding.level != "ok"] == []


def test_all_that_delivery_speaks_of_is_in_its_page() -> None:
    words = [f"{{{name}" for name in PLACEHOLDERS]
    words += [
        f"`{word}`" for word in (*FAULTS, *get_args(GateState), *get_args(model.OutcomeKind)) if word != "ok"
    ]
    words += [f"| `{state}` |" for state in get_args(model.DeliveryState)]
    words += [f"| `{word}` |" for word in get_args(Unless)]
    codes = [code for code in (*wecom_codes.CODES, wecom_codes.TOO_OFTEN) if code > 0]
    assert [word for word in words if word not in DELIVERY] == []
    assert [code for code in codes if not re.search(rf"\b{code}\b", DELIVERY)] == []


def test_what_delivery_logs_is_documented() -> None:
    source = "".join(file.read_text() for file in (ROOT / "hub" / "delivery").glob("*.py"))
    names = set(re.findall(r"\blog\.\w+\(\s*\"([a-z_.]+)\"", source))
    assert "delivery.sent" in names
    assert {name for name in names if f"`{name}`" not in chapter("Logs")} == set()


@pytest.mark.parametrize("error", list(error_types()))
def test_an_error_code_and_a_close_code_are_documented(error: type[errors.HubError]) -> None:
    page = OPERATIONS if issubclass(error, errors.StartError) else PROTOCOL
    if error not in (errors.Refusal, errors.Fatal):
        assert f"`{error.code}`" in page
    if issubclass(error, errors.Fatal):
        assert re.search(rf"^\| {error.close_code} \|", PROTOCOL, re.MULTILINE)


@pytest.mark.parametrize("family", FAMILIES, ids=[family.attribute for family in FAMILIES])
def test_a_metric_is_documented_with_its_kind_and_labels(family: Any) -> None:
    name = family.name + ("_total" if family.kind == "counter" else "")
    (row,) = [line for line in chapter("Metrics").splitlines() if f"`{name}`" in line.partition(" | ")[0]]
    assert f"| {family.kind}" in row
    assert all(f"`{label}`" in row for label in family.labels)


def test_no_metric_is_documented_that_does_not_exist() -> None:
    known = {family.name + ("_total" if family.kind == "counter" else "") for family in FAMILIES}
    assert set(re.findall(r"`(tongbu_\w+)`", OPERATIONS)) == known


def all_commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each command by its whole name; a group's own are ``group command``."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def test_commands_and_their_options_are_documented() -> None:
    for name, command in all_commands(get_command(commands)):
        assert f"| `hub {name}` |" in OPERATIONS
        section = OPERATIONS.partition(f"\n| `hub {name}` | default")[2].partition("\n\n")[0]
        options = {option for each in command.params for option in each.opts if option.startswith("--")}
        assert {option for option in options if f"`{option}`" not in section} - {"--help"} == set()


def test_the_page_of_the_web_inbox_tells_the_headers_it_is_served_with() -> None:
    told = [f"{name.decode()}: {value.decode()}\n" for name, value in PAGE_SECURITY]
    for page in (ROOT / "docs" / "web.md", ROOT / "docs" / "zh" / "web.md"):
        assert f"```\n{''.join(told)}```" in page.read_text()


def test_the_keys_of_the_web_inbox_are_documented() -> None:
    source = (ROOT / "clients" / "web" / "src" / "model" / "keys.ts").read_text()
    shown = source.partition("SHORTCUTS")[2].partition("];")[0]
    keys = [
        key for row in re.findall(r'\["\w+", \[(.*?)\]\]', shown) for key in re.findall(r'"([^"]+)"', row)
    ]
    assert "Enter" in keys
    for page in (ROOT / "docs" / "web.md", ROOT / "docs" / "zh" / "web.md"):
        table = re.split(r"^## (?:Keyboard|键盘)$", page.read_text(), flags=re.MULTILINE)[1].partition(
            "\n## "
        )[0]
        rows = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
        assert sorted(key for row in rows for key in re.findall(r"`([^`]+)`", row)) == sorted(keys)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        aim = (page.parent / file).resolve() if file else page
        assert aim.exists(), target
        assert not anchor or anchor in anchors(aim), target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/delivery.md",
        "docs/recipes.md",
        "docs/from-hocuspocus.md",
        "docs/from-y-websocket.md",
        "docs/typescript.md",
        "docs/miniprogram.md",
        "docs/web.md",
    ],
)
def test_a_chinese_page_says_the_same(page: str) -> None:
    english, chinese = ROOT / page, ROOT / "docs" / "zh" / Path(page).name
    assert outline(english) == outline(chinese)
    for kind in CODE:
        assert [uncommented(code) for code in blocks(english, kind)] == [
            uncommented(code) for code in blocks(chinese, kind)
        ]


CODE = ("sh", "toml", "python", "yaml", "groovy", "js", "ts", "json")


def outline(page: Path) -> list[str]:
    """Levels of the headings, and the rows of tables by the code they begin with, in order."""
    lines = re.findall(r"^(#+(?= )|\| `[^|]*` \|)", prose(page), re.MULTILINE)
    return [line.replace("`、`", "`, `") for line in lines]


def prose(page: Path) -> str:
    """The page without its code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def uncommented(code: str) -> str:
    """Code without its comments, which are translated."""
    return re.sub(r"(^|\s+)(#|//) .*$", "", code, flags=re.MULTILINE)


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    assert [
        page.name for page in folder.glob("*.md") if page.name != "README.md" and page.name not in index
    ] == []
