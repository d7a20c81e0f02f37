"""The house rules that no linter knows: sizes, names, and that every exception to a rule gives its reason."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "hub").rglob("*.py")) + sorted((ROOT / "clients/python/tongbu").rglob("*.py"))
BENCH = [path for path in sorted((ROOT / "bench").glob("**/*.py")) if ".peers" not in path.parts]
WRITTEN = [*MODULES, *sorted((ROOT / "tests").glob("**/*.py")), *BENCH]
"""Every Python file we wrote; the bench's peers are installed beside ours."""

MAX_FILE = 400
"""Lines; a longer file has two subjects."""
READ_WHOLE = {"hub/ports.py"}
"""Longer than that on purpose: every seam and its contract on one page."""
MAX_FUNCTION = 50
"""Lines without the docstring; most have fewer than 15."""
EMPTY_WORDS = {"client", "manager", "util", "utils", "helper", "helpers", "base"}
"""Words that say nothing, and on the server's side "client"; a Yjs client id is one."""
SPEAK_OF_CLIENTS = ("clients", "hub/protocol", "hub/state", "hub/engine/update_reader.py")
"""What also runs in clients, and what reads Yjs's format, whose own word it is."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def trees() -> list[tuple[str, ast.Module]]:
    return [(name_of(path), ast.parse(path.read_text())) for path in MODULES]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, its docstring apart; none where all it does is to return a table."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not body or (isinstance(body[-1], ast.Return) and len(body) <= 2):
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def empty_words(name: str) -> set[str]:
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    fixed_terms = " ".join(words).replace("client id", "").split()
    return EMPTY_WORDS.intersection(fixed_terms)


def code_lines(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        yield f"{name_of(path)}:{number}", line


def test_a_file_has_one_subject_and_fewer_than_400_lines() -> None:
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size >= MAX_FILE and name not in READ_WHOLE} == {}


def test_a_function_does_one_thing() -> None:
    long = {
        f"{name}:{node.name}": length(node)
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > MAX_FUNCTION
    }
    assert long == {}


def test_names_say_what_a_thing_is() -> None:
    empty = [
        f"{name}: {node.name}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and empty_words(node.name)
        and not name.startswith(SPEAK_OF_CLIENTS)
    ]
    empty += [name_of(path) for path in MODULES if empty_words(path.stem)]
    assert empty == []


@pytest.mark.parametrize(
    "name", ["ConnectionManager", "utils", "string_utils", "BaseStore", "client", "HttpClient"]
)
def test_the_words_that_say_nothing_are_found(name: str) -> None:
    assert empty_words(name)


@pytest.mark.parametrize("name", ["database", "client_id", "ClientIdRow", "based_on", "DataFolder"])
def test_words_that_only_look_like_them_are_not(name: str) -> None:
    assert not empty_words(name)


def test_every_exception_to_a_rule_names_the_rule_and_the_reason() -> None:
    mark = re.compile(r"#\s*((ruff:\s*)?noqa|type:\s*ignore)")
    fine = re.compile(r"#\s*((ruff: )?noqa: [A-Z]+\d+(, [A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\s+(#\s+)?\S+")
    bare = [
        place
        for path in WRITTEN
        if path != Path(__file__)
        for place, line in code_lines(path)
        if mark.search(line) and not fine.search(line)
    ]
    assert bare == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
    assert [place for path in WRITTEN for place, line in code_lines(path) if later.search(line)] == []


def test_unit_tests_mirror_the_hub() -> None:
    folders = {path.name for path in (ROOT / "tests" / "unit").iterdir() if path.is_dir()} - {"__pycache__"}
    modules = {path.stem for path in (ROOT / "hub").iterdir()} | {"tongbu", "bench"}
    assert folders - modules == set()


def test_sql_lives_in_sql_files() -> None:
    statement = re.compile(r"\s*(SELECT|INSERT|DELETE|CREATE|UPDATE)\s")
    texts = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.match(node.value)
    ]
    assert texts == []
