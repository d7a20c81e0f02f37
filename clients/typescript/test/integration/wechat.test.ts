import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import type { Hub, HubOptions } from "../../src/api.js";
import { openDocument } from "../../src/documents/index.js";
import { nodePlatform } from "../../src/node/platform.js";
import { createHub } from "../../src/session/hub.js";
import { sync } from "../../src/session/trip.js";
import { wechatPlatform } from "../../src/wechat/platform.js";
import { settled, textIs, textOf, write } from "../kit/documents.js";
import { everything } from "../kit/extras.js";
import { realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";
import { type FakeWx, fakeWx } from "../kit/wx.js";

const server = await realHub();
const publisher = server.token("publisher", { scopes: ["publish"] });

function program(wx: FakeWx, user: string): Hub {
  const options = { url: server.url, token: server.token(user), deviceName: "手机" };
  const hub = createHub(wechatPlatform(wx), options, everything);
  onTestFinished(() => hub.close());
  return hub;
}

async function publish(user: string, id: string): Promise<void> {
  const item = { id, kind: "notification", title: `消息 ${id}` };
  expect((await server.request("POST", `/v1/users/${user}/items`, publisher, item)).status).toBe(201);
}

const has = (hub: Hub, id: string): Promise<unknown> =>
  until(hub.inbox().items, (items) => items.some((each) => each.id === id));

it("shares one socket, shows what comes, and says what is read", async () => {
  const wx = fakeWx();
  const hub = program(wx, "an");
  hub.space("unknown");
  await publish("an", "n1");
  await has(hub, "n1");
  expect(wx.sockets.size).toBe(1);
  expect(hub.inbox().counts.get().unread).toBe(1);
  await hub.inbox().mark("n1", { read: true }).saved;
  const laptop = createHub(nodePlatform(), { url: server.url, token: server.token("an") });
  onTestFinished(() => laptop.close());
  await until(laptop.inbox().items, (items) => items[0]?.read === true);
});

it("comes back when it is shown again, with what it missed and what was done meanwhile", async () => {
  const wx = fakeWx();
  const hub = program(wx, "bo");
  await publish("bo", "n1");
  await has(hub, "n1");
  wx.hide();
  await until(hub.connection, ({ state }) => state === "waiting");
  await publish("bo", "n2");
  const change = hub.inbox().mark("n1", { archived: true });
  expect(hub.inbox().get("n1")?.archived).toBe(true);
  expect(change.durability.get()).toBe("local");
  wx.show();
  await Promise.all([change.saved, has(hub, "n2")]);
  expect(change.durability.get()).toBe("saved");
});

it("shows at once what it knew, after WeChat ended it in the background", async () => {
  const wx = fakeWx();
  const first = program(wx, "cy");
  await publish("cy", "n1");
  await has(first, "n1");
  wx.hide();
  first.inbox().mark("n1", { read: true });
  await first.close();
  const again = program(wx, "cy");
  await again.inbox().loaded;
  expect(again.inbox().get("n1")).toMatchObject({ title: "消息 n1", read: true, durability: "local" });
  expect(again.device.get()).toBe(first.device.get());
  wx.show();
  await until(again.unsaved, (waits) => waits === 0);
});

it("is brought up to date by one request where no socket stays, and says what waits", async () => {
  const wx = fakeWx();
  const hub = program(wx, "ed");
  const notes = openDocument(hub, "ed/notes");
  await publish("ed", "n1");
  await Promise.all([has(hub, "n1"), settled(notes)]);
  const laptop = createHub(nodePlatform(), { url: server.url, token: server.token("ed") });
  onTestFinished(() => laptop.close());
  const theirs = openDocument(laptop, "ed/notes");
  wx.hide();
  wx.allowRequests = true;
  await until(hub.connection, ({ state }) => state === "waiting");
  write(theirs, "theirs ");
  await settled(theirs);
  await publish("ed", "n2");
  const change = hub.inbox().mark("n1", { read: true });
  write(notes, "ours");
  expect(await sync(hub)).toBe(true);
  expect(wx.sockets.size).toBe(0);
  expect(change.durability.get()).toBe("saved");
  expect(hub.unsaved.get()).toBe(0);
  expect(hub.inbox().get("n2")?.title).toBe("消息 n2");
  expect(hub.inbox().counts.get().unread).toBe(1);
  expect(textOf(notes.doc)).toMatch(/^(theirs ours|ourstheirs )$/);
  await textIs(theirs, textOf(notes.doc));
  await until(laptop.inbox().items, (items) => items.some(({ id, read }) => id === "n1" && read));
  expect(await sync(hub)).toBe(true);
});

it("leaves everything as it was where the one request is not answered, and says it later", async () => {
  const wx = fakeWx();
  const hub = program(wx, "fa");
  await publish("fa", "n1");
  await has(hub, "n1");
  wx.hide();
  await until(hub.connection, ({ state }) => state === "waiting");
  const change = hub.inbox().mark("n1", { read: true });
  expect(await sync(hub)).toBe(false);
  expect(change.durability.get()).toBe("local");
  wx.show();
  await change.saved;
});

it("can't go by one request before a hub ever welcomed it, and has no need of it while connected", async () => {
  const wx = fakeWx();
  wx.hide();
  wx.allowRequests = true;
  const hub = program(wx, "gu");
  hub.inbox();
  expect(await sync(hub)).toBe(false);
  wx.show();
  await until(hub.inbox().inSync, (value) => value);
  expect(await sync(hub)).toBe(true);
});

it("needs nothing but wx and timers: no URL, TextEncoder, crypto, WebSocket, fetch", async () => {
  const wx = fakeWx();
  const { connect } = (await bare({ wx, setTimeout, clearTimeout })) as Bare;
  const hub = connect({ url: server.url, token: server.token("di") });
  onTestFinished(() => hub.close());
  await publish("di", "n1");
  await has(hub, "n1");
  await hub.inbox().mark("n1", { read: true }).saved;
  expect((await hub.request("GET", "/v1/users/me/counts")).body).toMatchObject({ unread: 0 });
});

it("has documents where the bundler puts wx's randomness in the place of lib0's", async () => {
  const wx = fakeWx();
  const { connect, openDocument: open } = (await bare({ wx, ...TIMERS }, true)) as Bare;
  const hub = connect({ url: server.url, token: server.token("ha") });
  onTestFinished(() => hub.close());
  const document = open(hub, "ha/notes");
  write(document, "from a program");
  const laptop = createHub(nodePlatform(), { url: server.url, token: server.token("ha") });
  onTestFinished(() => laptop.close());
  const other = openDocument(laptop, "ha/notes");
  await textIs(other, "from a program");
  write(other, ", and back");
  await textIs(document, "from a program, and back");
});

interface Bare {
  connect(options: HubOptions): Hub;
  openDocument: typeof openDocument;
}

const TIMERS = { setTimeout, clearTimeout, setInterval, clearInterval };
const source = (path: string): string => new URL(`../../src/${path}`, import.meta.url).pathname;

/** The entry, with documents where wanted, bundled, in a context with those globals alone. */
async function bare(globals: object, documents = false): Promise<unknown> {
  const entries = ["wechat/index.ts", ...(documents ? ["documents/index.ts"] : [])];
  const contents = entries.map((entry) => `export * from ${JSON.stringify(source(entry))};`).join("\n");
  const built = await build({
    stdin: { contents, resolveDir: source("") },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "tongbu",
    target: "es2020",
    alias: { "lib0/webcrypto": source("wechat/webcrypto.ts") },
  });
  return runInNewContext(`${built.outputFiles[0]?.text}; tongbu`, globals);
}
