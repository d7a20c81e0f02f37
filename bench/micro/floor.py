"""What the interpreter itself costs: plain Python that no change to the hub touches."""

from __future__ import annotations

from typing import Final, NamedTuple

from bench.micro.case import Act, case


class _Pair(NamedTuple):
    key: str
    number: int


class _Sums:
    __slots__ = ("by_key",)

    def __init__(self) -> None:
        self.by_key: dict[str, int] = {}

    def add(self, pair: _Pair) -> None:
        self.by_key[pair.key] = self.by_key.get(pair.key, 0) + pair.number


def _plain() -> Act:
    pairs = [_Pair(f"key-{number % 7}", number) for number in range(50)]

    def plain() -> object:
        sums = _Sums()
        for pair in pairs:
            if type(pair.number) is int and pair.number >= 0:
                sums.add(pair)
        ordered = sorted(sums.by_key.items(), key=lambda entry: entry[1])
        return b"".join([key.encode() + value.to_bytes(4, "big") for key, value in ordered])

    return plain


FLOOR: Final = case("floor: plain Python", _plain)
