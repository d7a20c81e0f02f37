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
    lead: (begin) => holdLock(locks, shared, begin),
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

/** Leads once the lock is granted, until withdrawn or the page ends: then the browser passes the lock on. */
function holdLock(locks: LockManager, name: string, begin: () => void): () => void {
  const withdrawn = new AbortController();
  const granted = async (): Promise<void> => {
    if (withdrawn.signal.aborted) return;
    const released = new Promise<void>((resolve) => {
      withdrawn.signal.addEventListener("abort", () => resolve());
    });
    begin();
    await released;
  };
  locks.request(name, { signal: withdrawn.signal }, granted).catch(() => undefined);
  return () => withdrawn.abort();
}
