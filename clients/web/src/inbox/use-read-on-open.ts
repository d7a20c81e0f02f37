/** Opening is reading: once for each item, and once more when its task ended while it was open. */

import type { Item } from "@tongbu/client";
import { useEffect, useReducer, useRef } from "preact/hooks";
import { usePage } from "../shell/context.ts";

export function useReadOnOpen(item: Item | null): void {
  const { attempt, ledger } = usePage();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const done = useRef<string | null>(null);
  const event = item === null ? null : `${item.id} ${item.task?.finishedAt ?? ""}`;
  useEffect(() => {
    const onVisibility = () => redraw(undefined);
    document.addEventListener("visibilitychange", onVisibility);
    return () => document.removeEventListener("visibilitychange", onVisibility);
  }, []);
  useEffect(() => {
    if (item === null) done.current = null;
    if (item === null || done.current === event || document.visibilityState !== "visible") return;
    done.current = event;
    if (!item.read) attempt(() => ledger.mark(item.id, { read: true }));
  });
}
