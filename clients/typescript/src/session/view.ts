/**
 * A ledger derived: items, counts, and who follows them. What changes costs what it touches, however many items there are;
 * only "all read" looks at every notification.
 */
import type { Changed, Counts, Item } from "../api.js";
import type { Surroundings } from "../ports.js";
import { countOf, derive, nextChange, readUpto } from "../state/derive.js";
import type { Registers } from "../state/join.js";
import { ALL, personalItem, personalName } from "../state/names.js";
import { type Topical, topical } from "./cell.js";
import type { LedgerTopic, Watch } from "./ledger-topic.js";

/** Items that one telling names; more are "all". */
const MAX_CHANGED = 1_000;

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
  const sorted = createOrder();
  const totals = { unread: 0, unseen: 0, open: 0 };
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
    Object.assign(totals, { unread: 0, unseen: 0, open: 0 });
    uptos = readUpto(uptoRegisters());
    for (const id of topic.items()) {
      const item = derived(id);
      if (item === null) continue;
      items.set(id, item);
      sum(item, 1);
      awaitEnd(item);
    }
    sorted.fill([...items.values()].filter((item) => !item.deleted));
    tell("all");
  }

  function derived(id: string): Item | null {
    const registers = topic.registers(id);
    const personal = own === null ? null : own.registers(personalName(space, id));
    const waits = topic.waitsFor(id) || own?.waitsFor(personalName(space, id)) === true;
    const item = derive(id, registers, uptos, now(), personal, waits ? "local" : "saved");
    return item !== null && !waits && isForwarded(item) ? Object.assign(item, FORWARDED) : item;
  }

  function renew(id: string): void {
    const before = items.get(id) ?? null;
    const after = derived(id);
    if (before === null && after === null) return;
    if (before !== null) sum(before, -1);
    if (after === null) items.delete(id);
    else {
      items.set(id, after);
      sum(after, 1);
      awaitEnd(after);
    }
    sorted.replace(before?.deleted === false ? before : null, after?.deleted === false ? after : null);
    tell(id);
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
  const personalTouched = touching((name) => {
    const personal = personalItem(name);
    return personal?.space === space ? personal.item : null;
  });

  function sum(item: Item, sign: number): void {
    const { unread, unseen, open } = countOf(item);
    totals.unread += sign * unread;
    totals.unseen += sign * unseen;
    totals.open += sign * open;
  }

  function tell(id: string): void {
    if (!changes.followed()) return;
    if (id === "all" || changed === "all" || changed.size >= MAX_CHANGED) changed = "all";
    else changed.add(id);
    changes.tell();
  }

  // ------------------------------------------------------------------ time

  function awaitEnd(item: Item): void {
    const next = nextChange(item);
    if (next !== null && next < due) plan(next);
  }

  function plan(next: number): void {
    callOff();
    due = next;
    callOff =
      next === Number.POSITIVE_INFINITY
        ? () => undefined
        : surroundings.after(Math.max(1, next - now()), passTime);
  }

  function passTime(): void {
    const hidden = [...items.values()].filter((item) => item.snoozed !== null);
    plan(Number.POSITIVE_INFINITY);
    for (const item of hidden) {
      if ((item.snoozed as number) <= now()) renew(item.id);
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
    items: sorted.snapshot,
    get: (id) => items.get(id) ?? null,
    counts() {
      const { unread, unseen, open } = totals;
      if (unread !== counts.unread || unseen !== counts.unseen || open !== counts.open)
        counts = { ...totals };
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

interface Order {
  snapshot(): readonly Item[];
  fill(items: Item[]): void;
  replace(before: Item | null, after: Item | null): void;
}

/** Items newest first, those that the hub has not saved yet before all; what is shown is copied when asked for. */
function createOrder(): Order {
  let sorted: Item[] = [];
  let shown: readonly Item[] | null = null;

  /** Where an item stands, or would. */
  function placeOf(item: Item): number {
    let from = 0;
    for (let upto = sorted.length; from < upto; ) {
      const middle = (from + upto) >> 1;
      if (compare(sorted[middle] as Item, item) < 0) from = middle + 1;
      else upto = middle;
    }
    return from;
  }

  return {
    snapshot() {
      shown ??= Object.freeze([...sorted]);
      return shown;
    },
    fill(items) {
      sorted = items.sort(compare);
      shown = null;
    },
    replace(before, after) {
      shown = null;
      if (before !== null && after !== null && before.order === after.order) sorted[placeOf(before)] = after;
      else {
        if (before !== null) sorted.splice(placeOf(before), 1);
        if (after !== null) sorted.splice(placeOf(after), 0, after);
      }
    },
  };
}

function compare(one: Item, other: Item): number {
  const ahead = (other.order ?? Number.POSITIVE_INFINITY) - (one.order ?? Number.POSITIVE_INFINITY);
  if (ahead !== 0 && !Number.isNaN(ahead)) return ahead;
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0;
}
