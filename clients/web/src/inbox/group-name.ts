import type { Item } from "@tongbu/client";
import { dayOf } from "../model/days.ts";
import { MINUTE } from "../model/times.ts";
import type { ListName } from "../model/views.ts";
import type { Speech } from "../shell/context.ts";

/** What a group of `model/views.ts` is called. */
export function groupName(key: string, now: number, { words, times }: Speech): string {
  const { groups } = words.inbox;
  const [kind, value = ""] = key.split(":");
  if (kind === "day") return times.day(Number(value), now);
  if (kind === "status") return groups.status[value] ?? value;
  if (kind === "ended") return groups.ended;
  return kind === "pinned" ? groups.pinned : groups.unsaved;
}

export interface Placed {
  readonly item: Item;
  readonly list: ListName;
  /** Key of the heading above it. */
  readonly group: string;
  /** When it came back from snooze (ms); null where it did not. */
  readonly woken: number | null;
}

/**
 * The time at the end of a row: when it came; of what is snoozed, when it comes back; of what came back, since when; of an ended task, when it ended.
 * Below the heading of a day (`group`) the time of day is enough.
 */
export function timeOf({ item, list, group, woken }: Placed, now: number, { times }: Speech): string {
  const at = (list === "inbox" ? woken : null) ?? momentOf(item, list);
  if (at === null) return "";
  const isToday = dayOf(at) === dayOf(now);
  return group.startsWith("day:") && (!isToday || at > now + MINUTE) ? times.clock(at) : times.short(at, now);
}

function momentOf(item: Item, list: ListName): number | null {
  if (list === "snoozed") return item.snoozed;
  return (list === "tasks" ? item.task?.finishedAt : null) ?? item.at;
}

/** By when a task is wanted that has not ended; empty for everything else. */
export function dueOf({ task }: Item, now: number, { times }: Speech): string {
  return task === null || task.due === null || task.finishedAt !== null ? "" : times.by(task.due, now);
}
