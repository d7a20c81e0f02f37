/** The lists a person can look at: what each shows, in which order, under which headings. */

import type { Item, Status } from "@tongbu/client";
import { dayOf } from "./days.ts";
import { type Filter, passes } from "./filter.ts";
import type { Arrangement, Rank } from "./listing.ts";
import { contains } from "./search.ts";

export type ListName = "inbox" | "tasks" | "snoozed" | "archived";

export const LIST_NAMES: readonly ListName[] = ["inbox", "tasks", "snoozed", "archived"];

/** What narrows a list. What is `kept` stays in it though the filter no longer lets it: the item a person has before them. */
export interface Narrowing {
  readonly filter: Filter;
  readonly words: readonly string[];
  readonly kept: (id: string) => boolean;
}

const UNSAVED = Number.MAX_SAFE_INTEGER;

/** Of open tasks: which group comes first. Ended ones follow by day. */
const OPEN_STATUSES: readonly Status[] = ["input_required", "running", "paused", "queued"];

const isLive = (item: Item) => !item.deleted && !item.archived && item.snoozed === null;
const newestFirst = (item: Item) => -(item.order ?? UNSAVED);

const inbox: Arrangement = {
  rank: (item) => (isLive(item) ? [item.pinned ? 0 : 1, newestFirst(item)] : null),
  group: (item) => (item.pinned ? "pinned" : dayGroup(item.order)),
};

const tasks: Arrangement = {
  rank: (item) => (item.kind === "task" && isLive(item) ? taskRank(item) : null),
  group: (item) => {
    const status = item.task?.status ?? "queued";
    return OPEN_STATUSES.includes(status) ? `status:${status}` : dayGroup(endOf(item));
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

const ARRANGEMENTS: Record<ListName, Arrangement> = { inbox, tasks, snoozed, archived };

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
export function arrange(list: ListName, { filter, words, kept }: Narrowing): Arrangement {
  const { rank, group } = ARRANGEMENTS[list];
  const fits = (item: Item) => contains(item, words) && (kept(item.id) || passes(item, filter));
  return { rank: (item) => (fits(item) ? rank(item) : null), group };
}
