"""One resident document: a pycrdt ``Doc``, what the scan knows of it, and whose its client ids are.

No I/O, all synchronous: between two calls the Doc holds exactly the updates that were applied. An update goes
scan → owners → Doc → comparison with the prediction. A ``Refusal`` leaves everything as it was.
``DocumentBroken`` says that the Doc can't be trusted any more: drop it, load it again from what is saved,
apply the turn's other updates again, keep the bytes aside.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from pycrdt import Doc

from hub.engine.deletes import covers, read_deletes
from hub.engine.held_vector import HeldVector
from hub.engine.scan import DEFAULT_LIMITS, EMPTY_UPDATE, ScanLimits, Scanned, ScanState, scan
from hub.engine.stand_ins import with_bytes, with_subdocuments, without_pairs
from hub.engine.update_reader import MAX_CLOCK, Id, UpdateReader
from hub.errors import BadValue, Forbidden, Gap, Malformed, Refusal, Refused, TooBig
from hub.model import UserId
from hub.protocol.yjs import decode_state_vector

HUB_CLIENT_ID: Final = random.SystemRandom().randrange(1, 2**53)
"""The Yjs client id of this process. The hub writes nothing with it."""

_Told = TypeVar("_Told")

_DOC_MEMORY: Final = 8_000
_MEMORY_PER_ENCODED_BYTE: Final = 40
"""The most seen, of overwritten map keys. Bounds estimates of what yrs has merged since."""
_REMEASURE: Final = 16
"""A full document is measured again once so much came and went that it may be 1/16 of the limit smaller."""


class DocumentBroken(Exception):
    """The Doc can't be trusted any more."""


class Applied(NamedTuple):
    """``new``: the update changed the document. ``bound``: client ids that are the user's from now on."""

    new: bool
    bound: Collection[int]


NOTHING_NEW: Final = Applied(False, ())
NOTHING_BOUND: Final = Applied(True, ())


