/**
 * Hooks for React and Preact. Neither is imported: give what your application uses anyway.
 *
 * ```ts
 * import * as React from "react"; // or "preact/compat"
 * import { createHooks } from "@tongbu/client/hooks";
 *
 * export const { useCounts, useItem, useItems, useReadable } = createHooks(React);
 * ```
 *
 * @module hooks
 */

import type {
  Change,
  Changed,
  Connection,
  Counts,
  Durability,
  Hub,
  Item,
  Ledger,
  Present,
  Readable,
} from "../api.js";

/** What the hooks need of React or of `preact/compat`. */
export interface HookLibrary {
  useSyncExternalStore<Value>(
    subscribe: (listener: () => void) => () => void,
    getSnapshot: () => Value,
    getServerSnapshot?: () => Value,
  ): Value;
  useCallback<Callback extends (listener: () => void) => () => void>(
    callback: Callback,
    dependencies: readonly unknown[],
  ): Callback;
}

/** Each renders again after what it returns has changed, and only then. */
export interface Hooks {
  /** The value of anything that can be followed. */
  useReadable<Value>(readable: Readable<Value>): Value;
  /** All items of a ledger that are not deleted, newest first. */
  useItems(ledger: Ledger): readonly Item[];
  /** One item, deleted or not; null where nothing is known of it. What happens to others costs nothing. */
  useItem(ledger: Ledger, id: string): Item | null;
  useCounts(ledger: Ledger): Counts;
  /** Others who have the ledger open, by connection. */
  usePresence(ledger: Ledger): ReadonlyMap<string, Present>;
  useConnection(hub: Hub): Connection;
  /** How much of what was said the hub has not answered. */
  useUnsaved(hub: Hub): number;
  useDurability(change: Change): Durability | "refused";
}

/** Make the hooks, once, of `React` or of `preact/compat`. */
export function createHooks({ useSyncExternalStore, useCallback }: HookLibrary): Hooks {
  function useFollowed<Value>(
    subscribe: (listener: () => void) => () => void,
    get: () => Value,
    dependencies: readonly unknown[],
  ): Value {
    // The library follows anew whenever it is given another function.
    return useSyncExternalStore(useCallback(subscribe, dependencies), get, get);
  }

  function useReadable<Value>(readable: Readable<Value>): Value {
    return useFollowed(
      (listener) => readable.subscribe(listener),
      () => readable.get(),
      [readable],
    );
  }

  function useItem(ledger: Ledger, id: string): Item | null {
    const concerns = (changed: Changed) => changed === "all" || changed.has(id);
    return useFollowed(
      (listener) => ledger.watch((changed) => concerns(changed) && listener()),
      () => ledger.get(id),
      [ledger, id],
    );
  }

  return {
    useReadable,
    useItem,
    useItems: (ledger) => useReadable(ledger.items),
    useCounts: (ledger) => useReadable(ledger.counts),
    usePresence: (ledger) => useReadable(ledger.presence),
    useConnection: (hub) => useReadable(hub.connection),
    useUnsaved: (hub) => useReadable(hub.unsaved),
    useDurability: (change) => useReadable(change.durability),
  };
}
