import { memoryStorage } from "../platform/memory-storage.js";
import { systemSurroundings } from "../platform/surroundings.js";
import { type WebSocketLike, webTransport } from "../platform/web-transport.js";
import type { Platform, Storage } from "../ports.js";
import { indexedStorage } from "./indexed-storage.js";
import { webTabs } from "./tabs.js";
import { onPageWake } from "./wake.js";

/** What a browser forbids where it keeps nothing, as some do in private windows. */
const NOTHING_KEPT: readonly string[] = ["SecurityError", "InvalidStateError", "NotAllowedError"];

/**
 * This page. Its copy is in IndexedDB, or in memory where the browser keeps nothing. Pages of one browser share one
 * connection and one store where there are Web Locks (a secure context: https, or localhost) and BroadcastChannel;
 * elsewhere the page opened last is the one that may write.
 */
export function browserPlatform(): Platform {
  const shared = typeof BroadcastChannel === "function" && navigator.locks !== undefined;
  const platform: Platform = {
    name: "web",
    transport: webTransport(openSocket, (url, init) => fetch(url, init)),
    open: openStore,
    surroundings: systemSurroundings({ random: randomBytes, monotonic: () => performance.now() }),
  };
  const wake = typeof document === "object" ? { onWake: onThisPageWake } : {};
  const tabs = shared ? { tabs: (name: string) => webTabs(navigator.locks, BroadcastChannel, name) } : {};
  return { ...platform, ...wake, ...tabs };
}

function openSocket(url: string, protocol: string): WebSocketLike {
  return new WebSocket(url, protocol) as WebSocketLike;
}

function onThisPageWake(listener: () => void): () => void {
  return onPageWake(document, window, listener);
}

async function openStore(name: string): Promise<Storage> {
  if (typeof indexedDB === "undefined") return memoryStorage();
  return indexedStorage(indexedDB, name, randomBytes(16).join(".")).catch((error: unknown) => {
    if (error instanceof DOMException && NOTHING_KEPT.includes(error.name)) return memoryStorage();
    throw error;
  });
}

function randomBytes(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}
