/**
 * What a device keeps, written in order. Batches that wait together share a transaction. Once the platform's storage refused
 * nothing more is written: what is there stays whole, and this page goes on in memory.
 */
import type { Storage } from "../ports.js";
import { Batch } from "./batch.js";

export interface Store {
  /** Resolves once the batch, and all before it, is on disk, or can't be. */
  save(batch: Batch): Promise<void>;
  list(prefix: string): Promise<readonly (readonly [string, unknown])[]>;
  /** Once everything handed to `save` is on disk, or can't be. */
  close(): Promise<void>;
}

export function createStore(storage: Storage, failed: (error: unknown) => void): Store {
  let waiting: Batch | null = null;
  let next: Promise<void> = Promise.resolve();
  let usable = true;
  let closing: Promise<void> | null = null;

  async function write(): Promise<void> {
    const batch = waiting;
    waiting = null;
    if (batch === null || !usable) return;
    try {
      await storage.write(batch.puts, [...batch.removals]);
    } catch (error) {
      usable = false;
      failed(error);
    }
  }

  return {
    save(batch) {
      if (waiting === null) {
        waiting = new Batch();
        next = next.then(write);
      }
      waiting.add(batch);
      return next;
    },
    list: (prefix) => storage.list(prefix),
    close() {
      closing ??= next.then(() => storage.close());
      return closing;
    },
  };
}
