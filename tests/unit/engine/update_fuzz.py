"""Updates that nobody would write: genuine ones damaged, and structs thrown together."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.unit.engine.update_builder import (
    Id,
    Section,
    deleted,
    embed,
    gc,
    item,
    shared_type,
    skip,
    subdocument,
    text,
    update,
    values,
)

CLIENTS = (1, 2, 3, 500)
STRINGS = ("a", "abc", "😀", "a😀b", "任务", "ab😀😀cd", "\ufffd")
VALUES = (b"\x7e", b"\x78", b"\x7d\x05", b"\x77\x01x", b"\x75\x01\x7d\x01", b"\x76\x01\x01k\x7f")


def damaged(genuine: bytes, random: Random) -> bytes:
    """A few bytes changed, moved, doubled or lost."""
    body = bytearray(genuine)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        at, other = random.randrange(len(body)), random.randrange(len(body))
        match random.randrange(7):
            case 0 | 1:
                body[at] = random.randrange(256)
            case 2:
                body[at] ^= 1 << random.randrange(8)
            case 3:
                body[at] = (body[at] + random.choice((-2, -1, 1, 2))) % 256
            case 4 if len(body) > 4:
                del body[at : at + random.randrange(1, 4)]
            case 5:
                body[at:at] = body[other : other + random.randrange(1, 12)]
            case _:
                body[at] = body[other]
    return bytes(body)


class Thrown:
    """Makes updates over what a document holds, with references that mostly exist and rarely make sense."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._types: list[Id] = []

    def update(self, clocks: Mapping[int, int]) -> bytes:
        """One to three clients write up to five structs each and delete what may be there."""
        random = self._random
        visible = dict(clocks)
        sections: list[Section] = []
        for client in random.sample(CLIENTS, random.choice((0, 1, 1, 1, 2, 3))):
            clock = clocks.get(client, 0)
            if clock and random.random() < 0.15:
                clock -= random.randrange(min(clock, 4) + 1)
            structs, end = [], clock
            for _ in range(random.randrange(1, 6)):
                struct, length = self._struct(visible, (client, end))
                structs.append(struct)
                end += length
            sections.append((client, clock, structs))
            visible[client] = max(end, visible.get(client, 0))
        return update(*sections, deletes=self._deletes(visible))

    def _struct(self, clocks: Mapping[int, int], own: Id) -> tuple[bytes, int]:
        random = self._random
        length = random.randrange(1, 5)
        if random.random() < 0.06:
            return (gc(length), length) if random.random() < 0.8 else (skip(length), length)
        neighbours = random.choice(("origin", "origin", "right", "both", "parent", "parent"))
        where: dict[str, Any] = {"key": random.choice((None, None, "k", "l"))}
        if neighbours in ("origin", "both"):
            where["origin"] = self._somewhere(clocks, own)
        if neighbours in ("right", "both"):
            where["right"] = self._somewhere(clocks, own)
        if neighbours == "parent":
            in_type = self._types and random.random() < 0.5
            where["parent"] = random.choice(self._types) if in_type else random.choice("tmax")
        return self._content(length, own, where)

    def _content(self, length: int, own: Id, where: dict[str, Any]) -> tuple[bytes, int]:
        random = self._random
        match random.randrange(9):
            case 0:
                return deleted(length, **where), length
            case 1:
                return values(*random.choices(VALUES, k=length), **where), length
            case 2:
                return embed('{"a": 1}', **where), 1
            case 3:
                return item(6, b"\x01b\x04" + random.choice((b"true", b"null")), **where), 1
            case 4 | 5:
                self._types.append(own)
                return shared_type(random.choice((0, 1, 2, 4, 6)), **where), 1
            case 6 if random.random() < 0.3:
                return subdocument("g", **where), 1
            case _:
                string = random.choice(STRINGS)
                return text(string, **where), len(string.encode("utf-16-le")) // 2

    def _somewhere(self, clocks: Mapping[int, int], own: Id) -> Id:
        client = self._random.choice(CLIENTS)
        above = max(clocks.get(client, 0), own[1] if client == own[0] else 0)
        return client, self._random.randrange(above + (self._random.random() < 0.05) or 1)

    def _deletes(self, clocks: Mapping[int, int]) -> dict[int, list[Id]]:
        random = self._random
        deletes = {}
        for client in random.sample(CLIENTS, random.choice((0, 0, 1, 2))):
            clock = clocks.get(client, 0)
            if clock:
                start = random.randrange(clock)
                deletes[client] = [(start, random.randrange(clock - start) + 1)]
        return deletes
