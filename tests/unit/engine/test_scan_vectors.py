"""The gate and the document, judged by what the real Yjs made (tests/vectors/updates)."""

from __future__ import annotations

from typing import Any

import pytest

from hub.engine.document import Document
from hub.engine.scan import ScanState, scan
from hub.errors import HubError
from hub.protocol.yjs import decode_state_vector
from tests.unit.engine.update_builder import ANN, decoded, expected, shown, vectors

SESSIONS = vectors("sessions")
SINGLES = vectors("singles")

by_name = pytest.mark.parametrize("case", SESSIONS, ids=lambda case: case["name"])


def test_there_are_hundreds_of_genuine_updates() -> None:
    assert sum(len(case["steps"]) for case in SESSIONS) > 500


@by_name
def test_every_update_of_a_session_passes_and_moves_the_clocks_as_told(case: dict[str, Any]) -> None:
    state = ScanState()
    for step in case["steps"]:
        state.take(scan(decoded(step["update"]), state))
        assert state.clocks == decode_state_vector(decoded(step["state_vector"]))


@by_name
def test_the_document_tells_what_was_new_and_ends_as_yjs_does(case: dict[str, Any]) -> None:
    document = Document()
    for step in case["steps"]:
        applied = document.apply(decoded(step["update"]), ANN)
        assert applied.new is step["new"]
        told, wanted = document.state_vector(), decoded(step["state_vector"])
        assert decode_state_vector(told) == decode_state_vector(wanted)
    assert shown(document.diff(None)) == expected(case["shows"])


@by_name
def test_a_snapshot_and_the_updates_after_it_give_the_same_document(case: dict[str, Any]) -> None:
    updates = [decoded(step["update"]) for step in case["steps"]]
    half = len(updates) // 2
    first = Document.load(b"", updates[:half], {})
    second = Document.load(first.snapshot(), updates[half:], {})
    assert shown(second.snapshot()) == expected(case["shows"])
    assert shown(second.diff(None)) == expected(case["shows"])


@by_name
def test_what_yjs_tells_of_it_all_passes_as_one_update(case: dict[str, Any]) -> None:
    document = Document()
    document.apply(decoded(case["whole"]), ANN)
    assert shown(document.snapshot()) == expected(case["shows"])


@pytest.mark.parametrize("case", SINGLES, ids=lambda case: case["name"])
def test_an_update_of_each_kind_passes_or_is_refused(case: dict[str, Any]) -> None:
    document = Document()
    update = decoded(case["update"])
    if "refused" in case:
        with pytest.raises(HubError) as refused:
            document.apply(update, ANN)
        assert refused.value.code == case["refused"]
        return
    document.apply(update, ANN)
    wanted = decode_state_vector(decoded(case["state_vector"]))
    assert decode_state_vector(document.state_vector()) == wanted
    assert shown(document.diff(None)) == expected(case["shows"])
    assert shown(document.snapshot()) == expected(case["shows"])
