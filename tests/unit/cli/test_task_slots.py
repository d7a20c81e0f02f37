"""``hub.cli.task.slots``: which store a run takes, and what marks one that may hold more to send."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hub.cli.task.slots import SLOTS, slot_folder, slots


@pytest.fixture(autouse=True)
def _state_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_hub_and_a_user_have_a_folder_of_their_own_that_nobody_else_reads(tmp_path: Path) -> None:
    folders = {slot_folder(url, user) for url in ("http://a", "http://b") for user in ("ann", "bob", None)}
    assert len(folders) == 6
    assert all(folder.parent == tmp_path / "state" / "tongbu" for folder in folders)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert slot_folder("http://a", "ann") in folders


def test_without_xdg_state_home_or_with_one_that_is_not_absolute_it_lies_in_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", value)
        assert slot_folder("http://a", "ann").parent == tmp_path / ".local" / "state" / "tongbu"


def test_a_slot_in_which_something_may_wait_comes_first_and_the_others_in_order() -> None:
    folder = slot_folder("http://a", "ann")
    slots(folder)[5].mark()
    found = slots(folder)
    assert [slot.store.name for slot in found[:3]] == ["slot-5.db", "slot-0.db", "slot-1.db"]
    assert len(found) == SLOTS
    found[0].unmark()
    found[0].unmark()
    assert not any(slot.is_marked for slot in slots(folder))
    assert slots(folder)[0].store.name == "slot-0.db"


def test_a_process_without_a_home_has_no_folder_which_is_told_as_a_disk_that_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(OSError, match="home directory"):
        slot_folder("http://a", "ann")
