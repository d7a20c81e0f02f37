/**
 * What is shown and counted: one pure function of an item's registers and now. The rules are docs/protocol.md §5,
 * "What is shown".
 */

import type { Counts, Durability, Final, Item, Json, Receipt, Status, TaskState } from "../api.js";
import { millisecondsOf } from "./clock.js";
import type { Register, Registers } from "./join.js";
import { FIRST_ATTEMPT, FIRST_STATUS, isTerminal } from "./statuses.js";
import { FINAL, ITEM, SENT_PREFIX } from "./weights.js";

/** Before every stamp. */
export const NEVER = -1;

/** What one reader has marked as read up to an order. */
export interface ReadUpto {
  /** The latest stamp of the marks that cover an item of that order; `NEVER` where none does, or it has none yet. */
  hlcOver(order: number | null): number;
}

/** The `read_upto` registers: those of the item `*`; for a space, of `space/<name>/*` in the reader's inbox. */
export function readUpto(registers: Registers = new Map()): ReadUpto {
  const marks = [...registers.values()].sort((one, other) => orderIn(other) - orderIn(one));
  /** The highest order first, each later than those before it: others cover nothing that these don't. */
  const telling: Register[] = [];
  for (const mark of marks) if (mark.hlc > (telling[telling.length - 1]?.hlc ?? NEVER)) telling.push(mark);
  return {
    hlcOver(order) {
      let latest = NEVER;
      if (order !== null) for (const mark of telling) if (orderIn(mark) >= order) latest = mark.hlc;
      return latest;
    },
  };
}

function orderIn(mark: Register): number {
  return mark.value as number;
}

interface SavedRecord
  extends Pick<Item, "kind" | "title" | "level" | "class" | "source" | "tags" | "link" | "data"> {
  readonly body?: string;
  readonly by?: string;
  readonly at?: number;
  readonly order?: number;
}

/**
 * Derive what an item is at `now` (ms); null where it has no record (yet).
 *
 * @param registers the item's, from its own ledger.
 * @param uptos the reader's marks that concern this ledger.
 * @param personal for an item of a space: the registers of `space/<name>/<id>` in the reader's inbox.
 */
export function derive(
  id: string,
  registers: Registers,
  uptos: ReadUpto,
  now: number,
  personal?: Registers | null,
  durability: Durability = "saved",
): Item | null {
  const found = registers.get(ITEM);
  if (!found) return null;
  const record = found.value as unknown as SavedRecord;
  const own = personal ?? registers;
  const order = record.order ?? null;
  const attempt = record.kind === "task" ? attemptOf(registers) : null;
  const reading = attempt
    ? readingOf(own, NEVER, attempt.ended)
    : readingOf(own, uptos.hlcOver(order), NEVER);
  const snoozed = (own.get("snoozed")?.value ?? null) as number | null;
  const item: Record<string, unknown> = {
    id,
    kind: record.kind,
    title: record.title,
    by: record.by ?? null,
    at: record.at ?? null,
    order,
    read: reading.read,
    seen: reading.seen,
    archived: isTrue(own, "archived"),
    pinned: isTrue(own, "pinned"),
    deleted: isTrue(registers, "deleted"),
    snoozed: snoozed !== null && snoozed > now ? snoozed : null,
    sent: receipts(registers),
    durability,
    task: attempt && taskState(registers, attempt),
  };
  addRest(item, record);
  if (attempt) edit(item, registers);
  return item as unknown as Item;
}

/** What else a record says. Spreading it takes ten times as long: engines make a slow object of so many keys. */
function addRest(item: Record<string, unknown>, record: SavedRecord): void {
  for (const [key, value] of Object.entries(record)) if (!(key in item)) item[key] = value;
}

/** What one item adds to its ledger's counts. */
export function countOf(item: Item): Counts {
  const { task } = item;
  const counted = !(item.archived || item.deleted || item.snoozed !== null);
  return {
    unread: Number(counted && !task && !item.read),
    unseen: Number(counted && !task && !item.seen),
    open: Number(counted && task !== null && !isTerminal(task.status)),
  };
}

/** When an item changes by time alone (a snooze ends), in ms; null if never. */
export function nextChange(item: Item): number | null {
  return item.snoozed;
}

/** One map of the record with its edits and what is derived, as commands and HTTP answer. */
export function flat(item: Item): { readonly [key: string]: Json } {
  const { task, durability: _durability, by, at, order, ...rest } = item;
  const {
    finishedAt: _finishedAt,
    movedAt: _movedAt,
    ...steps
  } = task ?? { finishedAt: null, movedAt: null };
  const hubs = Object.entries({ by, at, order }).filter(([, value]) => value !== null);
  return { ...rest, ...Object.fromEntries(hubs), ...steps } as unknown as { readonly [key: string]: Json };
}

function isTrue(registers: Registers, slot: string): boolean {
  return registers.get(slot)?.value === true;
}

/** `covered`: the latest mark of all up to it; `ended`: what was read before, is not any more. */
function readingOf(own: Registers, covered: number, ended: number): Pick<Item, "read" | "seen"> {
  const stated = own.get("read");
  const byMark = covered !== NEVER;
  return {
    read: !stated || stated.hlc < covered ? byMark : stated.value === true && stated.hlc >= ended,
    seen: stated !== undefined || byMark || isTrue(own, "seen"),
  };
}

/** A task's text lies over its record's. */
function edit(item: Record<string, unknown>, registers: Registers): void {
  for (const slot of ["title", "body"]) {
    const stated = registers.get(slot);
    if (stated) item[slot] = stated.value;
  }
}

interface Attempt {
  readonly attempt: number;
  readonly status: Status;
  /** The stamp of the statement that ended it; `NEVER` while none has. */
  readonly ended: number;
  readonly finishedAt: number | null;
}

function attemptOf(registers: Registers): Attempt {
  const stated = registers.get("status");
  const [attempt, status] = (stated?.value ?? [FIRST_ATTEMPT, FIRST_STATUS]) as [number, Status];
  const final = registers.get(FINAL)?.value as Final | undefined;
  if (final && final.attempt >= attempt) {
    return { attempt: final.attempt, status: final.status, ended: final.hlc, finishedAt: final.at };
  }
  if (stated && isTerminal(status)) {
    return { attempt, status, ended: stated.hlc, finishedAt: millisecondsOf(stated.hlc) };
  }
  return { attempt, status, ended: NEVER, finishedAt: null };
}

function taskState(registers: Registers, { attempt, status, finishedAt }: Attempt): TaskState {
  const said = registers.get("progress");
  const progress = said?.value as [number, number, string?] | undefined;
  const present = progress?.[0] === attempt ? progress : undefined;
  const stated = <Value>(slot: string) => (registers.get(slot)?.value ?? null) as Value | null;
  return {
    attempt,
    status,
    progress: present?.[1] ?? 0,
    note: present?.[2] ?? null,
    movedAt: said && present ? millisecondsOf(said.hlc) : null,
    due: stated("due"),
    priority: stated("priority"),
    assignee: stated("assignee"),
    finishedAt,
    final: stated(FINAL),
  };
}

function receipts(registers: Registers): Readonly<Record<string, Receipt>> {
  const sent = [...registers].filter(([slot]) => slot.startsWith(SENT_PREFIX));
  return Object.fromEntries(
    sent.map(([slot, { value }]) => [slot.slice(SENT_PREFIX.length), value as unknown as Receipt]),
  );
}
