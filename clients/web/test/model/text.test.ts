import fc from "fast-check";
import { expect, test } from "vitest";
import { credentialsFrom, credentialsIn } from "../../src/model/credentials.ts";
import { itemOf } from "../../src/model/flat.ts";
import { safeAddress, segmentsOf } from "../../src/model/links.ts";
import { HOME, pathOf, routeOf } from "../../src/model/routes.ts";
import { savedState } from "../../src/model/saved-state.ts";

const HERE = "https://hub.example";

test("Addresses in text can be followed, without the point that ends the sentence", () => {
  expect(
    segmentsOf("See https://a.example/x?y=1. Or (http://b.example/c_(d)) 见https://c.example/，好", HERE),
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
      const segments = segmentsOf(text, HERE);
      expect(segments.map((segment) => segment.text).join("")).toBe(text);
      for (const { href } of segments) expect(href ?? "http://").toMatch(/^https?:\/\//);
    }),
  );
});

test("Only http and https can be followed", () => {
  expect(
    ["javascript:alert(1)", "data:text/html,x", "ftp://a", "//a", ""].map((text) => safeAddress(text, HERE)),
  ).toEqual([null, null, null, null, null]);
});

test("A text of brackets or points without end costs no more than its length, and one too long to be an address stays text", () => {
  const hostile = [
    ")".repeat(60_000),
    `${".".repeat(65_000)}a`,
    `(${")".repeat(2000)}`,
    "https://".repeat(8000),
  ];
  const begun = performance.now();
  for (const tail of hostile) {
    const segments = segmentsOf(`https://a/${tail}`, HERE);
    expect(segments.map(({ text }) => text).join("")).toBe(`https://a/${tail}`);
    for (const { href } of segments) expect((href ?? "").length).toBeLessThanOrEqual(2048);
  }
  expect(performance.now() - begun).toBeLessThan(1000);
  expect(segmentsOf(`https://a/${")".repeat(2000)}`, HERE)[0]).toEqual({
    text: "https://a/",
    href: "https://a/",
  });
});

test("A link to the page's own place brings no credentials along", () => {
  expect(safeAddress("https://hub.example/#token=a.b.c", HERE)).toBe("https://hub.example/");
  expect(safeAddress("HTTPS://hub.example:443/tasks?x#code=A", HERE)).toBe("https://hub.example/tasks?x");
  expect(safeAddress("https://wiki.example/#part", HERE)).toBe("https://wiki.example/#part");
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
