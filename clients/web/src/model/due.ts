/** By when a task is wanted. Milliseconds since 1970, by the device's own time zone. */

import type { TaskState } from "@tongbu/client";
import { HOUR } from "./times.ts";

export type DueName = "today" | "tomorrow" | "nextWeek";

export interface DueDate {
  readonly name: DueName;
  readonly at: number;
}

/** The hour at which a day's work ends. */
const EVENING = 18;

/** What is chosen most, soonest first: today only while there is time left. */
export function dueDates(now: number): readonly DueDate[] {
  const today = new Date(now);
  const at = (days: number) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, EVENING).getTime();
  const dates: readonly DueDate[] = [
    { name: "today", at: at(0) },
    { name: "tomorrow", at: at(1) },
    { name: "nextWeek", at: at(7) },
  ];
  return dates.filter((date) => date.at > now + HOUR);
}

/** Whether a task should have been done and is not. */
export function isOverdue({ due, finishedAt }: TaskState, now: number): boolean {
  return due !== null && due < now && finishedAt === null;
}
