/** A list that follows a ledger: each change costs what it touches. */

import type { Changed, Ledger } from "@tongbu/client";
import { useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";
import type { Filter } from "../model/filter.ts";
import { Listing } from "../model/listing.ts";
import { wordsOf } from "../model/search.ts";
import { arrange, type ListName } from "../model/views.ts";
import { usePage } from "../shell/context.ts";

interface Wanted {
  readonly ledger: Ledger;
  readonly list: ListName;
  readonly filter: Filter;
  readonly query: string;
  /** The item that is open; it stays in the list until another one is. */
  readonly open: string | null;
}

function take(listing: Listing, ledger: Ledger, changed: Changed): boolean {
  if (changed === "all") {
    listing.reset(ledger.items.get());
    return true;
  }
  let different = false;
  for (const id of changed) different = listing.put(id, ledger.get(id)) || different;
  return different;
}

/** The same `Listing` is changed in place; the component is drawn again whenever it looks different. */
export function useListing({ ledger, list, filter, query, open }: Wanted): Listing {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { waking } = usePage();
  const kept = useRef(open);
  const listing = useMemo(() => {
    const arrangement = arrange(list, {
      filter,
      words: wordsOf(query),
      kept: (id) => id === kept.current,
      wokenAt: waking.wokenAt,
    });
    return new Listing(arrangement, ledger.items.get());
  }, [ledger, list, filter, query, waking]);
  useLayoutEffect(
    () =>
      ledger.watch((changed) => {
        if (take(listing, ledger, changed)) redraw(undefined);
      }),
    [ledger, listing],
  );
  useLayoutEffect(() => {
    const both = [kept.current, open].filter((id) => id !== null);
    kept.current = open;
    if (take(listing, ledger, new Set(both))) redraw(undefined);
  }, [ledger, listing, open]);
  return listing;
}
