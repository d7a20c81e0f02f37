/** What a list shows where there is nothing to list, and why there is nothing. */

import type { ComponentChildren } from "preact";
import { type Filter, isNarrow } from "../model/filter.ts";
import type { ListName } from "../model/views.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { usePage, useWords } from "../shell/context.ts";
import { useReadable } from "../shell/readable.ts";
import { NothingFound } from "./nothing-found.tsx";
import { Welcome } from "./welcome.tsx";

interface EmptyListProps {
  readonly list: ListName;
  readonly filter: Filter;
  readonly onShowAll: () => void;
}

export function EmptyList({ list, filter, onShowAll }: EmptyListProps) {
  const { ledger, hub, isLoaded, query } = usePage();
  const { inbox } = useWords();
  const loaded = useReadable(isLoaded);
  const inSync = useReadable(ledger.inSync);
  const connection = useReadable(hub.connection);
  const searched = useReadable(query).trim() !== "";
  const holdsNothing = ledger.items.get().length === 0;
  const unknown = !inSync && holdsNothing;
  if (!loaded) return <Skeleton text={inbox.loading} />;
  if (unknown && connection.state === "waiting") return <Blank icon="cloudOff" {...inbox.offlineEmpty} />;
  if (unknown && connection.state !== "refused") return <Skeleton text={inbox.firstSync} />;
  if (searched || isNarrow(filter)) {
    return <NothingFound list={list} filter={filter} onShowAll={onShowAll} />;
  }
  if (holdsNothing && list === "inbox") return <Welcome />;
  return <Blank icon={ICONS[list]} {...inbox.empty[list]} />;
}

const ICONS: Record<ListName, IconName> = {
  inbox: "check",
  tasks: "tasks",
  snoozed: "snoozed",
  archived: "archived",
};

/** Rows to come. */
function Skeleton({ text }: { readonly text: string }) {
  return (
    <div class="skeleton" role="status">
      <span class="is-unseen">{text}</span>
      {[72, 54, 88, 61, 47].map((width) => (
        <div key={width} class="skeleton-row" aria-hidden="true">
          <span class="skeleton-mark" />
          <span class="skeleton-lines">
            <span class="skeleton-line" style={{ "--width": `${width}%` }} />
            <span class="skeleton-line is-thin" style={{ "--width": `${width - 20}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}

interface BlankProps {
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly children?: ComponentChildren;
}

export function Blank({ icon, title, text, children }: BlankProps) {
  return (
    <div class="empty">
      <span class="empty-mark">
        <Icon name={icon} />
      </span>
      <p class="empty-title">{title}</p>
      <p class="empty-text">{text}</p>
      {children}
    </div>
  );
}
