/**
 * `createHub`: one device of one user, whether the hub can be reached or not. Each platform's `connect` calls it. `roles`:
 * `together` (`pages.ts`) where a device may have several pages.
 */
import type { Hub, HubOptions, Ledger } from "../api.js";
import { Refusal, type TongbuError } from "../errors.js";
import { setInternals } from "../internals.js";
import type { Platform } from "../ports.js";
import { isName } from "../state/names.js";
import { createDevice, type Device } from "./device.js";
import { Closed, NotConnected } from "./errors.js";
import { alone, type Roles } from "./leader.js";
import { createLedger } from "./ledger.js";
import { OWN_INBOX } from "./session.js";

export function createHub(platform: Platform, options: HubOptions, roles: Roles = alone): Hub {
  const device = createDevice(platform, options);
  const ledgers = new Map<string, Ledger>();
  let closing: Promise<void> | null = null;
  const end = roles(device, (error) => void stop(error).catch(() => undefined));
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
      if (!isName(name)) throw new Refusal("bad_id", "a space's name is 1 to 64 of A-Z a-z 0-9 _ . ~ @ -");
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
      while (closing === null && !(await device.role.forget()));
      await stop(new Closed());
    },
  };
  setInternals(hub, {
    user: device.user,
    surroundings: platform.surroundings,
    provide: device.provide,
    hold: device.hold,
    release: device.release,
    nextId: device.nextId,
    said: device.said,
    presenceChanged: (topic) => device.role.presence(topic),
    leading: () => device.role.leading(),
  });
  return hub;
}

/** ms that an answer may take, whoever is asked. */
const ANSWER_TIMEOUT = 35_000;

function inTime<Value>(device: Device, answer: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new NotConnected("There was no answer in time."));
    const callOff = device.platform.surroundings.after(ANSWER_TIMEOUT, late);
    answer.finally(callOff).then(resolve, reject);
  });
}

/** ms that closing waits for what was said here to be kept, where another page is to keep it. */
const KEEPING = 2_000;

/** Until all that was said here is on disk. */
function allKept(device: Device): Promise<void> {
  const pending = () => device.topics().some((topic) => topic.pending().length > 0);
  return new Promise((resolve) => {
    const end = () => {
      for (const stop of stops.splice(0)) stop();
      resolve();
    };
    const look = () => {
      if (!pending() || device.connection.get().state === "closed") end();
    };
    const stops = [
      device.kept.subscribe(look),
      device.connection.subscribe(look),
      device.platform.surroundings.after(KEEPING, end),
    ];
    look();
  });
}

/** Whether everything that waits now is answered within `timeout` ms. */
async function flush(device: Device, timeout: number | undefined): Promise<boolean> {
  let waiting: readonly string[] | null = null;
  const left = (): readonly string[] => {
    const now = new Set(device.topics().flatMap((topic) => [...topic.waiting()]));
    return (waiting ?? [...now]).filter((id) => now.has(id));
  };
  return new Promise((resolve) => {
    const stops: (() => void)[] = [];
    const end = (done: boolean) => {
      for (const stop of stops.splice(0)) stop();
      resolve(done);
    };
    const look = () => {
      if (waiting === null) return;
      waiting = left();
      const { state } = device.connection.get();
      if (waiting.length === 0) end(true);
      else if (state === "refused" || state === "closed") end(false);
    };
    stops.push(device.changes.settled.subscribe(look), device.connection.subscribe(look));
    if (timeout !== undefined) stops.push(device.platform.surroundings.after(timeout, () => end(false)));
    void device.ready.then(() => {
      waiting = left();
      look();
    });
  });
}