class Document:
    """One Yjs document in memory. Close it when it leaves.

    ``claims``: client ids that users named through awareness and have written nothing with yet. Whoever shows
    the awareness owns it; a claim ends with the connection that made it, and is never saved.
    """

    __slots__ = ("_doc", "_limits", "_measured", "_owners", "_state", "_vector", "claims")

    def __init__(self, limits: ScanLimits = DEFAULT_LIMITS) -> None:
        self._doc = _new_doc()
        self._limits = limits
        self._owners: dict[int, UserId] = {}
        self.claims: Mapping[int, UserId] = {}
        self._state = ScanState()
        self._vector = HeldVector()
        self._measured = 0

    @classmethod
    def load(
        cls,
        snapshot: bytes,
        updates: Iterable[bytes],
        owners: Mapping[int, UserId],
        limits: ScanLimits = DEFAULT_LIMITS,
    ) -> Document:
        """A document from what is saved: its snapshot (b"" for none), the updates after it, its client ids.

        Raises:
            DocumentBroken: what is saved is not what the hub once accepted.
        """
        document = cls(limits)
        document._owners.update(owners)
        for update in (snapshot, *updates):
            if update:
                document._restore(update)
        return document

    def apply(self, update: bytes, user: UserId, *, bind: bool = True) -> Applied:
        """Take one update of one user. Without ``bind`` (after a restore) anybody brings anybody's structs.

        Raises:
            Gap: it builds on what the document does not hold (``state_vector`` is set).
            Forbidden: it has new structs of a client id that is another user's.
            TooBig, Limit, Refused: see ``scan``.
            DocumentBroken: yrs did something else than predicted.
        """
        scanned = self._scan(update)
        if bind:
            self._check_owners(scanned.clocks, user)
        if not self._integrate(update, scanned):
            return NOTHING_NEW
        bound = self._bind(scanned.clocks, user) if bind else ()
        return Applied(True, bound) if bound else NOTHING_BOUND

    def holds(self, update: bytes) -> bool:
        """Whether an update brings nothing that the document does not hold. Changes nothing.

        Raises:
            TooBig, Limit, Refused: it is none that the document would take.
            DocumentBroken: yrs panicked.
        """
        try:
            scanned = self._scan(update)
        except Gap:
            return False
        if scanned.clocks or not scanned.deleted:
            return not scanned.clocks
        deleted = _guarded(lambda: self._doc.get_update(self._vector.encoded))
        return covers(read_deletes(UpdateReader(deleted, own=True)), read_deletes(UpdateReader(update)))

    def owner(self, client_id: int) -> UserId | None:
        """Whose client id it is, by the structs that the document holds."""
        return self._owners.get(client_id)

    def state_vector(self) -> bytes:
        """What the document holds, encoded."""
        return self._vector.encoded

    def diff(self, state_vector: bytes | None) -> bytes:
        """One update with everything above a state vector (None: with everything), and all deletes.

        Raises:
            BadValue: it is not a state vector.
            DocumentBroken: yrs panicked.
        """
        if not self._state.clocks:
            return EMPTY_UPDATE
        if state_vector is None:
            return self._wire(self._told())
        try:
            clocks = decode_state_vector(state_vector)
        except Malformed as malformed:
            raise BadValue(malformed.message) from None
        # yrs wraps greater clocks around, and would take them for smaller ones.
        if max(clocks.values(), default=0) > MAX_CLOCK:
            raise BadValue("a clock is greater than 2**31 - 1")
        return self._wire(_guarded(lambda: self._doc.get_update(state_vector)))

    def snapshot(self) -> bytes:
        """The whole state as one update, merged and without the content of what was deleted.

        It is proven before it may replace what it covers: a new Doc reads it, must tell the same state
        vector, and takes the place of the old one.

        Raises:
            DocumentBroken: yrs panicked, or reads its own words otherwise.
        """
        if not self._state.clocks:
            return EMPTY_UPDATE
        body = self._told()
        fresh = _new_doc()
        told, _ = _guarded(lambda: _put(fresh, body))
        self._compare(told, {})
        self._doc = fresh
        state = self._state
        state.size = self._measured = len(body)
        state.deleted = 0
        state.memory = min(state.memory, len(body) * _MEMORY_PER_ENCODED_BYTE)
        return self._wire(body)

    @property
    def size_bytes(self) -> int:
        """Memory that the document takes, about."""
        return _DOC_MEMORY + self._state.memory + 12 * len(self._state.placement)

    def close(self) -> None:
        """Let the Doc go. Nothing may be called after."""
        del self._doc

    def _scan(self, update: bytes) -> Scanned:
        try:
            return scan(update, self._state, self._limits)
        except Gap as gap:
            gap.state_vector = self._vector.encoded
            raise
        except TooBig:
            changed = self._state.size - self._measured + self._state.deleted
            if changed * _REMEASURE < self._limits.document_bytes:
                raise
            self.snapshot()
            return scan(update, self._state, self._limits)

    def _check_owners(self, clocks: Iterable[int], user: UserId) -> None:
        for client_id in clocks:
            if (self._owners.get(client_id) or self.claims.get(client_id) or user) != user:
                raise Forbidden(f"the Yjs client id {client_id} is another user's")

    def _bind(self, clocks: Iterable[int], user: UserId) -> list[int]:
        bound = [client for client in clocks if client not in self._owners]
        self._owners.update(dict.fromkeys(bound, user))
        return bound

    def _restore(self, update: bytes) -> None:
        try:
            self._integrate(update, scan(update, self._state, self._limits, trusted=True))
        except Refusal as refusal:
            raise DocumentBroken(f"a saved update is refused: {refusal.message}") from refusal

    def _integrate(self, update: bytes, scanned: Scanned) -> bool:
        """Apply a scanned update; whether it brought anything new."""
        if not scanned.clocks and not scanned.deleted:
            return False
        doc = self._doc
        if scanned.subdocuments:
            update = with_bytes(update)
        if scanned.cuts:
            doc, update = self._cut(update, scanned.cuts)
        put = _put if scanned.clocks else _put_observed
        told, new = _guarded(lambda: put(doc, update))
        self._compare(told, scanned.clocks)
        if new:
            self._doc = doc
            self._state.take(scanned)
        return new

    def _cut(self, update: bytes, cuts: Collection[Id]) -> tuple[Doc[Any], bytes]:
        """The Doc and the update with the pairs replaced that the update cuts."""
        held = self._told()
        replaced = without_pairs(held, cuts)
        doc = self._doc
        if replaced != held:
            doc = _new_doc()
            _guarded(lambda: _put(doc, replaced))
        return doc, without_pairs(update, cuts)

    def _compare(self, told: bytes, moved: Mapping[int, int]) -> None:
        if not self._vector.moves(told, self._state.clocks, moved):
            raise DocumentBroken("the state vector did not move as predicted")

    def _told(self) -> bytes:
        return _guarded(self._doc.get_update)

    def _wire(self, told: bytes) -> bytes:
        return with_subdocuments(told) if self._state.subdocuments else told


def _new_doc() -> Doc[Any]:
    return Doc(client_id=HUB_CLIENT_ID)


def _put(doc: Doc[Any], update: bytes) -> tuple[bytes, bool]:
    """Apply an update with new structs; the state vector after."""
    with doc.transaction():
        doc.apply_update(update)
        return doc.get_state(), True


def _put_observed(doc: Doc[Any], update: bytes) -> tuple[bytes, bool]:
    """Apply deletes; the state vector after, and whether they deleted anything.

    Deletes move no state vector, but yrs tells its observers of those that are new.
    """
    fired: list[bool] = []
    subscription = doc.observe(lambda _: fired.append(True))
    try:
        told, _ = _put(doc, update)
    finally:
        # A subscription keeps its Doc alive.
        doc.unobserve(subscription)
    return told, bool(fired)


def _guarded(act: Callable[[], _Told]) -> _Told:
    """Let yrs act; whatever it fails with becomes a refusal or ``DocumentBroken``."""
    try:
        return act()
    except (KeyboardInterrupt, SystemExit):
        raise
    except ValueError as error:
        # Raised where the bytes are decoded, before the Doc is touched.
        raise Refused("yrs can't read the update") from error
    except BaseException as error:
        # A panic of Rust is a BaseException.
        raise DocumentBroken(f"yrs failed: {error}") from error
