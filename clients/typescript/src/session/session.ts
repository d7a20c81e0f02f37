/**
 * One device's conversation with the hub, without a socket: bytes in, bytes out, batches for the store.
 *
 * The outbox is the truth: `ok` removes from it, `no` removes and tells, a reset replaces the rest. A push that the
 * connection's end left unanswered is said again, which changes nothing where it had arrived.
 */
import type { Json } from "../api.js";
import { Refusal } from "../errors.js";
import * as wire from "../protocol/messages.js";
import { jitter } from "./backoff.js";
import type { Batch } from "./batch.js";
import type { Device } from "./device.js";
import { NotConnected } from "./errors.js";
import { LedgerTopic } from "./ledger-topic.js";
import { DEFAULT_LIMITS, type Limits, type Topic } from "./topic.js";

/** The own inbox, whatever the user's name turns out to be; nobody can be called `me`. */
export const OWN_INBOX = "inbox/me";

/** What holds without a connection. */
const UNCONNECTED = { welcomed: false, mustReturn: false, goingAway: null, fatal: null };

/** Refusals after which the same is said again. */
const PASSING: readonly string[] = ["unavailable", "internal"];

export interface Session {
  user: string | null;
  device: string | null;
  /** ms: a hub that said nothing for twice as long is gone. */
  beat: number;
  limits: Limits;
  welcomed: boolean;
  /** The clock has to be set anew: by another hello. */
  mustReturn: boolean;
  /** The hub welcomed another user than this store's. */
  stranger: boolean;
  goingAway: wire.GoingAway | null;
  fatal: wire.Fatal | null;
  readonly topics: Map<string, Topic>;
  /** Run a command once, on this connection. Rejects with `Refusal`, or `NotConnected` where it ends before the answer. */
  call(name: string, params: { readonly [key: string]: Json }): Promise<Json>;
  /** Another token for this connection. */
  renew(token: string): void;
  /** What can be said now; it counts as said. */
  outgoing(batch: Batch): Uint8Array[];
  /** When something that was held back can be said again (monotonic ms); Infinity for nothing. */
  nextTry(): number;
  /** One WebSocket message. Throws `Malformed`. */
  receive(bytes: Uint8Array, batch: Batch): void;
  /** The connection ended. */
  lost(): void;
}

/** What was asked under one ref, and what its answer does. */
interface Asked {
  readonly topic?: Topic;
  ok?(ok: wire.Ok, batch: Batch): void;
  no(no: Pick<wire.No, "code" | "message"> & Partial<wire.No>, batch: Batch): void;
  /** Where the connection ends before the answer. */
  lost?(error: NotConnected): void;
}

/** What each message does. */
type Hears = {
  readonly [Type in wire.Message["type"]]?: (
    message: Extract<wire.Message, { readonly type: Type }>,
    batch: Batch,
  ) => void;
};

