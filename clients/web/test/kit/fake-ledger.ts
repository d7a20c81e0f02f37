/** A ledger in memory: what is stated takes effect at once, and is saved at once while the hub is online. */

import type {
  Change,
  Changed,
  Counts,
  Durability,
  Edits,
  Item,
  Json,
  Ledger,
  Marks,
  NewTask,
  Present,
  Readable,
  TongbuError,
} from "@tongbu/client";
import { Value } from "../../src/model/value.ts";
import { FakeTask } from "./fake-task.ts";
import { aTask, aTaskState, isEnd } from "./items.ts";

export interface Statement {
  readonly id: string;
  readonly marks: Marks | Edits;
}

interface Unsaved {
  readonly id: string;
  readonly durability: Value<Durability | "refused">;
  readonly settle: () => void;
}

export class FakeLedger implements Ledger {
  readonly topic: string;
  readonly loaded = Promise.resolve();
  readonly inSync = new Value(true);
  readonly access = new Value<"write" | "read" | null>("write");
  readonly refusal = new Value<TongbuError | null>(null);
  readonly counts: Value<Counts>;
  readonly unsaved = new Value(0);
  readonly presence = new Value<ReadonlyMap<string, Present>>(new Map());
  readonly items: Readable<readonly Item[]>;
  /** Everything that was stated by `mark` and `edit`, in order. */
  readonly stated: Statement[] = [];
  /** How many times `readAll` was called. */
  readAlls = 0;
  /** How many items were read by `get`: what an update costs. */
  reads = 0;
  readonly #items = new Map<string, Item>();
  readonly #watchers = new Set<(changed: Changed) => void>();
  readonly #isOnline: () => boolean;
  readonly now: () => number;
  #unsaved: Unsaved[] = [];
  #created = 0;

  constructor(topic: string, items: readonly Item[], now: () => number, isOnline: () => boolean) {
    this.topic = topic;
    this.now = now;
    this.#isOnline = isOnline;
    for (const item of items) this.#items.set(item.id, item);
    this.counts = new Value(this.#count());
    this.items = {
      get: () => this.#sorted(),
      subscribe: (listener) => this.watch(() => listener(this.#sorted())),
    };
  }

  get(id: string): Item | null {
    this.reads += 1;
    return this.#items.get(id) ?? null;
  }

  watch(listener: (changed: Changed) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** As relayed by the hub: this item stands so now. */
  put(...items: readonly Item[]): void {
    let counts = this.counts.get();
    for (const item of items) {
      const before = this.#items.get(item.id);
      if (before !== undefined) counts = added(counts, before, -1);
      counts = added(counts, item, 1);
      this.#items.set(item.id, item);
    }
    this.counts.set(counts);
    this.#tell(new Set(items.map(({ id }) => id)));
  }

  /** Another content altogether, as after a restore. */
  replace(items: readonly Item[]): void {
    this.#items.clear();
    for (const item of items) this.#items.set(item.id, item);
    this.counts.set(this.#count());
    this.#tell("all");
  }

  mark(id: string, marks: Marks): Change {
    this.stated.push({ id, marks });
    const { snoozed } = marks;
    return this.#state(id, (item) => ({
      ...item,
      ...marks,
      snoozed:
        snoozed === undefined ? item.snoozed : snoozed !== null && snoozed > this.now() ? snoozed : null,
      seen: marks.seen ?? (item.seen || marks.read !== undefined),
    }));
  }

  edit(id: string, edits: Edits): Change {
    this.stated.push({ id, marks: edits });
    const { title, body, ...state } = edits;
    return this.#state(id, (item) => ({
      ...item,
      ...(title === undefined ? {} : { title }),
      ...(body === undefined ? {} : { body }),
      task: item.task === null ? null : { ...item.task, ...state },
    }));
  }

  readAll(): Change {
    this.readAlls += 1;
    const unread = [...this.#items.values()].filter((item) => item.kind === "notification" && !item.read);
    this.put(...unread.map((item) => ({ ...item, read: true, seen: true })));
    return this.#change("*");
  }

  create(task: NewTask): { item: Item; change: Change } {
    this.#created += 1;
    const item = aTask(
      { id: `created-${this.#created}`, ...task, by: "ann", at: null, order: null },
      { status: "queued" },
    );
    this.put({ ...item, durability: "local" });
    return { item, change: this.#change(item.id) };
  }

  start(task: NewTask): FakeTask {
    const known = task.id === undefined ? null : this.get(task.id);
    const { item } = known === null ? this.create(task) : { item: known };
    const started = this.task(item.id);
    started.setStatus("running");
    return started;
  }

  task(id: string): FakeTask {
    return new FakeTask(this, id);
  }

  /** A statement on a task's state, by `FakeTask`. */
  restate(id: string, change: (state: NonNullable<Item["task"]>) => NonNullable<Item["task"]>): Change {
    return this.#state(id, (item) => {
      const state = change(item.task ?? aTaskState());
      const ended = isEnd(state.status);
      return { ...item, task: { ...state, finishedAt: ended ? (state.finishedAt ?? this.now()) : null } };
    });
  }

  setPresence(_state: Json): void {}

  close(): void {}

  /** The hub has saved everything. */
  saveAll(): void {
    const settled = this.#unsaved;
    this.#unsaved = [];
    this.unsaved.set(0);
    for (const change of settled) change.settle();
    const saved = settled.map(({ id }) => this.#items.get(id)).filter((item) => item !== undefined);
    this.put(...saved.map((item) => this.#asSaved(item)));
  }

  #asSaved(item: Item): Item {
    const at = item.at ?? this.now();
    return { ...item, at, order: item.order ?? at, durability: "saved" };
  }

  #state(id: string, change: (item: Item) => Item): Change {
    const item = this.#items.get(id);
    if (item !== undefined) this.put({ ...change(item), durability: "local" });
    return this.#change(id);
  }

  #change(id: string): Change {
    const durability = new Value<Durability | "refused">("local");
    const saved = new Promise<void>((resolve) => {
      const settle = () => {
        durability.set("saved");
        resolve();
      };
      this.#unsaved.push({ id, durability, settle });
    });
    this.unsaved.set(this.#unsaved.length);
    if (this.#isOnline()) this.saveAll();
    return { durability, saved };
  }

  #tell(changed: Changed): void {
    for (const watcher of [...this.#watchers]) watcher(changed);
  }

  #sorted(): readonly Item[] {
    const key = (item: Item) => item.order ?? Number.MAX_SAFE_INTEGER;
    return [...this.#items.values()].filter(({ deleted }) => !deleted).sort((a, b) => key(b) - key(a));
  }

  #count(): Counts {
    const none: Counts = { unread: 0, unseen: 0, open: 0 };
    return [...this.#items.values()].reduce((counts, item) => added(counts, item, 1), none);
  }
}

/** The counts with an item, or (-1) without it. */
function added(counts: Counts, item: Item, sign: 1 | -1): Counts {
  if (item.archived || item.deleted || item.snoozed !== null) return counts;
  const isNotification = item.kind === "notification";
  return {
    unread: counts.unread + (isNotification && !item.read ? sign : 0),
    unseen: counts.unseen + (isNotification && !item.seen ? sign : 0),
    open: counts.open + (item.task !== null && !isEnd(item.task.status) ? sign : 0),
  };
}
