/** What of a topic only a device with several pages needs; documents have it themselves. */
import type { Json } from "../api.js";
import type { Batch, Row } from "./batch.js";
import { LedgerTopic } from "./ledger-topic.js";
import { rowOf, type Stated } from "./outbox.js";
import type { Topic } from "./topic.js";

export interface Paged {
  /** Take in what was said in another page (rows of waiting kinds, in order); known ids are passed over. */
  adopt(rows: readonly Row[], batch: Batch): void;
  /** Everything another page needs to show the same, what is not on disk left out. */
  rows(): Row[];
  /** The page that leads changed these rows, and removed those (kind, name). */
  follow(puts: readonly Row[], removals: readonly (readonly [kind: string, name: string])[]): void;
  /** What the hub is told of this connection, of what each page shows of itself, the latest last. */
  shown(states: readonly Json[]): Json;
}

export function paged(topic: Topic): Paged {
  return topic instanceof LedgerTopic ? pagedLedger(topic) : (topic as unknown as Paged);
}

function pagedLedger(topic: LedgerTopic): Paged {
  const { entries } = topic.outbox;

  /** The item that a row was about. */
  function removeRow(kind: string, name: string): string {
    const entry = entries.get(name);
    if (kind === "r") topic.held.delete(name);
    else if (entry) topic.outbox.forget(entry);
    return kind === "r" ? name : (entry?.stated[0] ?? "");
  }

  return {
    shown: (states) => states[states.length - 1] ?? null,
    adopt(rows, batch) {
      for (const [kind, id, value] of rows) {
        if (kind !== "o" || entries.has(id)) continue;
        const stated = value as Stated;
        topic.clock.resume(stated[3]);
        topic.enter(id, stated, batch);
      }
    },
    rows() {
      const registers = [...topic.held.keys()].map((item): Row => ["r", item, topic.storedRegisters(item)]);
      return [...registers, ...[...entries.values()].filter(({ kept }) => kept).map(rowOf)];
    },
    follow(puts, removals) {
      const touched = puts.map((row) => topic.takeRow(row));
      for (const [kind, name] of removals) touched.push(removeRow(kind, name));
      topic.touch(touched.filter((item) => item !== ""));
    },
  };
}
