/**
 * Since when the hub can't be reached: kept beside the page too, so that a page that is opened offline knows when this
 * browser was last connected.
 */

import type { Hub, Readable } from "@tongbu/client";
import { Value } from "../model/value.ts";

const KEY = "tongbu.connected";

function keep(at: number | null): void {
  try {
    if (at === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, String(at));
  } catch {
    return;
  }
}

/** When this browser was last connected (ms); null where that is not known. */
function kept(): number | null {
  try {
    const at = Number(localStorage.getItem(KEY) ?? Number.NaN);
    return Number.isFinite(at) ? at : null;
  } catch {
    return null;
  }
}

export interface OfflineSince {
  /** Milliseconds since 1970; null while the hub is there, before it was tried, and where it is not known. */
  readonly at: Readable<number | null>;
  /** Returns how to stop. */
  follow(): () => void;
}

export function openOfflineSince(hub: Hub): OfflineSince {
  const at = new Value<number | null>(null);
  let online = hub.connection.get().state === "online";
  const lose = () => {
    keep(hub.now());
    at.set(hub.now());
  };
  const look = () => {
    const { state } = hub.connection.get();
    if (state === "online") {
      keep(null);
      at.set(null);
    } else if (online && state !== "closed") lose();
    else if (state === "waiting" && at.get() === null) at.set(kept());
    online = state === "online";
  };
  const leave = () => {
    if (online) keep(hub.now());
  };
  return {
    at,
    follow() {
      look();
      const stop = hub.connection.subscribe(look);
      window.addEventListener("pagehide", leave);
      return () => {
        window.removeEventListener("pagehide", leave);
        stop();
      };
    },
  };
}
