import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Hub, Refused } from "../../src/api.js";
import { openDocument, pushDocuments } from "../../src/documents/index.js";
import { internalsOf } from "../../src/internals.js";
import { nodePlatform } from "../../src/node/platform.js";
import type { Platform } from "../../src/ports.js";
import { createHub } from "../../src/session/hub.js";
import { settled, textIs, write } from "../kit/documents.js";
import { everything } from "../kit/extras.js";
import { temporaryFolder } from "../kit/folder.js";
import { browser } from "../kit/pages.js";
import { type RealHub, realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";

const folder = temporaryFolder();
const server = await realHub();
/** The inbox and two documents may be open. */
const narrow = await realHub("--config", settings("limits", "topics = 3"));

function settings(section: string, line: string): string {
  const path = join(folder, "hub.toml");
  writeFileSync(path, `[${section}]\n${line}\n`);
  return path;
}

function open(platform: Platform, user = "ann", at: RealHub = server): Hub {
  const hub = createHub(platform, { url: at.url, token: at.token(user), store: "device" }, everything);
  onTestFinished(() => hub.close());
  return hub;
}

/** What a page wrote without a hub before it was closed. */
async function wroteOffline(device: Platform, names: readonly string[], user = "ann"): Promise<void> {
  const hub = createHub(
    device,
    { url: "http://127.0.0.1:9", token: server.token(user), store: "device" },
    everything,
  );
  const documents = names.map((name) => openDocument(hub, name));
  for (const document of documents) {
    await document.loaded;
    write(document, `${document.name}, offline`);
  }
  await hub.close();
}

const someNames = (count: number, of: string): string[] =>
  Array.from({ length: count }, (_, number) => `${of}-${number}`);

function opened(hub: Hub): string[] {
  const topics = internalsOf(hub).leading()?.session.topics.keys() ?? [];
  return [...topics].filter((name) => name.startsWith("doc/"));
}

const allSaved = (hub: Hub): Promise<unknown> => until(hub.unsaved, (count) => count === 0);

it("brings what was written before the start, a few documents at a time, and closes them again", async () => {
  const names = someNames(10, "many");
  const device = browser();
  await wroteOffline(device.page(), names);
  const hub = open(device.page());
  await until(hub.unsaved, (count) => count === 10);
  const most = { open: 0 };
  hub.unsaved.subscribe(() => {
    most.open = Math.max(most.open, opened(hub).length);
  });
  pushDocuments(hub);
  await allSaved(hub);
  expect(most.open).toBeGreaterThan(1);
  expect(most.open).toBeLessThanOrEqual(4);
  const other = open(nodePlatform());
  await Promise.all(names.map((name) => textIs(openDocument(other, name), `${name}, offline`)));
  expect(opened(hub)).toEqual([]);
});

it("waits for the hub where there is none yet", async () => {
  const names = someNames(6, "later");
  const device = browser();
  await wroteOffline(device.page(), names);
  await server.kill();
  const hub = open(device.page());
  pushDocuments(hub);
  await until(hub.connection, ({ state }) => state === "waiting");
  expect(hub.unsaved.get()).toBe(6);
  await server.start();
  hub.wake();
  await allSaved(hub);
  const other = open(nodePlatform());
  await Promise.all(names.map((name) => textIs(openDocument(other, name), `${name}, offline`)));
});

it("does so with the first document that is opened, whichever that is", async () => {
  const device = browser();
  await wroteOffline(device.page(), ["first"]);
  const hub = open(device.page());
  openDocument(hub, "another");
  await textIs(openDocument(open(nodePlatform()), "first"), "first, offline");
});

/** A document of bob's, in which ann wrote offline; `let`: whether she may. */
async function bobs(
  name: string,
  ...more: readonly string[]
): Promise<[Platform, Platform, () => Promise<unknown>]> {
  const owner = openDocument(open(nodePlatform(), "bob"), name);
  write(owner, "bob's");
  await settled(owner);
  const device = browser();
  await wroteOffline(device.page(), [name, ...more]);
  const admin = server.token("root", { scopes: ["admin"] });
  const path = `/v1/docs/${name}/members/ann`;
  return [device.page(), device.page(), () => server.request("PUT", path, admin, { access: "write" })];
}

function refusals(hub: Hub): Refused[] {
  const refused: Refused[] = [];
  hub.onRefused((each) => refused.push(each));
  return refused;
}

it("tells once what the hub refuses, keeps it for when it may be said, and brings the rest", async () => {
  const [page, next, allow] = await bobs("bobs", "own");
  const hub = open(page);
  const refused = refusals(hub);
  pushDocuments(hub);
  await textIs(openDocument(open(nodePlatform()), "own"), "own, offline");
  await until(hub.unsaved, (count) => count === 1);
  await server.kill();
  await server.start();
  hub.wake();
  await until(hub.inbox().inSync, Boolean);
  expect(refused).toEqual([
    expect.objectContaining({ topic: "doc/bobs", field: "update", code: "forbidden" }),
  ]);
  expect([hub.unsaved.get(), opened(hub)]).toEqual([1, []]);
  await hub.close();
  expect((await allow()) as object).toMatchObject({ status: 200 });
  const again = open(next);
  pushDocuments(again);
  await until(again.unsaved, (count) => count === 1);
  await allSaved(again);
  expect(refusals(again)).toEqual([]);
});

it("leaves to the application that opens it what the hub refused before", async () => {
  const [page, , allow] = await bobs("shelf");
  const hub = open(page);
  const told = new Promise<void>((resolve) => {
    hub.onRefused(() => resolve());
  });
  pushDocuments(hub);
  await told;
  await allow();
  const document = openDocument(hub, "shelf");
  await document.loaded;
  expect(document.unsaved.get()).toBe(1);
  await settled(document);
  expect(hub.unsaved.get()).toBe(0);
});

it("keeps what the hub refuses where one page follows another, too", async () => {
  const [page, other] = await bobs("paged");
  const hasty = (of: Platform): Platform => ({
    ...of,
    surroundings: {
      ...of.surroundings,
      after: (ms, run) => of.surroundings.after(ms === 5_000 ? 0 : ms, run),
    },
  });
  const first = open(hasty(page));
  const refused = refusals(first);
  pushDocuments(first);
  await until(first.connection, ({ state }) => state === "online");
  const second = open(hasty(other));
  pushDocuments(second);
  await until(second.unsaved, (count) => count === 1);
  await until(second.inbox().inSync, Boolean);
  await second.command("counts", {});
  expect([first.unsaved.get(), refused.length]).toEqual([1, 1]);
  await first.close();
  const leads = () => internalsOf(second).leading() !== null;
  await until(second.connection, ({ state }) => state === "online" && leads());
  await second.command("counts", {});
  await until(second.unsaved, (count) => count === 1);
});

it("waits for room where as many topics are open as the hub allows, and refuses nothing", async () => {
  const names = someNames(6, "narrow");
  const device = browser();
  await wroteOffline(device.page(), names);
  const hub = open(device.page(), "ann", narrow);
  const refused: Refused[] = [];
  hub.onRefused((each) => refused.push(each));
  hub.inbox();
  const reading = openDocument(hub, "reading");
  await until(reading.inSync, Boolean);
  await allSaved(hub);
  const other = open(nodePlatform(), "ann", narrow);
  for (const name of names) {
    const document = openDocument(other, name);
    await textIs(document, `${name}, offline`);
    document.close();
  }
  expect(refused).toEqual([]);
});

it("is done by the page that leads, and by one that follows where that one knows no documents", async () => {
  const device = browser();
  await wroteOffline(device.page(), ["followed"]);
  const first = open(device.page());
  await until(first.connection, ({ state }) => state === "online");
  const page = device.page();
  const hasty: Platform = {
    ...page,
    surroundings: { ...page.surroundings, after: (_, run) => page.surroundings.after(0, run) },
  };
  const second = open(hasty);
  await until(second.unsaved, (count) => count === 1);
  pushDocuments(second);
  await textIs(openDocument(open(nodePlatform()), "followed"), "followed, offline");
  await Promise.all([allSaved(first), allSaved(second)]);
});
