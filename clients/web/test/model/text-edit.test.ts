import fc from "fast-check";
import { expect, test } from "vitest";
import { difference, moved, type Splice, through } from "../../src/model/text-edit.ts";

const done = (text: string, { at, removed, inserted }: Splice) =>
  text.slice(0, at) + inserted + text.slice(at + removed);

const texts = fc.string({ unit: fc.constantFrom("a", "b", "é", "中", "😀", "😃", "\n"), maxLength: 12 });

test("A difference makes the one text of the other, and never cuts a character in half", () => {
  fc.assert(
    fc.property(texts, texts, fc.nat(12), (before, after, place) => {
      const caret = Math.min(place, after.length);
      const splice = difference(before, after, caret);
      expect(splice === null ? before : done(before, splice)).toBe(after);
      if (splice === null) return;
      const parts = [before.slice(0, splice.at), splice.inserted, before.slice(splice.at + splice.removed)];
      for (const part of parts) expect(() => encodeURIComponent(part)).not.toThrow();
    }),
  );
});

test("Where a letter is typed beside the same one, the cursor tells which is new", () => {
  expect(difference("aab", "aaab", 1)).toEqual({ at: 0, removed: 0, inserted: "a" });
  expect(difference("aab", "aaab", 3)).toEqual({ at: 2, removed: 0, inserted: "a" });
  expect(difference("aaa", "aa", 1)).toEqual({ at: 1, removed: 1, inserted: "" });
});

test("One emoji in place of another that begins alike is exchanged whole", () => {
  expect(difference("x😀y", "x😃y", 3)).toEqual({ at: 1, removed: 2, inserted: "😃" });
});

test("A cursor stays at its place in the text whatever others insert and delete", () => {
  expect(moved(5, [{ retain: 2 }, { insert: "xyz" }])).toBe(8);
  expect(moved(5, [{ retain: 7 }, { insert: "xyz" }])).toBe(5);
  expect(moved(5, [{ retain: 3 }, { delete: 4 }])).toBe(3);
  expect(moved(5, [{ delete: 2 }, { retain: 1 }, { insert: "q" }])).toBe(4);
  expect(moved(5, [{ retain: 5 }, { insert: "xyz" }])).toBe(5);
  expect(moved(5, [{ retain: 5 }, { insert: "xyz" }], true)).toBe(8);
});

test("An edit that was made on an older text does the same on the newer one", () => {
  const splice = { at: 4, removed: 2, inserted: "Q" };
  expect(through(splice, [{ retain: 1 }, { insert: "--" }])).toEqual({ at: 6, removed: 2, inserted: "Q" });
  expect(through(splice, [{ retain: 5 }, { delete: 3 }])).toEqual({ at: 4, removed: 1, inserted: "Q" });
});
