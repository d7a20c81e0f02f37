/** Values that are followed. Listeners are told together, once what is being done is done: in a microtask. */
import type { Readable } from "../api.js";

export interface Cell<Value> extends Readable<Value> {
  set(value: Value): void;
}

export interface Topical<Value> {
  subscribe(listener: (value: Value) => void): () => void;
  /** Tells all listeners `value()`, evaluated when they are told. However often it is asked for until then: once. */
  tell(): void;
  readonly followed: boolean;
}

const due = new Set<() => void>();

/** Runs once after what is being done now. An error of an application's listener stops no other listener. */
export function soon(run: () => void): void {
  if (due.size === 0) void Promise.resolve().then(runDue);
  due.add(run);
}

function runDue(): void {
  const runs = [...due];
  due.clear();
  for (const run of runs) guarded(run);
}

/** Runs what an application gave; what it throws surfaces as an unhandled rejection, like that of a forgotten promise. */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    void Promise.reject(error);
  }
}

export function topical<Value>(value: () => Value): Topical<Value> {
  const listeners = new Set<{ readonly call: (value: Value) => void }>();
  const run = () => {
    const told = value();
    for (const listener of [...listeners]) {
      if (listeners.has(listener)) guarded(() => listener.call(told));
    }
  };
  return {
    subscribe(call) {
      const listener = { call };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell() {
      if (listeners.size > 0) soon(run);
    },
    get followed() {
      return listeners.size > 0;
    },
  };
}

export function cell<Value>(initial: Value): Cell<Value> {
  let value = initial;
  const followers = topical(() => value);
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      followers.tell();
    },
    subscribe: followers.subscribe,
  };
}
