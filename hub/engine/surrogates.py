"""Cutting surrogate pairs as Yjs does, for yrs that can't.

Yjs counts text in UTF-16 units. Where an edit parts the two units of one character (``😀`` replaced by ``😁``
by an editor that compares unit by unit), Yjs puts U+FFFD in the place of each half. yrs moves the cut behind
the character instead, writes strings whose lengths are not those of their clocks, and from then on every
reader of its updates counts wrongly. So before yrs applies an update that cuts a pair, the pair is replaced
here, in the update and in what the document holds: the same two units, each U+FFFD, that every Yjs client
arrives at by itself.

Source: yjs 13.6 ``ContentString.splice``; yrs 0.28 ``split_str``.
"""

from __future__ import annotations

from collections.abc import Collection

from hub.engine.update_reader import STRING, Block, Id, UpdateReader
from hub.protocol.lib0 import write_varstring

_REPLACEMENT = b"\xfd\xff" * 2


def without_pairs(update: bytes, cuts: Collection[Id]) -> bytes:
    """The update with the pairs replaced whose low halves are in ``cuts``, as far as it holds them.

    Raises:
        Refused: the bytes are not an update.
    """
    reader = UpdateReader(update)
    parts: list[bytes] = []
    copied = 0
    for _ in range(reader.uint()):
        structs, client, clock = reader.uint(), reader.uint(), reader.uint()
        for _ in range(structs):
            block = reader.block(clock)
            clock += block.length
            halves = _halves(block, client, cuts)
            if halves:
                parts += (update[copied : reader.content_at], _replaced(update, reader, halves))
                copied = reader.position
    parts.append(update[copied:])
    return b"".join(parts)


def _halves(block: Block, client: int, cuts: Collection[Id]) -> list[int]:
    if block.kind != STRING or not block.pairs:
        return []
    return [half for half in block.pairs if (client, block.clock + half) in cuts]


def _replaced(update: bytes, reader: UpdateReader, halves: list[int]) -> bytes:
    """The content of the string read last."""
    content = UpdateReader(update)
    content.position = reader.content_at
    units = bytearray(content.string().encode("utf-16-le"))
    for half in halves:
        units[2 * half - 2 : 2 * half + 2] = _REPLACEMENT
    return write_varstring(units.decode("utf-16-le"))
