import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { indexedStorage } from "../../src/browser/indexed-storage.js";
import { webTabs } from "../../src/browser/tabs.js";
import { nodePlatform } from "../../src/node/platform.js";
import type { Platform } from "../../src/ports.js";
import { FakeLocks } from "./locks.js";

Object.assign(globalThis, { IDBKeyRange });

/** A browser: its pages share one IndexedDB, Web Locks and channels, over real sockets. */
export function browser(): { page(): Platform } {
  const factory = new IDBFactory();
  const locks = new FakeLocks() as unknown as LockManager;
  return {
    page: () => ({
      ...nodePlatform(),
      open: (name) => indexedStorage(factory, name, `page ${++opened}`),
      tabs: (name) => webTabs(locks, BroadcastChannel, `${name} ${id(factory)}`),
    }),
  };
}

let opened = 0;
const ids = new WeakMap<object, number>();
let last = 0;

/** Browsers of one test file don't hear each other. */
function id(of: object): number {
  const known = ids.get(of) ?? ++last;
  ids.set(of, known);
  return known;
}
