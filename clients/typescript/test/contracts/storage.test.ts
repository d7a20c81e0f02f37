import { join } from "node:path";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { vi } from "vitest";
import { indexedStorage } from "../../src/browser/indexed-storage.js";
import { fileStorage } from "../../src/node/file-storage.js";
import { memoryStorage } from "../../src/platform/memory-storage.js";
import { wxStorage } from "../../src/wechat/wx-storage.js";
import { temporaryFolder } from "../kit/folder.js";
import { storageContract } from "../kit/storage-contract.js";
import { fakeWx } from "../kit/wx.js";

vi.stubGlobal("IDBKeyRange", IDBKeyRange);

storageContract("Memory", async () => ({ keeps: false, open: async () => memoryStorage() }));

storageContract("IndexedDB", async () => {
  const factory = new IDBFactory();
  return { keeps: true, open: () => indexedStorage(factory, "store", null) };
});

storageContract("IndexedDB for the page opened last", async () => {
  const factory = new IDBFactory();
  let pages = 0;
  return { keeps: true, open: () => indexedStorage(factory, "store", `page ${pages++}`) };
});

const folder = temporaryFolder();
let files = 0;

storageContract("A file", async () => {
  const path = join(folder, String(files++));
  return { keeps: true, open: () => fileStorage(path) };
});

storageContract("A mini program's storage", async () => {
  const { kept } = fakeWx();
  return { keeps: true, open: () => wxStorage(fakeWx(kept), "store") };
});
