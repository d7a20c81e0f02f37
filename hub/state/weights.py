"""Weights: bytes whose order is the order in which statements outweigh each other.

================================================= ==================================================
field                                             weight, compared left to right
================================================= ==================================================
``status``                                        attempt, rank, −hlc where the rank is final else hlc
``progress``                                      attempt, progress in ‰, hlc
``final``                                         attempt, hlc
``item``                                          none: the first saved record stands
every other                                       hlc
================================================= ==================================================

After that comes the actor and then the value as RFC 8785 JSON; the greater stands. Layout: attempt 4 bytes,
rank 1, ‰ 2, hlc 7 (−hlc as ``MAX_HLC − hlc``), all big-endian; the actor as UTF-8 closed by a zero byte, so
that ``phone`` comes before ``phone2`` whatever follows. Weights compare within one slot only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import rfc8785

from hub.model import Slot, Statement
from hub.state.attempts import FINAL_RANK, RANK
from hub.state.clock import MAX_HLC

ITEM_WEIGHT: Final = b""
"""The weight of every record: no other record is greater, so the first stands."""

ITEM: Final = Slot("item")
FINAL: Final = Slot("final")
READ_UPTO: Final = "read_upto"
SENT_PREFIX: Final = "sent."

_UPTO_PREFIX: Final = "read_upto:"


def slot(field: str, actor: str) -> Slot:
    """Where a statement stands within its item: ``read_upto`` has one register per actor."""
    if field == READ_UPTO:
        return Slot(f"{_UPTO_PREFIX}{actor}")
    return field  # type: ignore[return-value]  # what NewType would return, at the cost of a call


def field_of(where: Slot) -> str:
    """The field of a slot."""
    return READ_UPTO if where.startswith(_UPTO_PREFIX) else where


def weight(statement: Statement) -> bytes:
    """The weight of a statement that is well-formed: checked by ``fields``, or the hub's own."""
    _, field, value, hlc, actor = statement
    return weight_of(field, value, hlc, actor)


def weight_of(field: str, value: Any, hlc: int, actor: str) -> bytes:
    """As ``weight``, of a statement taken apart."""
    head = _HEADS.get(field)
    if head is not None:
        return head(value, hlc, actor)
    return b"%b%b\0%b" % (hlc.to_bytes(7, "big"), actor.encode(), _canonical(value))


def _status_weight(value: Any, hlc: int, actor: str) -> bytes:
    attempt, status = value
    rank = RANK[status]
    time = MAX_HLC - hlc if rank == FINAL_RANK else hlc
    order = (attempt << 64 | rank << 56 | time).to_bytes(12, "big")
    return b'%b%b\0[%d,"%b"]' % (order, actor.encode(), attempt, status.encode())


def _progress_weight(value: Any, hlc: int, actor: str) -> bytes:
    attempt, progress = value[0], value[1]
    order = (attempt << 72 | int(progress * 1000) << 56 | hlc).to_bytes(13, "big")
    # RFC 8785's bytes: from 0.0001 on Python writes a fraction just as ECMAScript does.
    plain = type(progress) is float and 0.0001 <= progress < 1
    fraction = repr(progress).encode() if plain else rfc8785.dumps(progress)
    note = b"," + rfc8785.dumps(value[2]) if len(value) > 2 else b""
    return b"%b%b\0[%d,%b%b]" % (order, actor.encode(), attempt, fraction, note)


def _final_weight(value: Any, hlc: int, actor: str) -> bytes:
    order = (value["attempt"] << 56 | hlc).to_bytes(11, "big")
    return b"%b%b\0%b" % (order, actor.encode(), rfc8785.dumps(value))


def _item_weight(_value: Any, _hlc: int, _actor: str) -> bytes:
    return ITEM_WEIGHT


_HEADS: Final[dict[str, Callable[[Any, int, str], bytes]]] = {
    "status": _status_weight,
    "progress": _progress_weight,
    "final": _final_weight,
    "item": _item_weight,
}


def _canonical(value: Any) -> bytes:
    """RFC 8785 bytes; most statements state a bool, a number or null."""
    if value is True:
        return b"true"
    if value is False:
        return b"false"
    if value is None:
        return b"null"
    if type(value) is int:
        return b"%d" % value
    return rfc8785.dumps(value)
