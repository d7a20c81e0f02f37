/** What narrows a list: read or not at a touch, the rest in a menu. */

import { EVERYTHING, type Filter, isNarrow, LEVELS, type Show, sourcesOf } from "../model/filter.ts";
import type { ListName } from "../model/views.ts";
import { IconButton } from "../parts/button.tsx";
import { Icon } from "../parts/icon.tsx";
import { usePage, useWords } from "../shell/context.ts";
import type { MenuEntry } from "../shell/overlay.ts";
import type { Words } from "../words/en.ts";

interface FilterBarProps {
  readonly list: ListName;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

const SHOWS: readonly Show[] = ["all", "unread", "pinned"];

export function FilterBar({ list, filter, onFilter }: FilterBarProps) {
  const { inbox } = useWords();
  return (
    <div class="filter-bar">
      <fieldset class="segments">
        <legend class="is-unseen">{inbox.filter}</legend>
        {SHOWS.map((show) => (
          <button
            key={show}
            type="button"
            class="segment"
            aria-pressed={filter.show === show}
            onClick={() => onFilter({ ...filter, show })}
          >
            {inbox.show[show]}
          </button>
        ))}
      </fieldset>
      <Chips filter={filter} onFilter={onFilter} />
      <MoreFilters list={list} filter={filter} onFilter={onFilter} />
    </div>
  );
}

/** What of the menu is on, each with a cross. */
function Chips({ filter, onFilter }: Omit<FilterBarProps, "list">) {
  const { inbox } = useWords();
  const chips = [
    filter.kind !== null && ([inbox.kind[filter.kind], { kind: null }] as const),
    filter.level !== null && ([inbox.levels[filter.level], { level: null }] as const),
    filter.source !== null && ([filter.source, { source: null }] as const),
  ].filter((chip) => chip !== false);
  return (
    <>
      {chips.map(([name, without]) => (
        <button
          key={name}
          type="button"
          class="chip is-on"
          onClick={() => onFilter({ ...filter, ...without })}
        >
          <span>{name}</span>
          <Icon name="close" label={inbox.clearFilter} />
        </button>
      ))}
    </>
  );
}

function MoreFilters({ list, filter, onFilter }: FilterBarProps) {
  const { ledger, overlay } = usePage();
  const { inbox } = useWords();
  const on = isNarrow({ ...filter, show: "all" });
  const open = (anchor: Element) => {
    const sources = sourcesOf(ledger.items.get());
    const entries = entriesOf(list, filter, onFilter, sources, inbox);
    overlay.menu.set({ title: inbox.filter, entries, anchor });
  };
  return (
    <IconButton
      class={`filter-more${on ? " is-on" : ""}`}
      icon="filter"
      label={on ? inbox.filterOn : inbox.filter}
      expanded={false}
      onClick={({ currentTarget }) => open(currentTarget)}
    />
  );
}

function entriesOf(
  list: ListName,
  filter: Filter,
  onFilter: (filter: Filter) => void,
  sources: readonly string[],
  words: Words["inbox"],
): MenuEntry[] {
  const entry = (label: string, part: Partial<Filter>, checked: boolean, divided = false): MenuEntry => ({
    label,
    checked,
    divided,
    run: () => onFilter({ ...filter, ...part }),
  });
  const kinds = ([null, "notification", "task"] as const).map((kind) =>
    entry(words.kind[kind ?? "any"], { kind }, filter.kind === kind),
  );
  const levels = [null, ...LEVELS].map((level, index) =>
    entry(
      level === null ? words.anyLevel : words.levels[level],
      { level },
      filter.level === level,
      index === 0,
    ),
  );
  const from = [null, ...sources].map((source, index) =>
    entry(source ?? words.anySource, { source }, filter.source === source, index === 0),
  );
  const all: MenuEntry = {
    label: words.clearFilter,
    icon: "close",
    divided: true,
    run: () => onFilter(EVERYTHING),
  };
  return [
    ...(list === "tasks" ? [] : kinds),
    ...levels,
    ...(sources.length > 0 ? from : []),
    ...(isNarrow(filter) ? [all] : []),
  ];
}
