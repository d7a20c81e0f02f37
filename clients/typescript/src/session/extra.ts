/** What a device can besides. It comes by its own import, so that an application which leaves it out doesn't ship it. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Device, Statable } from "./device.js";
import { alone, type Roles } from "./leader.js";
import type { Credentials, KeptToken } from "./tokens.js";

/** Puts in what it is about. */
export type Extra = (extras: Extras) => void;

export interface Extras {
  /** Whether the device may have several pages. */
  roles: Roles;
  /** The value to state. Throws a `Refusal` where the hub would not take it. */
  check(said: Statable): Json;
  /** A token in the store, or by a code; null where there is neither. */
  linked(device: Device, kept: KeptToken, keep: (kept: KeptToken) => void, about: About): Credentials | null;
  request(
    device: Device,
    credentials: Credentials,
    method: string,
    path: string,
    body: Json | undefined,
  ): Promise<Answered>;
}

/** What people see in the list of devices. */
export interface About {
  readonly name: string;
  readonly platform: string;
}

export interface Answered {
  readonly status: number;
  /** null where the answer is no JSON. */
  readonly body: Json;
}

export function extrasOf(given: readonly Extra[]): Extras {
  const extras: Extras = {
    roles: alone,
    check: ({ value }) => value,
    linked: () => null,
    async request() {
      throw new TongbuError("no_requests", "This device makes no requests.");
    },
  };
  for (const add of given) add(extras);
  return extras;
}
