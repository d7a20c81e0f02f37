/** The lists a person can look at: what each shows, in which order, under which headings. */

import type { Item, Status } from "@tongbu/client";
import { dayOf } from "./days.ts";
import { type Filter, passes } from "./filter.ts";
import type { Arrangement, Listing, Rank } from "./listing.ts";
import { contains } from "./search.ts";

export type ListName = "inbox" | "tasks" | "snoozed" | "archived";

export const LIST_NAMES: readonly ListName[] = ["inbox", "tasks", "snoozed", "archived"];

/** What narrows a list. What is `kept` stays in it though the filter no longer lets it: the item a person has before them. */
export interface Narrowing {
  readonly filter: Filter;
  readonly words: readonly string[];
  readonly kept: (id: string) => boolean;
  /** When an item came back from snooze (ms); null where it did not. */
  readonly wokenAt?: (item: Item) => number | null;
}

const UNSAVED = Number.MAX_SAFE_INTEGER;

/** Of open tasks: which group comes first. Ended ones follow, under one heading. */
const OPEN_STATUSES: readonly Status[] = ["input_required", "running", "paused", "queued"];

/** Whether nobody put it away. */
export function isInInbox(item: Item): boolean {
  return !item.deleted && !item.archived && item.snoozed === null;
}

const newestFirst = (item: Item) => -(item.order ?? UNSAVED);

/** What came back from snooze stands where it would had it come then. */
const inbox = (wokenAt: (item: Item) => number | null): Arrangement => {
  const cameAt = (item: Item) => (item.order === null ? null : Math.max(item.order, wokenAt(item) ?? 0));
  return {
    rank: (item) => {
      const came = cameAt(item);
      return isInInbox(item) ? [item.pinned ? 0 : 1, -(came ?? UNSAVED)] : null;
    },
    group: (item) => (item.pinned ? "pinned" : dayGroup(cameAt(item))),
  };
};

const tasks: Arrangement = {
  rank: (item) => (item.kind === "task" && isInInbox(item) ? taskRank(item) : null),
  group: (item) => {
    const status = item.task?.status ?? "queued";
    return OPEN_STATUSES.includes(status) ? `status:${status}` : "ended";
  },
};

const snoozed: Arrangement = {
  rank: (item) =>
    item.snoozed === null || item.deleted || item.archived ? null : [item.snoozed, newestFirst(item)],
  group: (item) => dayGroup(item.snoozed),
};

const archived: Arrangement = {
  rank: (item) => (item.archived && !item.deleted ? [newestFirst(item)] : null),
  group: (item) => dayGroup(item.order),
};

const ARRANGEMENTS: Record<Exclude<ListName, "inbox">, Arrangement> = { tasks, snoozed, archived };

function dayGroup(at: number | null): string {
  return at === null ? "unsaved" : `day:${dayOf(at)}`;
}

function endOf(item: Item): number | null {
  return item.task?.finishedAt ?? item.order;
}

/** Of open ones what is due first, then what is more urgent. */
function taskRank(item: Item): Rank {
  const open = OPEN_STATUSES.indexOf(item.task?.status ?? "queued");
  const { due = null, priority = null } = item.task ?? {};
  if (open >= 0) return [open, due ?? UNSAVED, -(priority ?? 0), newestFirst(item)];
  return [OPEN_STATUSES.length, -(endOf(item) ?? UNSAVED)];
}

/** How a list is arranged when it is narrowed so. */
export function arrange(
  list: ListName,
  { filter, words, kept, wokenAt = () => null }: Narrowing,
): Arrangement {
  const { rank, group } = list === "inbox" ? inbox(wokenAt) : ARRANGEMENTS[list];
  const fits = (item: Item) => contains(item, words) && (kept(item.id) || passes(item, filter));
  return { rank: (item) => (fits(item) ? rank(item) : null), group };
}

/** The number beside a list's name: of tasks, the open ones. */
export function sizeOf(list: ListName, { groups, size }: Pick<Listing, "groups" | "size">): number {
  if (list !== "tasks") return size;
  return size - (groups.find(({ key }) => key === "ended")?.count ?? 0);
}
