/** A device in a browser: a page, or several that share one connection and one store. */
import type { Hub, HubOptions } from "../api.js";
import { checks, forgetting, linking, requests, together } from "../extras/index.js";
import { createHub } from "../session/hub.js";
import { browserPlatform } from "./platform.js";

export { LinkCodeRefused } from "../extras/linking.js";
export * from "../index.js";
export { StoreInUse, StoreUnusable } from "../platform/store-errors.js";
export { browserPlatform } from "./platform.js";

/**
 * This browser as a device of a user. Needs no hub that answers.
 *
 * What is kept is in IndexedDB, or in memory where the browser keeps nothing, as some do in private windows. Pages of one
 * origin that give the same `store` are one device: one of them holds connection and store, and hands over when it
 * ends. That takes Web Locks, which browsers have in secure contexts only (https, or localhost); elsewhere each page has its
 * own connection, and the one opened last is the one whose statements are kept.
 */
export function connect(options: HubOptions): Hub {
  return createHub(browserPlatform(), options, [checks, forgetting, linking, requests, together]);
}
