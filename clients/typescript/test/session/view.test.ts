import fc from "fast-check";
import { expect, test } from "vitest";
import type { Changed, Counts, Item, Json } from "../../src/api.js";
import { Batch } from "../../src/session/batch.js";
import { LedgerTopic } from "../../src/session/ledger-topic.js";
import { createView, type View } from "../../src/session/view.js";
import { createClock } from "../../src/state/clock.js";
import { countOf } from "../../src/state/derive.js";
import { settle, virtualTime } from "../kit/virtual.js";

const time = virtualTime();

function ledger(name = "inbox/me"): LedgerTopic {
  return new LedgerTopic(name, createClock(time.now), () => "me");
}

let seq = 0;
function bring(topic: LedgerTopic, ...statements: Json[][]): void {
  seq += 1;
  topic.bring(statements, seq, false, false, new Batch());
}

function viewOf(topic: LedgerTopic, own: LedgerTopic | null = null): View {
  return createView(topic, own, time.now, time);
}

function note(number: number): Json[] {
  return [`n${number}`, "item", { kind: "notification", title: `n${number}`, order: number }, number, "x"];
}

test("an update makes one item anew and leaves all others as they were", () => {
  const topic = ledger();
  bring(topic, ...Array.from({ length: 1_000 }, (_, number) => note(number)));
  const view = viewOf(topic);
  const before = view.items();
  expect(view.items()).toBe(before);
  bring(topic, ["n500", "pinned", true, 5_000, "x"]);
  const after = view.items();
  const changed = after.filter((item, place) => item !== before[place]);
  expect(changed.map(({ id }) => id)).toEqual(["n500"]);
  bring(topic, ["*", "read_upto", 10, 6_000, "x"]);
  expect(view.items().filter((item, place) => item !== after[place])).toHaveLength(11);
});

test("the hub's version of a record, with its order, replaces the one without", () => {
  const topic = ledger();
  bring(topic, ["a", "item", { kind: "task", title: "a" }, 1, "me"]);
  bring(topic, ["a", "item", { kind: "task", title: "a", by: "me", at: 5, order: 7 }, 1, "me"]);
  expect(viewOf(topic).get("a")).toMatchObject({ by: "me", at: 5, order: 7 });
});

test("what changed is told together, once, with the items by name; very many are all", async () => {
  const topic = ledger();
  const view = viewOf(topic);
  const told: Changed[] = [];
  const stop = view.changes.subscribe((changed) => told.push(changed));
  bring(topic, note(1), note(2));
  bring(topic, ["n1", "read", true, 9, "x"]);
  expect(told).toEqual([]);
  await settle();
  expect(told).toEqual([new Set(["n1", "n2"])]);
  bring(topic, ...Array.from({ length: 1_500 }, (_, number) => note(number + 10)));
  await settle();
  expect(told[1]).toBe("all");
  stop();
  stop();
  bring(topic, note(5_000));
  await settle();
  expect(told).toHaveLength(2);
});

test("a closed view hears nothing and keeps no timer", async () => {
  const topic = ledger();
  const view = viewOf(topic);
  bring(topic, note(1), ["n1", "snoozed", time.now() + 1_000, 5, "x"]);
  view.close();
  bring(topic, note(2));
  await time.advance(2_000);
  expect(view.items().map(({ id }) => id)).toEqual(["n1"]);
  expect(view.counts().unread).toBe(0);
});

const ids = fc.constantFrom("a", "b", "c", "d", "e");
const statement: fc.Arbitrary<Json[]> = fc
  .tuple(
    ids,
    fc.oneof(
      fc.record({
        order: fc.option(fc.nat(50), { nil: undefined }),
        kind: fc.constantFrom("task", "notification"),
      }),
      fc.constantFrom("read", "seen", "archived", "deleted"),
      fc.constant("snoozed"),
      fc.constant("read_upto"),
    ),
    fc.boolean(),
    fc.nat(1_000),
  )
  .map(([id, what, value, hlc]): Json[] => {
    if (typeof what === "object") {
      const record = { kind: what.kind, title: id, ...(what.order !== undefined && { order: what.order }) };
      return [id, "item", record as Json, hlc, "x"];
    }
    if (what === "read_upto") return ["*", what, hlc % 60, hlc, "x"];
    if (what === "snoozed") return [id, what, value ? time.now() + (hlc % 3) * 500 : null, hlc, "x"];
    return [id, what, value, hlc, "x"];
  });

function summed(items: readonly Item[]): Counts {
  const sum = { unread: 0, unseen: 0, open: 0 };
  for (const item of items) {
    const { unread, unseen, open } = countOf(item);
    sum.unread += unread;
    sum.unseen += unseen;
    sum.open += open;
  }
  return sum;
}

test("kept in step, it is what it would be made anew: items, order, counts, whatever comes and passes", async () => {
  const step = fc.oneof(fc.array(statement, { minLength: 1, maxLength: 4 }), fc.nat(1_500));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const topic = ledger();
      const view = viewOf(topic);
      for (const each of steps) {
        if (typeof each === "number") await time.advance(each);
        else bring(topic, ...each);
        const anew = viewOf(topic);
        expect(view.items()).toEqual(anew.items());
        expect(view.counts()).toEqual(anew.counts());
        expect(view.counts()).toEqual(summed(view.items()));
        anew.close();
      }
    }),
    { numRuns: 100 },
  );
});

test("one change reads as many items as finding its place takes, however many there are", () => {
  const topic = ledger();
  bring(topic, ...Array.from({ length: 4_096 }, (_, number) => note(number)));
  const view = viewOf(topic);
  let reads = 0;
  for (const item of view.items()) {
    const { order } = item;
    Object.defineProperty(item, "order", {
      get() {
        reads += 1;
        return order;
      },
    });
  }
  bring(topic, ["n2000", "pinned", true, 5_000, "x"], ["n70", "deleted", true, 5_000, "x"]);
  expect(view.items()).toHaveLength(4_095);
  expect(view.items()[2_095]).toMatchObject({ id: "n2000", pinned: true });
  expect(reads).toBeLessThan(200);
});
