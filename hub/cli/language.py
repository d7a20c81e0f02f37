"""The language of the terminal."""

from __future__ import annotations

import os
from typing import Final

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Of POSIX locales; the first that is set counts."""


def speaks_chinese() -> bool:
    """Whether the environment asks for Chinese."""
    return next((value for name in _VARIABLES if (value := os.environ.get(name))), "").startswith("zh")
