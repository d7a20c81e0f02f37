/** What entries beside the core (documents) reach of a hub. No application needs it. */
import type { Hub, Readable } from "./api.js";
import { TongbuError } from "./errors.js";
import type { Surroundings } from "./ports.js";
import type { Batch } from "./session/batch.js";
import type { Cell } from "./session/cell.js";
import type { Device, Leading } from "./session/device.js";
import type { Topic } from "./session/topic.js";

export interface Internals {
  readonly user: Readable<string | null>;
  readonly surroundings: Surroundings;
  /** Documents that nobody opened since the page that leads began, and in which edits wait; how many in each. */
  readonly unopened: Cell<ReadonlyMap<string, number>>;
  /**
   * How topics of a kind (`doc`) are made. Only the first call counts. In a page that leads, other pages' topics of the kind
   * are made by it, too; a page that leads and was not told how hands over to one that was.
   */
  provide(kind: string, make: (name: string) => Topic): void;
  /** The topic of that name, made where there is none, and kept up to date until `release` was called as often. */
  hold(name: string): Held;
  release(topic: Topic): void;
  /** An id for something said here: greater than every one before. */
  nextId(): string;
  /** Something was said here in a topic that is held: its rows (`e <topic> <id>`), to be kept, then pushed. */
  said(batch: Batch): void;
  /** What others see of this connection in a topic changed (`topic.presence.own`). */
  presenceChanged(topic: Topic): void;
  /** Resolves once what is kept of every topic in use is here, and what was said here so far is kept. */
  saidKept(): Promise<unknown>;
  /** In a page that follows: a page shall lead that knows how a topic is made. */
  leadFor(topic: string): void;
  /** Null in a page that follows. */
  leading(): Leading | null;
}

export interface Held {
  readonly topic: Topic;
  /** Resolves once what the store holds is in the topic; at once where it is already. Rejects with `StoreError`, `Closed`. */
  readonly loaded: Promise<void>;
}

const devices = new WeakMap<Hub, Device>();
const internals = new WeakMap<Device, Internals>();

/** Raises where `hub` was not made by this copy of the SDK. */
export function internalsOf(hub: Hub): Internals {
  const device = devices.get(hub);
  if (device === undefined)
    throw new TongbuError("not_a_hub", "This hub was made by another copy of the SDK.");
  const found = internals.get(device) ?? made(device);
  internals.set(device, found);
  return found;
}

function made(device: Device): Internals {
  return {
    ...device,
    surroundings: device.platform.surroundings,
    presenceChanged: (topic) => device.role.presence(topic),
    saidKept: () => device.role.kept(),
    leading: () => device.role.leading(),
    leadFor: (topic) => device.role.leadFor?.(topic),
  };
}

export function setDevice(hub: Hub, device: Device): void {
  devices.set(hub, device);
}
