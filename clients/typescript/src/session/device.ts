/**
 * One device in this page: its topics, its clock, what it says. Whether the hub itself stands behind it, or the page that
 * leads, is the business of its `Role`.
 */
import type { Change, Connection, HubOptions, Json, Kind, Readable } from "../api.js";
import { Refusal, type TongbuError } from "../errors.js";
import type { Platform } from "../ports.js";
import { HybridClock } from "../state/clock.js";
import { plain } from "../state/plain.js";
import { type Address, addressOf } from "./address.js";
import { Batch } from "./batch.js";
import { type Cell, cell, type Promised, promised, type Topical, topical } from "./cell.js";
import { type Changes, createChanges } from "./changes.js";
import { Closed } from "./errors.js";
import { type Answered, type Extra, type Extras, extrasOf } from "./extra.js";
import { LedgerTopic } from "./ledger-topic.js";
import type { Session } from "./session.js";
import type { Topic } from "./topic.js";

/** What stands behind the topics of this page. */
export interface Role {
  /** Load a topic and keep it up to date; `Device.loaded` is told once it is here. */
  hold(topic: Topic): void;
  /** Nobody in this page needs it any more. */
  release(topic: Topic): void;
  /** Things were said here. */
  said(batch: Batch): void;
  presence(topic: Topic): void;
  command(name: string, params: { readonly [key: string]: Json }): Promise<Json>;
  request(method: string, path: string, body: Json | undefined): Promise<Answered>;
  wake(byHand: boolean): void;
  /** Null in a page that follows. */
  leading(): Leading | null;
  close(): Promise<void>;
  /** False where another role has to do it. */
  forget(): Promise<boolean>;
}

/** The conversation with the hub, for who takes part in it without the link. */
export interface Leading {
  readonly session: Session;
  /** Resolves once what is kept of every topic in use is here, and what was said so far is kept. */
  ready(): Promise<void>;
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

interface Holding {
  readonly topic: Topic;
  holders: number;
  /** What ends all is told by `connection`, too. */
  readonly loading: Promised<void>;
}

export interface Device {
  readonly platform: Platform;
  readonly options: HubOptions;
  readonly address: Address;
  readonly extras: Extras;
  /** A name of this page among those of the device. */
  readonly page: string;
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
  topics(): Topic[];
  topic(name: string): Topic | undefined;
  /** Those that are kept up to date for this page. */
  heldTopics(): Topic[];
  hold(name: string): { readonly topic: Topic; readonly loaded: Promise<void> };
  release(topic: Topic): void;
  /** It is not kept up to date any more, and nothing waits in it. */
  dropped(topic: Topic): void;
  loaded(topic: Topic): void;
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

/** ms that a clock may be corrected by without looking at all items again. */
const SMALL_STEP = 1_000;

export function createDevice(platform: Platform, options: HubOptions, given: readonly Extra[]): Device {
  const { surroundings } = platform;
  const clock = new HybridClock(surroundings.now);
  const page = [...surroundings.random(4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const actor = () => device.id.get() ?? "";
  const ledgers = () => device.topics().filter((topic): topic is LedgerTopic => topic instanceof LedgerTopic);
  const makers = new Map<string, (name: string) => Topic>();
  const held = new Map<string, Holding>();
  let lastNumber = 0;
  let offset = 0;
  let failure: TongbuError | null = null;
  let started = false;
  const { promise: ready, resolve: begin } = promised<void>();
  for (const kind of ["inbox", "space"]) makers.set(kind, (name) => new LedgerTopic(name, clock, actor));

  function holding(topic: Topic): Holding {
    const loading = promised<void>();
    if (failure !== null) loading.reject(failure);
    return { topic, holders: 0, loading };
  }

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
    make(name) {
      const known = held.get(name);
      if (known !== undefined) return known.topic;
      const topic = makers.get(name.split("/")[0] ?? "")?.(name) ?? null;
      if (topic === null) return null;
      topic.closing = true; // until somebody holds it
      held.set(name, holding(topic));
      return topic;
    },
    topics: () => [...held.values()].map((each) => each.topic),
    topic: (name) => held.get(name)?.topic,
    heldTopics: () => [...held.values()].filter((each) => each.holders > 0).map((each) => each.topic),
    hold(name) {
      check();
      const topic = device.make(name);
      const record = held.get(name);
      if (topic === null || record === undefined)
        throw new Refusal("unknown_topic", "there is no such topic");
      record.holders += 1;
      topic.closing = false;
      if (record.holders === 1) device.role.hold(topic);
      return { topic, loaded: record.loading.promise };
    },
    release(topic) {
      const record = held.get(topic.name);
      if (record?.topic !== topic || record.holders === 0) return;
      record.holders -= 1;
      if (record.holders > 0) return;
      topic.closing = true;
      device.role.release(topic);
    },
    dropped(topic) {
      if (held.get(topic.name)?.holders === 0) held.delete(topic.name);
    },
    loaded: (topic) => held.get(topic.name)?.loading.resolve(),
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
      for (const { topic } of said) topic.checkRoom(said.length);
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
      for (const ledger of ledgers())
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
      if (other) for (const ledger of ledgers()) ledger.sign();
    },
    noticeClock() {
      const now = clock.now() - surroundings.now();
      if (Math.abs(now - offset) <= SMALL_STEP) return;
      offset = now;
      device.clockSet.tell();
    },
    fail(error) {
      if (failure !== null && !(error instanceof Closed)) return;
      failure = error;
      for (const { loading } of held.values()) loading.reject(error);
      device.changes.close(error);
      device.connection.set(
        error instanceof Closed
          ? { state: "closed" }
          : { state: "refused", code: error.code, message: error.message },
      );
    },
    check,
  };
  return device;
}
