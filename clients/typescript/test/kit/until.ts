import type { Readable } from "../../src/api.js";

/** Resolves once the value is as wanted. The test's own time limit ends a wait that is in vain. */
export function until<Value>(readable: Readable<Value>, wanted: (value: Value) => boolean): Promise<Value> {
  return new Promise((resolve) => {
    const look = (value: Value): void => {
      if (!wanted(value)) return;
      stop();
      resolve(value);
    };
    const stop = readable.subscribe(look);
    look(readable.get());
  });
}
