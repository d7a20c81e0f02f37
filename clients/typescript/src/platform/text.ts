import { fromBase64, toBase64 } from "./base64.js";

/**
 * Transactions of a store as one line of JSON: `[[[key, value], …], [removal, …]]`. Bytes are strings that begin with
 * U+0001, base64 after it; other strings that begin with U+0001 or U+0002 get a U+0002 before them.
 */
export interface Transaction {
  readonly puts: readonly (readonly [string, unknown])[];
  readonly removals: readonly string[];
}

const BYTES = "\u0001";
const QUOTED = "\u0002";

export function textOf(transaction: Transaction): string {
  return JSON.stringify([
    transaction.puts.map(([key, value]) => [key, escaped(value)]),
    transaction.removals,
  ]);
}

/** Raises `SyntaxError` where it is none. */
export function transactionOf(text: string): Transaction {
  const read: unknown = JSON.parse(text);
  if (!Array.isArray(read) || !Array.isArray(read[0]) || !Array.isArray(read[1])) {
    throw new SyntaxError("not a transaction");
  }
  const puts = (read[0] as [string, unknown][]).map(([key, value]) => [key, restored(value)] as const);
  return { puts, removals: read[1] as string[] };
}

function escaped(value: unknown): unknown {
  if (value instanceof Uint8Array) return BYTES + toBase64(value);
  if (typeof value === "string") return isMarked(value) ? QUOTED + value : value;
  return mapped(value, escaped);
}

function isMarked(text: string): boolean {
  return text.startsWith(BYTES) || text.startsWith(QUOTED);
}

function restored(value: unknown): unknown {
  if (typeof value !== "string") return mapped(value, restored);
  if (value.startsWith(BYTES)) return fromBase64(value.slice(1));
  return value.startsWith(QUOTED) ? value.slice(1) : value;
}

function mapped(value: unknown, each: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(each);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, each(part)]));
}
