import { expect, test } from "vitest";
import { between, placesOf } from "../../src/model/places.ts";

test("There is a place before, after and between, until no number is left", () => {
  expect(between(null, null)).toBe(0);
  expect(between(null, 3)).toBe(2);
  expect(between(3, null)).toBe(4);
  expect(between(1, 2)).toBe(1.5);
  expect(between(1, 1)).toBeNull();
  expect(between(1, 1 + Number.EPSILON)).toBeNull();
});

test("Who has no place stands with the one before", () => {
  expect(placesOf([null, 4, null, 2])).toEqual([0, 4, 4, 2]);
});
