/** Items as HTTP tells them: the record and what is derived in one map. What comes is read with care, not believed. */

import type { Final, Item, Json, Kind, Level, Receipt, Status, TaskState } from "@tongbu/client";
import { LEVELS } from "./filter.ts";

type Flat = { readonly [key: string]: Json };

const STATUSES: readonly Status[] = [
  "queued",
  "running",
  "paused",
  "input_required",
  "succeeded",
  "failed",
  "canceled",
  "expired",
];

export function isMap(value: unknown): value is Flat {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const text = (value: Json | undefined) => (typeof value === "string" ? value : null);
const number = (value: Json | undefined) => (typeof value === "number" ? value : null);

function oneOf<Name extends string>(names: readonly Name[], value: Json | undefined): Name | null {
  return names.find((name) => name === value) ?? null;
}

/** The item, or null where it is none. */
export function itemOf(value: Json): Item | null {
  if (!isMap(value)) return null;
  const id = text(value.id);
  const title = text(value.title);
  const kind = oneOf<Kind>(["notification", "task"], value.kind);
  if (id === null || title === null || kind === null) return null;
  return {
    id,
    kind,
    title,
    ...optionalOf(value),
    by: text(value.by),
    at: number(value.at),
    order: number(value.order),
    read: value.read === true,
    seen: value.seen === true,
    archived: value.archived === true,
    pinned: value.pinned === true,
    deleted: value.deleted === true,
    snoozed: number(value.snoozed),
    sent: receiptsOf(value.sent),
    durability: "saved",
    task: kind === "task" ? taskOf(value) : null,
  };
}

function optionalOf(value: Flat): Partial<Item> {
  const level = oneOf<Level>(LEVELS, value.level);
  const tags = Array.isArray(value.tags) ? value.tags.filter((tag) => typeof tag === "string") : null;
  const texts = ["body", "class", "source", "link"]
    .map((key) => [key, text(value[key])] as const)
    .filter(([, content]) => content !== null);
  return {
    ...(Object.fromEntries(texts) as Partial<Item>),
    ...(level !== null && { level }),
    ...(tags !== null && tags.length > 0 && { tags }),
    ...(value.data !== undefined && value.data !== null && { data: value.data }),
  };
}

function receiptsOf(value: Json | undefined): Record<string, Receipt> {
  if (!isMap(value)) return {};
  const receipts = Object.entries(value).map(([channel, receipt]) => [channel, receiptOf(receipt)] as const);
  return Object.fromEntries(receipts.filter((entry): entry is [string, Receipt] => entry[1] !== null));
}

function receiptOf(value: Json): Receipt | null {
  if (!isMap(value)) return null;
  const state = text(value.state);
  const at = number(value.at);
  const ref = text(value.ref);
  return state === null || at === null ? null : { state, at, ...(ref !== null && { ref }) };
}

function taskOf(value: Flat): TaskState {
  const final = finalOf(value.final);
  return {
    attempt: number(value.attempt) ?? 1,
    status: oneOf(STATUSES, value.status) ?? "queued",
    progress: number(value.progress) ?? 0,
    note: text(value.note),
    movedAt: null,
    due: number(value.due),
    priority: number(value.priority),
    assignee: text(value.assignee),
    finishedAt: final?.at ?? null,
    final,
  };
}

function finalOf(value: Json | undefined): Final | null {
  if (!isMap(value)) return null;
  const status = oneOf(STATUSES, value.status);
  if (status === null) return null;
  return {
    status,
    attempt: number(value.attempt) ?? 1,
    at: number(value.at) ?? 0,
    event: text(value.event) ?? "",
    hlc: number(value.hlc) ?? 0,
  };
}
