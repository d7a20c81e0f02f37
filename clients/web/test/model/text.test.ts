import fc from "fast-check";
import { expect, test } from "vitest";
import { credentialsFrom, credentialsIn } from "../../src/model/credentials.ts";
import { itemOf } from "../../src/model/flat.ts";
import { safeAddress, segmentsOf } from "../../src/model/links.ts";
import { HOME, pathOf, routeOf } from "../../src/model/routes.ts";
import { savedState } from "../../src/model/saved-state.ts";

test("Addresses in text can be followed, without the point that ends the sentence", () => {
  expect(
    segmentsOf("See https://a.example/x?y=1. Or (http://b.example/c_(d)) 见https://c.example/，好"),
  ).toEqual([
    { text: "See " },
    { text: "https://a.example/x?y=1", href: "https://a.example/x?y=1" },
    { text: ". Or (" },
    { text: "http://b.example/c_(d)", href: "http://b.example/c_(d)" },
    { text: ") 见" },
    { text: "https://c.example/", href: "https://c.example/" },
    { text: "，好" },
  ]);
});

test("No text is lost or altered by looking for addresses in it", () => {
  const part = fc.constantFrom(
    "https://",
    "http://a",
    "b.example",
    "/c",
    ".",
    ")",
    "(",
    " ",
    "中",
    "javascript:",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string({ maxLength: 5 }))), (parts) => {
      const text = parts.join("");
      const segments = segmentsOf(text);
      expect(segments.map((segment) => segment.text).join("")).toBe(text);
      for (const { href } of segments) expect(href ?? "http://").toMatch(/^https?:\/\//);
    }),
  );
});

test("Only http and https can be followed", () => {
  expect(["javascript:alert(1)", "data:text/html,x", "ftp://a", "//a", ""].map(safeAddress)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("Every route has a path that leads back to it", () => {
  for (const path of [
    "/",
    "/tasks",
    "/snoozed",
    "/archived",
    "/devices",
    "/settings",
    "/item/01JZ-a_b.c~d",
  ]) {
    expect(pathOf(routeOf(path))).toBe(path);
  }
  expect(routeOf("/nowhere/else")).toEqual(HOME);
  expect(routeOf("/item/..%2f")).toEqual(HOME);
  expect(routeOf("/item/n1", "tasks")).toEqual({ list: "tasks", page: null, item: "n1" });
});

test("Credentials come from the address, or from what was pasted", () => {
  expect(credentialsIn("#token=a.b.c")).toEqual({ token: "a.b.c" });
  expect(credentialsIn("#code=ABCD-1234")).toEqual({ linkCode: "ABCD-1234" });
  expect(credentialsIn("#content")).toBeNull();
  expect(credentialsFrom(" a.b.c\n")).toEqual({ token: "a.b.c" });
  expect(credentialsFrom("ABCD1234")).toEqual({ linkCode: "ABCD1234" });
  expect(credentialsFrom("https://hub.example/#code=XY")).toEqual({ linkCode: "XY" });
  expect(credentialsFrom("  ")).toBeNull();
});

test("The header says saved only when nothing is unsaved, the hub is there and this device keeps things", () => {
  const fine = { connection: { state: "online" as const }, unsaved: 0, since: null, keeps: true };
  expect(savedState(fine)).toEqual({ name: "saved" });
  expect(savedState({ ...fine, unsaved: 3 })).toEqual({ name: "unsaved", count: 3 });
  expect(savedState({ ...fine, connection: { state: "connecting" }, since: 7 }).name).toBe("offline");
  expect(savedState({ ...fine, connection: { state: "connecting" } }).name).toBe("connecting");
  expect(savedState({ ...fine, connection: { state: "waiting", retryAt: 0, reason: "" } }).name).toBe(
    "offline",
  );
  expect(savedState({ ...fine, connection: { state: "refused", code: "", message: "" } }).name).toBe(
    "signIn",
  );
  expect(savedState({ ...fine, keeps: false }).name).toBe("trouble");
});

test("An item as HTTP tells it becomes one of ours; nonsense becomes nothing", () => {
  const flat = {
    id: "t1",
    kind: "task",
    title: "Backup",
    by: "ann",
    at: 5,
    order: 6,
    read: true,
    tags: ["a", 1],
    level: "loud",
    link: null,
    attempt: 2,
    status: "failed",
    progress: 0.5,
    note: "x",
    final: { attempt: 2, status: "failed", at: 9, event: "e", hlc: 1 },
    sent: { ops: { state: "sent", at: 8 }, bad: 1 },
  };
  expect(itemOf(flat)).toMatchObject({
    id: "t1",
    read: true,
    seen: false,
    tags: ["a"],
    durability: "saved",
    sent: { ops: { state: "sent", at: 8 } },
    task: { attempt: 2, status: "failed", finishedAt: 9 },
  });
  expect(itemOf(flat)).not.toHaveProperty("level");
  expect([null, [], "x", {}, { id: "a", kind: "letter", title: "b" }].map(itemOf)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});
