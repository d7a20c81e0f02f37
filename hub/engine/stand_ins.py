"""What yrs is given in place of what it can't hold, so that devices get from the hub what Yjs would tell.

*Surrogate pairs.* Yjs counts text in UTF-16 units. Where an edit parts the two units of one character (``😀``
replaced by ``😁`` by an editor that compares unit by unit), Yjs puts U+FFFD in the place of each half. yrs
moves the cut behind the character instead and writes strings whose lengths are not those of their clocks.
So before yrs applies an update that cuts a pair, the pair is replaced, in the update and in what the Doc
holds, by the two U+FFFD that every Yjs client arrives at by itself.

*Subdocuments.* yrs forgets their ``meta``, never frees a Doc that holds one, and uses freed memory when
a type around one is deleted. Its Doc holds bytes instead: a mark and the content as it came. In what the Doc
tells they are subdocuments again.

Sources: yjs 13.6 ``ContentString.splice``, ``ContentDoc``; yrs 0.28 ``split_str``, ``Doc::destroy``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from hub.engine.update_reader import BINARY, STRING, SUBDOCUMENT, WRAPPED, Block, Id, UpdateReader
from hub.protocol.lib0 import read_buf, read_varstring, write_buf, write_varstring

_KIND_BITS = 0x1F
_REPLACEMENT = b"\xfd\xff" * 2

_Replace = Callable[[int, Block, bytes], tuple[int, bytes] | None]
"""Client id, struct, its content → kind and content to write, or None to leave it as it is."""


def without_pairs(update: bytes, cuts: Collection[Id]) -> bytes:
    """An update with the pairs replaced whose low halves are in ``cuts``, as far as it holds them."""

    def replace(client: int, block: Block, content: bytes) -> tuple[int, bytes] | None:
        halves = [half for half in block.pairs if (client, block.clock + half) in cuts]
        if not halves:
            return None
        units = bytearray(read_varstring(content, 0)[0].encode("utf-16-le"))
        for half in halves:
            units[2 * half - 2 : 2 * half + 2] = _REPLACEMENT
        return STRING, write_varstring(units.decode("utf-16-le"))

    return _rewritten(update, replace)


def with_bytes(update: bytes) -> bytes:
    """An update with bytes in the place of subdocuments."""

    def replace(client: int, block: Block, content: bytes) -> tuple[int, bytes] | None:
        return (BINARY, write_buf(WRAPPED + content)) if block.kind == SUBDOCUMENT else None

    return _rewritten(update, replace)


def with_subdocuments(update: bytes) -> bytes:
    """What a Doc told, with its subdocuments again."""

    def replace(client: int, block: Block, content: bytes) -> tuple[int, bytes] | None:
        if block.kind != BINARY:
            return None
        held, _ = read_buf(content, 0)
        return (SUBDOCUMENT, held.removeprefix(WRAPPED)) if held.startswith(WRAPPED) else None

    return _rewritten(update, replace)


def _rewritten(update: bytes, replace: _Replace) -> bytes:
    """An update with contents replaced by others of the same length in clocks."""
    reader = UpdateReader(update, own=True)
    parts: list[bytes] = []
    copied = 0
    for _ in range(reader.uint()):
        structs, client, clock = reader.uint(), reader.client(), reader.uint()
        for _ in range(structs):
            start = reader.position
            block = reader.block(clock)
            clock += block.length
            replaced = replace(client, block, update[reader.content_at : reader.position])
            if replaced is not None:
                kind, content = replaced
                info = update[start] & ~_KIND_BITS | kind
                parts += (
                    update[copied:start],
                    bytes((info,)),
                    update[start + 1 : reader.content_at],
                    content,
                )
                copied = reader.position
    parts.append(update[copied:])
    return b"".join(parts)
