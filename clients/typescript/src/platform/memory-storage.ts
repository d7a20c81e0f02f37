import type { Storage } from "../ports.js";
import { applyTo, keysOf } from "./keys.js";

/** A store that ends with the process. */
export function memoryStorage(): Storage {
  const rows = new Map<string, unknown>();
  return {
    async list(prefix) {
      return keysOf(rows, prefix).map((key) => [key, copyOf(rows.get(key))] as const);
    },
    async write(puts, removals) {
      applyTo(
        rows,
        [...puts].map(([key, value]) => [key, copyOf(value)] as const),
        removals,
      );
    },
    async close() {
      rows.clear();
    },
  };
}

/** Plain data of its own: what its owner changes later does not change it. */
export function copyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each)]));
}
