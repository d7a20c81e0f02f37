/** What the hub keeps and this device does not: items long archived or ended, asked for page by page. */

import type { Hub, Item, Json, Ledger } from "@tongbu/client";
import { isMap, itemOf } from "../model/flat.ts";
import { Value } from "../model/value.ts";

export interface Past {
  /** Newest first. */
  readonly items: readonly Item[];
  readonly state: "idle" | "loading" | "failed" | "end";
}

export interface History {
  readonly past: Value<Past>;
  /** Fetch until something is found that is not on this device, or nothing is left. */
  more(): Promise<void>;
  /** One item that is not on this device; null where there is none. Rejects where the hub can't be asked. */
  find(id: string): Promise<Item | null>;
}

const PAGE = 100;

export function openHistory(hub: Hub, ledger: Ledger): History {
  const past = new Value<Past>({ items: [], state: "idle" });
  let cursor: string | null = null;

  const fetchPage = async (): Promise<readonly Item[]> => {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await hub.request(
      "GET",
      `/v1/users/me/items?history=only&limit=${PAGE}${after}`,
    );
    if (status !== 200 || !isMap(body)) throw new Error("The hub answered something else.");
    cursor = typeof body.next === "string" ? body.next : null;
    return itemsIn(body.items).filter(({ id, deleted }) => !deleted && ledger.get(id) === null);
  };

  const gather = async (): Promise<void> => {
    let found: readonly Item[] = [];
    do found = await fetchPage();
    while (found.length === 0 && cursor !== null);
    past.set({ items: [...past.get().items, ...found], state: cursor === null ? "end" : "idle" });
  };

  return {
    past,
    async more() {
      const { items, state } = past.get();
      if (state === "loading" || state === "end") return;
      past.set({ items, state: "loading" });
      await gather().catch(() => past.set({ items: past.get().items, state: "failed" }));
    },
    async find(id) {
      const known = past.get().items.find((item) => item.id === id);
      if (known !== undefined) return known;
      const { status, body } = await hub.request("GET", `/v1/users/me/items/${id}`);
      if (status === 404) return null;
      if (status !== 200) throw new Error("The hub answered something else.");
      return itemOf(body);
    },
  };
}

function itemsIn(value: Json | undefined): readonly Item[] {
  return Array.isArray(value) ? value.map(itemOf).filter((item): item is Item => item !== null) : [];
}
