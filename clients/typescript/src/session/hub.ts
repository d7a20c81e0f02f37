/**
 * `createHub`: one device of one user, whether the hub can be reached or not. Each platform's `connect` calls it, with all
 * `extras`.
 */
import type { Hub, HubOptions, Ledger } from "../api.js";
import { Refusal, type TongbuError } from "../errors.js";
import { setInternals } from "../internals.js";
import type { Platform } from "../ports.js";
import { isName } from "../state/names.js";
import { promised } from "./cell.js";
import { createDevice, type Device } from "./device.js";
import { Closed, NotConnected } from "./errors.js";
import type { Extra } from "./extra.js";
import { createLedger } from "./ledger.js";
import { OWN_INBOX } from "./session.js";

export function createHub(platform: Platform, options: HubOptions, extras: readonly Extra[] = []): Hub {
  const device = createDevice(platform, options, extras);
  const ledgers = new Map<string, Ledger>();
  let closing: Promise<void> | null = null;
  const end = device.extras.roles(device, (error) => void stop(error).catch(() => undefined));
  const asleep = platform.onWake?.(() => device.role.wake(false));

  /** Ends here, whatever the others do. */
  function stop(error: TongbuError): Promise<void> {
    closing ??= end();
    device.fail(error);
    asleep?.();
    for (const ledger of [...ledgers.values()]) ledger.close();
    return closing;
  }

  function ledger(name: string): Ledger {
    const known = ledgers.get(name);
    if (known !== undefined) return known;
    const made = createLedger(device, name, () => ledgers.delete(name));
    ledgers.set(name, made);
    return made;
  }

  const hub: Hub = {
    user: device.user,
    device: device.id,
    connection: device.connection,
    unsaved: device.unsaved,
    storeFailure: device.storeFailure,
    now: () => device.clock.now(),
    inbox: () => ledger(OWN_INBOX),
    space(name) {
      if (!isName(name)) throw new Refusal("bad_id", "that is no name of a space");
      return ledger(`space/${name}`);
    },
    async command(name, params) {
      device.check();
      return inTime(device, device.role.command(name, params));
    },
    async request(method, path, body) {
      device.check();
      return inTime(device, device.role.request(method, path, body));
    },
    wake: () => device.role.wake(true),
    flush: (timeout) => flush(device, timeout),
    onRefused: device.changes.onRefused,
    async close() {
      await allKept(device);
      await stop(new Closed());
    },
    async forget() {
      try {
        while (closing === null && !(await device.role.forget()));
      } finally {
        await stop(new Closed());
      }
    },
  };
  setInternals(hub, {
    ...device,
    surroundings: platform.surroundings,
    presenceChanged: (topic) => device.role.presence(topic),
    leading: () => device.role.leading(),
  });
  return hub;
}

/** ms that an answer may take, whoever is asked. */
const ANSWER_TIMEOUT = 35_000;

function inTime<Value>(device: Device, answer: Promise<Value>): Promise<Value> {
  const { promise, resolve, reject } = promised<Value>();
  const callOff = device.platform.surroundings.after(ANSWER_TIMEOUT, () => reject(new NotConnected()));
  answer.finally(callOff).then(resolve, reject);
  return promise;
}

/** ms that closing waits for what was said here to be kept, where another page is to keep it. */
const KEEPING = 2_000;

/** Anything that tells when it makes sense to look again. */
interface Telling {
  subscribe(look: () => void): () => void;
}

/** What `look` finds, once that isn't null; null after `timeout` ms. */
function found<Value>(
  device: Device,
  look: () => Value | null,
  sources: readonly Telling[],
  timeout: number | undefined,
): Promise<Value | null> {
  return new Promise((resolve) => {
    const end = (value: Value | null) => {
      for (const stop of stops.splice(0)) stop();
      resolve(value);
    };
    const lookAgain = () => {
      const value = look();
      if (value !== null) end(value);
    };
    const stops = [...sources, device.connection].map((source) => source.subscribe(lookAgain));
    if (timeout !== undefined) stops.push(device.platform.surroundings.after(timeout, () => end(null)));
    lookAgain();
  });
}

/** Until all that was said here is on disk. */
function allKept(device: Device): Promise<unknown> {
  const pending = () => device.topics().some((topic) => topic.pending().length > 0);
  const done = () => !pending() || device.connection.get().state === "closed" || null;
  return found(device, done, [device.kept], KEEPING);
}

/** Whether everything that waits now is answered within `timeout` ms. */
async function flush(device: Device, timeout: number | undefined): Promise<boolean> {
  let waiting: readonly string[] | null = null;
  const left = (): readonly string[] => {
    const now = new Set(device.topics().flatMap((topic) => [...topic.waiting()]));
    return (waiting ?? [...now]).filter((id) => now.has(id));
  };
  const done = (): boolean | null => {
    if (waiting === null) return null;
    waiting = left();
    if (waiting.length === 0) return true;
    return ENDED.includes(device.connection.get().state) ? false : null;
  };
  const begun: Telling = {
    subscribe(look) {
      void device.ready.then(() => {
        waiting = left();
        look();
      });
      return () => undefined;
    },
  };
  return (await found(device, done, [device.changes.settled, begun], timeout)) === true;
}

/** In these nothing is answered any more. */
const ENDED: readonly string[] = ["refused", "closed"];
