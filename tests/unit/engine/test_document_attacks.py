"""Updates made to hurt: each is stopped. Where the gate is what stops it, the same bytes hurt without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from time import process_time
from typing import Any

import pytest
from pycrdt import Doc

from hub.engine.document import Document
from hub.errors import Gap, Refused, TooBig
from hub.protocol.lib0 import write_varuint
from hub.protocol.yjs import decode_state_vector
from tests.unit.engine.update_builder import (
    ANN,
    BOB,
    document,
    embed,
    item,
    shared_type,
    text,
    update,
    values,
)

HELLO = update((1, 0, [text("hello", parent="text")]))
LEVELS = 40_000
APPLY = """
import sys
from pycrdt import Doc
doc = Doc()
for line in sys.stdin:
    doc.apply_update(bytes.fromhex(line))
"""


def exit_code_without_the_gate(*updates: bytes) -> int:
    """Of a process that gives the updates to yrs as they are. Negative: killed by a signal."""
    lines = "\n".join(each.hex() for each in updates)
    return subprocess.run(
        [sys.executable, "-c", APPLY], input=lines, text=True, capture_output=True
    ).returncode


def nested_arrays(levels: int) -> bytes:
    inner = [shared_type(parent=(1, level)) for level in range(levels - 1)]
    return update((1, 0, [shared_type(), *inner]))


def refused(made: Document, steps: Iterable[bytes]) -> str:
    """Why one of the steps was refused."""
    try:
        for step in steps:
            made.apply(step, ANN)
    except Refused as why:
        return why.message
    return "nothing was"


class TestDeepTypes:
    DELETE = update(deletes={1: [(0, 1)]})

    def test_one_small_delete_would_end_the_process(self) -> None:
        assert exit_code_without_the_gate(nested_arrays(LEVELS), self.DELETE) < 0

    def test_built_in_one_update_they_are_refused(self) -> None:
        with pytest.raises(Refused, match="nested deeper"):
            document().apply(nested_arrays(LEVELS), ANN)

    def test_built_one_by_one_they_are_refused_and_deleting_them_is_harmless(self) -> None:
        made = document(update((1, 0, [shared_type()])))
        steps = (update((1, level + 1, [shared_type(parent=(1, level))])) for level in range(LEVELS))
        assert "nested deeper" in refused(made, steps)
        assert decode_state_vector(made.state_vector()) == {1: 64}
        assert made.apply(self.DELETE, ANN).new

    def test_built_by_two_clients_by_turns_they_are_refused(self) -> None:
        made = document(update((0, 0, [shared_type()])))
        ids = [(level % 2, level // 2) for level in range(LEVELS)]
        steps = (update((*own, [shared_type(parent=parent)])) for parent, own in pairwise(ids))
        assert "nested deeper" in refused(made, steps)

    def test_built_beside_text_they_are_refused(self) -> None:
        made = document(update((1, 0, [shared_type()])))
        steps = (
            update((1, clock, [text("x", parent=(1, clock - 1)), shared_type(origin=(1, clock))]))
            for clock in range(1, LEVELS, 2)
        )
        assert "nested deeper" in refused(made, steps)

    def test_built_across_a_snapshot_they_are_refused(self) -> None:
        made = document(nested_arrays(64))
        loaded = Document.load(made.snapshot(), [], {})
        with pytest.raises(Refused, match="nested deeper"):
            loaded.apply(update((2, 0, [shared_type(parent=(1, 63))])), BOB)


class TestDeepValues:
    def test_they_would_end_the_process(self) -> None:
        deep = update((1, 0, [values(b"\x75\x01" * LEVELS + b"\x7e")]))
        assert exit_code_without_the_gate(deep) < 0

    @pytest.mark.parametrize(
        "struct",
        [
            values(b"\x75\x01" * 30_000 + b"\x7e"),
            values(b"\x76\x01\x01k" * 30_000 + b"\x7e"),
            embed("[" * 30_000 + "]" * 30_000),
            item(6, b"\x01b\xb0\xea\x01" + b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
        ],
        ids=["arrays", "objects", "embed", "format"],
    )
    def test_they_are_refused(self, struct: bytes) -> None:
        with pytest.raises(Refused):
            document(update((1, 0, [struct])))


class TestPanics:
    """yrs panics on these; after a panic a Doc can't be trusted."""

    EMPTY_SECTION = b"\1\0\1\0\0"

    @pytest.mark.parametrize(
        "panics",
        [EMPTY_SECTION, update((1, 0, [text("")]))],
        ids=["an empty section", "a section of one empty string"],
    )
    def test_yrs_panics_and_the_gate_does_not(self, panics: bytes, capfd: Any) -> None:
        doc: Doc[Any] = Doc()
        doc.apply_update(HELLO)
        with pytest.raises(BaseException) as panic:  # noqa: PT011  a PanicException has no public name
            doc.apply_update(panics)
        assert not isinstance(panic.value, Exception)
        made = document(HELLO)
        with pytest.raises(Refused):
            made.apply(panics, ANN)
        assert made.apply(update((1, 5, [text("!", origin=(1, 4))])), ANN).new


