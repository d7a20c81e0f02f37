/** One list with its head: what it is, what narrows it, and what can be done with all of it. */

import { useState } from "preact/hooks";
import { EVERYTHING, type Filter, isNarrow } from "../model/filter.ts";
import type { Listing } from "../model/listing.ts";
import { isInInbox, type ListName, sizeOf } from "../model/views.ts";
import { IconButton } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { NewTask } from "../task/new-task.tsx";
import { EmptyList } from "./empty.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { HistoryEnd } from "./history-end.tsx";
import { useItemCommands } from "./item-commands.ts";
import { ItemList } from "./list.tsx";
import { useListing } from "./use-listing.ts";

interface ListPaneProps {
  readonly list: ListName;
  readonly open: string | null;
}

export function ListPane({ list, open }: ListPaneProps) {
  const { ledger, query } = usePage();
  const searched = useReadable(query);
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const listing = useListing({ ledger, list, filter, query: searched, open });
  const cursor = useItemCommands(listing, open);
  const narrow = isNarrow(filter) || searched.trim() !== "";
  const showAll = () => {
    setFilter(EVERYTHING);
    query.set("");
  };
  return (
    <>
      <ListHead list={list} listing={listing} filter={filter} onFilter={setFilter} />
      <ItemList
        list={list}
        listing={listing}
        open={open}
        cursor={cursor}
        empty={<EmptyList list={list} filter={filter} onShowAll={showAll} />}
        end={list === "archived" && <HistoryEnd narrow={narrow} open={open} />}
      />
    </>
  );
}

interface ListHeadProps {
  readonly list: ListName;
  readonly listing: Listing;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

function ListHead({ list, listing, filter, onFilter }: ListHeadProps) {
  const { overlay } = usePage();
  const { shell, inbox, task } = useWords();
  const name = shell.lists[list];
  const size = sizeOf(list, listing);
  return (
    <header class="list-head">
      <div class="list-title">
        <h1 aria-label={inbox.list(name, size)}>{name}</h1>
        {size > 0 && (
          <span class="list-size" aria-hidden="true">
            {size}
          </span>
        )}
        {list === "inbox" && <ReadAllButton />}
        <IconButton
          icon="plus"
          label={task.newTask}
          shortcut="c"
          onClick={() => overlay.dialog.set(() => <NewTask />)}
        />
      </div>
      <FilterBar list={list} filter={filter} onFilter={onFilter} />
    </header>
  );
}

function ReadAllButton() {
  const { ledger, overlay } = usePage();
  const { inbox } = useWords();
  const ask = () => {
    const count = ledger.items.get().filter((item) => !item.read && isInInbox(item)).length;
    if (count === 0) overlay.toast.set({ text: inbox.readAll.nothing });
    else overlay.dialog.set(() => <ConfirmReadAll count={count} />);
  };
  return <IconButton icon="checks" label={inbox.actions.readAll} onClick={ask} />;
}

/** Told before: what undoing can't take back. */
function ConfirmReadAll({ count }: { readonly count: number }) {
  const { actions } = usePage();
  const { readAll } = useWords().inbox;
  return (
    <Confirm
      title={readAll.title}
      text={readAll.text(count)}
      more={readAll.honest}
      confirm={readAll.confirm}
      onConfirm={() => actions.readAll()}
    />
  );
}
