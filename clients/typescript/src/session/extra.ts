/** What a device can besides. It comes by its own import, so that an application which leaves it out doesn't ship it. */
import type { Json } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Storage } from "../ports.js";
import type { Device, Statable } from "./device.js";
import { alone, type Roles } from "./leader.js";
import type { Session } from "./session.js";
import type { Credentials, KeptToken } from "./tokens.js";

/** Puts in what it is about. */
export type Extra = (extras: Extras) => void;

export interface Extras {
  /** Whether the device may have several pages. */
  roles: Roles;
  /** The value to state. Throws a `Refusal` where the hub would not take it. */
  check(said: Statable): Json;
  /** A token in the store, or by a code; null where there is neither. */
  linked(device: Device, kept: KeptToken, keep: (kept: KeptToken) => void): Credentials | null;
  /** A question of the application, in any page. */
  ask(device: Device, asked: Asked): Promise<unknown>;
  /** The same in the page that leads. */
  answer(asked: Asked, device: Device, credentials: Credentials, session: Session): Promise<unknown>;
  /** Empties the store. Rejects with `StoreUnusable`. */
  forget(storage: Storage, name: string): Promise<void>;
  /** The store is about to be used. */
  opened(storage: Storage, name: string): Promise<void>;
}

/** A command of docs/protocol.md §7, or an HTTP request. */
export type Asked =
  | { readonly command: string; readonly params: { readonly [key: string]: Json } }
  | { readonly method: string; readonly path: string; readonly body: Json | undefined };

/** What people see in the list of devices. */
export interface About {
  readonly name: string;
  readonly platform: string;
}

export function aboutOf({ options, platform }: Device): About {
  return {
    name: options.deviceName ?? platform.name,
    platform: options.platform ?? platform.name,
  };
}

export function extrasOf(given: readonly Extra[]): Extras {
  const extras: Extras = {
    roles: alone,
    check: ({ value }) => value,
    linked: () => null,
    ask: missing,
    answer: missing,
    forget: missing,
    opened: async () => undefined,
  };
  for (const add of given) add(extras);
  return extras;
}

/** The application imports what this takes, and gives it to `createHub`. */
async function missing(): Promise<never> {
  throw new TongbuError("no_extra");
}
