/** What was said here, followed until the hub has answered it. */
import type { Change, Durability, Readable, Refused } from "../api.js";
import { TongbuError } from "../errors.js";
import type { Answer } from "./batch.js";
import { cell, guarded, topical } from "./cell.js";
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
  end(outcome: "saved" | Refused | TongbuError): void;
}

const NOT_FORWARDED: Readable<boolean> = { get: () => false, subscribe: () => () => undefined };

export function createChanges(): Changes {
  const tracked = new Map<string, Set<Tracked>>();
  const listeners = new Set<{ readonly call: (refused: Refused) => void }>();
  const settled = topical<void>(() => undefined);

  function follow(id: string, change: Tracked): void {
    change.left.add(id);
    const changes = tracked.get(id);
    if (changes) changes.add(change);
    else tracked.set(id, new Set([change]));
  }

  function answer([id, outcome]: Answer): void {
    const changes = tracked.get(id) ?? [];
    tracked.delete(id);
    if (isRefused(outcome)) tell(outcome);
    for (const change of changes) {
      change.left.delete(id);
      settle(change, outcome);
    }
  }

  function settle(change: Tracked, outcome: Answer[1]): void {
    if (typeof outcome === "string") follow(outcome, change);
    else if (outcome !== null) change.end(outcome);
    else if (change.left.size === 0) change.end("saved");
  }

  function tell(refused: Refused): void {
    for (const listener of [...listeners]) guarded(() => listener.call(refused));
  }

  return {
    track(ids, forwarded = NOT_FORWARDED) {
      const { change, follower } = createChange(forwarded);
      for (const id of ids) follow(id, follower);
      if (ids.length === 0) follower.end("saved");
      return change;
    },
    answered(answers) {
      answers.forEach(answer);
      if (answers.length > 0) settled.tell();
    },
    onRefused(call) {
      const listener = { call };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
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
  let settle: (error: Error | null) => void = () => undefined;
  const saved = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === null ? resolve() : reject(error));
  });
  // Nobody needs to wait for it: what is refused is told to `onRefused`, too.
  saved.catch(() => undefined);
  const end: Tracked["end"] = (outcome) => {
    if (own.get() !== "local") return;
    if (outcome === "saved") {
      own.set("saved");
      settle(null);
    } else if (outcome instanceof TongbuError) {
      settle(outcome);
    } else {
      own.set("refused");
      settle(new RefusedStatement(outcome));
    }
  };
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
