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

/** Entries in the order they were made, and by item. */
export interface Outbox {
  readonly entries: ReadonlyMap<string, Entry>;
  /** What waits about one item. */
  of(item: string): readonly Entry[];
  add(entry: Entry): void;
  /** Without a word: its end is told elsewhere. */
  forget(entry: Entry): void;
  drop(entry: Entry, batch: Batch): void;
  /**
   * Another statement. Unsent ones that it makes pointless are dropped, so what waits for an item stays as small as the
   * item, however long the hub is away.
   */
  enter(id: string, stated: Stated, batch: Batch): void;
  /** Another stamp for an entry. */
  restamp(entry: Entry, hlc: number, batch: Batch): void;
  /** Registers with what waits laid over by the same weights; `standing` itself where nothing does. */
  layOver(item: string, standing: Registers): Registers;
}

/** `actor`: this device. */
export function createOutbox(topic: string, actor: () => string): Outbox {
  const entries = new Map<string, Entry>();
  const byItem = new Map<string, Set<Entry>>();

  const of = (item: string) => [...(byItem.get(item) ?? [])];

  function add(entry: Entry): void {
    const [item] = entry.stated;
    entries.set(entry.id, entry);
    byItem.set(item, (byItem.get(item) ?? new Set()).add(entry));
  }

  function forget(entry: Entry): void {
    const [item] = entry.stated;
    const waiting = byItem.get(item);
    entries.delete(entry.id);
    waiting?.delete(entry);
    if (waiting?.size === 0) byItem.delete(item);
  }

  function drop(entry: Entry, batch: Batch): void {
    forget(entry);
    batch.remove("o", topic, entry.id);
  }

  return {
    entries,
    of,
    add,
    forget,
    drop,
    enter(id, stated, batch) {
      for (const other of of(stated[0])) {
        if (other.away || !standsFor(stated, other.stated)) continue;
        drop(other, batch);
        batch.answer(other.id, id);
      }
      add({ id, stated, kept: false, away: false });
      batch.put("o", topic, id, stated);
    },
    restamp(entry, hlc, batch) {
      const [item, field, value] = entry.stated;
      entry.stated = [item, field, value, hlc];
      batch.put("o", topic, entry.id, entry.stated);
    },
    layOver(item, standing) {
      if (!byItem.has(item)) return standing;
      const over = new Map(standing);
      for (const { stated } of of(item)) joinOne(over, stated[1], saidOf(stated, actor()));
      return over;
    },
  };
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
