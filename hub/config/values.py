"""What settings are made of: sections, and values with their unit and bounds."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

KIB: Final = 1024
MIB: Final = 1024 * KIB
DAY: Final = 86_400

Seconds = Annotated[float, msgspec.Meta(ge=0.001, le=10 * 365 * DAY)]
Size = Annotated[int, msgspec.Meta(ge=1 * KIB, le=64 * KIB * MIB)]
"""Bytes, 1 KiB to 64 GiB."""
Amount = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file. Unknown keys are refused."""


class Secret(str):
    """A text that is not shown: not by ``repr``, and msgspec refuses to encode it. Otherwise a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"
