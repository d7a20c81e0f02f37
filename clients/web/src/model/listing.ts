/** A sorted, grouped list of items that is kept by small steps: a change costs what it touches, not what the list holds. */

import type { Item } from "@tongbu/client";

/** Where an item stands: compared number by number, the smaller first. */
export type Rank = readonly number[];

/** What a list shows, in which order, under which headings. */
export interface Arrangement {
  /** Null where the item is not shown. */
  rank(item: Item): Rank | null;
  /** The heading's key. Items of one heading must lie beside each other by rank. */
  group(item: Item): string;
}

export interface Group {
  readonly key: string;
  readonly count: number;
}

interface Entry {
  item: Item;
  readonly rank: Rank;
  readonly group: string;
}

function compareRanks(a: Rank, b: Rank): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareEntries(a: Entry, b: Entry): number {
  return compareRanks(a.rank, b.rank) || (a.item.id < b.item.id ? -1 : a.item.id > b.item.id ? 1 : 0);
}

export class Listing {
  readonly #arrangement: Arrangement;
  #entries: Entry[] = [];
  #byId = new Map<string, Entry>();
  #groups: { key: string; count: number }[] = [];

  constructor(arrangement: Arrangement, items: Iterable<Item> = []) {
    this.#arrangement = arrangement;
    this.reset(items);
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Headings in order, each with how many items follow it. */
  get groups(): readonly Group[] {
    return this.#groups;
  }

  at(index: number): Item | undefined {
    return this.#entries[index]?.item;
  }

  /** -1 where the list does not show it. */
  indexOf(id: string): number {
    const entry = this.#byId.get(id);
    return entry === undefined ? -1 : this.#place(entry);
  }

  /** Begin anew. Costs a sort of all items. */
  reset(items: Iterable<Item>): void {
    this.#entries = [];
    for (const item of items) {
      const entry = this.#entryOf(item);
      if (entry !== null) this.#entries.push(entry);
    }
    this.#entries.sort(compareEntries);
    this.#byId = new Map(this.#entries.map((entry) => [entry.item.id, entry]));
    this.#groups = [];
    for (const entry of this.#entries) this.#appendToGroups(entry.group);
  }

  /** Take what an item has become; null where it is gone. Returns whether the list looks different now. */
  put(id: string, item: Item | null): boolean {
    const before = this.#byId.get(id);
    const after = item === null ? null : this.#entryOf(item);
    if (before === undefined && after === null) return false;
    if (before !== undefined && after !== null && samePlace(before, after)) {
      const changed = before.item !== after.item;
      before.item = after.item;
      return changed;
    }
    if (before !== undefined) this.#remove(before);
    if (after !== null) this.#insert(after);
    return true;
  }

  #entryOf(item: Item): Entry | null {
    const rank = this.#arrangement.rank(item);
    return rank === null ? null : { item, rank, group: this.#arrangement.group(item) };
  }

  /** The index at which an entry stands, or would stand. */
  #place(entry: Entry): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEntries(this.#entries[middle] as Entry, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(entry: Entry): void {
    const index = this.#place(entry);
    this.#entries.splice(index, 0, entry);
    this.#byId.set(entry.item.id, entry);
    const group = this.#groups.find(({ key }) => key === entry.group);
    if (group !== undefined) group.count += 1;
    else this.#groups.splice(this.#groupAfter(index), 0, { key: entry.group, count: 1 });
  }

  #remove(entry: Entry): void {
    this.#entries.splice(this.#place(entry), 1);
    this.#byId.delete(entry.item.id);
    const index = this.#groups.findIndex(({ key }) => key === entry.group);
    const group = this.#groups[index];
    if (group === undefined) return;
    group.count -= 1;
    if (group.count === 0) this.#groups.splice(index, 1);
  }

  /** Where a new heading goes for the entry at `index`: after that of the entry before it. */
  #groupAfter(index: number): number {
    const previous = this.#entries[index - 1];
    return previous === undefined ? 0 : this.#groups.findIndex(({ key }) => key === previous.group) + 1;
  }

  #appendToGroups(key: string): void {
    const last = this.#groups.at(-1);
    if (last?.key === key) last.count += 1;
    else this.#groups.push({ key, count: 1 });
  }
}

function samePlace(a: Entry, b: Entry): boolean {
  return a.group === b.group && compareRanks(a.rank, b.rank) === 0;
}
