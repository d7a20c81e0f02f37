import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { browserPlatform } from "../../src/browser/platform.js";
import { StoreInUse, StoreUnusable } from "../../src/platform/store-errors.js";
import { FakeLocks } from "../kit/locks.js";

class Page extends EventTarget {
  visibilityState = "visible";
}

let page: Page;
let view: EventTarget;

beforeEach(() => {
  page = new Page();
  view = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", view);
  vi.stubGlobal("navigator", { locks: new FakeLocks() });
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
});

afterEach(() => void vi.unstubAllGlobals());

const failing = (name: string) => ({
  open() {
    const request = { onerror: () => undefined, error: new DOMException("no", name) };
    setImmediate(() => request.onerror());
    return request;
  },
});

it("keeps things in memory where the browser keeps nothing", async () => {
  for (const without of [undefined, failing("SecurityError"), failing("InvalidStateError")]) {
    vi.stubGlobal("indexedDB", without);
    const store = await browserPlatform().open("me");
    await store.write(new Map([["a", 1]]), []);
    expect(await store.list("")).toEqual([["a", 1]]);
  }
});

it("does not take another failure for a browser that keeps nothing: what is kept must not seem to be gone", async () => {
  vi.stubGlobal("indexedDB", failing("UnknownError"));
  await expect(browserPlatform().open("me")).rejects.toThrow();
  vi.stubGlobal("indexedDB", failing("VersionError"));
  await expect(browserPlatform().open("me")).rejects.toThrow(StoreUnusable);
});

it("gives the store to the page that leads last: one that slept meanwhile writes nothing into it", async () => {
  const [one, two] = [browserPlatform(), browserPlatform()];
  expect(one.tabs).toBeDefined();
  const stores = [await one.open("me"), await two.open("me")] as const;
  await expect(stores[0].write(new Map([["a", 1]]), [])).rejects.toThrow(StoreInUse);
  await stores[1].write(new Map([["b", 2]]), []);
  expect(await stores[0].list("")).toEqual([["b", 2]]);
});

it("gives the store to the page opened last where pages can't have a leader", async () => {
  for (const missing of ["navigator", "BroadcastChannel"]) {
    vi.stubGlobal(missing, missing === "navigator" ? {} : undefined);
    const platform = browserPlatform();
    expect(platform.tabs).toBeUndefined();
    const earlier = await platform.open("me");
    await platform.open("me");
    await expect(earlier.write(new Map(), ["a"])).rejects.toThrow(StoreInUse);
  }
});

it("tells of every moment when connecting may work again, and of none after that was stopped", () => {
  const woken = vi.fn();
  const stop = browserPlatform().onWake?.(woken);
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toHaveBeenCalledTimes(0);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  page.dispatchEvent(new Event("resume"));
  view.dispatchEvent(new Event("online"));
  view.dispatchEvent(new Event("offline"));
  view.dispatchEvent(new Event("pageshow"));
  expect(woken).toHaveBeenCalledTimes(5);
  stop?.();
  page.dispatchEvent(new Event("visibilitychange"));
  view.dispatchEvent(new Event("online"));
  expect(woken).toHaveBeenCalledTimes(5);
});

it("works in a worker, which has no page", () => {
  vi.stubGlobal("document", undefined);
  vi.stubGlobal("window", undefined);
  expect(browserPlatform().onWake).toBeUndefined();
});
