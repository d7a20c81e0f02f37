/**
 * One device in this page: its topics, its clock, what it says. Whether the hub itself stands behind it, or the page that
 * leads, is the business of its `Role`.
 */
import type { Change, Connection, HubOptions, Json, Kind, Readable } from "../api.js";
import { Refusal, type TongbuError } from "../errors.js";
import type { Platform } from "../ports.js";
import { createClock, type HybridClock } from "../state/clock.js";
import { plain } from "../state/plain.js";
import { type Address, addressOf } from "./address.js";
import { Batch } from "./batch.js";
import { type Cell, cell, promised, type Topical, topical } from "./cell.js";
import { type Changes, createChanges } from "./changes.js";
import { OutboxFull } from "./errors.js";
import { type Asked, type Extra, type Extras, extrasOf } from "./extra.js";
import { LedgerTopic } from "./ledger-topic.js";
import type { Session } from "./session.js";
import type { Topic } from "./topic.js";

/** What stands behind the topics of this page. */
export interface Role {
  /** Load a topic and keep it up to date; `Topic.loading` is told once it is here. */
  hold(topic: Topic): void;
  /** Nobody in this page needs it any more. */
  release(topic: Topic): void;
  /** Things were said here. */
  said(batch: Batch): void;
  presence(topic: Topic): void;
  ask(asked: Asked): Promise<unknown>;
  /** Resolves once what was said here so far is kept, or can't be. */
  kept(): Promise<unknown>;
  wake(byHand: boolean): void;
  /** Of a page that follows: one shall lead that knows how this topic is made. */
  leadFor?(topic: string): void;
  /** Null in a page that follows. */
  leading(): Leading | null;
  close(): Promise<void>;
  /** False where another role has to do it. */
  forget(): Promise<boolean>;
}

/** The conversation with the hub, for who takes part in it without the link. */
export interface Leading {
  readonly session: Session;
  /** Keeps a batch; then what can be said is said. */
  save(batch: Batch): void;
}

/** One thing to say: in which ledger, and what. */
export interface Statable {
  readonly topic: LedgerTopic;
  readonly item: string;
  readonly field: string;
  readonly value: Json;
  /** Of the item, where that is known. */
  readonly kind?: Kind | undefined;
}

export interface Device {
  readonly platform: Platform;
  readonly options: HubOptions;
  readonly address: Address;
  readonly extras: Extras;
  /** A name of this page among those of the device. */
  readonly page: string;
  /** The next hello is said as a device without an id: somebody signed in here, and no hub has welcomed that yet. */
  anew: boolean;
  readonly clock: HybridClock;
  readonly user: Cell<string | null>;
  /** The one that the hub issued. */
  readonly id: Cell<string | null>;
  readonly connection: Cell<Connection>;
  readonly unsaved: Cell<number>;
  readonly storeFailure: Cell<string | null>;
  /** Topics that nobody opened and in which something waits for the hub; how many things in each. */
  readonly unopened: Cell<ReadonlyMap<string, number>>;
  readonly changes: Changes;
  /** Told when the clock was set. */
  readonly clockSet: Topical<void>;
  /** Told when something said here is on disk. */
  readonly kept: Topical<void>;
  /** Resolves once what the device stamped earlier is known here; see `started`. */
  readonly ready: Promise<void>;
  role: Role;
  /** How topics of a kind (`doc`) are made; the first word counts. */
  provide(kind: string, make: (name: string) => Topic): void;
  /** Null where the kind is not known here. */
  make(name: string): Topic | null;
  /** Those in use, or in which something waits, by name. */
  readonly topics: ReadonlyMap<string, Topic>;
  ledgers(): LedgerTopic[];
  hold(name: string): { readonly topic: Topic; readonly loaded: Promise<void> };
  release(topic: Topic): void;
  /** It is not kept up to date any more, and nothing waits in it. */
  dropped(topic: Topic): void;
  nextId(): string;
  /** An id that was given earlier: the next ones are greater. */
  sawId(id: string): void;
  /** State all or nothing. `forwarded` as in `Changes.track`. Throws what breaks a rule. */
  state(said: readonly Statable[], forwarded?: Readable<boolean>): Change;
  said(batch: Batch): void;
  started(): void;
  /** Who this is, as the hub or the store tells. */
  identify(user: string | null, id: string | null): void;
  /** The clock may have been set. */
  noticeClock(): void;
  /** Nothing works any more, and why. */
  fail(error: TongbuError): void;
  check(): void;
}

/** Statements that may wait in one ledger. */
const MAX_OUTBOX = 100_000;

