import { expect, test } from "vitest";
import { keptFor } from "../../src/offline/requests.ts";

const ORIGIN = "https://hub.example";
const FILES = ["/", "/app.webmanifest", "/assets/index-1.js"];
const kept = (path: string, asked: { readonly mode?: string; readonly method?: string } = {}) =>
  keptFor({ method: "GET", mode: "navigate", url: new URL(path, ORIGIN).href, ...asked }, ORIGIN, FILES);

test("Every page of the inbox starts from the one that is kept", () => {
  expect(["/", "/tasks", "/item/01M8", "/devices?from=home"].map((path) => kept(path))).toEqual([
    "/",
    "/",
    "/",
    "/",
  ]);
});

test("What the hub answers is never kept or answered here", () => {
  const paths = ["/v1/users/me/items", "/yjs/doc/plan", "/healthz", "/openapi.json", "/assets/gone-2.js"];
  for (const mode of ["navigate", "cors"])
    expect(paths.map((path) => kept(path, { mode }))).toEqual(paths.map(() => null));
  expect(kept("/", { mode: "cors" })).toBeNull();
});

test("Files of the build are answered from what is kept, those of others and other methods are not", () => {
  expect(kept("/assets/index-1.js", { mode: "cors" })).toBe("/assets/index-1.js");
  expect(kept("/app.webmanifest")).toBeNull();
  expect(kept("https://elsewhere.example/", {})).toBeNull();
  expect(kept("/", { method: "POST" })).toBeNull();
});
