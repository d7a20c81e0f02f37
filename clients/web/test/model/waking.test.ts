import { expect, test } from "vitest";
import { openWaking } from "../../src/model/waking.ts";
import { aNotification, NOW } from "../kit/items.ts";

const asleep = aNotification({ id: "a", snoozed: NOW + 10 });
const awake = { ...asleep, snoozed: null };

test("What was snoozed came back at its time, until it is snoozed once more", () => {
  let now = NOW;
  const waking = openWaking(() => now);
  expect(waking.wokenAt(asleep)).toBeNull();
  now = NOW + 15;
  expect(waking.wokenAt(awake)).toBe(NOW + 10);
  expect(waking.wokenAt({ ...awake, pinned: true })).toBe(NOW + 10);
  expect(waking.wokenAt({ ...asleep, snoozed: NOW + 99 })).toBeNull();
});

test("What somebody took back before its time, and what never slept, did not wake", () => {
  const waking = openWaking(() => NOW);
  waking.note(asleep);
  expect(waking.wokenAt(awake)).toBeNull();
  expect(waking.wokenAt(aNotification())).toBeNull();
});
