/** What was said here, followed until the hub has answered it. */
import type { Change, Durability, Readable, Refused } from "../api.js";
import type { TongbuError } from "../errors.js";
import type { Answer } from "./batch.js";
import { cell, createListeners, promised } from "./cell.js";
import { RefusedStatement } from "./errors.js";

export interface Changes {
  /** Follows things said. `forwarded`: whether every channel has sent what it is about, and who tells when that changes. */
  track(ids: readonly string[], forwarded?: Readable<boolean>): Change;
  answered(answers: readonly Answer[]): void;
  onRefused(listener: (refused: Refused) => void): () => void;
  /** Nothing is answered any more, and why. */
  close(error: TongbuError): void;
}

interface Tracked {
  readonly left: Set<string>;
  /** All of it is saved (null), or not, and why. */
  end(error: TongbuError | null): void;
}

export function createChanges(): Changes {
  const tracked = new Map<string, Set<Tracked>>();
  const refusals = createListeners<Refused>();

  function follow(id: string, change: Tracked): void {
    change.left.add(id);
    tracked.set(id, (tracked.get(id) ?? new Set()).add(change));
  }

  function answer([id, outcome]: Answer): void {
    const changes = tracked.get(id) ?? [];
    tracked.delete(id);
    if (isRefused(outcome)) refusals.tell(outcome);
    for (const change of changes) {
      change.left.delete(id);
      settle(change, outcome);
    }
  }

  function settle(change: Tracked, outcome: Answer[1]): void {
    if (isRefused(outcome)) change.end(new RefusedStatement(outcome));
    else if (outcome !== null) follow(outcome, change);
    else if (change.left.size === 0) change.end(null);
  }

  return {
    track(ids, forwarded) {
      const own = cell<Durability | "refused">("local");
      const { promise: saved, resolve, reject } = promised<void>();
      const end = (error: TongbuError | null): void => {
        if (own.get() !== "local") return;
        if (error === null) {
          own.set("saved");
          resolve();
        } else {
          if (error instanceof RefusedStatement) own.set("refused");
          reject(error);
        }
      };
      const change = { left: new Set<string>(), end };
      for (const id of ids) follow(id, change);
      if (ids.length === 0) end(null);
      return { durability: forwarded ? withForwarded(own, forwarded) : own, saved };
    },
    answered(answers) {
      answers.forEach(answer);
    },
    onRefused: refusals.subscribe,
    close(error) {
      for (const changes of tracked.values()) for (const { end } of changes) end(error);
      tracked.clear();
    },
  };
}

function isRefused(outcome: Answer[1]): outcome is Refused {
  return typeof outcome === "object" && outcome !== null;
}

function withForwarded(
  own: Readable<Durability | "refused">,
  forwarded: Readable<boolean>,
): Change["durability"] {
  const get = () => (own.get() === "saved" && forwarded.get() ? "forwarded" : own.get());
  return {
    get,
    subscribe(listener) {
      const stops = [own, forwarded].map((each) => each.subscribe(() => listener(get())));
      return () => stops.forEach((stop) => void stop());
    },
  };
}
