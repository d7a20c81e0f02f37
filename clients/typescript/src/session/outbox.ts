/** The outbox of one ledger: statements that the hub has not answered. In memory; the store keeps a copy. */
import type { Json, Status } from "../api.js";
import { joinOne, type Register, type Registers, type Statement } from "../state/join.js";
import { isTerminal } from "../state/statuses.js";
import { compareWeights, ITEM, slotOf } from "../state/weights.js";
import type { Batch, Row } from "./batch.js";

/** One statement that waits. */
export interface Entry {
  readonly id: string;
  statement: Statement;
  /** It is on disk. */
  kept: boolean;
  /** The hub has it before it. */
  away: boolean;
  /** Its stamp was refused as ahead once. */
  doubted: boolean;
  /** It was stamped before this page knew what the device stamped earlier. */
  early: boolean;
}

export function saidOf([, , value, hlc, actor]: Statement): Register {
  return { value, hlc, actor };
}

/** Entries in the order they were made, and by item. */
export class Outbox {
  private readonly entries = new Map<string, Entry>();
  private readonly byItem = new Map<string, Map<string, Entry>>();

  constructor(private readonly topic: string) {}

  get size(): number {
    return this.entries.size;
  }

  all(): IterableIterator<Entry> {
    return this.entries.values();
  }

  ids(): IterableIterator<string> {
    return this.entries.keys();
  }

  items(): IterableIterator<string> {
    return this.byItem.keys();
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  holds(item: string): boolean {
    return this.byItem.has(item);
  }

  of(item: string): Entry[] {
    return [...(this.byItem.get(item)?.values() ?? [])];
  }

  add(entry: Entry): void {
    this.entries.set(entry.id, entry);
    const item = entry.statement[0];
    const waiting = this.byItem.get(item);
    if (waiting) waiting.set(entry.id, entry);
    else this.byItem.set(item, new Map([[entry.id, entry]]));
  }

  /** Without a word: its end is told elsewhere. */
  forget(entry: Entry): void {
    const item = entry.statement[0];
    this.entries.delete(entry.id);
    this.byItem.get(item)?.delete(entry.id);
    if (this.byItem.get(item)?.size === 0) this.byItem.delete(item);
  }

  drop(entry: Entry, batch: Batch): void {
    this.forget(entry);
    batch.remove("o", this.topic, entry.id);
  }

  /**
   * Another statement. Unsent ones that it makes pointless are dropped, so what waits for an item stays as small as the
   * item, however long the hub is away.
   */
  enter(entry: Entry, batch: Batch): void {
    for (const other of this.of(entry.statement[0])) {
      if (!standsFor(entry, other)) continue;
      this.drop(other, batch);
      batch.answer(other.id, entry.id);
    }
    this.add(entry);
    this.put(entry, batch);
  }

  /** Another stamp for an entry; whether it has changed. */
  restamp(entry: Entry, hlc: number, batch: Batch): boolean {
    const [item, field, value, before, actor] = entry.statement;
    if (before === hlc) return false;
    entry.statement = [item, field, value, hlc, actor];
    this.put(entry, batch);
    return true;
  }

  /** Registers with what waits laid over by the same weights; `standing` itself where nothing does. */
  layOver(item: string, standing: Registers): Registers {
    const waiting = this.byItem.get(item);
    if (!waiting) return standing;
    const over = new Map(standing);
    for (const { statement } of waiting.values()) joinOne(over, statement[1], saidOf(statement));
    return over;
  }

  put(entry: Entry, batch: Batch): void {
    const [kind, name, value] = rowOf(entry);
    batch.put(kind, this.topic, name, value);
  }
}

/** A statement as it is pushed and kept: its actor is this device. */
export type Stated = readonly [item: string, field: string, value: Json, hlc: number];

export function statedOf([item, field, value, hlc]: Statement): Stated {
  return [item, field, value, hlc];
}

export function rowOf({ id, statement }: Entry): Row {
  return ["o", id, statedOf(statement)];
}

/**
 * Whether the earlier of two, not sent yet, can't make any difference once the later is said. Ends are facts of their
 * own: the hub decides an event by each.
 */
function standsFor(later: Entry, earlier: Entry): boolean {
  const [, field, , , actor] = later.statement;
  const [, earlierField, , , earlierActor] = earlier.statement;
  if (earlier.away || field === ITEM || slotOf(field, actor) !== slotOf(earlierField, earlierActor))
    return false;
  if (field === "status" && isFact(earlier.statement, later.statement)) return false;
  return compareWeights(field, saidOf(later.statement), saidOf(earlier.statement)) > 0;
}

function isFact(earlier: Statement, later: Statement): boolean {
  const [attempt, status] = earlier[2] as readonly [number, Status];
  return attempt !== (later[2] as readonly [number, Status])[0] || isTerminal(status);
}
