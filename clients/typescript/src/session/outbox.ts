/** The outbox of one ledger: statements that the hub has not answered. In memory; the store keeps a copy. */
import type { Json, Status } from "../api.js";
import { joinOne, type Registers } from "../state/join.js";
import { isTerminal } from "../state/statuses.js";
import { compareWeights, ITEM, type Said } from "../state/weights.js";
import type { Batch, Row } from "./batch.js";

/** A statement as it is pushed and kept: its actor is this device. */
export type Stated = readonly [item: string, field: string, value: Json, hlc: number];

/** One statement that waits. */
export interface Entry {
  readonly id: string;
  stated: Stated;
  /** It is on disk. */
  kept: boolean;
  /** The hub has it before it. */
  away: boolean;
}

/** Entries in the order they were made, and by item. `actor`: this device's. */
export class Outbox {
  private readonly entries = new Map<string, Entry>();
  private readonly byItem = new Map<string, Set<Entry>>();

  constructor(
    private readonly topic: string,
    private readonly actor: () => string,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  all(): Entry[] {
    return [...this.entries.values()];
  }

  ids(): Iterable<string> {
    return this.entries.keys();
  }

  items(): Iterable<string> {
    return this.byItem.keys();
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  of(item: string): readonly Entry[] {
    return [...(this.byItem.get(item) ?? [])];
  }

  holds(item: string): boolean {
    return this.byItem.has(item);
  }

  add(entry: Entry): void {
    const [item] = entry.stated;
    const waiting = this.byItem.get(item) ?? new Set();
    this.entries.set(entry.id, entry);
    this.byItem.set(item, waiting.add(entry));
  }

  /** Without a word: its end is told elsewhere. */
  forget({ id, stated: [item] }: Entry): void {
    const entry = this.entries.get(id);
    const waiting = this.byItem.get(item);
    if (entry === undefined || waiting === undefined) return;
    this.entries.delete(id);
    waiting.delete(entry);
    if (waiting.size === 0) this.byItem.delete(item);
  }

  drop(entry: Entry, batch: Batch): void {
    this.forget(entry);
    batch.remove("o", this.topic, entry.id);
  }

  /**
   * Another statement. Unsent ones that it makes pointless are dropped, so what waits for an item stays as small as the
   * item, however long the hub is away.
   */
  enter(id: string, stated: Stated, batch: Batch): void {
    const entry = { id, stated, kept: false, away: false };
    for (const other of this.of(stated[0])) {
      if (other.away || !standsFor(stated, other.stated)) continue;
      this.drop(other, batch);
      batch.answer(other.id, id);
    }
    this.add(entry);
    batch.put("o", this.topic, id, stated);
  }

  /** Another stamp for an entry. */
  restamp(entry: Entry, hlc: number, batch: Batch): void {
    const [item, field, value] = entry.stated;
    entry.stated = [item, field, value, hlc];
    batch.put("o", this.topic, entry.id, entry.stated);
  }

  /** Registers with what waits laid over by the same weights; `standing` itself where nothing does. */
  layOver(item: string, standing: Registers): Registers {
    if (!this.holds(item)) return standing;
    const over = new Map(standing);
    const actor = this.actor();
    for (const { stated } of this.of(item)) joinOne(over, stated[1], saidOf(stated, actor));
    return over;
  }
}

export function rowOf({ id, stated }: Entry): Row {
  return ["o", id, stated];
}

function saidOf([, , value, hlc]: Stated, actor: string): Said {
  return { value, hlc, actor };
}

/**
 * Whether the earlier of two can't make any difference once the later is said. Ends are facts of their own: the hub
 * decides an event by each.
 */
function standsFor(later: Stated, earlier: Stated): boolean {
  const field = later[1];
  if (field === ITEM || field !== earlier[1] || (field === "status" && isFact(earlier, later))) return false;
  return compareWeights(field, saidOf(later, ""), saidOf(earlier, "")) > 0;
}

function isFact(earlier: Stated, later: Stated): boolean {
  const [attempt, status] = earlier[2] as readonly [number, Status];
  return attempt !== (later[2] as readonly [number, Status])[0] || isTerminal(status);
}
