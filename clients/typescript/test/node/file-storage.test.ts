import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import { fileStorage } from "../../src/node/file-storage.js";
import { StoreInUse, StoreUnusable } from "../../src/platform/store-errors.js";
import { temporaryFolder } from "../kit/folder.js";

const folder = temporaryFolder();
let files = 0;
const fresh = (): string => join(folder, `store-${files++}`);

async function written(path: string, values: Record<string, unknown>): Promise<void> {
  const store = await fileStorage(path);
  for (const [key, value] of Object.entries(values)) await store.write(new Map([[key, value]]), []);
  await store.close();
}

async function read(path: string): Promise<unknown> {
  const store = await fileStorage(path);
  const rows = Object.fromEntries(await store.list(""));
  await store.close();
  return rows;
}

it("is for its owner only", async () => {
  const path = fresh();
  await written(path, { a: 1 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("cuts off what a crash left half, wherever the crash cut", async () => {
  const path = fresh();
  await written(path, { a: 1 });
  const whole = readFileSync(path).length;
  await written(path, { b: "two" });
  const full = readFileSync(path);
  for (let length = whole; length < full.length; length++) {
    writeFileSync(path, full.subarray(0, length));
    expect(await read(path)).toEqual({ a: 1 });
    await written(path, { c: 3 });
    expect(await read(path)).toEqual({ a: 1, c: 3 });
  }
});

it("takes nothing from a line whose sum is wrong, nor from what follows it", async () => {
  const path = fresh();
  await written(path, { a: 1, b: 2 });
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('["b",2]', '["b",3]'));
  appendFileSync(path, text.split("\n")[1] ?? "");
  expect(await read(path)).toEqual({ a: 1 });
});

it("is made anew where a crash came before its first line was whole", async () => {
  const path = fresh();
  writeFileSync(path, '{"tong');
  await written(path, { a: 1 });
  expect(await read(path)).toEqual({ a: 1 });
});

it("is written anew once most of it is of the past", async () => {
  const path = fresh();
  const store = await fileStorage(path);
  const text = "x".repeat(10_000);
  for (let at = 0; at < 100; at++) {
    const puts: [string, unknown][] = [
      ["k", `${at} ${text}`],
      [`k ${at % 3}`, at],
    ];
    await store.write(new Map(puts), []);
  }
  expect(statSync(path).size).toBeLessThan(300_000);
  await store.close();
  expect(await read(path)).toEqual({ k: `99 ${text}`, "k 0": 99, "k 1": 97, "k 2": 98 });
});

it("goes on in its file where another can't be made", async () => {
  const path = fresh();
  const store = await fileStorage(path);
  mkdirSync(`${path}.new`);
  const text = "x".repeat(300_000);
  for (let at = 0; at < 3; at++) await store.write(new Map([["k", `${at} ${text}`]]), []);
  await store.close();
  expect(statSync(path).size).toBeGreaterThan(900_000);
  expect(await read(path)).toEqual({ k: `2 ${text}` });
});

it("holds nothing of what was forgotten", async () => {
  const path = fresh();
  await written(path, { meta: { token: "secret" } });
  const store = await fileStorage(path);
  await store.write(new Map(), ["*"]);
  expect(readFileSync(path, "utf8")).not.toContain("secret");
  await store.write(new Map([["a", 1]]), []);
  await store.close();
  expect(await read(path)).toEqual({ a: 1 });
});

it("leaves alone what is no store, and a store of a newer version", async () => {
  for (const text of ["my diary\n", '{"tongbu":"store","version":2}\n', ""]) {
    const path = fresh();
    writeFileSync(path, text);
    if (text === "") await written(path, {});
    else await expect(fileStorage(path)).rejects.toThrow(StoreUnusable);
    if (text !== "") expect(readFileSync(path, "utf8")).toBe(text);
  }
});

it("says what is wrong where it can't be made, and leaves no lock there", async () => {
  await expect(fileStorage(join(folder, "nowhere", "store"))).rejects.toThrow(/ENOENT/);
  const path = fresh();
  writeFileSync(path, "my diary\n");
  await expect(fileStorage(path)).rejects.toThrow(/not a store/);
  await expect(fileStorage(path)).rejects.toThrow(/not a store/);
});

it("is refused to whoever opens it while it is open, and free once it is closed", async () => {
  const path = fresh();
  const store = await fileStorage(path);
  await expect(fileStorage(path)).rejects.toThrow(StoreInUse);
  await store.write(new Map([["a", 1]]), []);
  await store.close();
  expect(await read(path)).toEqual({ a: 1 });
});

it("refuses to write once another has its lock, and leaves that lock there", async () => {
  const path = fresh();
  const store = await fileStorage(path);
  writeFileSync(`${path}.lock`, JSON.stringify({ pid: process.pid, started: null, id: "another" }));
  await expect(store.write(new Map([["a", 1]]), [])).rejects.toThrow(StoreInUse);
  await store.close();
  expect(readFileSync(`${path}.lock`, "utf8")).toContain("another");
});

it("is refused while another process has it, and taken over once that one was killed", async () => {
  const path = fresh();
  const holder = await holding(path);
  await expect(fileStorage(path)).rejects.toThrow(/in use by another process/);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  expect(await read(path)).toEqual({});
});

it.runIf(process.platform === "linux")(
  "is taken over where the holder's number is another process's now",
  async () => {
    const path = fresh();
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 1, started: "an earlier boot 42", id: "dead" }));
    expect(await read(path)).toEqual({});
  },
);

async function holding(path: string): Promise<ChildProcess> {
  const module = join(folder, "store-lock.mjs");
  const source = new URL("../../src/node/store-lock.ts", import.meta.url).pathname;
  await build({ entryPoints: [source], outfile: module, bundle: true, platform: "node", format: "esm" });
  const script = new URL("../kit/hold-store.mjs", import.meta.url).pathname;
  const holder = spawn(process.execPath, [script, module, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  return holder;
}
