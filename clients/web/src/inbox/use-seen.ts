/** States `seen` of rows that were really before somebody's eyes for a moment. */

import type { RefObject } from "preact";
import { useEffect, useMemo, useReducer } from "preact/hooks";
import type { Glimpse } from "../model/layout.ts";
import type { Listing } from "../model/listing.ts";
import { watchSeen } from "../model/seen.ts";
import { usePage } from "../shell/context.ts";

function after(delay: number, run: () => void): () => void {
  const timer = setTimeout(run, delay);
  return () => clearTimeout(timer);
}

/** A pane that is not shown has no height. */
function isBeforeEyes(scroller: HTMLElement | null): boolean {
  return document.visibilityState === "visible" && scroller !== null && scroller.clientHeight > 0;
}

function unseenIn(listing: Listing, parts: readonly Glimpse[]): readonly string[] {
  const ids: string[] = [];
  for (const { from, to } of parts) {
    for (let index = from; index < to; index++) {
      const item = listing.at(index);
      if (item !== undefined && !item.seen) ids.push(item.id);
    }
  }
  return ids;
}

export function useSeen(
  scroller: RefObject<HTMLElement | null>,
  listing: Listing,
  parts: readonly Glimpse[],
): void {
  const { attempt, ledger } = usePage();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const watch = useMemo(
    () =>
      watchSeen((ids) => {
        attempt(() => ids.map((id) => ledger.mark(id, { seen: true })));
      }, after),
    [attempt, ledger],
  );
  useEffect(() => watch.look(isBeforeEyes(scroller.current) ? unseenIn(listing, parts) : []));
  useEffect(() => {
    const onVisibility = () => redraw(undefined);
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      watch.stop();
    };
  }, [watch]);
}
