/** The link: one socket at a time, said hello on, read, written, and come back for. Decides by `Session`. */
import { TongbuError } from "../errors.js";
import type { Socket, Surroundings } from "../ports.js";
import { hello } from "../protocol/messages.js";
import { chance, jitter } from "./backoff.js";
import { Batch } from "./batch.js";
import { soon } from "./cell.js";
import type { Device } from "./device.js";
import { NotConnected, WrongUser } from "./errors.js";
import { aboutOf } from "./extra.js";
import type { Session } from "./session.js";
import { boundTo, type Credentials, renewalWait, userOf } from "./tokens.js";

/** ms from dialling to the hub's welcome, the answer to a probe, and after which a dial is old when woken. */
const OPEN_TIMEOUT = 15_000;
const PROBE_TIMEOUT = 5_000;
const OLD_DIAL = 3_000;
/** Least ms between two renewals. */
const LEAST_RENEWAL = 1_000;
/** Of `retry_after`, added at random. */
const SPREAD = 0.25;

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

/** `credentials`: asked for when it starts. `save`: called before anything that follows from it is said. */
export function createLink(
  device: Device,
  session: Session,
  credentials: () => Credentials,
  save: (batch: Batch) => void,
): Link {
  const { platform, address, connection } = device;
  const { surroundings } = platform;
  /** Waits of a random time, each of a longer one than the last until it went well. */
  const wait = () => jitter(surroundings.random, tries++);
  /** How to call off what is to run later, by what it is for. */
  const timers = new Map<Timer, () => void>();
  /** Started, and not stopped. */
  let live = false;
  let socket: Socket | null = null;
  let token = "";
  let refusedTokens = 0;
  let tries = 0;
  /** Of one dial: what belongs to an earlier one is not heard. */
  let dial = 0;
  let heard = silenceSince(surroundings);

  /** Runs something later, in place of what was to run for the same. */
  function start(timer: Timer, delay: number, run: () => void): void {
    stop(timer);
    timers.set(timer, surroundings.after(delay, run));
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
    connection.set({ state: "connecting" });
    start("watch", OPEN_TIMEOUT, silent);
    credentials().current().then(now(open), now(noToken));
  }

  function noToken(error: unknown): void {
    notDialled(error, "no token");
  }

  function open(current: string): void {
    const user = userOf(current);
    if (user !== null && session.user !== null && user !== session.user) refuse(new WrongUser());
    else speak(current);
  }

  function speak(current: string): void {
    token = current;
    const { name, platform: sort } = aboutOf(device);
    const id = boundTo(current) ?? (device.anew ? null : session.device);
    const events = {
      opened: now(() => socket?.send(hello(current, id, name, sort))),
      message: now(hear),
      closed: now(closed),
    };
    try {
      socket = platform.transport.connect(address.socket, events);
    } catch (error) {
      notDialled(error, "connection lost");
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

  function lost(reason: string): void {
    const { goingAway } = session;
    // Of what the hub said, spread a little.
    const delay = goingAway
      ? Math.round(goingAway.retryAfter * (1 + SPREAD * chance(surroundings.random)))
      : wait();
    end();
    connection.set({ state: "waiting", retryAt: surroundings.now() + delay, reason });
    start("retry", delay, connect);
  }

  function refuse({ code, message }: { readonly code: string; readonly message: string }): void {
    end();
    connection.set({ state: "refused", code, message });
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
    save(batch);
    if (!sound) lost("malformed");
    else if (session.stranger) refuse(new WrongUser());
    else if (session.welcomed && !before) welcomed();
    soon(flush);
  }

  function welcomed(): void {
    tries = refusedTokens = 0;
    device.anew = false;
    start("watch", 2 * session.beat, silent);
    planRenewal(0);
    connection.set({ state: "online" });
  }

  function silent(): void {
    const most = session.welcomed ? 2 * session.beat : OPEN_TIMEOUT;
    const silence = heard();
    if (silence >= most) lost("no answer");
    else start("watch", most - silence, silent);
  }

  function closed(code: number, reason: string): void {
    const { fatal } = session;
    const words = fatal?.message || reason || "connection lost";
    const end = FINAL[code];
    socket = null;
    if (code === 4501 || end === "token") replaceToken(words);
    else if (end === undefined) lost(words);
    else refuse({ code: fatal?.code ?? end, message: words });
  }

  /** The hub no longer takes the token: is there another? Two in a row are enough. */
  function replaceToken(words: string): void {
    const old = token;
    end();
    connection.set({ state: "connecting" });
    const take = (next: string) => {
      if (next === old) refuse({ code: "token", message: words });
      else connect();
    };
    refusedTokens += 1;
    if (refusedTokens > 2) take(old);
    else credentials().renewed(old).then(now(take), now(noToken));
  }

  // ------------------------------------------------------------------ saying

  function flush(): void {
    if (!session.welcomed || socket === null) return;
    const batch = new Batch();
    const messages = session.outgoing(batch);
    save(batch);
    for (const message of messages) socket.send(message);
    const next = session.nextTry();
    if (session.mustReturn) connect();
    else if (next < Number.POSITIVE_INFINITY) start("later", next - surroundings.monotonic(), flush);
  }

  function planRenewal(extra: number): void {
    const left = renewalWait(token, device.clock.now());
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
    credentials()
      .renewed(old)
      .then(keep, () => keep(old));
  }

  function wake(byHand: boolean): void {
    const { state } = connection.get();
    if (!live) return;
    if (state === "waiting" || (byHand && state === "refused")) connect();
    else if (state === "connecting" && heard() > OLD_DIAL) connect();
    else if (state === "online") check();
  }

  /** The network changed, or the machine slept: does the hub still answer? */
  function check(): void {
    session.call("counts", {}).catch(() => undefined);
    flush();
    start("probe", PROBE_TIMEOUT, () => lost("no answer"));
  }

  return {
    start() {
      live = true;
      connect();
    },
    flush,
    wake,
    stop() {
      live = false;
      end();
    },
  };
}

/** ms since now. A clock that stands still while the machine sleeps is outrun by the other. */
function silenceSince(surroundings: Surroundings): () => number {
  const wall = surroundings.now();
  const steady = surroundings.monotonic();
  return () => Math.max(surroundings.now() - wall, surroundings.monotonic() - steady);
}
