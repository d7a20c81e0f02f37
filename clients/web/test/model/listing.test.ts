import type { Item } from "@tongbu/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EVERYTHING } from "../../src/model/filter.ts";
import { Listing } from "../../src/model/listing.ts";
import { arrange, LIST_NAMES } from "../../src/model/views.ts";
import { aNotification, aTask, NOW } from "../kit/items.ts";

const HOUR = 3_600_000;

/** Items of few ids, so that the same one is met in many states. */
const anyItem: fc.Arbitrary<Item> = fc
  .record({
    id: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
    order: fc.option(fc.integer({ min: NOW - 100 * HOUR, max: NOW })),
    pinned: fc.boolean(),
    archived: fc.boolean(),
    deleted: fc.boolean(),
    snoozed: fc.option(fc.integer({ min: NOW, max: NOW + 100 * HOUR })),
    status: fc.option(fc.constantFrom("queued", "running", "input_required", "succeeded")),
    ago: fc.integer({ min: 0, max: 90 * HOUR }),
  })
  .map(({ status, ago, ...given }) =>
    status === null
      ? aNotification({ ...given, at: given.order })
      : aTask(
          { ...given, at: given.order },
          { status, finishedAt: status === "succeeded" ? NOW - ago : null },
        ),
  );

function shown(listing: Listing) {
  return {
    items: Array.from({ length: listing.size }, (_, index) => listing.at(index)),
    groups: listing.groups.map((group) => ({ ...group })),
  };
}

for (const list of LIST_NAMES) {
  test(`The ${list} list that follows every change is the one that is made of the same items at once`, () => {
    fc.assert(
      fc.property(fc.array(anyItem, { maxLength: 40 }), (changes) => {
        const arrangement = arrange(list, { filter: EVERYTHING, words: [], kept: () => false });
        const followed = new Listing(arrangement);
        const now = new Map<string, Item>();
        for (const item of changes) {
          now.set(item.id, item);
          followed.put(item.id, item);
          expect(shown(followed)).toEqual(shown(new Listing(arrangement, now.values())));
        }
      }),
      { numRuns: 150 },
    );
  });
}

test("Each item is found where it stands, and those of one heading lie together", () => {
  const items = Array.from({ length: 300 }, (_, index) =>
    aNotification({ order: NOW - index * HOUR, pinned: index % 50 === 0 }),
  );
  const listing = new Listing(arrange("inbox", { filter: EVERYTHING, words: [], kept: () => false }), items);
  for (let index = 0; index < listing.size; index++)
    expect(listing.indexOf(listing.at(index)?.id ?? "")).toBe(index);
  expect(new Set(listing.groups.map(({ key }) => key)).size).toBe(listing.groups.length);
  expect(listing.groups.reduce((sum, { count }) => sum + count, 0)).toBe(300);
});

test("An item that is gone leaves the list, and what was not in it changes nothing", () => {
  const [a, b] = [aNotification({ id: "a" }), aNotification({ id: "b" })];
  const listing = new Listing(arrange("inbox", { filter: EVERYTHING, words: [], kept: () => false }), [a, b]);
  expect(listing.put("a", null)).toBe(true);
  expect(listing.put("a", null)).toBe(false);
  expect(listing.put("b", b)).toBe(false);
  expect(listing.put("b", { ...b, read: true })).toBe(true);
  expect(listing.at(0)?.read).toBe(true);
  expect(listing.indexOf("a")).toBe(-1);
});
