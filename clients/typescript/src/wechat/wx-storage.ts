import { applyTo, keysOf } from "../platform/keys.js";
import { copyOf } from "../platform/memory-storage.js";
import type { Transaction } from "../platform/text.js";
import type { Storage } from "../ports.js";
import type { Wx } from "./wx.js";
import { keptIn } from "./wx-kept.js";
import { type Segments, segmentsIn } from "./wx-segments.js";

/** Characters of a log that is never merged for what it holds of the past. */
const LEAST_MERGED = 64 * 1024;
/** Segments before some are merged: each costs a call when the program starts. */
const MOST_SEGMENTS = 32;

/** What one segment adds: what it removes, and its size in characters. */
interface Extent {
  readonly removals: readonly string[];
  readonly size: number;
}

/** Everything that stands is in memory, and in which segment; the segments are in order. */
interface Log {
  readonly segments: Segments;
  readonly rows: Map<string, unknown>;
  readonly places: Map<string, number>;
  readonly extents: Map<number, Extent>;
  next: number;
  /** Characters above which all is merged into one segment. */
  most: number;
}

/**
 * The store of that name in `wx.setStorage`: a log of segments, each a transaction or the sum of some. Merging needs room
 * for what stands once more, so of WeChat's 10 MB a store can use about 4.
 *
 * @throws StoreUnusable where what is kept can't be read.
 */
export async function wxStorage(wx: Wx, name: string): Promise<Storage> {
  const log = await load(segmentsIn(keptIn(wx, `tongbu/${encodeURIComponent(name)}/`)));
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(run: () => Promise<Value>): Promise<Value> => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    list: (prefix) =>
      inTurn(async () => keysOf(log.rows, prefix).map((key) => [key, copyOf(log.rows.get(key))] as const)),
    write: (puts, removals) => {
      const transaction = { puts: [...puts].map(([key, value]) => [key, copyOf(value)] as const), removals };
      return inTurn(() => write(log, transaction));
    },
    close: () => inTurn(async () => undefined),
  };
}

async function load(segments: Segments): Promise<Log> {
  const log: Log = { segments, rows: new Map(), places: new Map(), extents: new Map(), next: 1, most: 0 };
  for (const number of await segments.numbers()) {
    const { transactions, size } = await segments.read(number);
    take(log, number, transactions, size);
  }
  log.most = Math.max(LEAST_MERGED, total(log));
  return log;
}

async function write(log: Log, transaction: Transaction): Promise<void> {
  await append(log, [transaction]);
  const run = runToMerge(log);
  // What was written stands: a merge that fails is tried again after the next write.
  if (run.length > 1) await merge(log, run).catch(() => undefined);
}

async function append(log: Log, transactions: readonly Transaction[]): Promise<void> {
  const number = log.next++;
  take(log, number, transactions, await log.segments.write(number, transactions));
}

function take(log: Log, number: number, transactions: readonly Transaction[], size: number): void {
  log.next = number + 1;
  log.extents.set(number, { removals: transactions.flatMap(({ removals }) => removals), size });
  for (const { puts, removals } of transactions) {
    applyTo(
      log.places,
      puts.map(([key]) => [key, number] as const),
      removals,
    );
    applyTo(log.rows, puts, removals);
  }
}

function total(log: Log): number {
  return [...log.extents.values()].reduce((sum, { size }) => sum + size, 0);
}

/** The latest segments that are merged now: all, where most or all is of the past; else while none outweighs those after it. */
function runToMerge(log: Log): number[] {
  const numbers = [...log.extents.keys()];
  if (log.rows.size === 0 || total(log) > log.most) return numbers;
  if (numbers.length <= MOST_SEGMENTS) return [];
  let first = numbers.length - 1;
  const size = (at: number): number => log.extents.get(numbers[at] as number)?.size ?? 0;
  for (let sum = size(first); first > 0 && size(first - 1) <= 2 * sum; first--) sum += size(first - 1);
  return numbers.slice(first);
}

/**
 * Says what a run of segments comes to once more, then removes them. Read after any of them, it changes nothing: so
 * wherever this ends, the log says the same.
 */
async function merge(log: Log, run: readonly number[]): Promise<void> {
  const merged = new Set(run);
  const isAll = run.length === log.extents.size;
  const removals = isAll ? [] : run.flatMap((number) => log.extents.get(number)?.removals ?? []);
  const standing = [...log.places].filter(([, number]) => merged.has(number));
  const puts = standing.map(([key]) => [key, log.rows.get(key)] as const);
  await append(log, [
    { puts: [], removals: [...new Set(removals)] },
    { puts, removals: [] },
  ]);
  for (const number of run) {
    await log.segments.remove(number);
    log.extents.delete(number);
  }
  if (isAll) log.most = Math.max(LEAST_MERGED, 2 * total(log));
}
