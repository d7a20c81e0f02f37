/** What comes back from snooze: when, as far as this page saw it sleep. Each item costs the same however many there are. */

import type { Item } from "@tongbu/client";

export interface Waking {
  /** Take how an item stands. Taking the same twice is harmless. */
  note(item: Item): void;
  /** When it came back by itself (ms); null where it did not. */
  wokenAt(item: Item): number | null;
}

/** @param now the hub's clock (ms). */
export function openWaking(now: () => number): Waking {
  const asleep = new Map<string, number>();
  const woken = new Map<string, number>();
  const note = ({ id, snoozed }: Item) => {
    if (snoozed !== null) {
      asleep.set(id, snoozed);
      woken.delete(id);
      return;
    }
    const until = asleep.get(id);
    if (until === undefined) return;
    asleep.delete(id);
    if (until <= now()) woken.set(id, until);
  };
  return {
    note,
    wokenAt(item) {
      note(item);
      return woken.get(item.id) ?? null;
    },
  };
}
