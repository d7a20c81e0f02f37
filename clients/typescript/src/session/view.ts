/**
 * A ledger derived: items, counts, and who follows them. What changes costs what it touches, however many items there are;
 * only "all read" looks at every notification.
 */
import type { Changed, Counts, Item } from "../api.js";
import type { Surroundings } from "../ports.js";
import { countOf, derive, readUpto } from "../state/derive.js";
import type { Registers } from "../state/join.js";
import { ALL, personalName } from "../state/names.js";
import { type Topical, topical } from "./cell.js";
import type { LedgerTopic, Watch } from "./ledger-topic.js";

/** Items that one telling names; more are "all". */
const MAX_CHANGED = 1_000;

const NONE = { unread: 0, unseen: 0, open: 0 };
const SORTS = ["unread", "unseen", "open"] as const;

export interface View {
  items(): readonly Item[];
  get(id: string): Item | null;
  counts(): Counts;
  /** Notifications up to an order that are not read, and those that have none yet. */
  unread(upto: number): string[];
  /** The highest order of what is here; 0 for nothing. */
  latestOrder(): number;
  /** The `read_upto` registers that concern this ledger. */
  uptos(): Registers;
  readonly changes: Topical<Changed>;
  /** The clock was set: what is hidden may have changed. */
  clockSet(): void;
  close(): void;
}

/** `own`: of a space, the user's inbox, where what is personal about its items stands. `now`: the hub's time in ms. */
export function createView(
  topic: LedgerTopic,
  own: LedgerTopic | null,
  now: () => number,
  surroundings: Surroundings,
): View {
  const space = topic.name.slice(topic.name.indexOf("/") + 1);
  const items = new Map<string, Item>();
  /** Those that are not deleted, newest first. */
  let sorted: Item[] = [];
  let shown: readonly Item[] | null = null;
  const totals = { ...NONE };
  let counts: Counts = { ...totals };
  let uptos = readUpto();
  let changed: Set<string> | "all" = new Set();
  let due = Number.POSITIVE_INFINITY;
  let callOff: () => void = () => undefined;

  const changes = topical<Changed>(() => {
    const told = changed;
    changed = new Set();
    return told;
  });

  function uptoRegisters(): Registers {
    return own === null ? topic.registers(ALL) : own.registers(personalName(space, ALL));
  }

  // ------------------------------------------------------------------ keeping in step

  function rebuild(): void {
    items.clear();
    Object.assign(totals, NONE);
    uptos = readUpto(uptoRegisters());
    for (const id of topic.items()) {
      const item = derived(id);
      if (item) add(item);
    }
    sorted = [...items.values()].filter(({ deleted }) => !deleted).sort(compare);
    tell("all");
  }

  function derived(id: string): Item | null {
    const name = personalName(space, id);
    const waits = topic.waitsFor(id) || own?.waitsFor(name);
    const durability = waits ? "local" : "saved";
    const item = derive(id, topic.registers(id), uptos, now(), own?.registers(name), durability);
    return item && !waits && isForwarded(item) ? Object.assign(item, FORWARDED) : item;
  }

  function renew(id: string): void {
    const before = items.get(id);
    const after = derived(id);
    if (before) sum(before, -1);
    if (after) add(after);
    else items.delete(id);
    place(before, 1);
    place(after, 0, after);
    if (before || after) tell(id);
  }

  /** Where an item stands, or would: takes away so many, and puts in. */
  function place(item: Item | null | undefined, gone: number, ...added: (Item | null)[]): void {
    if (!item || item.deleted) return;
    let from = 0;
    for (let upto = sorted.length; from < upto; ) {
      const middle = (from + upto) >> 1;
      if (compare(item, sorted[middle] as Item) > 0) from = middle + 1;
      else upto = middle;
    }
    sorted.splice(from, gone, ...(added as Item[]));
  }

  function add(item: Item): void {
    items.set(item.id, item);
    sum(item, 1);
    awaitEnd(item);
  }

  /** The reader marked up to an order: notifications whose reading that changes. */
  function renewRead(): void {
    const before = uptos;
    uptos = readUpto(uptoRegisters());
    for (const { id, task, order } of [...items.values()]) {
      if (task === null && before.hlcOver(order) !== uptos.hlcOver(order)) renew(id);
    }
  }

  function renewNamed(id: string | null): void {
    if (id === ALL) renewRead();
    else if (id !== null) renew(id);
  }

  /** Renews what was touched. `idOf`: whose state a name tells of; null where that is no concern of this ledger. */
  function touching(idOf: (name: string) => string | null): Watch {
    return (names) => {
      if (names === null) rebuild();
      else for (const name of names) renewNamed(idOf(name));
    };
  }

  const touched = touching((name) => name);
  const prefix = personalName(space, "");
  const personalTouched = touching((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : null));

  function sum(item: Item, sign: number): void {
    const counted = countOf(item);
    for (const sort of SORTS) totals[sort] += sign * counted[sort];
  }

  function tell(id: string): void {
    shown = null;
    if (!changes.followed()) return;
    if (id === "all" || changed === "all" || changed.size >= MAX_CHANGED) changed = "all";
    else changed.add(id);
    changes.tell();
  }

  // ------------------------------------------------------------------ time

  function awaitEnd({ snoozed }: Item): void {
    if (snoozed === null || snoozed >= due) return;
    callOff();
    due = snoozed;
    callOff = surroundings.after(Math.max(1, due - now()), passTime);
  }

  function passTime(): void {
    due = Number.POSITIVE_INFINITY;
    for (const item of [...items.values()]) {
      if (item.snoozed !== null && item.snoozed <= now()) renew(item.id);
      else awaitEnd(item);
    }
  }

  const stop = () => {
    callOff();
    topic.watches.delete(touched);
    own?.watches.delete(personalTouched);
  };
  topic.watches.add(touched);
  own?.watches.add(personalTouched);
  rebuild();

  return {
    items() {
      shown ??= Object.freeze([...sorted]);
      return shown;
    },
    get: (id) => items.get(id) ?? null,
    counts() {
      if (SORTS.some((sort) => totals[sort] !== counts[sort])) counts = { ...totals };
      return counts;
    },
    unread: (upto) =>
      [...items.values()]
        .filter((item) => item.task === null && !item.read && (item.order ?? 0) <= upto)
        .map((item) => item.id),
    latestOrder: () => [...items.values()].reduce((most, item) => Math.max(most, item.order ?? 0), 0),
    uptos: uptoRegisters,
    changes,
    clockSet: rebuild,
    close: stop,
  };
}

const FORWARDED = { durability: "forwarded" } as const;

/** Whether every channel that took an item's event has sent it. */
function isForwarded(item: Item): boolean {
  const receipts = Object.values(item.sent);
  return receipts.length > 0 && receipts.every((receipt) => receipt.state === "sent");
}

/** Newest first, those that the hub has not saved yet before all. */
function compare(one: Item, other: Item): number {
  const ahead = (other.order ?? Number.POSITIVE_INFINITY) - (one.order ?? Number.POSITIVE_INFINITY);
  // Not a number where both wait to be saved.
  return ahead || (one.id < other.id ? 1 : -1);
}
