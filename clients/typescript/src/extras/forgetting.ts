/** Signing out: nothing of a device stays. */
import { StoreUnusable } from "../platform/store-errors.js";
import type { Storage } from "../ports.js";
import type { Extra } from "../session/extra.js";

/** Stores that could not be emptied when they were to be forgotten: nothing in them is used before they are. */
const unforgotten = new Set<string>();

/** `Hub.forget` works. */
export const forgetting: Extra = (extras) => {
  extras.forget = forget;
  extras.opened = async (storage, name) => {
    if (unforgotten.has(name)) await forget(storage, name);
  };
};

async function forget(storage: Storage, name: string): Promise<void> {
  unforgotten.add(name);
  await storage.write(new Map(), ["*"]).catch(() => {
    throw new StoreUnusable("What this device keeps could not be removed.");
  });
  unforgotten.delete(name);
}
