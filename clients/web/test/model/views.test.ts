import type { Item } from "@tongbu/client";
import { expect, test } from "vitest";
import { EVERYTHING, type Filter, isNarrow, passes, sourcesOf } from "../../src/model/filter.ts";
import { Listing } from "../../src/model/listing.ts";
import { contains, wordsOf } from "../../src/model/search.ts";
import { arrange, type ListName } from "../../src/model/views.ts";
import { aNotification, aTask, NOW } from "../kit/items.ts";

const DAY = 86_400_000;

function ids(
  list: ListName,
  items: readonly Item[],
  narrowing: { filter?: Partial<Filter>; query?: string; kept?: string; woken?: Record<string, number> } = {},
) {
  const { filter = {}, query = "", kept, woken = {} } = narrowing;
  const arrangement = arrange(list, {
    filter: { ...EVERYTHING, ...filter },
    words: wordsOf(query),
    kept: (id) => id === kept,
    wokenAt: ({ id }) => woken[id] ?? null,
  });
  const listing = new Listing(arrangement, items);
  return {
    ids: Array.from({ length: listing.size }, (_, index) => listing.at(index)?.id),
    groups: listing.groups.map(({ key }) => key),
  };
}

test("The inbox shows what is pinned first, then what is not saved yet, then the newest", () => {
  const items = [
    aNotification({ id: "old", order: NOW - DAY }),
    aNotification({ id: "new", order: NOW }),
    aNotification({ id: "pinned", order: NOW - 9 * DAY, pinned: true }),
    aTask({ id: "unsaved", order: null, at: null }),
    aNotification({ id: "archived", archived: true }),
    aNotification({ id: "snoozed", snoozed: NOW + DAY }),
    aNotification({ id: "deleted", deleted: true }),
  ];
  expect(ids("inbox", items)).toEqual({
    ids: ["pinned", "unsaved", "new", "old"],
    groups: ["pinned", "unsaved", "day:20261122", "day:20261121"],
  });
});

test("Tasks that need somebody come first, ended ones last, by when they ended", () => {
  const items = [
    aTask({ id: "todo" }, { status: "queued" }),
    aTask({ id: "early" }, { status: "failed", finishedAt: NOW - 2 * DAY }),
    aTask({ id: "late" }, { status: "succeeded", finishedAt: NOW }),
    aTask({ id: "runs" }, { status: "running" }),
    aTask({ id: "asks" }, { status: "input_required" }),
    aNotification(),
  ];
  expect(ids("tasks", items)).toEqual({
    ids: ["asks", "runs", "todo", "late", "early"],
    groups: ["status:input_required", "status:running", "status:queued", "ended"],
  });
});

test("Of open tasks what is due first comes first, then what is more urgent, then the newest", () => {
  const queued = { status: "queued" } as const;
  const items = [
    aTask({ id: "old", order: NOW - DAY }, queued),
    aTask({ id: "new", order: NOW }, queued),
    aTask({ id: "urgent", order: NOW - 2 * DAY }, { ...queued, priority: 8 }),
    aTask({ id: "later", order: NOW }, { ...queued, due: NOW + 2 * DAY, priority: 8 }),
    aTask({ id: "sooner", order: NOW }, { ...queued, due: NOW + DAY }),
  ];
  expect(ids("tasks", items).ids).toEqual(["sooner", "later", "urgent", "new", "old"]);
});

test("What is snoozed is listed by when it comes back", () => {
  const items = [
    aNotification({ id: "later", snoozed: NOW + 2 * DAY }),
    aNotification({ id: "soon", snoozed: NOW + DAY }),
    aNotification({ id: "never" }),
  ];
  expect(ids("snoozed", items).ids).toEqual(["soon", "later"]);
});

test("The archive holds what was archived and not deleted", () => {
  const items = [
    aNotification({ id: "a", archived: true }),
    aNotification({ archived: true, deleted: true }),
    aNotification(),
  ];
  expect(ids("archived", items).ids).toEqual(["a"]);
});

test("An item that is open stays though it no longer fits the filter", () => {
  const items = [aNotification({ id: "read", read: true }), aNotification({ id: "unread" })];
  expect(ids("inbox", items, { filter: { show: "unread" } }).ids).toEqual(["unread"]);
  expect(ids("inbox", items, { filter: { show: "unread" }, kept: "read" }).ids).toContain("read");
});

test("A filter asks for kind, level and source at once; what has no level counts as info", () => {
  const item = aNotification({ level: "error", source: "ci" });
  expect(passes(item, { ...EVERYTHING, level: "error", source: "ci", kind: "notification" })).toBe(true);
  expect(passes(item, { ...EVERYTHING, level: "error", source: "cron" })).toBe(false);
  expect(passes(item, { ...EVERYTHING, kind: "task" })).toBe(false);
  expect(passes(item, { ...EVERYTHING, show: "pinned" })).toBe(false);
  expect(passes(aNotification(), { ...EVERYTHING, level: "info" })).toBe(true);
  expect(isNarrow(EVERYTHING)).toBe(false);
});

test("Sources are offered by how often they appear", () => {
  const of = (source: string) => aNotification({ source });
  expect(sourcesOf([of("b"), of("a"), of("c"), of("c"), aNotification()])).toEqual(["c", "a", "b"]);
});

test("A search finds every word somewhere in title, text, source, tags or a task's note, whatever the case or width", () => {
  const item = aTask(
    { title: "Straße Müller", body: "磁盘已满", source: "CI", tags: ["prod"] },
    { note: "page 7" },
  );
  for (const query of ["muller", "磁盘", "ci prod", "ＣＩ", "PAGE", ""]) {
    expect(contains(item, wordsOf(query)), query).toBe(true);
  }
  expect(contains(item, wordsOf("ci test"))).toBe(false);
});

test("What came back from snooze stands where it would had it come then", () => {
  const items = [
    aNotification({ id: "back", order: NOW - 9 * DAY }),
    aNotification({ id: "new", order: NOW - 5 }),
    aNotification({ id: "newest", order: NOW }),
  ];
  expect(ids("inbox", items, { woken: { back: NOW - 2 } })).toEqual({
    ids: ["newest", "back", "new"],
    groups: ["day:20261122"],
  });
});
