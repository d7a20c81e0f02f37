/** Where one can go: at the side, on a phone at the foot. */

import { pathOf, type Route } from "../model/routes.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { usePage, useWords } from "./context.ts";
import { useReadable } from "./readable.ts";

interface Place {
  readonly icon: IconName;
  readonly name: string;
  readonly to: Route;
  readonly count?: number;
  readonly countName?: string;
  readonly class?: string;
}

export function Navigation() {
  const { ledger, router } = usePage();
  const { shell } = useWords();
  const counts = useReadable(ledger.counts);
  const here = useReadable(router.route);
  const list = (name: Route["list"]): Route => ({ list: name, page: null, item: null });
  const page = (name: NonNullable<Route["page"]>): Route => ({ list: here.list, page: name, item: null });
  const { lists } = shell;
  const places: readonly Place[] = [
    {
      icon: "inbox",
      name: lists.inbox,
      to: list("inbox"),
      count: counts.unread,
      countName: shell.unreadCount(counts.unread),
    },
    {
      icon: "tasks",
      name: lists.tasks,
      to: list("tasks"),
      count: counts.open,
      countName: shell.openCount(counts.open),
    },
    { icon: "snoozed", name: lists.snoozed, to: list("snoozed") },
    { icon: "archived", name: lists.archived, to: list("archived") },
    { icon: "devices", name: shell.devices, to: page("devices"), class: "only-wide is-apart" },
    { icon: "settings", name: shell.settings, to: page("settings") },
  ];
  return (
    <nav class="navigation" aria-label={shell.navigation}>
      <ul>
        {places.map((place) => (
          <PlaceLink key={place.name} place={place} here={here} />
        ))}
      </ul>
    </nav>
  );
}

function isHere(to: Route, here: Route): boolean {
  return to.page === here.page && (to.page !== null || to.list === here.list);
}

function PlaceLink({ place, here }: { readonly place: Place; readonly here: Route }) {
  const { icon, name, to, count = 0, countName, class: style = "" } = place;
  const current = isHere(to, here);
  return (
    <li class={style}>
      <a class="place" href={pathOf(to)} aria-current={current ? "page" : undefined}>
        <Icon name={icon} />
        <span class="place-name">{name}</span>
        {count > 0 && (
          <span class="count" title={countName}>
            <span aria-hidden="true">{count > 999 ? "999+" : count}</span>
            <span class="is-unseen">{countName}</span>
          </span>
        )}
      </a>
    </li>
  );
}
