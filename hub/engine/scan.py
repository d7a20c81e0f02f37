"""The gate before a document: what an update would do, told from its bytes and what the document holds.

``scan`` is pure and runs before the Doc is touched. What passes is applied by yrs whole, leaves nothing
pending, nests nothing too deep, and moves the state vector exactly as told. The rules:

- structure and contents as ``update_reader`` reads them; each client in one section, no section empty;
- a section begins at or below the clock held of its client, and no ``Skip`` reaches above that clock;
- origins, right origins and parents exist: in the document, or in this update in some order of its sections;
- neighbours stand in one list, a parent is a shared type or was one, shared types nest 64 deep at most
  (``placement``); several values of one key in one struct are deleted by the update itself;
- deletes cover only what the document and the update hold, in order of clocks, without overlap.

Structs that the document holds already bring nothing, whoever sends them. The reasons are in
docs/decisions/0002-document-gate.md.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from hub.engine.placement import Placement, Placing, Span
from hub.engine.typed_text import typed_text
from hub.engine.update_reader import MAX_CLOCK, SKIP, Block, Id, UpdateReader
from hub.errors import Gap, Limit, Refused, TooBig

EMPTY_UPDATE: Final = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """What an update may hold (bytes, structs) and its document (encoded bytes, Yjs client ids)."""

    update_bytes: int = 32 * 2**20
    structs: int = 2**18
    document_bytes: int = 32 * 2**20
    clients: int = 2**16


DEFAULT_LIMITS: Final = ScanLimits()


class Scanned(NamedTuple):
    """What an update would do.

    ``clocks``: the new clock of each client that it brings new structs of. ``deleted``: how many units it
    names as deleted, newly or not. ``cuts``: the low halves of the surrogate pairs that it parts, in the
    document or in itself; ``subdocuments``: it holds some (``stand_ins``). ``size``: its bytes. ``memory``:
    bytes that the new structs will take, about.
    """

    clocks: Mapping[int, int]
    deleted: int
    cuts: Collection[Id]
    subdocuments: bool
    size: int
    memory: int
    placing: Placing


NOTHING: Final = Scanned({}, 0, (), False, 0, 0, Placing(Placement()))


class ScanState:
    """What the scan must know of a document: the clock of each client, and ``Placement``.

    ``subdocuments``: it held some. ``size``: bytes of its encoding, at most. ``deleted``: units named as
    deleted since the size was measured. ``memory``: bytes that it takes, about.
    """

    __slots__ = ("clocks", "deleted", "memory", "placement", "size", "subdocuments")

    def __init__(self) -> None:
        self.clocks: dict[int, int] = {}
        self.placement = Placement()
        self.subdocuments = False
        self.size = 0
        self.deleted = 0
        self.memory = 0

    def take(self, scanned: Scanned) -> None:
        """The update was applied."""
        self.clocks.update(scanned.clocks)
        self.subdocuments |= scanned.subdocuments
        self.size += scanned.size
        self.deleted += scanned.deleted
        self.memory += scanned.memory
        self.placement.take(scanned.placing)


def scan(
    update: bytes, state: ScanState, limits: ScanLimits = DEFAULT_LIMITS, *, trusted: bool = False
) -> Scanned:
    """Check an update against what the document holds. Changes nothing.

    Args:
        update: a Yjs update, v1.
        state: what the document holds.
        limits: see ``ScanLimits``.
        trusted: it was accepted before, or made by the hub: limits don't apply.

    Raises:
        Gap: it builds on, or deletes, what neither the document nor the update holds.
        TooBig: it is larger than the limit, or the document would be.
        Limit: the document would have too many client ids.
        Refused: it breaks another rule; the message says which.
    """
    if update == EMPTY_UPDATE:
        return NOTHING
    if trusted:
        return _scan_structs(update, state, None)
    if len(update) > limits.update_bytes:
        raise TooBig(f"the update is larger than {limits.update_bytes} bytes")
    typed = typed_text(update, state.clocks, state.placement)
    if typed is None:
        scanned = _scan_structs(update, state, limits)
    else:
        scanned = Scanned(
            {typed.client: typed.clock}, 0, (), False, len(update), typed.memory, NOTHING.placing
        )
    if scanned.clocks and state.size + len(update) > limits.document_bytes:
        raise TooBig(f"the document would be larger than {limits.document_bytes} bytes")
    return scanned


def _scan_structs(update: bytes, state: ScanState, limits: ScanLimits | None) -> Scanned:
    """A gap is told only of an update that is one: who sent garbage is not asked for what lies before it."""
    try:
        return _Scan(update, state, limits).run()
    except Gap:
        _check_form(UpdateReader(update))
        raise


def _check_form(reader: UpdateReader) -> None:
    """Read to the end, whatever it builds on. Raises ``Refused``."""
    for _ in range(reader.uint()):
        structs, _client, clock = reader.uint(), reader.client(), reader.uint()
        for _ in range(structs):
            clock += reader.block(clock).length
    for _ in range(reader.uint()):
        reader.client()
        for _ in range(reader.uint()):
            reader.uint()
            reader.uint()
    reader.finish()


class _Section:
    """The structs of one client from the first on that refers to another section."""

    __slots__ = ("blocks", "client", "next", "waiting")

    def __init__(self, client: int) -> None:
        self.client = client
        self.blocks: list[Block] = []
        self.next = 0
        self.waiting = False


class _Scan:
    """One pass over one update."""

    __slots__ = (
        "_clocks",
        "_deleted",
        "_deletes",
        "_held",
        "_limits",
        "_memory",
        "_placing",
        "_reader",
        "_sections",
        "_size",
        "_structs",
    )

    def __init__(self, update: bytes, state: ScanState, limits: ScanLimits | None) -> None:
        self._reader = UpdateReader(update)
        self._held = state.clocks
        self._limits = limits
        self._clocks: dict[int, int] = {}
        self._placing = Placing(state.placement)
        self._sections: dict[int, _Section] = {}
        self._deletes: list[Span] = []
        self._deleted = 0
        self._structs = 0
        self._memory = 0
        self._size = len(update)

    def run(self) -> Scanned:
        reader = self._reader
        seen: set[int] = set()
        for _ in range(reader.uint()):
            structs, client, clock = reader.uint(), reader.client(), reader.uint()
            if structs == 0 or client in seen:
                raise Refused("a client has an empty section or more than one")
            seen.add(client)
            self._read_section(client, clock, structs)
        if self._sections:
            self._settle()
        deletes = reader.uint()
        if deletes:
            self._read_deletes(deletes)
        reader.finish()
        placing = self._placing
        if placing.overwritten:
            self._check_overwritten(placing.overwritten)
        return Scanned(
            self._clocks, self._deleted, placing.cuts, reader.subdocuments, self._size, self._memory, placing
        )

    def _read_section(self, client: int, clock: int, structs: int) -> None:
        self._count(client, structs)
        held = self._held.get(client, 0)
        if clock > held:
            raise Gap
        read = self._reader.block
        waiting: _Section | None = None
        for _ in range(structs):
            block = read(clock)
            clock += block.length
            if clock <= held:
                self._pass(client, block)
            elif block.kind == SKIP:
                raise Gap
            elif waiting is not None:
                waiting.blocks.append(block)
            elif self._missing(block) is None:
                self._accept(client, block, held)
            else:
                waiting = self._sections[client] = _Section(client)
                waiting.blocks.append(block)

    def _count(self, client: int, structs: int) -> None:
        limits = self._limits
        if limits is None:
            return
        self._structs += structs
        if self._structs > limits.structs:
            raise TooBig(f"the update has more than {limits.structs} structs")
        if client not in self._held and len(self._held) + len(self._clocks) >= limits.clients:
            raise Limit(f"the document would have more than {limits.clients} client ids")

    def _clock(self, client: int) -> int:
        """What the document and the structs accepted so far hold."""
        return self._clocks.get(client) or self._held.get(client, 0)

    def _missing(self, block: Block) -> Id | None:
        """What the struct refers to and nothing holds yet."""
        clocks, held = self._clocks, self._held
        for id in (block.origin, block.right_origin, block.parent):
            if id is not None:
                client, clock = id
                if clock >= (clocks.get(client) or held.get(client, 0)):
                    return id
        return None

    def _pass(self, client: int, block: Block) -> None:
        """A struct that the document holds. Yjs resolves its neighbours all the same, and waits for them."""
        if self._missing(block) is not None:
            raise Refused("a struct that is held refers to what is not")
        if self._placing.paired:
            self._placing.cut_beside(block)

    def _accept(self, client: int, block: Block, held: int) -> None:
        self._placing.place(client, block, held)
        self._clocks[client] = block.clock + block.length
        self._memory += block.memory

    def _settle(self) -> None:
        """Accept the structs that refer to other sections, each after what it refers to.

        The order is yrs': a struct that misses something makes way for the section that holds it, so the
        stack never holds a section twice, unless two wait for each other.
        """
        for section in self._sections.values():
            stack = [section]
            while stack:
                top = stack[-1]
                if top.next == len(top.blocks):
                    stack.pop().waiting = False
                    continue
                top.waiting = True
                missing = self._missing(top.blocks[top.next])
                if missing is not None:
                    stack.append(self._holder(missing))
                    continue
                self._accept(top.client, top.blocks[top.next], self._held.get(top.client, 0))
                top.next += 1
                if len(stack) > 1:
                    stack.pop().waiting = False

    def _holder(self, missing: Id) -> _Section:
        section = self._sections.get(missing[0])
        if section is None or section.next == len(section.blocks):
            raise Gap
        if section.waiting:
            raise Refused("structs refer to each other in a circle, or ahead of themselves")
        return section

    def _read_deletes(self, clients: int) -> None:
        reader = self._reader
        seen: set[int] = set()
        for _ in range(clients):
            client, ranges = reader.client(), reader.uint()
            if ranges == 0 or client in seen:
                raise Refused("a client has an empty set of deletes or more than one")
            seen.add(client)
            self._read_ranges(client, ranges)

    def _read_ranges(self, client: int, ranges: int) -> None:
        reader = self._reader
        placing = self._placing
        held = self._clock(client)
        end = 0
        for _ in range(ranges):
            start, length = reader.uint(), reader.uint()
            if start < end or length == 0:
                raise Refused("deletes are empty, overlap or are out of order")
            end = start + length
            if end > held:
                raise Gap
            self._deleted += length
            if placing.overwritten:
                self._deletes.append((client, start, end))
            if placing.paired:
                placing.cut(client, start)
                placing.cut(client, end)

    def _check_overwritten(self, overwritten: Iterable[Span]) -> None:
        """Of several values of a key in one struct none stands: the update deletes them (undo keeps such)."""
        deletes = sorted(self._deletes)
        for client, start, end in overwritten:
            index = bisect_right(deletes, (client, start, MAX_CLOCK)) - 1
            if index < 0 or deletes[index][0] != client or deletes[index][2] < end:
                raise Refused("a key has several values at once")
