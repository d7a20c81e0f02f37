/** Who else is there, in one topic. Never kept, gone with the connection. */
import type { Json, Present } from "../api.js";
import { type Cell, cell } from "./cell.js";

/** Bytes of one state on the wire; the hub refuses more. */
export const STATE_BYTES = 4_096;

export class Presence {
  readonly others: Cell<ReadonlyMap<string, Present>> = cell(new Map());
  /** What others are to see of this connection, and what the hub was told on this one. */
  own: Json = null;
  said: Json = null;

  /** The hub named connections; null for one that is gone. */
  heard(states: Readonly<Record<string, unknown>>): void {
    const others = new Map(this.others.get());
    for (const [connection, about] of Object.entries(states)) {
      if (about === null) others.delete(connection);
      else others.set(connection, about as unknown as Present);
    }
    this.others.set(others);
  }

  lost(): void {
    this.said = null;
    if (this.others.get().size > 0) this.others.set(new Map());
  }
}
