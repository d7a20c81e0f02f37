"""One device's conversation with the hub, without a socket: bytes in, bytes out, batches for the store.

The outbox is the truth: ``ok`` removes from it, ``no`` removes and tells, a reset replaces the rest. A push
that the connection's end left unanswered is said again, which changes nothing where it had arrived.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import Any, Final, Protocol

from hub.model import Actor, Hlc, Json
from hub.protocol import native_device as wire
from hub.state.clock import HybridClock
from tongbu.errands import Errand, Errands
from tongbu.errors import Refusal, Unavailable, refusal_of
from tongbu.items import RefusedStatement
from tongbu.ledger_topic import LedgerTopic
from tongbu.store import Batch
from tongbu.topics import OWN_INBOX, Limits, Topic

log = logging.getLogger("tongbu")

PASSING: Final = frozenset({"unavailable", "internal"})
"""Refusals after which the same is said again."""
RETRY_FIRST: Final = 0.5
RETRY_MOST: Final = 30.0
"""Seconds between tries, full jitter."""


class Listener(Protocol):
    """Who hears what the conversation comes to."""

    def refused(self, statement: RefusedStatement) -> None:
        """The hub did not take what was stated."""


class Session:
    """What is open and what is on its way.

    Args:
        clock: the device's.
        listener: see ``Listener``.
        answered: told (topic, item id, item) by each answer to an errand.
        monotonic: seconds, for retries.
        random: for jitter.
    """

    def __init__(
        self,
        clock: HybridClock,
        listener: Listener,
        answered: Callable[[str, str, dict[str, Any]], None],
        monotonic: Callable[[], float],
        random: Random,
    ) -> None:
        self.user: str | None = None
        self.device: str | None = None
        self.beat = 20_000
        self.going_away: wire.GoingAway | None = None
        self.fatal: wire.Fatal | None = None
        self.welcomed = False
        self.must_return = False
        """The clock has to be set anew: by another hello."""
        self.topics: dict[str, Topic] = {}
        self.errands = Errands(answered)
        self.limits = Limits()
        self._clock = clock
        self._listener = listener
        self._monotonic = monotonic
        self._random = random
        self._by_handle: dict[int, Topic] = {}
        self._opens: dict[int, Topic] = {}
        self._pushes: dict[int, Topic] = {}
        self._sent: dict[int, Errand] = {}
        self._calls: dict[int, asyncio.Future[Json]] = {}
        self._said: list[bytes] = []
        self._refs = count(1)

    # ------------------------------------------------------------------ asking

    @property
    def actor(self) -> Actor:
        """Who states; "" until the hub has issued the device's id."""
        return Actor(self.device or "")

    def oldest(self) -> int | None:
        """The number of the oldest thing that the hub has not answered; None if it has answered all."""
        numbers = [each.oldest() for each in self.topics.values()] + [self.errands.oldest]
        return min((number for number in numbers if number is not None), default=None)

    def call(self, name: str, params: Mapping[str, Json]) -> asyncio.Future[Json]:
        """Run a command once, on this connection: its answer, or ``Refusal``."""
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        ref = next(self._refs)
        self._calls[ref] = future
        self._said.append(wire.command(ref, name, params))
        return future

    def renew(self, token: str) -> None:
        """Another token for this connection."""
        self._said.append(wire.renew(next(self._refs), token))

    # ------------------------------------------------------------------ saying

    def outgoing(self, batch: Batch) -> list[bytes]:
        """What can be said now; it counts as said."""
        if not self.welcomed or self.must_return:
            return []
        messages, self._said = self._said, []
        now = self._monotonic()
        for topic in list(self.topics.values()):
            messages += self._of_topic(topic, now, batch)
        if self.errands.retry_at <= now:
            messages += self._errands(batch)
        return messages

    def next_try(self) -> float | None:
        """When something that was held back can be said again (monotonic seconds)."""
        now = self._monotonic()
        times = [each.retry_at for each in self.topics.values()] + [self.errands.retry_at]
        return min((time for time in times if time > now), default=None)

    def _of_topic(self, topic: Topic, now: float, batch: Batch) -> list[bytes]:
        if topic.closing and topic.oldest() is None:
            return self._close(topic)
        if topic.refusal is not None or topic.retry_at > now:
            return []
        if topic.handle is None:
            return [] if topic.opening else [self._open(topic)]
        if topic.behind and not topic.opening:
            return [self._open(topic)]
        messages = []
        if topic.presence.own != topic.presence.said:
            topic.presence.said = topic.presence.own
            messages.append(wire.presence(topic.handle, topic.presence.own))
        if not topic.pushing and not topic.opening:
            body = topic.next_push(self.limits, self._listener.refused, batch)
            if body is not None:
                messages.append(self._push(topic, topic.handle, body))
        return messages

    def _close(self, topic: Topic) -> list[bytes]:
        handle = topic.handle
        self.topics.pop(topic.name, None)
        topic.lost()
        if handle is None:
            return []
        self._by_handle.pop(handle, None)
        return [wire.close(handle)]

    def _open(self, topic: Topic) -> bytes:
        ref = next(self._refs)
        topic.opening, topic.behind = True, False
        self._opens[ref] = topic
        name = f"inbox/{self.user}" if topic.name == OWN_INBOX else topic.name
        return wire.open_topic(ref, name, topic.incarnation, topic.seq, topic.state_vector())

    def _push(self, topic: Topic, handle: int, body: Any) -> bytes:
        ref = next(self._refs)
        topic.pushing = True
        self._pushes[ref] = topic
        if isinstance(body, bytes):
            return wire.push_update(ref, handle, body)
        return wire.push_statements(ref, handle, body)

    def _errands(self, batch: Batch) -> list[bytes]:
        messages: list[bytes] = []
        for errand in self.errands.next():
            ref = next(self._refs)
            message = wire.command(ref, errand.name, errand.message)
            if len(message) > self.limits.message:
                no = wire.No(ref, "too_big", "the command is larger than the hub takes", None, None, None)
                self._tell(self.errands.refused(errand, no, batch))
                continue
            self._sent[ref] = errand
            messages.append(message)
        return messages

    # ------------------------------------------------------------------ hearing

    def receive(self, message: bytes, batch: Batch) -> None:
        """One WebSocket message. Raises ``Malformed``."""
        for each in wire.decode(message):
            handler = _HANDLERS.get(type(each))
            if handler is not None:
                handler(self, each, batch)

    def lost(self) -> None:
        """The connection ended."""
        self.welcomed = self.must_return = False
        self.going_away = self.fatal = None
        self._by_handle.clear()
        self._opens.clear()
        self._pushes.clear()
        self._sent.clear()
        self._said.clear()
        calls, self._calls = self._calls, {}
        for future in calls.values():
            if not future.done():
                future.set_exception(Unavailable("the connection ended"))
        self.errands.lost()
        for topic in self.topics.values():
            topic.lost()
            topic.pushing = False
            topic.refusal = None

    def _welcome(self, welcome: wire.Welcome, batch: Batch) -> None:
        self.welcomed = True
        self.limits, self.beat = Limits.of(welcome.limits), welcome.beat
        self._lower(welcome.now, batch)
        if (self.user, self.device) != (welcome.user, welcome.device):
            self.user, self.device = welcome.user, welcome.device
            batch.put("put_meta", "user", welcome.user)
            batch.put("put_meta", "device", welcome.device)
            for topic in self.ledgers():
                topic.sign(self.actor)

    def ledgers(self) -> list[LedgerTopic]:
        """All that are replicated."""
        return [topic for topic in self.topics.values() if isinstance(topic, LedgerTopic)]

    def _lower(self, now: int, batch: Batch) -> None:
        """Set the clock; before the first push no stamp may lie beyond the hub's time."""
        ledgers, errands = self.ledgers(), self.errands.all
        stamps = [entry.statement.hlc for ledger in ledgers for entry in ledger.outbox]
        stamps += [errand.hlc for errand in errands]
        lowered = iter(self._clock.lower(stamps, now))
        for ledger in ledgers:
            ledger.restamp([Hlc(next(lowered)) for _ in range(len(ledger.outbox))], batch)
        self.errands.restamp([Hlc(next(lowered)) for _ in errands], batch)

    def _opened(self, opened: wire.Opened, batch: Batch) -> None:
        topic = self._opens.pop(opened.ref, None) if opened.ref else self._by_handle.get(opened.handle)
        if topic is None or self.topics.get(topic.name) is not topic:
            return
        if opened.access is None:
            self._by_handle.pop(opened.handle, None)
            topic.lost()
            return
        self._by_handle[opened.handle] = topic
        topic.opened(opened, batch)
        if isinstance(topic, LedgerTopic) and topic.synced:
            topic.forget_closed(self._clock.now() - self.limits.retention, batch)

    def _relay(self, relay: wire.Relay, batch: Batch) -> None:
        topic = self._by_handle.get(relay.handle)
        if topic is not None and topic.relay(relay, batch):
            topic.behind = True

    def _ok(self, ok: wire.Ok, batch: Batch) -> None:
        topic, errand = self._pushes.pop(ok.ref, None), self._sent.pop(ok.ref, None)
        call = self._calls.pop(ok.ref, None)
        if topic is not None:
            topic.pushing = False
            topic.acknowledged(ok.value if type(ok.value) is int else 0, batch)
        if errand is not None:
            self.errands.done(errand, ok.value, batch)
        if call is not None and not call.done():
            call.set_result(ok.value)

    def _no(self, no: wire.No, batch: Batch) -> None:
        opening, pushing = self._opens.pop(no.ref, None), self._pushes.pop(no.ref, None)
        errand, call = self._sent.pop(no.ref, None), self._calls.pop(no.ref, None)
        if opening is not None:
            self._open_refused(opening, no, batch)
        if pushing is not None:
            pushing.pushing = False
            self._push_refused(pushing, no, batch)
        if errand is not None:
            self._errand_refused(errand, no, batch)
        if call is not None and not call.done():
            call.set_exception(refusal_of(no.code, no.message))

    def _open_refused(self, topic: Topic, no: wire.No, batch: Batch) -> None:
        topic.opening = False
        if no.code in PASSING:
            topic.retry_at, topic.tries = self._later(no, topic.tries), topic.tries + 1
            return
        topic.refusal = refusal_of(no.code, no.message)
        if no.code == "limit":
            return
        log.warning("topic.refused topic=%s code=%s", topic.name, no.code)
        self._tell(topic.give_up(_with_code(topic.refusal, no.code), batch))

    def _push_refused(self, topic: Topic, no: wire.No, batch: Batch) -> None:
        if no.code in PASSING:
            topic.unanswered()
            topic.retry_at, topic.tries = self._later(no, topic.tries), topic.tries + 1
        elif no.code == "unknown_handle":
            topic.lost()
        elif no.code == "clock_ahead" and isinstance(topic, LedgerTopic) and topic.doubt():
            topic.unanswered()
            self.must_return = True
        else:
            self._tell(topic.refused(no, batch))

    def _errand_refused(self, errand: Errand, no: wire.No, batch: Batch) -> None:
        if no.code in PASSING:
            self.errands.again(errand)
            self.errands.retry_at = self._later(no, self.errands.tries)
            self.errands.tries += 1
        elif no.code == "clock_ahead" and not errand.doubted:
            errand.doubted = True
            self.errands.again(errand)
            self.must_return = True
        else:
            self._tell(self.errands.refused(errand, no, batch))

    def _later(self, no: wire.No, tries: int) -> float:
        wait = self._random.uniform(0, min(RETRY_MOST, RETRY_FIRST * 2 ** min(tries, 10)))
        return self._monotonic() + max(wait, (no.retry_after or 0) / 1000)

    def _tell(self, refused: list[RefusedStatement]) -> None:
        for each in refused:
            self._listener.refused(each)

    def _presence(self, presence: wire.PresenceStates, batch: Batch) -> None:
        topic = self._by_handle.get(presence.handle)
        if topic is not None:
            topic.presence.heard(presence.states)

    def _away(self, away: wire.GoingAway, batch: Batch) -> None:
        self.going_away = away

    def _ended(self, fatal: wire.Fatal, batch: Batch) -> None:
        self.fatal = fatal


def _with_code(refusal: Refusal, code: str) -> Refusal:
    if refusal.code != code:
        refusal.code = code  # type: ignore[misc]  # a code of a newer hub, on this one error alone
    return refusal


_HANDLERS: Final[dict[type, Callable[[Session, Any, Batch], None]]] = {
    wire.Welcome: Session._welcome,
    wire.Opened: Session._opened,
    wire.Relay: Session._relay,
    wire.Ok: Session._ok,
    wire.No: Session._no,
    wire.PresenceStates: Session._presence,
    wire.GoingAway: Session._away,
    wire.Fatal: Session._ended,
}
