"""``hub.identity.secret``: one secret a folder, for its owner's eyes."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.errors import DataFolderUnusable
from hub.identity.secret import load_secret


def test_folder_and_secret_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "a" / "data"
    secret = load_secret(data, create=True)
    assert len(secret) == 32
    assert stat.S_IMODE((data / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [path.name for path in data.iterdir()] == ["secret"]


def test_the_secret_stays_the_same(tmp_path: Path) -> None:
    secret = load_secret(tmp_path, create=True)
    assert load_secret(tmp_path, create=True) == secret
    assert load_secret(tmp_path, create=False) == secret


def test_a_secret_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(DataFolderUnusable, match="does not exist"):
        load_secret(tmp_path / "data", create=False)
    assert not (tmp_path / "data").exists()


def test_many_who_create_at_once_end_with_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: load_secret(tmp_path / "data", create=True), range(64)))
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]


def test_who_comes_second_takes_the_secret_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn_while_another_process_was_faster(size: int) -> bytes:
        (tmp_path / "secret").write_bytes(b"1" * size)
        return b"2" * size

    monkeypatch.setattr("secrets.token_bytes", drawn_while_another_process_was_faster)
    assert load_secret(tmp_path, create=True) == b"1" * 32


def test_a_secret_others_could_read_is_tightened_and_that_is_logged(tmp_path: Path) -> None:
    with capture_logs() as told:
        secret = load_secret(tmp_path, create=True)
    assert told == []
    os.chmod(tmp_path / "secret", 0o644)
    with capture_logs() as told:
        assert load_secret(tmp_path, create=False) == secret
    assert [line["event"] for line in told] == ["identity.secret_tightened"]
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.parametrize("size", [0, 31, 4097])
def test_a_damaged_secret_is_told_and_not_replaced(tmp_path: Path, size: int) -> None:
    (tmp_path / "secret").write_bytes(b"s" * size)
    with pytest.raises(DataFolderUnusable, match="instead of 32") as caught:
        load_secret(tmp_path, create=True)
    assert "sss" not in caught.value.message
    assert (tmp_path / "secret").stat().st_size == size


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="can't be written"):
        load_secret(tmp_path / "file" / "data", create=True)
