import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Storage } from "../../src/ports.js";

/** A place where stores are: `open` gives what was left there. */
export interface StoragePlace {
  open(): Promise<Storage>;
  /** Whether what was written is there after the process ended. */
  readonly keeps: boolean;
}

/** What every `Storage` promises. */
export function storageContract(name: string, place: () => Promise<StoragePlace>): void {
  describe(`${name} as a store`, () => {
    it("lists what begins with a prefix, in the order of code units", async () => {
      const store = await (await place()).open();
      const keys = ["b 2", "b 10", "a", "b", "b é", "b \ud83d\ude00", "b \uffff", "c"];
      await store.write(new Map(keys.map((key) => [key, key])), []);
      const listed = (await store.list("b ")).map(([key]) => key);
      expect(listed).toEqual(["b 10", "b 2", "b é", "b \ud83d\ude00", "b \uffff"]);
      expect((await store.list("")).map(([key]) => key)).toEqual([...keys].sort());
      expect(await store.list("none")).toEqual([]);
      await store.close();
    });

    it("gives back plain data and bytes as they were, whatever their owner does to them later", async () => {
      const store = await (await place()).open();
      const bytes = Uint8Array.of(0, 1, 2, 255);
      const value = {
        text: "a\u0001b\u0002",
        mark: "\u0001",
        twice: "\u0002\u0001",
        list: [1, null, [bytes]],
        float: 0.1,
      };
      await store.write(
        new Map<string, unknown>([
          ["k", value],
          ["bytes", bytes],
          ["large", 2 ** 53 - 1],
        ]),
        [],
      );
      const expected = structuredClone(value);
      bytes.fill(9);
      value.list.push(4);
      const rows = new Map(await store.list(""));
      expect(rows.get("k")).toEqual(expected);
      expect(rows.get("bytes")).toEqual(Uint8Array.of(0, 1, 2, 255));
      expect(rows.get("large")).toBe(2 ** 53 - 1);
      await store.close();
    });

    it("puts first and removes then, a star standing for all that begin so", async () => {
      const store = await (await place()).open();
      await store.write(
        new Map([
          ["a 1", 1],
          ["a 2", 2],
          ["ab", 3],
          ["b", 4],
        ]),
        [],
      );
      await store.write(
        new Map([
          ["a 3", 5],
          ["c", 6],
          ["ab", 7],
        ]),
        ["a *", "b", "c", "unknown"],
      );
      expect(await store.list("")).toEqual([["ab", 7]]);
      await store.write(new Map([["d", 8]]), ["*"]);
      expect(await store.list("")).toEqual([]);
      await store.close();
    });

    it("does what a map does, whatever is written and however often it is opened again", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) => likeAMap(place, steps)),
        {
          numRuns: 25,
        },
      );
    });

    it("takes writes in order without waiting for one before the next", async () => {
      const store = await (await place()).open();
      await Promise.all([1, 2, 3, 4, 5].map((value) => store.write(new Map([["k", value]]), [])));
      expect(await store.list("k")).toEqual([["k", 5]]);
      await store.close();
    });
  });
}

type Step = { readonly puts: [string, unknown][]; readonly removals: string[]; readonly reopen: boolean };

const key = fc.constantFrom("a", "a b", "a c", "b 1", "b 2", "\u0001");
const value = fc.oneof(fc.string(), fc.integer(), fc.uint8Array({ maxLength: 20 }), fc.array(fc.boolean()));
const step: fc.Arbitrary<Step> = fc.record({
  puts: fc.array(fc.tuple(key, value), { maxLength: 4 }),
  removals: fc.array(fc.oneof(key, fc.constantFrom("a *", "b*", "*")), { maxLength: 2 }),
  reopen: fc.boolean(),
});

async function likeAMap(place: () => Promise<StoragePlace>, steps: readonly Step[]): Promise<void> {
  const here = await place();
  const model = new Map<string, unknown>();
  let store = await here.open();
  for (const { puts, removals, reopen } of steps) {
    await store.write(new Map(puts), removals);
    for (const [key, value] of puts) model.set(key, value);
    for (const removal of removals) drop(model, removal);
    if (reopen && here.keeps) {
      await store.close();
      store = await here.open();
    }
  }
  expect(await store.list("")).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
  await store.close();
}

function drop(model: Map<string, unknown>, removal: string): void {
  for (const key of [...model.keys()]) {
    if (key === removal || (removal.endsWith("*") && key.startsWith(removal.slice(0, -1)))) model.delete(key);
  }
}
