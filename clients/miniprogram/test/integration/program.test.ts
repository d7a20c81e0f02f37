/** The built program on a phone's sockets, requests and storage, against the real hub. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, inject, it, onTestFinished } from "vitest";
import { createHub, type Hub } from "../../../typescript/src/index.ts";
import { nodePlatform } from "../../../typescript/src/node/platform.ts";
import { realHub } from "../../../typescript/test/kit/real-hub.ts";
import { until } from "../../../typescript/test/kit/until.ts";
import type { Device } from "../../miniprogram/device/device.ts";
import { aPhone, type Phone } from "../kit/phone.ts";

const require = createRequire(import.meta.url);
const folder = inject("program");
const server = await realHub();
const publisher = server.token("publisher", { scopes: ["publish"] });

interface Running {
  readonly device: Device;
  onShow(): void;
  onHide(): void;
}

/** The program starts, as WeChat starts it. */
function launch(phone: Phone): Running {
  for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path];
  let program: Running | null = null;
  Object.assign(globalThis, { wx: phone, App: (given: Running) => (program = given) });
  require(join(folder, "app.js"));
  const running = program as Running | null;
  if (running === null) throw new Error("app.js made no App");
  running.onShow();
  onTestFinished(() => running.device.hub.get()?.close());
  return running;
}

async function code(user: string): Promise<string> {
  const { body } = await server.request("POST", "/v1/devices/link", server.token(user));
  return (body as { code: string }).code;
}

async function signedIn(user: string, phone: Phone): Promise<{ running: Running; hub: Hub }> {
  const running = launch(phone);
  await running.device.signIn({ url: server.url, code: await code(user) });
  return { running, hub: running.device.hub.get() as Hub };
}

async function publish(user: string, id: string): Promise<void> {
  const item = { id, kind: "notification", title: `消息 ${id}` };
  expect((await server.request("POST", `/v1/users/${user}/items`, publisher, item)).status).toBe(201);
}

const has = (hub: Hub, id: string) =>
  until(hub.inbox().items, (items) => items.some((each) => each.id === id));

function laptop(user: string): Hub {
  const hub = createHub(nodePlatform(), { url: server.url, token: server.token(user) });
  onTestFinished(() => hub.close());
  return hub;
}

it("signs in with a link code, and is signed in when it starts again", async () => {
  const kept = new Map<string, string>();
  const settings = new Map<string, unknown>();
  const first = await signedIn("an", aPhone({ kept, settings }));
  await publish("an", "n1");
  await has(first.hub, "n1");
  await first.hub.close();
  const again = launch(aPhone({ kept, settings }));
  const hub = again.device.hub.get() as Hub;
  await hub.inbox().loaded;
  expect(hub.inbox().get("n1")?.title).toBe("消息 n1");
  await until(hub.connection, ({ state }) => state === "online");
  expect(hub.device.get()).toBe(first.hub.device.get());
});

it("tells where a code is not taken, and stays signed in as it was", async () => {
  const { running } = await signedIn("bo", aPhone());
  await expect(running.device.signIn({ url: server.url, code: "no-such-code" })).rejects.toThrow(
    "unknown, used or expired",
  );
  const hub = running.device.hub.get() as Hub;
  await until(hub.connection, ({ state }) => state === "online");
  expect(hub.user.get()).toBe("bo");
});

it("survives the end of its socket in the background: shown again, it has what came and says what was done", async () => {
  const phone = aPhone();
  const { running, hub } = await signedIn("cy", phone);
  await publish("cy", "n1");
  await has(hub, "n1");
  running.onHide();
  phone.hide();
  await until(hub.connection, ({ state }) => state === "waiting");
  expect(running.device.since.get()).not.toBeNull();
  await publish("cy", "n2");
  const change = hub.inbox().mark("n1", { read: true });
  phone.show();
  running.onShow();
  await Promise.all([change.saved, has(hub, "n2")]);
  expect(phone.sockets.size).toBe(1);
  expect(running.device.since.get()).toBeNull();
});

it("runs on in the background until its socket ends: what comes and what is done meanwhile is not lost", async () => {
  const phone = aPhone();
  const { running, hub } = await signedIn("gu", phone);
  await publish("gu", "n1");
  await has(hub, "n1");
  running.onHide();
  await publish("gu", "n2");
  await has(hub, "n2");
  await hub.inbox().mark("n1", { read: true }).saved;
  const lost = hub.inbox().mark("n2", { read: true });
  phone.hide();
  await until(hub.connection, ({ state }) => state === "waiting");
  await publish("gu", "n3");
  phone.show();
  running.onShow();
  await Promise.all([lost.saved, has(hub, "n3")]);
  expect(hub.inbox().counts.get().unread).toBe(1);
});

it("says what waits by one request where it goes to the background without a socket", async () => {
  const phone = aPhone();
  const { running, hub } = await signedIn("di", phone);
  await publish("di", "n1");
  await has(hub, "n1");
  phone.hide();
  phone.allowRequests = true;
  await until(hub.connection, ({ state }) => state === "waiting");
  const change = hub.inbox().mark("n1", { archived: true });
  running.onHide();
  await change.saved;
  expect(phone.sockets.size).toBe(0);
  await until(laptop("di").inbox().items, (items) => items[0]?.archived === true);
});

it("is brought up to date by one request where no socket comes after it is shown", async () => {
  const phone = aPhone();
  const { running, hub } = await signedIn("ed", phone);
  await until(hub.inbox().inSync, (value) => value);
  phone.hide();
  phone.allowRequests = true;
  await until(hub.connection, ({ state }) => state === "waiting");
  await publish("ed", "n1");
  running.onShow();
  await has(hub, "n1");
  expect(phone.sockets.size).toBe(0);
});

it("signs out: nothing is kept on the phone, and what is on the hub stays", async () => {
  const kept = new Map<string, string>();
  const settings = new Map<string, unknown>();
  const { running, hub } = await signedIn("fa", aPhone({ kept, settings }));
  await publish("fa", "n1");
  await has(hub, "n1");
  await running.device.signOut();
  expect([...settings.keys()]).toEqual([]);
  expect([...kept.values()].join()).not.toMatch(/消息|eyJ|n1|fa/);
  await has(laptop("fa"), "n1");
  expect(await devicesOf("fa", hub.device.get())).toEqual(["revoked"]);
});

it("signs out without a hub, too", async () => {
  const phone = aPhone();
  const { running, hub } = await signedIn("ha", phone);
  phone.hide();
  await until(hub.connection, ({ state }) => state === "waiting");
  await running.device.signOut();
  expect([hub.connection.get().state, running.device.hub.get()]).toEqual(["closed", null]);
});

/** How it stands with the device of that id. */
async function devicesOf(user: string, id: string | null): Promise<string[]> {
  const { body } = await server.request("GET", "/v1/users/me/devices", server.token(user));
  const { items } = body as { items: { device: string; revoked_at: number | null }[] };
  const own = items.filter(({ device }) => device === id);
  return own.map(({ revoked_at }) => (revoked_at === null ? "signed in" : "revoked"));
}
