/** The link: one socket at a time, said hello on, read, written, and come back for. Decides by `Session`. */
import type { Connection } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Socket, Surroundings, Transport } from "../ports.js";
import { hello } from "../protocol/messages.js";
import type { Address } from "./address.js";
import { chance, jitter } from "./backoff.js";
import { Batch } from "./batch.js";
import { soon } from "./cell.js";
import { NotConnected, WrongUser } from "./errors.js";
import type { Session } from "./session.js";
import { type Credentials, claimsOf, renewalWait, userOf } from "./tokens.js";

/** ms from dialling to the hub's welcome, the answer to a probe, and after which a dial is old when woken. */
const OPEN_TIMEOUT = 15_000;
const PROBE_TIMEOUT = 5_000;
const OLD_DIAL = 3_000;
/** Least ms between two renewals. */
const LEAST_RENEWAL = 1_000;
/** Of `retry_after`, added at random. */
const SPREAD = 0.25;
/** Messages that one WebSocket message carries. */
const MOST_MESSAGES = 1_000;

/** What is waited for. */
type Timer = "retry" | "watch" | "probe" | "renewal" | "later";

/** Close codes after which coming back unchanged makes no sense, with the code of the error. */
const FINAL: Readonly<Record<number, string>> = {
  4400: "malformed",
  4401: "token",
  4403: "forbidden",
  4413: "too_big",
};

export interface Link {
  start(): void;
  /** There may be something to say. */
  flush(): void;
  /** Now is a good time to try. `byHand`: also where the hub refused, since the application may know better. */
  wake(byHand: boolean): void;
  stop(): void;
}

export interface LinkNeeds {
  readonly address: Address;
  readonly session: Session;
  readonly transport: Transport;
  readonly surroundings: Surroundings;
  readonly credentials: Credentials;
  readonly about: { readonly name: string; readonly platform: string };
  /** The hub's time in ms. */
  hubNow(): number;
  /** Before anything that follows from it is said. */
  save(batch: Batch): void;
  changed(connection: Connection): void;
}

