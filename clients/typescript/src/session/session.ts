/**
 * One device's conversation with the hub, without a socket: bytes in, bytes out, batches for the store.
 *
 * The outbox is the truth: `ok` removes from it, `no` removes and tells, a reset replaces the rest. A push that the
 * connection's end left unanswered is said again, which changes nothing where it had arrived.
 */
import type { Json } from "../api.js";
import { Refusal } from "../errors.js";
import type { Surroundings } from "../ports.js";
import * as wire from "../protocol/messages.js";
import type { HybridClock } from "../state/clock.js";
import type { Batch } from "./batch.js";
import { NotConnected } from "./errors.js";
import { LedgerTopic } from "./ledger-topic.js";
import { DEFAULT_LIMITS, type Limits, type Topic } from "./topic.js";

/** The own inbox, whatever the user's name turns out to be; nobody can be called `me`. */
export const OWN_INBOX = "inbox/me";

/** Refusals after which the same is said again. */
const PASSING: readonly string[] = ["unavailable", "internal"];

/** ms of silence before the hub has told its own `beat`; twice that ends the connection. */
const FIRST_BEAT = 20_000;

interface Call {
  resolve(value: Json): void;
  reject(error: Error): void;
}

export class Session {
  user: string | null = null;
  device: string | null = null;
  beat = FIRST_BEAT;
  limits: Limits = DEFAULT_LIMITS;
  welcomed = false;
  /** The clock has to be set anew: by another hello. */
  mustReturn = false;
  /** The hub welcomed another user than this store's. */
  stranger = false;
  goingAway: wire.GoingAway | null = null;
  fatal: wire.Fatal | null = null;
  readonly topics = new Map<string, Topic>();
  private readonly byHandle = new Map<number, Topic>();
  private readonly opens = new Map<number, Topic>();
  private readonly pushes = new Map<number, Topic>();
  private readonly calls = new Map<number, Call>();
  private unsaid: Uint8Array[] = [];
  private lastRef = 0;

  /** `wait`: ms before trying again after so many tries. `closed`: told when a topic that nobody needs is closed. */
  constructor(
    private readonly clock: HybridClock,
    private readonly surroundings: Surroundings,
    private readonly wait: (tries: number) => number,
    private readonly closed: (topic: Topic) => void,
  ) {}

  // ------------------------------------------------------------------ asking

  /** Run a command once, on this connection. Rejects with `Refusal`, or `NotConnected` where it ends before the answer. */
  call(name: string, params: { readonly [key: string]: Json }): Promise<Json> {
    return new Promise((resolve, reject) => {
      if (!this.welcomed) return reject(new NotConnected());
      this.unsaid.push(wire.command(this.ref(), name, params));
      this.calls.set(this.lastRef, { resolve, reject });
    });
  }

  /** Another token for this connection. */
  renew(token: string): void {
    this.unsaid.push(wire.renew(this.ref(), token));
  }

  private ref(): number {
    this.lastRef += 1;
    return this.lastRef;
  }

  // ------------------------------------------------------------------ saying

  /** What can be said now; it counts as said. */
  outgoing(batch: Batch): Uint8Array[] {
    if (!this.welcomed || this.mustReturn) return [];
    const messages = this.unsaid;
    this.unsaid = [];
    const now = this.surroundings.monotonic();
    for (const topic of [...this.topics.values()]) this.sayOf(topic, now, batch, messages);
    return messages;
  }

  /** When something that was held back can be said again (monotonic ms). */
  nextTry(): number | null {
    const now = this.surroundings.monotonic();
    const times = [...this.topics.values()].map((topic) => topic.retryAt).filter((time) => time > now);
    return times.length > 0 ? Math.min(...times) : null;
  }

  private sayOf(topic: Topic, now: number, batch: Batch, messages: Uint8Array[]): void {
    if (topic.closing && topic.unsaved === 0) {
      this.close(topic, messages);
      return;
    }
    if (topic.refusal.get() !== null || topic.retryAt > now || topic.opening || topic.travelling) return;
    if (topic.handle === null || topic.behind) {
      messages.push(this.open(topic));
      return;
    }
    this.sayPresence(topic, topic.handle, messages);
    if (topic.pushing) return;
    const body = topic.nextPush(this.limits, batch);
    if (body === null) return;
    topic.pushing = true;
    messages.push(wire.push(this.ref(), topic.handle, body));
    this.pushes.set(this.lastRef, topic);
  }

  private sayPresence(topic: Topic, handle: number, messages: Uint8Array[]): void {
    const { presence } = topic;
    if (presence.own === presence.said) return;
    presence.said = presence.own;
    messages.push(wire.presence(handle, presence.own));
  }

  private close(topic: Topic, messages: Uint8Array[]): void {
    const { handle } = topic;
    this.topics.delete(topic.name);
    topic.lost();
    this.closed(topic);
    if (handle === null) return;
    this.byHandle.delete(handle);
    messages.push(wire.close(handle));
  }

  private open(topic: Topic): Uint8Array {
    const ref = this.ref();
    topic.opening = true;
    topic.behind = false;
    this.opens.set(ref, topic);
    const name = topic.name === OWN_INBOX ? `inbox/${this.user}` : topic.name;
    return wire.openTopic(ref, name, topic.incarnation, topic.seq, topic.stateVector());
  }

  // ------------------------------------------------------------------ hearing

  /** One WebSocket message. Throws `Malformed`. */
  receive(bytes: Uint8Array, batch: Batch): void {
    for (const message of wire.decode(bytes)) this.hear(message, batch);
  }

