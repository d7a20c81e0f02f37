import { afterPrefix } from "../platform/keys.js";
import { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
import type { Storage } from "../ports.js";

const VERSION = 1;
const ROWS = "rows";
/** Holds who may write: the page that opened the store last, where pages can't agree on a leader. */
const OWNERS = "owners";
const OWNER = "owner";

type Check = (transaction: IDBTransaction) => Promise<void>;

/**
 * A store in IndexedDB, made where there is none.
 *
 * @param owner who opens it, where nothing else keeps two pages apart: the page that opened it last may write, an
 *   earlier one is refused from then on with `StoreInUse`. Null where pages share it through a leader.
 * @throws StoreUnusable where it was written by a newer version or can't be opened.
 */
export async function indexedStorage(
  factory: IDBFactory,
  name: string,
  owner: string | null,
): Promise<Storage> {
  const database = await opened(factory, `tongbu/${name}`);
  const check = owner === null ? async () => undefined : await claimed(database, owner);
  return {
    list: (prefix) => listed(database, prefix),
    write: (puts, removals) => written(database, check, puts, removals),
    async close() {
      database.close();
    },
  };
}

async function opened(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  const request = factory.open(name, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ROWS);
    request.result.createObjectStore(OWNERS);
  };
  const database = await answer(request).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "VersionError") {
      throw new StoreUnusable("The store was written by a newer version; nothing was touched.");
    }
    throw error;
  });
  database.onversionchange = () => database.close();
  return database;
}

/** Names the page that may write from now on; answers with the check that it still may. */
async function claimed(database: IDBDatabase, owner: string): Promise<Check> {
  const transaction = begun(database, [OWNERS], "readwrite");
  transaction.objectStore(OWNERS).put(owner, OWNER);
  await committed(transaction);
  return async (writing) => {
    if ((await answer(writing.objectStore(OWNERS).get(OWNER))) !== owner) {
      throw new StoreInUse("Another page has taken over: reload this one to use it again.");
    }
  };
}

async function listed(
  database: IDBDatabase,
  prefix: string,
): Promise<readonly (readonly [string, unknown])[]> {
  const rows = begun(database, [ROWS], "readonly").objectStore(ROWS);
  const range = prefixRange(prefix);
  const [keys, values] = await Promise.all([answer(rows.getAllKeys(range)), answer(rows.getAll(range))]);
  return keys.map((key, at) => [String(key), values[at] as unknown] as const);
}

async function written(
  database: IDBDatabase,
  check: Check,
  puts: ReadonlyMap<string, unknown>,
  removals: readonly string[],
): Promise<void> {
  const transaction = begun(database, [ROWS, OWNERS], "readwrite");
  const done = committed(transaction);
  done.catch(() => undefined);
  await check(transaction);
  try {
    enter(transaction.objectStore(ROWS), puts, removals);
  } catch (error) {
    transaction.abort();
    throw error;
  }
  await done;
}

function enter(rows: IDBObjectStore, puts: ReadonlyMap<string, unknown>, removals: readonly string[]): void {
  for (const [key, value] of puts) rows.put(value, key);
  for (const removal of removals) {
    rows.delete(removal.endsWith("*") ? prefixRange(removal.slice(0, -1)) : removal);
  }
}

/** A transaction that is on disk once it is complete. */
function begun(database: IDBDatabase, stores: string[], mode: IDBTransactionMode): IDBTransaction {
  try {
    return database.transaction(stores, mode, { durability: "strict" });
  } catch (error) {
    throw new StoreUnusable(`The store is closed or was deleted (${nameOf(error)}): reload the page.`);
  }
}

function prefixRange(prefix: string): IDBKeyRange {
  const end = afterPrefix(prefix);
  return end === null ? IDBKeyRange.lowerBound(prefix) : IDBKeyRange.bound(prefix, end, false, true);
}

function answer<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () =>
      reject(
        new StoreUnusable(
          `The store can't be written (${nameOf(transaction.error)}): see that there is room.`,
        ),
      );
  });
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : "aborted";
}
