import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { connect, type Hub } from "../../src/browser/index.js";
import { FakeLocks } from "../kit/locks.js";
import { realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";

const server = await realHub();
const publisher = server.token("publisher", { scopes: ["publish"] });
const view = new EventTarget();

vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
vi.stubGlobal("window", view);
vi.stubGlobal("navigator", { locks: new FakeLocks() });
vi.stubGlobal("indexedDB", new IDBFactory());
vi.stubGlobal("IDBKeyRange", IDBKeyRange);
vi.stubGlobal("WebSocket", WebSocket);

function page(user: string): Hub {
  const hub = connect({ url: server.url, token: server.token(user), store: user });
  onTestFinished(() => hub.close());
  return hub;
}

async function publish(user: string, id: string): Promise<void> {
  const item = { id, kind: "notification", title: id };
  await server.request("POST", `/v1/users/${user}/items`, publisher, item);
}

const shows = (hub: Hub, id: string): Promise<unknown> =>
  until(hub.inbox().items, (items) => items.some((each) => each.id === id));

it("shows in every page what comes, and in a page opened without the hub what was known", async () => {
  const pages = [page("ann"), page("ann")];
  await publish("ann", "n1");
  await Promise.all(pages.map((each) => shows(each, "n1")));
  await pages[1]?.inbox().mark("n1", { read: true }).saved;
  await until((pages[0] as Hub).inbox().items, (items) => items[0]?.read === true);
  await Promise.all(pages.map((each) => each.close()));
  await server.kill();
  const offline = page("ann");
  await offline.inbox().loaded;
  expect(offline.inbox().get("n1")).toMatchObject({ read: true, durability: "saved" });
  await server.start();
  view.dispatchEvent(new Event("online"));
  await until(offline.connection, ({ state }) => state === "online");
});
