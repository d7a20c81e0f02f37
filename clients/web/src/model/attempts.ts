/**
 * How attempts of tasks ended. The hub keeps the end of the latest one alone; what this page saw of those before is kept
 * as long as the page is open.
 */

import type { Final, Item } from "@tongbu/client";

export interface AttemptEnds {
  /** How that attempt ended; null where this page doesn't know. */
  endOf(id: string, attempt: number): Final | null;
  /** Remembers the end that stands in an item. */
  note(item: Item | null): void;
}

/** Ends that are remembered: the oldest are forgotten first. */
const MOST = 2000;

const keyOf = (id: string, attempt: number) => `${id} ${attempt}`;

export function openAttemptEnds(): AttemptEnds {
  const ends = new Map<string, Final>();
  const note = (item: Item | null) => {
    const final = item?.task?.final ?? null;
    if (item === null || final === null) return;
    ends.set(keyOf(item.id, final.attempt), final);
    if (ends.size > MOST) ends.delete(ends.keys().next().value as string);
  };
  return {
    endOf: (id, attempt) => ends.get(keyOf(id, attempt)) ?? null,
    note,
  };
}
