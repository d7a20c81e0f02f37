/** Order and prefixes of a store's keys, which are compared by code unit. */

/** The first key after all that begin with `prefix`; null where no key comes after them. */
export function afterPrefix(prefix: string): string | null {
  for (let length = prefix.length; length > 0; length--) {
    const unit = prefix.charCodeAt(length - 1);
    if (unit < 0xffff) return prefix.slice(0, length - 1) + String.fromCharCode(unit + 1);
  }
  return null;
}

/** Puts, then removals, in a map. A removal that ends with `*` stands for all keys that begin so. */
export function applyTo(
  rows: Map<string, unknown>,
  puts: Iterable<readonly [string, unknown]>,
  removals: readonly string[],
): void {
  for (const [key, value] of puts) rows.set(key, value);
  for (const removal of removals) {
    if (!removal.endsWith("*")) rows.delete(removal);
    else for (const key of keysOf(rows, removal.slice(0, -1))) rows.delete(key);
  }
}

/** The keys that begin with `prefix`, in order. */
export function keysOf(rows: ReadonlyMap<string, unknown>, prefix: string): string[] {
  return [...rows.keys()].filter((key) => key.startsWith(prefix)).sort();
}
