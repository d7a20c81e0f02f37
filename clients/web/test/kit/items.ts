/** Items for tests: whole ones, of which a test tells only what it is about. */

import type { Item, Status, TaskState } from "@tongbu/client";

/** A Sunday, 14:30 in Berlin. */
export const NOW = Date.UTC(2026, 10, 22, 13, 30);

let made = 0;

export function aNotification(given: Partial<Item> = {}): Item {
  made += 1;
  const at = given.at === undefined ? NOW - made * 1000 : given.at;
  return {
    id: `n${made}`,
    kind: "notification",
    title: `Notification ${made}`,
    by: "ci",
    at,
    order: at,
    read: false,
    seen: false,
    archived: false,
    pinned: false,
    deleted: false,
    snoozed: null,
    sent: {},
    durability: "saved",
    task: null,
    ...given,
  };
}

export function aTask(given: Partial<Item> = {}, state: Partial<TaskState> = {}): Item {
  return aNotification({
    id: `t${made + 1}`,
    kind: "task",
    title: "Backup",
    by: "ci.api",
    task: aTaskState(state),
    ...given,
  });
}

export function aTaskState(given: Partial<TaskState> = {}): TaskState {
  return {
    attempt: 1,
    status: "running",
    progress: 0,
    note: null,
    movedAt: null,
    due: null,
    priority: null,
    assignee: null,
    finishedAt: null,
    final: null,
    ...given,
  };
}

const ENDS: readonly Status[] = ["succeeded", "failed", "canceled", "expired"];

export function isEnd(status: Status): boolean {
  return ENDS.includes(status);
}

const MINUTE = 60_000;

/** A small inbox: two notifications and a task that runs, the newest first. */
export const INBOX: readonly Item[] = [
  aNotification({
    id: "a",
    title: "Disk full",
    level: "critical",
    source: "ops",
    order: NOW - MINUTE,
    at: NOW - MINUTE,
  }),
  aNotification({
    id: "b",
    title: "Release is live",
    body: "All green",
    order: NOW - 2 * MINUTE,
    at: NOW - 2 * MINUTE,
  }),
  aTask(
    { id: "t", title: "Backup", order: NOW - 3 * MINUTE, at: NOW - 3 * MINUTE },
    { progress: 0.4, attempt: 2 },
  ),
];
