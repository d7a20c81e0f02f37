import { expect, it, onTestFinished } from "vitest";
import type { Hub, Refused } from "../../src/api.js";
import { openDocument } from "../../src/documents/index.js";
import { nodePlatform } from "../../src/node/platform.js";
import type { Platform } from "../../src/ports.js";
import { createHub } from "../../src/session/hub.js";
import { has, settled, textIs, textOf, write } from "../kit/documents.js";
import { everything } from "../kit/extras.js";
import { browser } from "../kit/pages.js";
import { realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";

const server = await realHub();
let names = 0;
const fresh = (): string => `pages-${names++}`;

function open(platform: Platform, user = "ann"): Hub {
  const hub = createHub(platform, { url: server.url, token: server.token(user) }, everything);
  onTestFinished(() => hub.close());
  return hub;
}

const online = (hub: Hub): Promise<unknown> => until(hub.connection, ({ state }) => state === "online");

it("keeps the pages of a device and other devices at the same text", async () => {
  const [name, device] = [fresh(), browser()];
  const [first, second] = [open(device.page()), open(device.page())];
  const [leading, following] = [openDocument(first, name), openDocument(second, name)];
  const other = openDocument(open(nodePlatform()), name);
  write(following, "from a page that follows");
  await Promise.all([textIs(leading, textOf(following.doc)), textIs(other, textOf(following.doc))]);
  leading.doc.getText("t").insert(0, "led, ");
  other.doc.getText("t").insert(0, "other, ");
  const all = [leading, following, other];
  await Promise.all(
    all.map((each) => has(each, (doc) => /led, /.test(textOf(doc)) && /other, /.test(textOf(doc)))),
  );
  await Promise.all(all.map(settled));
  expect(new Set(all.map(({ doc }) => textOf(doc))).size).toBe(1);
  expect([first.device.get(), first.device.get()]).toEqual([second.device.get(), expect.any(String)]);
});

it("goes on in the next page when the one that led ends, without the hub, too", async () => {
  const [name, device] = [fresh(), browser()];
  const [first, second] = [open(device.page()), open(device.page())];
  const [leading, following] = [openDocument(first, name), openDocument(second, name)];
  write(leading, "one ");
  await textIs(following, "one ");
  await Promise.all([settled(leading), settled(following)]);
  await server.kill();
  await until(second.connection, ({ state }) => state === "waiting");
  write(leading, "two ");
  await textIs(following, "one two ");
  write(following, "three ");
  await first.close();
  write(following, "four");
  expect(following.unsaved.get()).toBe(3);
  await server.start();
  second.wake();
  await online(second);
  await settled(following);
  const other = openDocument(open(nodePlatform()), name);
  await textIs(other, "one two three four");
});

it("opens a document in a page that follows one which knows no documents", async () => {
  const [name, device] = [fresh(), browser()];
  const first = open(device.page());
  await until(first.inbox().inSync, (value) => value);
  const second = open(device.page());
  const document = openDocument(second, name);
  write(document, "here");
  await settled(document);
  const other = openDocument(open(nodePlatform()), name);
  await textIs(other, "here");
  expect(first.connection.get().state).toBe("online");
  const change = first.inbox().create({ title: "still a page of the device" }).change;
  await change.saved;
  expect(first.device.get()).toBe(second.device.get());
});

it("gives every page another Doc when the hub refuses an edit", async () => {
  const [name, device] = [fresh(), browser()];
  const owner = openDocument(open(nodePlatform()), name);
  write(owner, "ann's");
  await settled(owner);
  await server.request("PUT", `/v1/docs/${name}/members/bob`, server.token("ann"), { access: "read" });
  const [first, second] = [open(device.page(), "bob"), open(device.page(), "bob")];
  const [leading, following] = [openDocument(first, name), openDocument(second, name)];
  await Promise.all([textIs(leading, "ann's"), textIs(following, "ann's")]);
  const refused: Refused[] = [];
  second.onRefused((each) => refused.push(each));
  const formers = [leading.doc, following.doc];
  write(following, " and bob's");
  await Promise.all(
    [leading, following].map((each, at) =>
      has(each, (doc) => doc !== formers[at] && textOf(doc) === "ann's"),
    ),
  );
  expect(refused.map(({ code, field }) => [code, field])).toEqual([["forbidden", "update"]]);
  expect([leading.unsaved.get(), following.unsaved.get()]).toEqual([0, 0]);
  write(owner, " again");
  await Promise.all([textIs(leading, "ann's again"), textIs(following, "ann's again")]);
});

it("shows others what each page of a device points at", async () => {
  const [name, device] = [fresh(), browser()];
  const pages = [openDocument(open(device.page()), name), openDocument(open(device.page()), name)];
  const other = openDocument(open(nodePlatform()), name);
  pages.forEach((page, at) => void page.awareness.setLocalState({ page: at }));
  await new Promise<void>((resolve) => {
    other.awareness.on("change", () => {
      const states = [...other.awareness.getStates()].filter(([id]) => id !== other.awareness.clientID);
      if (JSON.stringify(states.map(([, state]) => state.page as number).sort()) === "[0,1]") resolve();
    });
  });
  const [first] = pages;
  first?.close();
  await new Promise<void>((resolve) => {
    other.awareness.on("change", () => {
      if (other.awareness.getStates().size === 2) resolve();
    });
  });
});

it("tells the page alone whose cursor the hub would not take, and shows others what it said before", async () => {
  const [name, device] = [fresh(), browser()];
  const [first, second] = [open(device.page()), open(device.page())];
  const [leading, following] = [openDocument(first, name), openDocument(second, name)];
  const refused: string[] = [];
  first.onRefused(({ field }) => refused.push(`first ${field}`));
  second.onRefused(({ field, code }) => refused.push(`second ${field} ${code}`));
  await Promise.all([settled(leading), settled(following)]);
  following.awareness.setLocalState({ cursor: 1 });
  following.awareness.setLocalState({ cursor: 2, text: "x".repeat(5_000) });
  const other = openDocument(open(nodePlatform()), name);
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if ([...other.awareness.getStates().values()].some(({ cursor }) => cursor === 1)) resolve();
    };
    other.awareness.on("change", look);
    look();
  });
  expect(refused).toEqual(["second presence too_big"]);
});