class TestPending:
    """What yrs would keep invisibly, to take effect in somebody else's turn."""

    @pytest.mark.parametrize(
        "body",
        [
            update((2, 0, [text("x", origin=(3, 0))])),
            update((2, 0, [text("x", parent=(3, 7))])),
            update((2, 0, [text("x", origin=(2, 0))])),
            update((2, 0, [text("x", origin=(3, 0))]), (3, 0, [text("y", origin=(2, 0))])),
            update(deletes={1: [(3, 9)]}),
            update(deletes={9: [(0, 1)]}),
            update((2, 3, [text("x", parent="text")])),
        ],
    )
    def test_nothing_is_ever_kept_back(self, body: bytes) -> None:
        made = document(HELLO)
        before = made.diff(None)
        with pytest.raises((Gap, Refused)):
            made.apply(body, BOB)
        assert made.diff(None) == before

    def test_a_hole_in_a_clients_clock_would_be_jumped_by_yrs(self) -> None:
        doc: Doc[Any] = Doc()
        doc.apply_update(update((1, 5, [values(b"\x7e", parent="text")])))
        assert b"text" in doc.get_update()
        with pytest.raises(Gap):
            document(update((1, 5, [values(b"\x7e", parent="text")])))


class TestOtherReadings:
    """Where yrs reads other structs than Yjs in the same bytes, an update would mean two things."""

    @pytest.mark.parametrize(
        "body",
        [
            update((1, 0, [item(2, b"\x01\x01" + b"1" + b"\x01" + b"2")])),
            update((1, 0, [item(7, b"\x05", parent="xml")])),
            b"\1\1\1\0\x14\1\1t\1x\0",
        ],
        ids=["JSON content", "an XML hook", "a fifth bit of the kind"],
    )
    def test_they_are_refused(self, body: bytes) -> None:
        doc: Doc[Any] = Doc()
        doc.apply_update(body)
        assert decode_state_vector(doc.get_state())
        with pytest.raises(Refused):
            document(body)

    def test_wrapped_integers_are_refused(self) -> None:
        # yrs takes the low 32 bits of a clock.
        body = b"\1\1\1" + write_varuint(2**32) + text("x") + b"\0"
        doc: Doc[Any] = Doc()
        doc.apply_update(body)
        assert decode_state_vector(doc.get_state()) == {1: 1}
        with pytest.raises(Refused):
            document(body)


class TestTime:
    """Bounded work: a mebibyte of the worst that passes or does not, in seconds on a slow machine."""

    MEBIBYTE = 2**20

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff" * MEBIBYTE,
            b"\x01\xff\xff\x0f\x01\x00" + b"\x00\x01" * (2**18 - 1) + b"\x00",
            update((1, 0, [values(*[b"\x7e"] * (MEBIBYTE - 100))])),
            update((1, 0, [text("😀" * (MEBIBYTE // 4 - 10))])),
            update((1, 0, [embed("[" * 500_000)])),
            update((1, 0, [embed("[" + "[],[]," * 160_000 + "1]")])),
            update((1, 0, [embed('"' + '\\"' * 500_000)])),
            update(*((client, 0, [b"\x00\x01"]) for client in range(60_000))),
            update((1, 0, [text("x" * 250_000)]), deletes={1: [(2 * n, 1) for n in range(4)]}),
        ],
        ids=["ones", "GC", "nulls", "pairs", "brackets", "arrays", "quotes", "clients", "few deletes"],
    )
    def test_the_gate_and_the_document_are_done_soon(self, body: bytes) -> None:
        assert len(body) <= self.MEBIBYTE
        started = process_time()
        with suppress(Refused, Gap, TooBig):
            Document().apply(body, ANN)
        assert process_time() - started < 10

    def test_a_chain_across_sections_is_followed_in_linear_time(self) -> None:
        def seconds(count: int) -> float:
            chain = [(client, 0, [text("x", origin=(client + 1, 0))]) for client in range(count)]
            body = update(*chain, (count, 0, [text("x")]))
            started = process_time()
            Document().apply(body, ANN)
            return process_time() - started

        assert seconds(20_000) < 100 * max(seconds(1_000), 0.01)
