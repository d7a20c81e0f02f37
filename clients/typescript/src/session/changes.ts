/** What was said here, followed until the hub has answered it. */
import type { Change, Durability, Readable, Refused } from "../api.js";
import type { TongbuError } from "../errors.js";
import type { Answer } from "./batch.js";
import { cell, createListeners, promised, topical } from "./cell.js";
import { RefusedStatement } from "./errors.js";

export interface Changes {
  /** Follows things said. `forwarded`: whether every channel has sent what it is about, and who tells when that changes. */
  track(ids: readonly string[], forwarded?: Readable<boolean>): Change;
  answered(answers: readonly Answer[]): void;
  onRefused(listener: (refused: Refused) => void): () => void;
  /** After every answer. */
  readonly settled: { subscribe(listener: () => void): () => void };
  /** Nothing is answered any more, and why. */
  close(error: TongbuError): void;
}

interface Tracked {
  readonly left: Set<string>;
  /** All of it is saved (null), or not, and why. */
  end(error: TongbuError | null): void;
}

const NOT_FORWARDED: Readable<boolean> = { get: () => false, subscribe: () => () => undefined };

export function createChanges(): Changes {
  const tracked = new Map<string, Set<Tracked>>();
  const refusals = createListeners<Refused>();
  const settled = topical<void>(() => undefined);

  function follow(id: string, change: Tracked): void {
    change.left.add(id);
    tracked.set(id, (tracked.get(id) ?? new Set<Tracked>()).add(change));
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
    track(ids, forwarded = NOT_FORWARDED) {
      const { change, follower } = createChange(forwarded);
      for (const id of ids) follow(id, follower);
      if (ids.length === 0) follower.end(null);
      return change;
    },
    answered(answers) {
      answers.forEach(answer);
      if (answers.length > 0) settled.tell();
    },
    onRefused: refusals.subscribe,
    settled,
    close(error) {
      const open = new Set([...tracked.values()].flatMap((changes) => [...changes]));
      tracked.clear();
      for (const change of open) change.end(error);
    },
  };
}

function isRefused(outcome: Answer[1]): outcome is Refused {
  return typeof outcome === "object" && outcome !== null;
}

function createChange(forwarded: Readable<boolean>): { change: Change; follower: Tracked } {
  const own = cell<Durability | "refused">("local");
  const { promise: saved, resolve, reject } = promised<void>();
  function end(error: TongbuError | null): void {
    if (own.get() !== "local") return;
    if (error === null) {
      own.set("saved");
      resolve();
    } else {
      if (error instanceof RefusedStatement) own.set("refused");
      reject(error);
    }
  }
  return {
    change: { durability: withForwarded(own, forwarded), saved },
    follower: { left: new Set(), end },
  };
}

function withForwarded(
  own: Readable<Durability | "refused">,
  forwarded: Readable<boolean>,
): Change["durability"] {
  const get = () => (own.get() === "saved" && forwarded.get() ? "forwarded" : own.get());
  return {
    get,
    subscribe(listener) {
      const tell = () => listener(get());
      const stops = [own.subscribe(tell), forwarded.subscribe(tell)];
      return () => stops.forEach((stop) => void stop());
    },
  };
}