export function createLink(needs: LinkNeeds): Link {
  const { session, surroundings, credentials } = needs;
  /** Waits of a random time, each of a longer one than the last until it went well. */
  const wait = () => jitter(surroundings.random, tries++);
  /** How to call off what is to run later, by what it is for. */
  const timers = new Map<Timer, () => void>();
  let state: Connection["state"] = "starting";
  let socket: Socket | null = null;
  let token = "";
  let refusedTokens = 0;
  let tries = 0;
  /** Of one dial: what belongs to an earlier one is not heard. */
  let dial = 0;
  let heard = silenceSince(surroundings);

  function tell(connection: Connection): void {
    state = connection.state;
    needs.changed(connection);
  }

  /** Runs something later, in place of what was to run for the same. */
  function start(timer: Timer, delay: number, run: () => void): void {
    stop(timer);
    timers.set(timer, surroundings.after(Math.max(0, delay), run));
  }

  function stop(timer: Timer): void {
    timers.get(timer)?.();
    timers.delete(timer);
  }

  /** The same, as long as nothing else is dialled. */
  function now<Values extends unknown[]>(run: (...values: Values) => void): (...values: Values) => void {
    const mine = dial;
    return (...values) => {
      if (mine === dial) run(...values);
    };
  }

  // ------------------------------------------------------------------ dialling

  function connect(): void {
    end();
    heard = silenceSince(surroundings);
    tell({ state: "connecting" });
    start("watch", OPEN_TIMEOUT, silent);
    credentials.current().then(now(open), now(noToken));
  }

  function noToken(error: unknown): void {
    notDialled(error, "No token could be got.");
  }

  function open(current: string): void {
    const user = userOf(current);
    if (user !== null && session.user !== null && user !== session.user) refuse(new WrongUser());
    else speak(current);
  }

  function speak(current: string): void {
    token = current;
    const device = claimsOf(current).device;
    const id = typeof device === "string" ? device : session.device;
    const events = {
      opened: now(() => socket?.send(hello(current, id, needs.about.name, needs.about.platform))),
      message: now(hear),
      closed: now(closed),
    };
    try {
      socket = needs.transport.connect(needs.address.socket, events);
    } catch (error) {
      notDialled(error, "No connection could be made.");
    }
  }

  /** What an application's callback, or a platform, throws may hold a secret: of strangers only `words` are told. */
  function notDialled(error: unknown, words: string): void {
    if (error instanceof NotConnected) lost(error.message);
    else if (error instanceof TongbuError) refuse(error);
    else lost(words);
  }

  /** Leaves the present connection, if there is one, and what waited on it. */
  function end(): void {
    dial += 1;
    for (const timer of timers.keys()) stop(timer);
    const former = socket;
    socket = null;
    former?.close(1000);
    session.lost();
  }

  function lost(reason: string, delay = wait()): void {
    end();
    tell({ state: "waiting", retryAt: surroundings.now() + delay, reason });
    start("retry", delay, connect);
  }

  function refuse({ code, message }: { readonly code: string; readonly message: string }): void {
    end();
    tell({ state: "refused", code, message });
  }

  // ------------------------------------------------------------------ hearing

  function hear(bytes: Uint8Array): void {
    heard = silenceSince(surroundings);
    stop("probe");
    const batch = new Batch();
    const before = session.welcomed;
    let sound = true;
    try {
      session.receive(bytes, batch);
    } catch {
      sound = false;
    }
    needs.save(batch);
    if (!sound) lost("The other side does not speak tongbu.v1.");
    else if (session.stranger) refuse(new WrongUser());
    else if (session.welcomed && !before) welcomed();
    soon(flush);
  }

  function welcomed(): void {
    tries = 0;
    refusedTokens = 0;
    start("watch", 2 * session.beat, silent);
    planRenewal(0);
    tell({ state: "online" });
  }

  function silent(): void {
    const most = session.welcomed ? 2 * session.beat : OPEN_TIMEOUT;
    const silence = heard();
    if (silence >= most) lost(`Nothing was heard for ${Math.round(silence / 1000)} s.`);
    else start("watch", most - silence, silent);
  }

  function closed(code: number, reason: string): void {
    const { fatal, goingAway } = session;
    const words = fatal?.message || reason || "The connection to the hub was lost.";
    socket = null;
    if (code === 4401 || code === 4501) replaceToken(words);
    else if (FINAL[code] !== undefined) refuse({ code: fatal?.code ?? FINAL[code], message: words });
    else if (goingAway === null) lost(words);
    else lost(words, Math.round(goingAway.retryAfter * (1 + SPREAD * chance(surroundings.random))));
  }

  /** The hub no longer takes the token: is there another? Two in a row are enough. */
  function replaceToken(words: string): void {
    const old = token;
    end();
    tell({ state: "connecting" });
    const take = (next: string) => {
      if (next === old) refuse({ code: "token", message: words });
      else connect();
    };
    refusedTokens += 1;
    if (refusedTokens > 2) take(old);
    else credentials.renewed(old).then(now(take), now(noToken));
  }

  // ------------------------------------------------------------------ saying

  function flush(): void {
    if (!session.welcomed || socket === null) return;
    const batch = new Batch();
    const messages = session.outgoing(batch);
    needs.save(batch);
    for (const chunk of chunksOf(messages, session.limits.message)) socket.send(chunk);
    const next = session.nextTry();
    if (session.mustReturn) connect();
    else if (next < Number.POSITIVE_INFINITY) start("later", next - surroundings.monotonic(), flush);
  }

  function planRenewal(extra: number): void {
    const left = renewalWait(token, needs.hubNow());
    if (left !== null) start("renewal", Math.max(left, LEAST_RENEWAL) + extra, renew);
  }

  function renew(): void {
    const old = token;
    const keep = now((next: string) => {
      token = next;
      if (next !== old) session.renew(next);
      planRenewal(next === old ? wait() : 0);
      flush();
    });
    credentials.renewed(old).then(keep, () => keep(old));
  }

  function wake(byHand: boolean): void {
    if (state === "waiting" || (byHand && state === "refused")) connect();
    else if (state === "connecting" && heard() > OLD_DIAL) connect();
    else if (state === "online") check();
  }

  /** The network changed, or the machine slept: does the hub still answer? */
  function check(): void {
    session.call("counts", {}).catch(() => undefined);
    flush();
    start("probe", PROBE_TIMEOUT, () => lost("The hub did not answer."));
  }

  return { start: connect, flush, wake, stop: end };
}

/** ms since now. A clock that stands still while the machine sleeps is outrun by the other. */
function silenceSince(surroundings: Surroundings): () => number {
  const wall = surroundings.now();
  const steady = surroundings.monotonic();
  return () => Math.max(surroundings.now() - wall, surroundings.monotonic() - steady);
}

/** Messages joined into WebSocket messages of at most `limit` bytes. */
export function chunksOf(messages: readonly Uint8Array[], limit: number): Uint8Array[] {
  const chunks: Uint8Array[][] = [];
  let size = limit + 1;
  for (const message of messages) {
    const last = chunks[chunks.length - 1];
    if (last === undefined || size + message.length > limit || last.length >= MOST_MESSAGES) {
      chunks.push([message]);
      size = message.length;
    } else {
      last.push(message);
      size += message.length;
    }
  }
  return chunks.map(joined);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