/** ms that a clock may be corrected by without looking at all items again. */
const SMALL_STEP = 1_000;

export function createDevice(platform: Platform, options: HubOptions, given: readonly Extra[]): Device {
  const { surroundings } = platform;
  const clock = createClock(surroundings.now);
  const page = [...surroundings.random(4)].map((byte) => (byte + 256).toString(16).slice(1)).join("");
  const actor = () => device.id.get() ?? "";
  const topics = new Map<string, Topic>();
  const makers = new Map<string, (name: string) => Topic>();
  let lastNumber = 0;
  let offset = 0;
  let failure: TongbuError | null = null;
  let started = false;
  const { promise: ready, resolve: begin } = promised<void>();
  for (const kind of ["inbox", "space"]) makers.set(kind, (name) => new LedgerTopic(name, clock, actor));

  function check(): void {
    if (failure !== null) throw failure;
  }

  function checked(said: Statable): Json {
    const refusal = said.topic.refusal.get();
    if (refusal !== null) throw new Refusal(refusal.code, refusal.message);
    return plain(device.extras.check(said));
  }

  const device: Device = {
    platform,
    options,
    address: addressOf(options.url),
    extras: extrasOf(given),
    page,
    anew: options.newDevice === true,
    clock,
    user: cell<string | null>(null),
    id: cell<string | null>(null),
    connection: cell<Connection>({ state: "starting" }),
    unsaved: cell(0),
    storeFailure: cell<string | null>(null),
    unopened: cell<ReadonlyMap<string, number>>(new Map()),
    changes: createChanges(),
    clockSet: topical<void>(() => undefined),
    kept: topical<void>(() => undefined),
    ready,
    role: undefined as unknown as Role, // `createHub` gives it one before anybody else sees the device
    provide(kind, make) {
      if (!makers.has(kind)) makers.set(kind, make);
    },
    topics,
    ledgers: () => [...topics.values()].filter((topic): topic is LedgerTopic => topic instanceof LedgerTopic),
    make(name) {
      const topic = topics.get(name) ?? makers.get(name.split("/")[0] ?? "")?.(name);
      if (topic === undefined) return null;
      topics.set(name, topic);
      return topic;
    },
    hold(name) {
      check();
      const topic = device.make(name);
      if (topic === null) throw new Refusal("unknown_topic");
      topic.holders += 1;
      if (topic.holders === 1) device.role.hold(topic);
      return { topic, loaded: topic.loading.promise };
    },
    release(topic) {
      if (topics.get(topic.name) !== topic || topic.holders === 0) return;
      topic.holders -= 1;
      if (topic.holders === 0) device.role.release(topic);
    },
    dropped(topic) {
      if (topic.holders === 0) topics.delete(topic.name);
    },
    nextId() {
      lastNumber = Math.max(lastNumber + 1, surroundings.now());
      return `${String(lastNumber).padStart(14, "0")}${page}`;
    },
    sawId(id) {
      lastNumber = Math.max(lastNumber, Number(id.slice(0, 14)) || 0);
    },
    state(said, forwarded) {
      check();
      const values = said.map(checked);
      if (said.some(({ topic }) => topic.unsaved + said.length > MAX_OUTBOX)) throw new OutboxFull();
      const batch = new Batch();
      const ids = said.map(({ topic, item, field }, place) => {
        const id = device.nextId();
        topic.enter(id, [item, field, values[place] as Json, clock.stamp()], batch);
        return id;
      });
      const change = device.changes.track(ids, forwarded);
      device.said(batch);
      return change;
    },
    said(batch) {
      device.changes.answered(batch.answers.splice(0));
      device.role.said(batch);
    },
    started() {
      if (started) return;
      started = true;
      // What was said before this page knew the device's clock comes after what the device said earlier.
      for (const ledger of device.ledgers())
        ledger.restamp(
          ledger.stamps().map(() => clock.stamp()),
          new Batch(),
        );
      begin();
    },
    identify(user, id) {
      const other = device.id.get() !== id;
      device.user.set(user);
      device.id.set(id);
      if (other) for (const ledger of device.ledgers()) ledger.sign();
    },
    noticeClock() {
      const now = clock.now() - surroundings.now();
      if (Math.abs(now - offset) <= SMALL_STEP) return;
      offset = now;
      device.clockSet.tell();
    },
    fail(error) {
      if (failure !== null && error.code !== "closed") return;
      failure = error;
      for (const { loading } of topics.values()) loading.reject(error);
      device.changes.close(error);
      const { code, message } = error;
      device.connection.set(code === "closed" ? { state: code } : { state: "refused", code, message });
    },
    check,
  };
  return device;
}
