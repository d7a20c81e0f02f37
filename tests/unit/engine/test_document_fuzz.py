"""What the gate lets pass is applied exactly as told, whatever it was made from; the rest changes nothing."""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from hub.engine.document import Document
from hub.engine.scan import ScanState, scan
from hub.errors import Refusal
from hub.protocol.yjs import decode_state_vector
from tests.unit.engine.update_builder import ANN, decoded, vectors
from tests.unit.engine.update_fuzz import Thrown, damaged


def clocks_in(told: bytes) -> dict[int, int]:
    """What a reader of an update holds after."""
    return dict(scan(told, ScanState(), trusted=True).clocks)


def assert_sound(document: Document) -> None:
    """Nothing is pending, and everybody who reads what it tells holds what it holds."""
    clocks = decode_state_vector(document.state_vector())
    assert clocks_in(document.diff(None)) == clocks
    snapshot = document.snapshot()
    assert clocks_in(snapshot) == clocks
    assert decode_state_vector(Document.load(snapshot, [], {}).state_vector()) == clocks


@cache
def genuine() -> list[tuple[bytes, list[bytes]]]:
    """A document as it was at some moment, and the updates around that moment."""
    moments = []
    for session in vectors("sessions"):
        document = Document()
        updates = [decoded(step["update"]) for step in session["steps"]]
        for at, update in enumerate(updates):
            if at % 4 == 0:
                moments.append((document.snapshot(), updates[max(0, at - 2) : at + 3]))
            document.apply(update, ANN)
    return moments


@pytest.mark.parametrize("seed", range(10))
def test_damaged_updates_are_refused_whole_or_applied_as_told(seed: int) -> None:
    random = Random(seed)
    for _ in range(50):
        snapshot, updates = random.choice(genuine())
        document = Document.load(snapshot, [], {})
        for _ in range(40):
            before = document.diff(None)
            try:
                applied = document.apply(damaged(random.choice(updates), random), ANN)
            except Refusal:
                assert document.diff(None) == before
                continue
            if applied.new:
                assert_sound(document)
                document = Document.load(snapshot, [], {})


def take_thrown(random: Random, rounds: int) -> tuple[Document, list[bytes]]:
    """A document that was thrown at, and what it took."""
    thrown = Thrown(random)
    document = Document()
    accepted: list[bytes] = []
    for _ in range(rounds):
        update = thrown.update(decode_state_vector(document.state_vector()))
        before = document.state_vector()
        try:
            applied = document.apply(update, ANN)
        except Refusal:
            assert document.state_vector() == before
            continue
        if applied.new:
            accepted.append(update)
    return document, accepted


@pytest.mark.parametrize("seed", range(10))
def test_structs_thrown_together_are_refused_whole_or_applied_as_told(seed: int) -> None:
    random = Random(seed)
    taken = 0
    for _ in range(8):
        document, accepted = take_thrown(random, rounds=80)
        taken += len(accepted)
        told = decode_state_vector(document.state_vector())
        assert_sound(document)
        half = len(accepted) // 2
        middle = Document.load(b"", accepted[:half], {}).snapshot()
        loaded = Document.load(middle, accepted[half:], {})
        assert decode_state_vector(loaded.state_vector()) == told
    assert taken > 50


class Writer:
    """A device that writes with pycrdt."""

    def __init__(self, client_id: int, random: Random) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.doc["text"], self.doc["map"], self.doc["array"] = Text(), Map(), Array()
        self.random = random

    def write(self) -> None:
        random = self.random
        written: Any = self.doc[random.choice(("text", "text", "map", "array"))]
        if isinstance(written, Map):
            written[random.choice("abc")] = random.choice((1, "任务", None, [1, {"a": 2.5}], Map({"n": 1})))
            return
        # pycrdt counts text in bytes of UTF-8, and goes wrong within a character.
        places = [0]
        for each in str(written) if isinstance(written, Text) else written:
            places.append(places[-1] + (len(each.encode()) if isinstance(written, Text) else 1))
        start, end = sorted(random.choices(places, k=2))
        if end - start in range(1, 5):
            del written[start:end]
        elif isinstance(written, Text):
            written.insert(start, random.choice(("x", "word ", "文")))
        else:
            written.insert(start, random.choice((1, "two", Array([3]))))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_pycrdt_writes_passes_and_converges(seed: int) -> None:
    random = Random(seed)
    hub = Document()
    writers = [Writer(random.randrange(1, 2**53), random) for _ in range(3)]
    for _ in range(60):
        writer = random.choice(writers)
        for _ in range(random.randrange(1, 8)):
            writer.write()
        hub.apply(writer.doc.get_update(hub.state_vector()), ANN)
        if random.random() < 0.5:
            writer.doc.apply_update(hub.diff(writer.doc.get_state()))
    for writer in writers:
        writer.doc.apply_update(hub.diff(writer.doc.get_state()))
    for name in ("text", "map", "array"):
        assert len({json.dumps(written(each.doc[name]), sort_keys=True) for each in writers}) == 1
    assert_sound(hub)


def written(shared: Any) -> Any:
    return str(shared) if isinstance(shared, Text) else shared.to_py()
