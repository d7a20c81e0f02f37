import fc from "fast-check";
import { expect, test } from "vitest";
import { glimpse, layOut, rowTop, scrollToShow } from "../../src/model/layout.ts";

const measures = { row: 70, heading: 30 };
const groups = [
  { key: "a", count: 3 },
  { key: "b", count: 1 },
  { key: "c", count: 500 },
];

test("Sections follow one another, each as high as its heading and rows", () => {
  const layout = layOut(groups, measures);
  expect(layout.sections.map(({ top, first }) => [top, first])).toEqual([
    [0, 0],
    [240, 3],
    [340, 4],
  ]);
  expect(layout.height).toBe(3 * 30 + 504 * 70);
});

test("What is drawn is what lies in sight, and no more", () => {
  fc.assert(
    fc.property(fc.nat(36_000), fc.integer({ min: 1, max: 900 }), (top, height) => {
      const layout = layOut(groups, measures);
      const drawn = glimpse(layout, top, top + height).flatMap(({ from, to }) =>
        Array.from({ length: to - from }, (_, step) => from + step),
      );
      const inSight = Array.from({ length: 504 }, (_, index) => index).filter((index) => {
        const at = rowTop(layout, index) ?? 0;
        return at < top + height && at + measures.row > top;
      });
      expect(drawn).toEqual(inSight);
    }),
  );
});

test("The list scrolls only as far as a row needs, and not under its heading", () => {
  const layout = layOut(groups, measures);
  expect(scrollToShow(layout, 1, 0, 400)).toBeNull();
  expect(scrollToShow(layout, 10, 0, 400)).toBe((rowTop(layout, 10) ?? 0) + 70 - 400);
  expect(scrollToShow(layout, 10, 3000, 400)).toBe((rowTop(layout, 10) ?? 0) - 30);
  expect(scrollToShow(layout, 0, 3000, 400)).toBe(0);
  expect(scrollToShow(layout, 9999, 0, 400)).toBeNull();
});
