import { expect, it } from "vitest";
import { applyTo } from "../../src/platform/keys.js";
import { StoreUnusable } from "../../src/platform/store-errors.js";
import type { Storage } from "../../src/ports.js";
import { wxStorage } from "../../src/wechat/wx-storage.js";
import { fakeWx } from "../kit/wx.js";

async function rowsOf(kept: Map<string, string>): Promise<Record<string, unknown>> {
  return Object.fromEntries(await (await wxStorage(fakeWx(kept), "me")).list(""));
}

const megabyte = "文".repeat(500_000);

it("holds a value larger than WeChat takes under one key, and characters whole where it is cut", async () => {
  for (const before of ["", "x"]) {
    const wx = fakeWx();
    const rows = { a: megabyte, b: before + "\ud83d\ude00".repeat(300_000) };
    await (await wxStorage(wx, "me")).write(new Map(Object.entries(rows)), []);
    expect(await rowsOf(wx.kept)).toEqual(rows);
  }
});

it("shows a write whole or not at all, whenever the phone dies", async () => {
  const before = fakeWx();
  await (await wxStorage(before, "me")).write(
    new Map<string, unknown>([
      ["a", 1],
      ["gone", 2],
    ]),
    [],
  );
  const after = { a: megabyte, b: megabyte };
  const seen = new Set<boolean>();
  for (let writes = 0; writes < 20; writes++) {
    const wx = fakeWx(new Map(before.kept));
    const store = await wxStorage(wx, "me");
    wx.writesLeft = writes;
    const whole = await store.write(new Map(Object.entries(after)), ["gone"]).then(
      () => true,
      () => false,
    );
    seen.add(whole);
    expect(await rowsOf(wx.kept)).toEqual(whole ? after : { a: 1, gone: 2 });
    expect(Object.fromEntries(await store.list(""))).toEqual(whole ? after : { a: 1, gone: 2 });
  }
  expect(seen).toEqual(new Set([true, false]));
});

it.each([0, 50_000])("says the same wherever merging ends, what came first being %d long", async (length) => {
  for (let left = 0; left < 120; left += 3) {
    const wx = fakeWx();
    const store = await wxStorage(wx, "me");
    const first = ["large", "k 0", "k 1", "k 2", "old 1", "old 2"];
    const model = new Map<string, unknown>(first.map((key) => [key, "x".repeat(length / first.length)]));
    await store.write(model, []);
    for (let at = 0; at < 40; at++) {
      if (at === 33) wx.writesLeft = left;
      await step(store, model, at);
    }
    expect(await rowsOf(wx.kept)).toEqual(Object.fromEntries(model));
  }
});

async function step(store: Storage, model: Map<string, unknown>, at: number): Promise<void> {
  const removals = at % 5 === 0 ? [`k ${(at + 3) % 7}`, "old *", "none*"] : [];
  const key = `k ${at % 7}`;
  try {
    await store.write(new Map([[key, at]]), removals);
    applyTo(model, [[key, at]], removals);
  } catch (error) {
    expect(error).toBeInstanceOf(StoreUnusable);
  }
}

it("keeps few keys and little of the past, however often something changes", async () => {
  const wx = fakeWx();
  const store = await wxStorage(wx, "me");
  await store.write(new Map([["large", "x".repeat(200_000)]]), []);
  for (let at = 0; at < 500; at++)
    await store.write(new Map([["k", `${at} ${"y".repeat(2_000)}`]]), at % 2 ? [] : ["o *"]);
  expect(wx.kept.size).toBeLessThan(40);
  expect([...wx.kept.values()].join("").length).toBeLessThan(450_000);
  expect((await rowsOf(wx.kept)).k).toBe(`499 ${"y".repeat(2_000)}`);
});

it("says so where WeChat keeps no more, and holds what it held", async () => {
  const wx = fakeWx();
  const store = await wxStorage(wx, "me");
  await store.write(new Map([["a", 1]]), []);
  const large = new Map(Array.from({ length: 8 }, (_, at) => [`l ${at}`, megabyte] as const));
  await expect(store.write(large, [])).rejects.toThrow(StoreUnusable);
  expect(await rowsOf(wx.kept)).toEqual({ a: 1 });
  await store.write(new Map([["a", 2]]), []);
  expect(await rowsOf(wx.kept)).toEqual({ a: 2 });
});

it("holds nothing of what was forgotten", async () => {
  const wx = fakeWx();
  const store = await wxStorage(wx, "me");
  await store.write(new Map([["meta", { token: "secret" }]]), []);
  await store.write(new Map(), ["*"]);
  expect([...wx.kept.values()].join()).not.toContain("secret");
  await store.write(new Map([["a", 1]]), []);
  expect(await rowsOf(wx.kept)).toEqual({ a: 1 });
});

it("keeps to its own name", async () => {
  const wx = fakeWx();
  const stranger = { key: "tongbu/me", data: "not its own" };
  wx.setStorage(stranger);
  await (await wxStorage(wx, "me")).write(new Map([["a", 1]]), []);
  await (await wxStorage(wx, "me/000000000001")).write(new Map([["a", 2]]), []);
  await (await wxStorage(wx, "other")).write(new Map([["a", 3]]), ["*"]);
  expect(await rowsOf(wx.kept)).toEqual({ a: 1 });
  expect(wx.kept.get("tongbu/me")).toBe('"not its own"');
});
