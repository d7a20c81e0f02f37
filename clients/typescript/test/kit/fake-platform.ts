/** Devices and pages on virtual time, with a store that outlives them. */
import type { Hub, HubOptions } from "../../src/api.js";
import { applyTo, keysOf } from "../../src/platform/keys.js";
import { copyOf } from "../../src/platform/memory-storage.js";
import { StoreInUse } from "../../src/platform/store-errors.js";
import type { Platform, Socket, Storage } from "../../src/ports.js";
import type { Extra } from "../../src/session/extra.js";
import { createHub } from "../../src/session/hub.js";
import { everything } from "./extras.js";
import type { PageBus } from "./page-bus.js";
import type { ScriptedHub } from "./scripted-hub.js";

/** What a device keeps, whoever opens it. */
export class KeptStore {
  readonly rows = new Map<string, unknown>();
  /** Writes fail from now on. */
  full = false;
  /** Writes wait until it is false again. */
  slow: Promise<void> | null = null;
  opened = 0;
  /** Who opened it last: nobody else may write. */
  private owner: object | null = null;

  /** `alive`: whether the page that opens it still is; a dead one writes nothing. */
  open(alive = () => true): Storage {
    this.opened += 1;
    let closed = false;
    const owner = {};
    this.owner = owner;
    return {
      list: async (prefix) =>
        keysOf(this.rows, prefix).map((key) => [key, copyOf(this.rows.get(key))] as const),
      write: async (puts, removals) => {
        const copies = [...puts].map(([key, value]) => [key, copyOf(value)] as const);
        await this.slow;
        if (closed || !alive()) throw new Error("closed");
        if (this.owner !== owner) throw new StoreInUse("Another page has it.");
        if (this.full) throw new Error("no room");
        applyTo(this.rows, copies, removals);
      },
      close: async () => {
        if (!closed) this.opened -= 1;
        closed = true;
      },
    };
  }
}

export interface Page {
  readonly hub: Hub;
  /** The page's wake event. */
  wake(): void;
  /** The page ends without a word, as in a crash. */
  crash(): void;
  /** Nothing happens in the page until it is resumed: then all at once. */
  suspend(): void;
  resume(): void;
}

const DEAD: Socket = { buffered: 0, send: () => undefined, close: () => undefined };

/** One page (or process) of a device. `bus`: where it has several. */
export function openPage(
  script: ScriptedHub,
  store: KeptStore,
  options: Partial<HubOptions> = {},
  bus: PageBus | null = null,
  extras: readonly Extra[] = everything,
): Page {
  const listeners = new Set<() => void>();
  const timers = new Set<() => void>();
  const tabs = bus?.page();
  let alive = true;
  let asleep: (() => void)[] | null = null;
  const guard = (run: () => void) => {
    if (asleep !== null) asleep.push(() => guard(run));
    else if (alive) run();
  };
  const platform: Platform = {
    name: "test",
    transport: {
      connect(url, events) {
        if (!alive) return DEAD;
        const socket = script.transport.connect(url, {
          opened: () => guard(() => events.opened()),
          message: (bytes) => guard(() => events.message(bytes)),
          closed: (code, reason) => guard(() => events.closed(code, reason)),
        });
        timers.add(() => socket.close(1006));
        return socket;
      },
      fetch: (request) => script.transport.fetch(request),
    },
    open: async () => store.open(() => alive),
    surroundings: {
      ...script.time,
      after(delay, run) {
        const stop = script.time.after(delay, () => guard(run));
        timers.add(stop);
        return stop;
      },
    },
    ...(tabs !== undefined && { tabs: () => tabs }),
    onWake(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const hub = createHub(platform, { url: "http://hub.test", token: "t", ...options }, extras);
  return {
    hub,
    wake: () => [...listeners].forEach((listener) => void listener()),
    suspend() {
      asleep = [];
      tabs?.suspend();
    },
    resume() {
      const slept = asleep ?? [];
      asleep = null;
      for (const run of slept) run();
      tabs?.resume();
    },
    crash() {
      alive = false;
      tabs?.crash();
      for (const stop of timers) stop();
    },
  };
}
