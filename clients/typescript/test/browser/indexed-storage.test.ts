import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, it, vi } from "vitest";
import { indexedStorage } from "../../src/browser/indexed-storage.js";
import { StoreInUse, StoreUnusable } from "../../src/platform/store-errors.js";

vi.stubGlobal("IDBKeyRange", IDBKeyRange);

it("writes nothing of a transaction that holds what can't be kept", async () => {
  const store = await indexedStorage(new IDBFactory(), "me", null);
  await store.write(new Map([["a", 1]]), []);
  await expect(
    store.write(
      new Map<string, unknown>([
        ["a", 2],
        ["b", () => 1],
      ]),
      [],
    ),
  ).rejects.toThrow();
  expect(await store.list("")).toEqual([["a", 1]]);
});

it("is refused to the page that opened it earlier, once another has, where pages have no leader", async () => {
  const factory = new IDBFactory();
  const earlier = await indexedStorage(factory, "me", "one");
  await earlier.write(new Map([["a", 1]]), []);
  const later = await indexedStorage(factory, "me", "two");
  await expect(earlier.write(new Map([["a", 2]]), [])).rejects.toThrow(StoreInUse);
  await later.write(new Map([["b", 3]]), []);
  expect(await later.list("")).toEqual([
    ["a", 1],
    ["b", 3],
  ]);
});

it("is left alone where a newer version wrote it", async () => {
  const factory = new IDBFactory();
  await new Promise((resolve) => {
    const request = factory.open("tongbu/me", 99);
    request.onsuccess = () => {
      request.result.close();
      resolve(null);
    };
  });
  await expect(indexedStorage(factory, "me", null)).rejects.toThrow(/newer version/);
});

it("says so once it was deleted under the page", async () => {
  const factory = new IDBFactory();
  const store = await indexedStorage(factory, "me", null);
  await new Promise((resolve) => {
    factory.deleteDatabase("tongbu/me").onsuccess = resolve;
  });
  await expect(store.write(new Map([["a", 1]]), [])).rejects.toThrow(StoreUnusable);
  await expect(store.list("")).rejects.toThrow(StoreUnusable);
});
