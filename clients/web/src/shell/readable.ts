/** Following what the client tells, in components. */

import type { Item, Ledger, Readable } from "@tongbu/client";
import { useEffect, useLayoutEffect, useReducer } from "preact/hooks";

function useRedraw(): () => void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  return redraw as () => void;
}

/** The value as it stands; the component is drawn again when it is another one. */
export function useReadable<Value>(readable: Readable<Value>): Value {
  const redraw = useRedraw();
  const value = readable.get();
  useLayoutEffect(() => {
    if (readable.get() !== value) redraw();
    return readable.subscribe(redraw);
  }, [readable]);
  return value;
}

/** One item as it stands; null where there is none. */
export function useItem(ledger: Ledger, id: string | null): Item | null {
  const redraw = useRedraw();
  const item = id === null ? null : ledger.get(id);
  useLayoutEffect(() => {
    if (id === null) return undefined;
    return ledger.watch((changed) => {
      if (changed === "all" || changed.has(id)) redraw();
    });
  }, [ledger, id]);
  return item;
}

/** Whether a readable kept the same value for `delay` ms, so that what passes quickly is not shown. */
export function useLasting<Value>(value: Value, delay: number): Value {
  const [state, settle] = useReducer((_: Value, next: Value) => next, value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), delay);
    return () => clearTimeout(timer);
  }, [value, delay]);
  return state;
}
