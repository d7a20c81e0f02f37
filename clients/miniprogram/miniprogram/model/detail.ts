/** One item as its page shows it: texts alone, ready to be drawn. */

import type { Speech } from "../i18n/speech";
import { actorOf, type Words } from "../vendor/inbox";
import type { Item, Receipt, Task } from "../vendor/tongbu";
import { isOpen, percentOf } from "./row";

export interface ReceiptLine {
  readonly key: string;
  readonly text: string;
  readonly state: string;
  readonly ref: string;
}

export interface Detail {
  readonly title: string;
  readonly body: string;
  readonly level: string;
  readonly levelName: string;
  readonly facts: readonly { readonly key: string; readonly name: string; readonly text: string }[];
  readonly link: string;
  readonly durability: string;
  readonly receipts: readonly ReceiptLine[];
  readonly read: boolean;
  readonly archived: boolean;
}

export type Deed = Extract<keyof Task, "pause" | "resume" | "cancel" | "finish" | "retry">;

export interface Progress {
  readonly status: string;
  readonly statusName: string;
  readonly attempt: string;
  readonly percent: number;
  readonly note: string;
  readonly deeds: readonly { readonly key: Deed; readonly name: string; readonly main: boolean }[];
}

const MARKS: Readonly<Record<string, string>> = {
  sent: "✓",
  partial: "!",
  suppressed: "–",
  dead: "✕",
  pending: "…",
  leased: "…",
};

/** From where an item is looked at: when (ms), by whom, on which device. */
export interface Viewer {
  readonly now: number;
  readonly user: string | null;
  readonly device: string | null;
}

export function detailOf(item: Item, viewer: Viewer, speech: Speech): Detail {
  const { inbox } = speech.words;
  return {
    title: item.title,
    body: item.body ?? "",
    level: item.level ?? "",
    levelName: item.level === undefined ? "" : inbox.levels[item.level],
    facts: factsOf(item, viewer, speech),
    link: item.link ?? "",
    durability: inbox.durability[item.durability],
    receipts: Object.entries(item.sent)
      .sort(([, a], [, b]) => a.at - b.at)
      .map(([channel, receipt]) => receiptLine(channel, receipt, viewer.now, speech)),
    read: item.read,
    archived: item.archived,
  };
}

function factsOf(item: Item, viewer: Viewer, { words, times }: Speech): Detail["facts"] {
  const { now } = viewer;
  const { detail } = words.inbox;
  const due = item.task?.due ?? null;
  const all = [
    { key: "at", name: detail.at, text: item.at === null ? detail.notSaved : times.moment(item.at, now) },
    { key: "source", name: detail.source, text: item.source ?? "" },
    { key: "by", name: detail.by, text: authorOf(item.by, viewer, words) },
    { key: "due", name: detail.due, text: due === null ? "" : times.moment(due, now) },
    { key: "tags", name: detail.tags, text: (item.tags ?? []).join(" · ") },
  ];
  return all.filter(({ text }) => text !== "");
}

function authorOf(by: string | null, { user, device }: Viewer, { inbox }: Words): string {
  const { authors } = inbox.detail;
  const actor = by === null ? ({ kind: "here" } as const) : actorOf(by, device);
  if (actor.kind === "device") return authors.otherDevice;
  if (actor.kind === "program") return actor.user === user ? authors.ownProgram : authors.program(actor.user);
  if (actor.kind !== "channel") return authors[actor.kind];
  return authors.channel(inbox.channels[actor.channel] ?? actor.channel, actor.who);
}

/** `WeChat · 12:03 ✓`, and what that means where it is not plain. */
function receiptLine(channel: string, receipt: Receipt, now: number, { words, times }: Speech): ReceiptLine {
  const { channels, receipts } = words.inbox;
  const { state, at, ref = "" } = receipt;
  const meaning = receipts[state] ?? state;
  const text = `${channels[channel] ?? channel} · ${times.moment(at, now)} ${MARKS[state] ?? ""} ${meaning}`;
  return { key: channel, text, state, ref };
}

/** Null for what is no task. */
export function progressOf(item: Item, { words }: Speech): Progress | null {
  if (item.task === null) return null;
  const { attempt, status, progress, note } = item.task;
  return {
    status,
    statusName: words.task.status[status],
    attempt: words.task.attempt(attempt),
    percent: percentOf(progress),
    note: note ?? "",
    deeds: deedsIn(status).map((key) => ({ key, name: nameOf(key, words.task), main: isMain(key) })),
  };
}

/** What a person can do about a task in that status. */
function deedsIn(status: NonNullable<Item["task"]>["status"]): readonly Deed[] {
  if (!isOpen(status)) return ["retry"];
  if (status === "paused") return ["resume", "finish", "cancel"];
  return status === "running" ? ["pause", "finish", "cancel"] : ["finish", "cancel"];
}

function nameOf(deed: Deed, words: Speech["words"]["task"]): string {
  return deed === "finish" ? words.done : words[deed];
}

function isMain(deed: Deed): boolean {
  return deed === "finish" || deed === "retry";
}
