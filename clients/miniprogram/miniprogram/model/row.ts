/** Items and headings as a list shows them: texts alone, ready to be drawn. All rows have the same keys. */

import type { Speech } from "../i18n/speech";
import { dayOf, type ListName, MINUTE } from "../vendor/inbox";
import type { Item, Level, Status } from "../vendor/tongbu";

export interface Row {
  /** What the row is, for `wx:key`. */
  readonly key: string;
  /** Empty for a heading. */
  readonly id: string;
  readonly kind: "heading" | "notification" | "task";
  readonly title: string;
  readonly preview: string;
  readonly time: string;
  readonly level: Level | "";
  readonly levelName: string;
  readonly unread: boolean;
  /** Why the dot is there, for who can't see it. */
  readonly unreadName: string;
  readonly pinned: boolean;
  readonly archived: boolean;
  readonly unsaved: boolean;
  readonly status: Status | "";
  readonly statusName: string;
  /** 0 to 100; -1 where there is none to show. */
  readonly percent: number;
}

const EMPTY: Omit<Row, "key" | "kind" | "title"> = {
  id: "",
  preview: "",
  time: "",
  level: "",
  levelName: "",
  unread: false,
  unreadName: "",
  pinned: false,
  archived: false,
  unsaved: false,
  status: "",
  statusName: "",
  percent: -1,
};

/** Characters of a body that may stand in a row. */
const PREVIEW = 120;

export function headingRow(group: string, now: number, speech: Speech): Row {
  return { ...EMPTY, key: `heading ${group}`, kind: "heading", title: groupName(group, now, speech) };
}

export function itemRow(item: Item, list: ListName, now: number, speech: Speech): Row {
  const { inbox, task } = speech.words;
  const level = item.level ?? "";
  return {
    ...EMPTY,
    key: item.id,
    id: item.id,
    kind: item.kind,
    title: item.title,
    preview: previewOf(item),
    time: timeOf(item, list, now, speech),
    level,
    levelName: level === "" ? "" : inbox.levels[level],
    unread: !item.read,
    unreadName: item.read ? "" : item.seen ? inbox.unread : inbox.unseen,
    pinned: item.pinned,
    archived: item.archived,
    unsaved: item.durability === "local",
    ...(item.task !== null && {
      status: item.task.status,
      statusName: task.status[item.task.status],
      percent: isOpen(item.task.status) && item.task.progress > 0 ? percentOf(item.task.progress) : -1,
    }),
  };
}

export function percentOf(progress: number): number {
  return Math.floor(progress * 100);
}

export function isOpen(status: Status): boolean {
  return status === "queued" || status === "running" || status === "paused" || status === "input_required";
}

function previewOf(item: Item): string {
  const text = item.task?.note ?? item.body ?? "";
  const parts = [item.source ?? "", text.slice(0, PREVIEW).replace(/\s+/g, " ")];
  return parts.filter((part) => part !== "").join(" · ");
}

function timeOf(item: Item, list: ListName, now: number, { times }: Speech): string {
  const ended = list === "tasks" ? item.task?.finishedAt : null;
  const at = list === "snoozed" ? item.snoozed : (ended ?? item.at);
  if (at === null) return "";
  const needsDay = at > now + MINUTE || dayOf(at) === dayOf(now);
  return needsDay ? times[at > now + MINUTE ? "moment" : "short"](at, now) : times.clock(at);
}

function groupName(group: string, now: number, { words, times }: Speech): string {
  const { groups } = words.inbox;
  const [kind, value = ""] = group.split(":");
  if (kind === "day") return times.day(Number(value), now);
  if (kind === "status") return groups.status[value] ?? value;
  return kind === "pinned" ? groups.pinned : groups.unsaved;
}
