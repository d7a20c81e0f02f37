/** What this person's devices are called, asked of the hub when somebody wants to know. */

import type { Hub, Readable } from "@tongbu/client";
import type { DeviceEntry } from "../model/devices.ts";
import { Value } from "../model/value.ts";
import { fetchDevices } from "./fetch-devices.ts";

export interface DeviceNames {
  /** By id; empty until they were asked for. */
  readonly known: Readable<ReadonlyMap<string, string>>;
  /** Asks the hub for them, unless this one is known or that was done within the minute. */
  need(id: string): void;
  /** They are in hand already. */
  take(devices: readonly DeviceEntry[]): void;
}

/** How often (ms) the hub is asked at most. */
const ASK_EVERY = 60_000;

export function openDeviceNames(hub: Hub): DeviceNames {
  const known = new Value<ReadonlyMap<string, string>>(new Map());
  let asked = Number.NEGATIVE_INFINITY;
  const take = (devices: readonly DeviceEntry[]) =>
    known.set(new Map(devices.map(({ id, name }) => [id, name])));
  return {
    known,
    take,
    need(id) {
      const now = hub.now();
      if (known.get().has(id) || now - asked < ASK_EVERY || hub.connection.get().state !== "online") return;
      asked = now;
      fetchDevices(hub).then(take, () => {
        asked = Number.NEGATIVE_INFINITY;
      });
    },
  };
}