  /** The connection ended. */
  lost(): void {
    this.welcomed = this.mustReturn = false;
    this.goingAway = this.fatal = null;
    this.byHandle.clear();
    this.opens.clear();
    this.pushes.clear();
    this.unsaid = [];
    const calls = [...this.calls.values()];
    this.calls.clear();
    for (const call of calls) call.reject(new NotConnected("The connection ended before the answer."));
    for (const topic of this.topics.values()) {
      topic.lost();
      topic.refusal.set(null);
    }
  }

  private hear(message: wire.Message, batch: Batch): void {
    if (message.type === "welcome") this.hearWelcome(message, batch);
    else if (message.type === "opened") this.hearOpened(message, batch);
    else if (message.type === "relay") this.hearRelay(message, batch);
    else if (message.type === "ok") this.hearOk(message, batch);
    else if (message.type === "no") this.hearNo(message, batch);
    else if (message.type === "presence") this.byHandle.get(message.handle)?.presence.heard(message.states);
    else if (message.type === "goingAway") this.goingAway = message;
    else if (message.type === "fatal") this.fatal = message;
  }

  private hearWelcome(welcome: wire.Welcome, batch: Batch): void {
    this.stranger = this.user !== null && this.user !== welcome.user;
    if (this.stranger) return;
    this.welcomed = true;
    this.limits = limitsOf(welcome.limits);
    this.beat = welcome.beat;
    this.lower(welcome.now, batch);
    this.user = welcome.user;
    this.device = welcome.device;
  }

  private ledgers(): LedgerTopic[] {
    return [...this.topics.values()].filter((topic): topic is LedgerTopic => topic instanceof LedgerTopic);
  }

  /** Set the clock; before the first push no stamp may lie beyond the hub's time. */
  private lower(now: number, batch: Batch): void {
    const ledgers = this.ledgers();
    const stamps = ledgers.map((ledger) => ledger.stamps());
    const lowered = this.clock.lower(
      stamps.reduce((all, each) => all.concat(each), []),
      now,
    );
    let from = 0;
    ledgers.forEach((ledger, place) => {
      const upto = from + (stamps[place]?.length ?? 0);
      ledger.restamp(lowered.slice(from, upto), batch);
      from = upto;
    });
  }

  private hearOpened(opened: wire.Opened, batch: Batch): void {
    const topic = opened.ref === 0 ? this.byHandle.get(opened.handle) : taken(this.opens, opened.ref);
    if (topic === undefined || this.topics.get(topic.name) !== topic) return;
    if (opened.access === null) {
      this.byHandle.delete(opened.handle);
      topic.lost();
      return;
    }
    this.byHandle.set(opened.handle, topic);
    topic.tries = 0;
    topic.opened(opened, batch);
    if (topic instanceof LedgerTopic && topic.inSync.get()) {
      topic.forgetClosed(this.clock.now() - this.limits.retention, batch);
    }
  }

  private hearRelay(relay: wire.Relay, batch: Batch): void {
    const topic = this.byHandle.get(relay.handle);
    if (topic?.relay(relay, batch)) topic.behind = true;
  }

  private hearOk(ok: wire.Ok, batch: Batch): void {
    const topic = taken(this.pushes, ok.ref);
    if (topic !== undefined) {
      topic.pushing = false;
      topic.acknowledged(Number.isSafeInteger(ok.value) ? (ok.value as number) : 0, batch);
    }
    taken(this.calls, ok.ref)?.resolve(ok.value as Json);
  }

  private hearNo(no: wire.No, batch: Batch): void {
    const opening = taken(this.opens, no.ref);
    const pushing = taken(this.pushes, no.ref);
    if (opening !== undefined) this.openRefused(opening, no, batch);
    if (pushing !== undefined) {
      pushing.pushing = false;
      this.pushRefused(pushing, no, batch);
    }
    taken(this.calls, no.ref)?.reject(new Refusal(no.code, no.message, no));
  }

  private openRefused(topic: Topic, no: wire.No, batch: Batch): void {
    topic.opening = false;
    if (PASSING.includes(no.code)) {
      this.later(topic, no);
      return;
    }
    const refusal = new Refusal(no.code, no.message, no);
    topic.refusal.set(refusal);
    // Too many topics are open: that says nothing about what waits in this one.
    if (no.code !== "limit") topic.giveUp(refusal, batch);
  }

  private pushRefused(topic: Topic, no: wire.No, batch: Batch): void {
    if (PASSING.includes(no.code)) {
      topic.unanswered();
      this.later(topic, no);
    } else if (no.code === "unknown_handle") {
      topic.lost();
    } else if (no.code === "clock_ahead" && topic instanceof LedgerTopic && topic.doubt()) {
      topic.unanswered();
      this.mustReturn = true;
    } else {
      topic.refused(no, batch);
    }
  }

  private later(topic: Topic, no: wire.No): void {
    const wait = Math.max(this.wait(topic.tries), no.retryAfter ?? 0);
    topic.retryAt = this.surroundings.monotonic() + wait;
    topic.tries += 1;
  }
}

function taken<Value>(from: Map<number, Value>, ref: number): Value | undefined {
  const found = from.get(ref);
  from.delete(ref);
  return found;
}

function limitsOf(told: Readonly<Record<string, number>>): Limits {
  const { message, statements, retention } = { ...DEFAULT_LIMITS, ...told };
  return { message, statements, retention };
}
