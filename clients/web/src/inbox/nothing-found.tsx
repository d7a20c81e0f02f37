/** Why a narrowed list is empty, and where what was searched for is. */

import { EVERYTHING, type Filter, isNarrow } from "../model/filter.ts";
import { wordsOf } from "../model/search.ts";
import { arrange, LIST_NAMES, type ListName } from "../model/views.ts";
import { Button } from "../parts/button.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { Blank } from "./empty.tsx";

interface NothingFoundProps {
  readonly list: ListName;
  readonly filter: Filter;
  readonly onShowAll: () => void;
}

export function NothingFound({ list, filter, onShowAll }: NothingFoundProps) {
  const { query } = usePage();
  const { inbox, shell } = useWords();
  const searched = useReadable(query).trim();
  const filtered = isNarrow(filter);
  const { title, search, filter: byFilter, both } = inbox.nothingFound;
  const text = searched === "" ? byFilter : filtered ? both(searched) : search(searched);
  const word = searched === "" ? inbox.clearFilter : filtered ? inbox.showAll : shell.clearSearch;
  return (
    <Blank icon="search" title={title} text={text}>
      <Elsewhere list={list} searched={searched} />
      <Button onClick={onShowAll}>{word}</Button>
    </Blank>
  );
}

/** The other lists that hold what was searched for. */
function Elsewhere({ list, searched }: { readonly list: ListName; readonly searched: string }) {
  const { ledger, router } = usePage();
  const { inbox, shell } = useWords();
  if (searched === "") return null;
  const words = wordsOf(searched);
  const counted = LIST_NAMES.filter((name) => name !== list).map((name) => {
    const { rank } = arrange(name, { filter: EVERYTHING, words, kept: () => false });
    return [name, ledger.items.get().filter((item) => rank(item) !== null).length] as const;
  });
  const found = counted.filter(([, count]) => count > 0);
  if (found.length === 0) return null;
  return (
    <p class="elsewhere">
      <span>{inbox.nothingFound.also}</span>
      {found.map(([name, count]) => (
        <button key={name} type="button" class="chip is-on" onClick={() => router.go({ list: name })}>
          {inbox.nothingFound.elsewhere(shell.lists[name], count)}
        </button>
      ))}
    </p>
  );
}
