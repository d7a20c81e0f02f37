import type { Tabs } from "../ports.js";

/** Pages of one origin: whoever holds the Web Lock leads, and all hear each other on a BroadcastChannel. */
export function webTabs(locks: LockManager, Channel: typeof BroadcastChannel, name: string): Tabs {
  const shared = `tongbu/${name}`;
  const listeners = new Set<(message: unknown) => void>();
  let channel: BroadcastChannel | null = null;
  const open = (): BroadcastChannel => {
    if (channel === null) {
      channel = new Channel(shared);
      channel.onmessage = (event) => tell(listeners, event.data);
    }
    return channel;
  };
  const close = (): void => {
    if (listeners.size > 0) return;
    channel?.close();
    channel = null;
  };
  return {
    lead: (begin, lost, force) => holdLock(locks, shared, force ? { steal: true } : {}, begin, lost),
    stay: (page, stays) => holdLock(locks, `${shared} ${page}`, {}, stays),
    gone: (page, left) => holdLock(locks, `${shared} ${page}`, { mode: "shared" }, left),
    post(message) {
      open().postMessage(message);
      close();
    },
    listen(listener) {
      open();
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        close();
      };
    },
  };
}

function tell(listeners: ReadonlySet<(message: unknown) => void>, message: unknown): void {
  for (const each of [...listeners]) each(message);
}

/**
 * Holds the lock once it is granted, until withdrawn or the page ends: then the browser passes it on. `lost`: another page
 * stole it.
 */
function holdLock(
  locks: LockManager,
  name: string,
  options: LockOptions,
  held: () => void,
  lost?: () => void,
): () => void {
  const withdrawn = new AbortController();
  const { signal } = withdrawn;
  let holds = false;
  const granted = async (): Promise<void> => {
    if (signal.aborted) return;
    const released = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    holds = true;
    held();
    await released;
  };
  // Stealing can't be called off.
  const asked = locks.request(name, options.steal ? options : { ...options, signal }, granted);
  asked.catch(() => {
    if (holds && !signal.aborted) lost?.();
  });
  return () => withdrawn.abort();
}
