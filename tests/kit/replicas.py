"""A device as ``docs/protocol.md`` describes it, without a socket: bytes in, bytes out, state to look at.

It follows the page strictly and fails (``AssertionError``) where the hub does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hub.model import Actor, Hlc, ItemId, Json, Register, Registers, Seq, Statement
from hub.protocol import native_device as wire
from hub.protocol.body import statements_of, updates_of
from hub.state.clock import HybridClock
from hub.state.join import LedgerRegisters, join_into
from hub.state.weights import ITEM

KEPT_AFTER = ("unavailable", "internal")
"""Refusals after which the outbox keeps the statements."""

Shown = dict[tuple[str, str], tuple[Json, int, str]]
"""(item, slot) → (value, hlc, actor)."""


@dataclass
class Replica:
    """One topic as the device has it. ``updates``: what it was shown of a document, in order."""

    name: str
    handle: int | None = None
    incarnation: int = 0
    seq: int = 0
    access: str | None = None
    registers: LedgerRegisters = field(default_factory=dict)
    updates: list[bytes] = field(default_factory=list)
    outbox: list[Statement] = field(default_factory=list)
    presence: dict[str, dict[str, Any]] = field(default_factory=dict)
    jumps: int = 0
    fulls: int = 0
    wanted: bool = False
    opening: bool = False
    parts: list[Any] | None = None
    parts_of: wire.Opened | wire.Relay | None = None

    def lost(self) -> None:
        """The connection ended: handle, presence and unfinished parts are void."""
        self.handle, self.access, self.opening = None, None, False
        self.parts = self.parts_of = None
        self.presence.clear()


class DeviceState:
    """Everything a device keeps, and what it does with each message.

    Args:
        name: what it calls itself, and its device id until the hub issues one.
        wall: its own wall clock in ms, right or wrong.
        device: the id the hub issued earlier.
    """

    def __init__(self, name: str, wall: Callable[[], int], device: str | None = None) -> None:
        self.name = name
        self.device = device
        self.user = ""
        self.clock = HybridClock(wall)
        self.limits: dict[str, int] = {}
        self.topics: dict[str, Replica] = {}
        self.answers: dict[int, wire.Ok | wire.No] = {}
        self.received: list[wire.HubMessage] = []
        self.refused: list[tuple[Statement, str]] = []
        self.acknowledged: list[tuple[str, Statement]] = []
        self.pushed: dict[int, tuple[Replica, list[Statement]]] = {}
        self.going_away: wire.GoingAway | None = None
        self.fatal: wire.Fatal | None = None
        self.welcomed = False
        self._opens: dict[int, Replica] = {}
        self._refs = count(1)

    # ------------------------------------------------------------------ what it says

    def ref(self) -> int:
        return next(self._refs)

    def hello(self, token: str | None) -> bytes:
        return wire.hello(token, self.device, self.name, "test")

    def open(self, topic: str) -> bytes:
        """Open, or bring up to date again."""
        replica = self.replica(topic)
        replica.wanted = replica.opening = True
        ref = self.ref()
        self._opens[ref] = replica
        return wire.open_topic(ref, topic, replica.incarnation, replica.seq)

    def close(self, topic: str) -> bytes:
        replica = self.replica(topic)
        assert replica.handle is not None
        message = wire.close(replica.handle)
        replica.lost()
        replica.wanted = False
        return message

    def act(self, topic: str, item: str, field_name: str, value: Json, hlc: int | None = None) -> Statement:
        """An action of the person: into the outbox first."""
        stamp = self.clock.tick() if hlc is None else Hlc(hlc)
        statement = Statement(ItemId(item), field_name, value, stamp, Actor(self.device or self.name))
        self.replica(topic).outbox.append(statement)
        return statement

    def push(self, topic: str) -> list[bytes]:
        """The outbox of one topic, as pushes; nothing that is on its way already, nothing without access."""
        replica = self.replica(topic)
        if replica.handle is None or replica.access != "write":
            return []
        away = {id(each) for other, sent in self.pushed.values() if other is replica for each in sent}
        waiting = [each for each in replica.outbox if id(each) not in away]
        most = self.limits.get("statements", 1000)
        messages = []
        for start in range(0, len(waiting), most):
            part = waiting[start : start + most]
            ref = self.ref()
            self.pushed[ref] = (replica, part)
            messages.append(wire.push_statements(ref, replica.handle, [each[:4] for each in part]))
        return messages

    def lost(self) -> None:
        """The connection ended."""
        self.pushed.clear()
        self._opens.clear()
        self.welcomed = False
        for replica in self.topics.values():
            replica.lost()

    # ------------------------------------------------------------------ what it hears

    def receive(self, message: bytes) -> list[bytes]:
        """One WebSocket message from the hub; what to send because of it."""
        answers: list[bytes] = []
        for each in wire.decode(message):
            self.received.append(each)
            answers += self._take(each)
        return answers

    def _take(self, message: wire.HubMessage) -> list[bytes]:
        match message:
            case wire.Welcome():
                return self._welcome(message)
            case wire.Opened():
                return self._opened(message)
            case wire.Relay():
                return self._relay(message)
            case wire.Ok():
                return self._ok(message)
            case wire.No():
                return self._no(message)
            case wire.PresenceStates():
                self._presence(message)
            case wire.GoingAway():
                self.going_away = message
            case wire.Fatal():
                self.fatal = message
        return []

    def _welcome(self, welcome: wire.Welcome) -> list[bytes]:
        assert not self.welcomed, "a connection is welcomed once"
        assert self.device in (None, welcome.device), "the hub keeps a device's id"
        self.welcomed = True
        self.user, self.limits = welcome.user, welcome.limits
        if self.device is None:
            self._name(welcome.device)
        unsent = [each for replica in self.topics.values() for each in replica.outbox]
        lowered = iter(self.clock.lower([each.hlc for each in unsent], welcome.now))
        for replica in self.topics.values():
            replica.outbox = [each._replace(hlc=next(lowered)) for each in replica.outbox]
        return [self.open(replica.name) for replica in self.topics.values() if replica.wanted]

    def _name(self, device: str) -> None:
        self.device = device
        for replica in self.topics.values():
            replica.outbox = [each._replace(actor=Actor(device)) for each in replica.outbox]

    def _opened(self, opened: wire.Opened) -> list[bytes]:
        replica = self._opens.pop(opened.ref, None) if opened.ref else self._by_handle(opened.handle)
        if replica is None:
            return []
        if opened.access is None:
            replica.lost()
            return []
        assert replica.parts is None or opened.ref == 0, (
            "an answer does not come between the parts of another"
        )
        replica.handle, replica.access, replica.opening = opened.handle, opened.access, False
        if opened.more:
            replica.parts, replica.parts_of = list(opened.body), opened
            return []
        return self._brought(replica, opened, opened.body)

    def _relay(self, relay: wire.Relay) -> list[bytes]:
        replica = self._by_handle(relay.handle)
        if replica is None:
            return []
        if replica.parts is not None and replica.parts_of is not None:
            assert relay.seq == replica.parts_of.seq, "parts of one body follow each other"
            replica.parts += relay.body
            if relay.more:
                return []
            whole, body = replica.parts_of, replica.parts
            replica.parts = replica.parts_of = None
            return self._brought(replica, whole, body)
        if relay.seq < replica.seq:
            return []
        if relay.seq > replica.seq + 1:
            replica.jumps += 1
            return [] if replica.opening else [self.open(replica.name)]
        if relay.more:
            replica.parts, replica.parts_of = list(relay.body), relay
            return []
        return self._brought(replica, relay, relay.body)

    def _brought(self, replica: Replica, message: wire.Opened | wire.Relay, body: list[Any]) -> list[bytes]:
        if isinstance(message, wire.Opened):
            if message.full:
                replica.fulls += 1
                replica.registers, replica.updates, replica.seq = {}, [], 0
            replica.incarnation = message.incarnation
        replica.seq = max(replica.seq, message.seq)
        if replica.name.startswith("doc/"):
            replica.updates += updates_of(body)
            return []
        for statement in statements_of(body):
            self.clock.observe(statement.hlc)
            if statement.field == ITEM:
                replica.registers.setdefault(statement.item, {}).pop(ITEM, None)
            join_into(replica.registers, statement, Seq(message.seq))
        return []

    def _ok(self, ok: wire.Ok) -> list[bytes]:
        self.answers[ok.ref] = ok
        if ok.ref in self.pushed:
            replica, statements = self.pushed.pop(ok.ref)
            self._settle(replica, statements)
            replica.seq = max(replica.seq, ok.value)
            for statement in statements:
                self.acknowledged.append((replica.name, statement))
                self.clock.observe(statement.hlc)
                if statement.field != ITEM:
                    join_into(replica.registers, statement, Seq(ok.value))
        return []

    def _no(self, no: wire.No) -> list[bytes]:
        self.answers[no.ref] = no
        self._opens.pop(no.ref, None)
        if no.ref not in self.pushed:
            return []
        replica, statements = self.pushed.pop(no.ref)
        if no.code in KEPT_AFTER:
            return []
        at_fault = statements if no.at is None else statements[no.at : no.at + 1]
        self._settle(replica, at_fault)
        self.refused += [(statement, no.code) for statement in at_fault]
        return self.push(replica.name)

    def _settle(self, replica: Replica, statements: Iterable[Statement]) -> None:
        gone = {id(each) for each in statements}
        replica.outbox = [each for each in replica.outbox if id(each) not in gone]

    def _presence(self, presence: wire.PresenceStates) -> None:
        replica = self._by_handle(presence.handle)
        for connection, state in presence.states.items() if replica else ():
            assert replica is not None
            if state is None:
                replica.presence.pop(connection, None)
            else:
                replica.presence[connection] = state

    # ------------------------------------------------------------------ looking

    def replica(self, topic: str) -> Replica:
        return self.topics.setdefault(topic, Replica(topic))

    def _by_handle(self, handle: int) -> Replica | None:
        return next((each for each in self.topics.values() if each.handle == handle), None)

    def settled(self) -> bool:
        """Everything asked is answered, everything opened is open, nothing waits to be sent."""
        replicas = self.topics.values()
        return not (
            self.pushed or self._opens or any(each.outbox or each.opening or each.parts for each in replicas)
        )

    def item(self, topic: str, item: str) -> Registers:
        """What the device shows of one item: the hub's word with its own outbox laid over."""
        replica = self.replica(topic)
        over: LedgerRegisters = {ItemId(item): dict(replica.registers.get(ItemId(item), {}))}
        for statement in replica.outbox:
            if statement.item == item:
                join_into(over, statement, Seq(0))
        return over[ItemId(item)]

    def value(self, topic: str, item: str, slot: str) -> Json:
        """What one register shows; None where there is none."""
        register = self.item(topic, item).get(slot)  # type: ignore[call-overload]  # a slot, as text
        return register.value if register is not None else None


def shown(registers: LedgerRegisters) -> Shown:
    """Registers as they compare between devices and hub: without the seq."""
    return {
        (item, slot): word(register)
        for item, of_item in registers.items()
        for slot, register in of_item.items()
    }


def word(register: Register) -> tuple[Json, int, str]:
    """A register's value, stamp and author."""
    return register.value, register.hlc, register.actor