export function createSession(device: Device): Session {
  const { clock } = device;
  const { surroundings } = device.platform;
  const topics = new Map<string, Topic>();
  const byHandle = new Map<number, Topic>();
  const asked = new Map<number, Asked>();
  /** Topics in which a stamp was called ahead: once, the clock is set and the same said again. */
  const doubted = new Set<Topic>();
  let unsaid: Uint8Array[] = [];
  let lastRef = 0;

  function ask(question: Asked): number {
    asked.set(++lastRef, question);
    return lastRef;
  }

  function taken(ref: number): Asked | undefined {
    const question = asked.get(ref);
    asked.delete(ref);
    return question;
  }

  // ------------------------------------------------------------------ saying

  function say(topic: Topic, batch: Batch, messages: Uint8Array[]): void {
    if (topic.holders === 0 && topic.unsaved === 0) close(topic, messages);
    else if (
      topic.refusal.get() !== null ||
      topic.opening ||
      topic.travelling ||
      topic.retryAt > surroundings.monotonic()
    )
      return;
    else if (topic.handle === null || topic.behind) messages.push(open(topic));
    else sayIn(topic, topic.handle, batch, messages);
  }

  function sayIn(topic: Topic, handle: number, batch: Batch, messages: Uint8Array[]): void {
    const { presence } = topic;
    if (presence.own !== presence.said) {
      presence.said = presence.own;
      messages.push(wire.presence(handle, presence.own));
    }
    const body = topic.pushing ? null : topic.nextPush(session.limits, batch);
    if (body === null) return;
    topic.pushing = true;
    const ref = ask({
      ok({ value }, into) {
        topic.pushing = false;
        doubted.delete(topic);
        topic.acknowledged(Number.isSafeInteger(value) ? (value as number) : 0, into);
      },
      no(no, into) {
        topic.pushing = false;
        pushRefused(topic, no as wire.No, into);
      },
    });
    messages.push(wire.push(ref, handle, body));
  }

  function close(topic: Topic, messages: Uint8Array[]): void {
    const { handle } = topic;
    topics.delete(topic.name);
    topic.lost();
    device.dropped(topic);
    if (handle === null) return;
    byHandle.delete(handle);
    messages.push(wire.close(handle));
    const next = [...topics.values()].find(({ refusal }) => refusal.get()?.code === "limit");
    if (next === undefined) return;
    next.refusal.set(null);
    messages.push(open(next));
  }

  function open(topic: Topic): Uint8Array {
    const { name, incarnation, seq } = topic;
    topic.opening = true;
    topic.behind = false;
    const ref = ask({ topic, no: (no, batch) => openRefused(topic, no as wire.No, batch) });
    const called = name === OWN_INBOX ? `inbox/${session.user}` : name;
    return wire.openTopic(ref, called, incarnation, seq, topic.stateVector());
  }

  // ------------------------------------------------------------------ hearing

  const hears: Hears = {
    welcome,
    opened,
    relay,
    ok: (message, batch) => taken(message.ref)?.ok?.(message, batch),
    no: (message, batch) => taken(message.ref)?.no(message, batch),
    presence: ({ handle, states }) => byHandle.get(handle)?.presence.heard(states),
    goingAway(message) {
      session.goingAway = message;
    },
    fatal(message) {
      session.fatal = message;
    },
  };

  function welcome({ now, limits, type: _, ...about }: wire.Welcome, batch: Batch): void {
    session.stranger = session.user !== null && session.user !== about.user;
    if (session.stranger) return;
    Object.assign(session, about, { limits: { ...DEFAULT_LIMITS, ...limits }, welcomed: true });
    lower(now, batch);
  }

  /** Set the clock; before the first push no stamp may lie beyond the hub's time. */
  function lower(now: number, batch: Batch): void {
    const ledgers = device.ledgers();
    const lowered = clock.lower(
      ledgers.flatMap((ledger) => ledger.stamps()),
      now,
    );
    for (const ledger of ledgers) ledger.restamp(lowered.splice(0, ledger.unsaved), batch);
  }

  function opened(message: wire.Opened, batch: Batch): void {
    const { ref, handle } = message;
    const topic = ref === 0 ? byHandle.get(handle) : taken(ref)?.topic;
    if (topic === undefined || topics.get(topic.name) !== topic) return;
    if (message.access === null) {
      byHandle.delete(handle);
      topic.lost();
      return;
    }
    byHandle.set(handle, topic);
    topic.tries = 0;
    topic.opened(message, batch);
    if (topic instanceof LedgerTopic && topic.inSync.get()) {
      topic.forgetClosed(clock.now() - session.limits.retention, batch);
    }
  }

  function relay(message: wire.Relay, batch: Batch): void {
    const topic = byHandle.get(message.handle);
    if (topic?.relay(message, batch)) topic.behind = true;
  }

  function openRefused(topic: Topic, no: wire.No, batch: Batch): void {
    topic.opening = false;
    if (PASSING.includes(no.code)) {
      later(topic, no);
      return;
    }
    const refusal = new Refusal(no.code, no.message, no);
    topic.refusal.set(refusal);
    // Too many topics are open: that says nothing about what waits in this one.
    if (no.code !== "limit") topic.giveUp(refusal, batch);
  }

  function pushRefused(topic: Topic, no: wire.No, batch: Batch): void {
    const { code } = no;
    const ahead = code === "clock_ahead" && !doubted.has(topic);
    if (code === "unknown_handle") topic.lost();
    else if (ahead || PASSING.includes(code)) topic.unanswered();
    else topic.refused(no, batch);
    if (PASSING.includes(code)) later(topic, no);
    if (!ahead) return;
    doubted.add(topic);
    session.mustReturn = true;
  }

  function later(topic: Topic, { retryAfter }: wire.No): void {
    topic.retryAt =
      surroundings.monotonic() + Math.max(jitter(surroundings.random, topic.tries), retryAfter ?? 0);
    topic.tries += 1;
  }

  const session: Session = {
    user: null,
    device: null,
    beat: 20_000,
    limits: DEFAULT_LIMITS,
    stranger: false,
    ...UNCONNECTED,
    topics,
    call: (name, params) =>
      new Promise((resolve, reject) => {
        if (!session.welcomed) return reject(new NotConnected());
        const ref = ask({
          ok: ({ value }) => resolve(value as Json),
          no: ({ code, message }) => reject(new Refusal(code, message)),
          lost: reject,
        });
        unsaid.push(wire.command(ref, name, params));
      }),
    renew(token) {
      lastRef += 1;
      unsaid.push(wire.renew(lastRef, token));
    },
    outgoing(batch) {
      if (!session.welcomed || session.mustReturn) return [];
      const messages = unsaid;
      unsaid = [];
      for (const topic of [...topics.values()]) say(topic, batch, messages);
      return messages;
    },
    nextTry() {
      const now = surroundings.monotonic();
      return Math.min(
        ...[...topics.values()].map(({ retryAt }) => (retryAt > now ? retryAt : Number.POSITIVE_INFINITY)),
      );
    },
    receive(bytes, batch) {
      for (const message of wire.decode(bytes)) {
        (hears[message.type] as ((message: wire.Message, batch: Batch) => void) | undefined)?.(
          message,
          batch,
        );
      }
    },
    lost() {
      Object.assign(session, UNCONNECTED);
      byHandle.clear();
      unsaid = [];
      const questions = [...asked.values()];
      asked.clear();
      for (const { lost } of questions) lost?.(new NotConnected());
      for (const topic of topics.values()) {
        topic.lost();
        topic.refusal.set(null);
      }
    },
  };
  return session;
}
