import { expect, test } from "vitest";
import { inverse, takingBack, UndoStack } from "../../src/model/undo.ts";
import { aNotification, NOW } from "../kit/items.ts";

test("Undoing states the field as it stood, and only where it stood otherwise", () => {
  const item = aNotification({ archived: true, snoozed: NOW });
  expect(inverse(item, { archived: false })).toEqual({ archived: true });
  expect(inverse(item, { archived: true, read: true })).toEqual({ read: false });
  expect(inverse(item, { snoozed: NOW + 1 })).toEqual({ snoozed: NOW });
  expect(inverse(aNotification(), { snoozed: NOW })).toEqual({ snoozed: null });
});

test("Taking back what was done to many items leaves alone those that stood so before", () => {
  const items = [aNotification({ id: "a" }), aNotification({ id: "b", read: true })];
  expect(takingBack(items, { read: true })).toEqual([{ id: "a", marks: { read: false } }]);
});

test("Actions are taken back from the latest, each once, and the oldest are forgotten", () => {
  const stack = new UndoStack(2);
  const [first, second, third] = ["1", "2", "3"].map((id) => ({ steps: [{ id, marks: {} }] }));
  for (const action of [first, second, third]) if (action !== undefined) stack.push(action);
  expect(stack.take(second)).toBe(second);
  expect(stack.take(second)).toBeNull();
  expect(stack.take()).toBe(third);
  expect(stack.take()).toBeNull();
});
