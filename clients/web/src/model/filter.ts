/** Which items a person wants to see of a list. */

import type { Item, Kind, Level } from "@tongbu/client";

export type Show = "all" | "unread" | "pinned";

export interface Filter {
  readonly show: Show;
  readonly kind: Kind | null;
  readonly level: Level | null;
  readonly source: string | null;
}

export const EVERYTHING: Filter = { show: "all", kind: null, level: null, source: null };

export const LEVELS: readonly Level[] = ["critical", "error", "warning", "success", "info", "debug"];

/** Whether the filter leaves anything out. */
export function isNarrow(filter: Filter): boolean {
  return filter.show !== "all" || filter.kind !== null || filter.level !== null || filter.source !== null;
}

export function passes(item: Item, filter: Filter): boolean {
  return (
    passesShow(item, filter.show) &&
    (filter.kind === null || item.kind === filter.kind) &&
    (filter.level === null || (item.level ?? "info") === filter.level) &&
    (filter.source === null || item.source === filter.source)
  );
}

function passesShow(item: Item, show: Show): boolean {
  if (show === "unread") return !item.read;
  if (show === "pinned") return item.pinned;
  return true;
}

/** The sources that appear, most frequent first; at most `limit`. */
export function sourcesOf(items: Iterable<Item>, limit = 30): readonly string[] {
  const times = new Map<string, number>();
  for (const { source } of items) {
    if (source !== undefined) times.set(source, (times.get(source) ?? 0) + 1);
  }
  return [...times]
    .sort(([a, often], [b, oftenToo]) => oftenToo - often || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([source]) => source);
}
