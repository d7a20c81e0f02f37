"""``hub user``: how a document is written, and what is said before anything is looked at."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli import run
from hub.cli.user import Patience, write_document

Output = pytest.CaptureFixture[str]

plain = st.none() | st.booleans() | st.integers() | st.text()
rows = st.lists(st.dictionaries(st.text(), plain | st.lists(plain, max_size=2), max_size=3), max_size=3)
documents = st.dictionaries(
    st.text(), plain | rows | st.dictionaries(st.text(), plain | rows, max_size=3), max_size=4
)


def written(document: dict[str, Any]) -> str:
    file = io.StringIO()
    write_document(file, document)
    return file.getvalue()


@given(documents)
def test_a_document_is_json_that_says_the_same(document: dict[str, Any]) -> None:
    assert json.loads(written(document)) == document


def test_the_elements_of_a_list_stand_a_line_each_whether_it_is_held_or_read_on_the_way() -> None:
    rows = [{"title": "同步"}, {"b": 2}]
    assert written({"rows": iter(rows), "n": 1}) == written({"rows": rows, "n": 1})
    assert written({"rows": rows}) == '{\n  "rows": [\n    {"title":"同步"},\n    {"b":2}\n  ]\n}\n'
    assert written({"rows": iter(())}) == '{\n  "rows": []\n}\n'


def test_what_is_read_on_the_way_is_not_held() -> None:
    alive = most = 0

    class Row(dict[str, int]):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def read() -> Iterator[Row]:
        nonlocal alive, most
        for number in range(100):
            alive += 1
            most = max(most, alive)
            yield Row(number=number)

    written({"rows": read()})
    assert most <= 2


@pytest.mark.parametrize("arguments", [["export", "a b"], ["erase", "a/b", "--yes"], ["export", ".."]])
def test_a_name_outside_the_alphabet_is_refused(arguments: list[str], capsys: Output) -> None:
    assert run(["user", *arguments]) == 2
    assert "A user is 1 to 64 of" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["export", "ann"], ["erase", "ann", "--yes"]])
def test_where_there_is_no_database_nothing_is_made(
    arguments: list[str], tmp_path: Path, capsys: Output
) -> None:
    assert run(["user", *arguments, "--data", str(tmp_path / "data")]) == 2
    assert "There is no database in" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_long_work_says_now_and_then_that_it_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    times = iter((100.0, 105.0, 109.0, 110.0, 111.0, 121.0))
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    patience = Patience(10.0)
    for _ in range(5):
        patience()
    assert capsys.readouterr().err.splitlines() == [
        "hub: still at it, 10 s so far …",
        "hub: still at it, 21 s so far …",
    ]
