/** The minute as a readable: what is shown relative to now follows it. */

import type { Readable } from "@tongbu/client";
import { MINUTE } from "../model/times.ts";

/** Changes at each full minute of `now()`, and whenever the page is looked at again. */
export function minutes(now: () => number): Readable<number> {
  const listeners = new Set<(value: number) => void>();
  let value = now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tick = () => {
    value = now();
    clearTimeout(timer);
    timer = setTimeout(tick, MINUTE - (value % MINUTE) + 20);
    for (const listener of [...listeners]) listener(value);
  };
  const onVisible = () => {
    if (document.visibilityState === "visible") tick();
  };
  const begin = () => {
    document.addEventListener("visibilitychange", onVisible);
    timer = setTimeout(tick, MINUTE - (now() % MINUTE) + 20);
  };
  const end = () => {
    document.removeEventListener("visibilitychange", onVisible);
    clearTimeout(timer);
  };
  return {
    get: () => value,
    subscribe(listener) {
      if (listeners.size === 0) begin();
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) end();
      };
    },
  };
}
