/** Who else is there, in one topic. Never kept, gone with the connection. */
import type { Json, Present } from "../api.js";
import { type Cell, cell } from "./cell.js";

/** Bytes of one state on the wire; the hub refuses more. */
export const STATE_BYTES = 4_096;

export interface Presence {
  readonly others: Cell<ReadonlyMap<string, Present>>;
  /** What others are to see of this connection, and what the hub was told on this one. */
  own: Json;
  said: Json;
  /** The hub named connections; null for one that is gone. */
  heard(states: Readonly<Record<string, unknown>>): void;
  lost(): void;
}

export function createPresence(): Presence {
  const others = cell<ReadonlyMap<string, Present>>(new Map());
  const presence: Presence = {
    others,
    own: null,
    said: null,
    heard(states) {
      const now = new Map(others.get());
      for (const [connection, about] of Object.entries(states)) {
        if (about === null) now.delete(connection);
        else now.set(connection, about as Present);
      }
      others.set(now);
    },
    lost() {
      presence.said = null;
      if (others.get().size > 0) others.set(new Map());
    },
  };
  return presence;
}
