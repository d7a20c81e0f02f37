"""Texts that stand elsewhere: ``env:NAME`` and ``file:PATH``. The one place that looks at the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hub.config.values import MIB
from hub.errors import BadConfig

FILE_BYTES: Final = 1 * MIB
"""The longest file that is read."""


def resolved(path: Path, key: str, value: object) -> object:
    """The value, with every text in it that is ``env:NAME`` or ``file:PATH`` replaced by what it names.

    Args:
        path: the configuration; relative paths start from its folder.
        key: where the value stands, for errors.
        value: a text, a list or table of any depth that TOML can hold; other values stay.

    Raises:
        BadConfig: there is no such variable or file.
    """
    if isinstance(value, list):
        return [resolved(path, key, element) for element in value]
    if isinstance(value, dict):
        return {name: resolved(path, f"{key}.{name}", each) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    kind, _, name = value.partition(":")
    if kind == "env":
        return _variable(path, key, name)
    if kind == "file":
        return _content(path, key, name)
    return value


def _variable(path: Path, key: str, name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise BadConfig(f"{path}: {key}: the environment has no variable {name}.")
    return value


def _content(path: Path, key: str, name: str) -> str:
    try:
        with (path.parent / name).open(encoding="utf-8") as file:
            text = file.read(FILE_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadConfig(f"{path}: {key}: {path.parent / name} can't be read: {reason}.") from None
    return text.strip()
