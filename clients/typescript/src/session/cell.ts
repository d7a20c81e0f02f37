/** Values that are followed. Listeners are told together, once what is being done is done: in a microtask. */
import type { Readable } from "../api.js";

export interface Cell<Value> extends Readable<Value> {
  set(value: Value): void;
}

export interface Topical<Value> {
  subscribe(listener: (value: Value) => void): () => void;
  /** Tells all listeners `value()`, evaluated when they are told. However often it is asked for until then: once. */
  tell(): void;
  followed(): boolean;
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

/** Who listens to something; told at once. */
export interface Listeners<Value> {
  subscribe(listener: (value: Value) => void): () => void;
  tell(value: Value): void;
  any(): boolean;
}

export function createListeners<Value>(): Listeners<Value> {
  const listeners = new Set<(value: Value) => void>();
  return {
    subscribe(listener) {
      const call = (value: Value) => listener(value);
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    tell(value) {
      for (const call of [...listeners]) if (listeners.has(call)) guarded(() => call(value));
    },
    any: () => listeners.size > 0,
  };
}

export function topical<Value>(value: () => Value): Topical<Value> {
  const { subscribe, tell, any } = createListeners<Value>();
  const run = () => tell(value());
  return {
    subscribe,
    tell() {
      if (any()) soon(run);
    },
    followed: any,
  };
}

/** A promise and what settles it. That nobody waits for it is no error. */
export interface Promised<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

export function promised<Value>(): Promised<Value> {
  // Both are there once the promise is: what it is made with runs at once.
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((...settle) => {
    [resolve, reject] = settle;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
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
