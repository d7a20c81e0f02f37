/**
 * `createHub`: one device of one user, whether the hub can be reached or not. Each platform's `connect` calls it, with all
 * `extras`.
 */
import type { Hub, HubOptions, Json, Ledger } from "../api.js";
import { Refusal, type TongbuError } from "../errors.js";
import { setDevice } from "../internals.js";
import type { Platform } from "../ports.js";
import { isName } from "../state/names.js";
import { promised } from "./cell.js";
import { createDevice, type Device } from "./device.js";
import { Closed } from "./errors.js";
import type { Asked, Extra } from "./extra.js";
import { createLedger } from "./ledger.js";
import { OWN_INBOX } from "./session.js";

/** ms that closing waits for what was said here to be kept. */
const KEEPING = 2_000;

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

  async function ask(asked: Asked): Promise<unknown> {
    device.check();
    return device.extras.ask(device, asked);
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
      if (!isName(name)) throw new Refusal("bad_id");
      return ledger(`space/${name}`);
    },
    command: (command, params) => ask({ command, params }) as Promise<Json>,
    request: (method, path, body) => ask({ method, path, body }) as ReturnType<Hub["request"]>,
    wake: () => device.role.wake(true),
    flush: (timeout) => flush(device, timeout),
    onRefused: device.changes.onRefused,
    async close() {
      await new Promise<unknown>((resolve) => {
        const callOff = platform.surroundings.after(KEEPING, () => resolve(null));
        device.role.kept().finally(callOff).then(resolve, resolve);
      });
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
  setDevice(hub, device);
  return hub;
}

/**
 * Whether everything that waits now is answered within `timeout` ms. What ends the connection for good, so that nothing is
 * answered any more, ends the waiting.
 */
function flush(device: Device, timeout: number | undefined): Promise<boolean> {
  const { promise, resolve } = promised<boolean>();
  const lives = () => !["refused", "closed"].includes(device.connection.get().state);
  const look = () => void (lives() || resolve(false));
  const stops = [device.connection.subscribe(look)];
  if (timeout !== undefined) stops.push(device.platform.surroundings.after(timeout, () => resolve(false)));
  void device.ready.then(async () => {
    const ids = [...device.topics.values()].flatMap((topic) => [...topic.waiting()]);
    if (ids.length > 0) look();
    await Promise.all(ids.map((id) => device.changes.track([id]).saved.catch(() => undefined)));
    resolve(ids.length === 0 || lives());
  });
  return promise.finally(() => stops.forEach((stop) => void stop()));
}
