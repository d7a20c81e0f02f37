import type { Item } from "@tongbu/client";
import { dayOf } from "../model/days.ts";
import type { ListName } from "../model/views.ts";
import type { Speech } from "../shell/context.ts";

/** What a group of `model/views.ts` is called. */
export function groupName(key: string, now: number, { words, times }: Speech): string {
  const { groups } = words.inbox;
  const [kind, value = ""] = key.split(":");
  if (kind === "day") return times.day(Number(value), now);
  if (kind === "status") return groups.status[value] ?? value;
  return kind === "pinned" ? groups.pinned : groups.unsaved;
}

/** The time at the end of a row: when it came; of what is snoozed, when it comes back; of an ended task, when it ended. */
export function timeOf(item: Item, list: ListName, now: number, { times, words }: Speech): string {
  if (list === "snoozed" && item.snoozed !== null) {
    const sameDay = dayOf(item.snoozed) === dayOf(now);
    return sameDay ? words.inbox.snooze.until(times.clock(item.snoozed)) : times.clock(item.snoozed);
  }
  const at = momentOf(item, list);
  return at === null ? "" : times.short(at, now);
}

export function momentOf(item: Item, list: ListName): number | null {
  return (list === "tasks" ? item.task?.finishedAt : null) ?? item.at;
}
