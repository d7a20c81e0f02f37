import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Hub, HubOptions, Item, Ledger, Refused } from "../../src/api.js";
import { nodePlatform } from "../../src/node/platform.js";
import { createHub } from "../../src/session/hub.js";
import { everything } from "../kit/extras.js";
import { temporaryFolder } from "../kit/folder.js";
import { realHub } from "../kit/real-hub.js";
import { until } from "../kit/until.js";

const server = await realHub();
const folder = temporaryFolder();
let users = 0;
const fresh = (): string => `user${users++}`;

function device(user: string, store?: string, options: Partial<HubOptions> = {}): Hub {
  const place = store === undefined ? {} : { store: join(folder, `${user}-${store}`) };
  const named = { url: server.url, token: server.token(user), deviceName: store ?? "memory" };
  const hub = createHub(nodePlatform(place), { ...named, ...place, ...options }, everything);
  onTestFinished(() => hub.close());
  return hub;
}

const online = (hub: Hub) => until(hub.connection, ({ state }) => state === "online");
const away = (hub: Hub) => until(hub.connection, ({ state }) => state === "waiting");
const has = (ledger: Ledger, id: string, wanted: (item: Item) => boolean) =>
  until(ledger.items, () => {
    const item = ledger.get(id);
    return item !== null && wanted(item);
  });

async function notify(user: string, id: string): Promise<void> {
  const token = server.token(user, { scopes: ["user", "publish"] });
  const item = { kind: "notification", id, title: id };
  expect((await server.request("POST", `/v1/users/${user}/items`, token, item)).status).toBe(201);
}

test("read here is read there; tasks and their ends travel", async () => {
  const user = fresh();
  await notify(user, "n1");
  const [phone, laptop] = [device(user).inbox(), device(user).inbox()];
  await has(phone, "n1", ({ read }) => !read);
  await has(laptop, "n1", ({ read }) => !read);
  const change = phone.mark("n1", { read: true });
  await has(laptop, "n1", ({ read }) => read);
  await change.saved;
  const task = laptop.start({ title: "build", id: "b1" });
  task.progress(0.25, "begun");
  await has(phone, "b1", (item) => item.task?.progress === 0.25 && item.task.note === "begun");
  phone.task("b1").cancel();
  await until(task.item, (item) => item?.task?.final?.status === "canceled");
  expect(laptop.counts.get()).toEqual({ unread: 0, unseen: 0, open: 0 });
});

test("what two devices did offline is the same everywhere, the hub killed and restarted under them", async () => {
  const user = fresh();
  await notify(user, "n1");
  await notify(user, "n2");
  const [first, second] = [device(user, "a"), device(user, "b")];
  const [one, two] = [first.inbox(), second.inbox()];
  await Promise.all([has(one, "n2", () => true), has(two, "n2", () => true)]);
  const acknowledged = one.mark("n2", { pinned: true });
  await acknowledged.saved;
  await server.kill();
  await Promise.all([away(first), away(second)]);
  one.mark("n1", { read: true });
  const { item } = one.create({ title: "made offline" });
  two.mark("n1", { archived: true });
  two.readAll();
  expect([one.counts.get().unread, two.counts.get().unread]).toEqual([1, 0]);
  await second.close();
  const again = device(user, "b");
  await again.inbox().loaded;
  expect(again.inbox().get("n1")).toMatchObject({ archived: true, durability: "local" });
  await server.start();
  first.wake();
  again.wake();
  expect(await first.flush(15_000)).toBe(true);
  expect(await again.flush(15_000)).toBe(true);
  await has(again.inbox(), item.id, (each) => each.title === "made offline");
  await has(one, "n1", (each) => each.archived && each.read);
  await has(again.inbox(), "n2", (each) => each.pinned && each.read);
  const strip = ({ items }: Ledger) => items.get().map(({ durability: _, ...each }) => each);
  await until(one.counts, ({ unread }) => unread === 0);
  expect(strip(one)).toEqual(strip(again.inbox()));
  expect([first.unsaved.get(), again.unsaved.get()]).toEqual([0, 0]);
});

test("what was acknowledged is there after kill -9, however often", async () => {
  const user = fresh();
  const hub = device(user, "steady");
  const inbox = hub.inbox();
  const saved: string[] = [];
  for (let round = 0; round < 3; round++) {
    await online(hub);
    const changes = [0, 1, 2, 3, 4].map((number) => inbox.create({ title: `${round}.${number}` }));
    for (const { item, change } of changes) void change.saved.then(() => saved.push(item.id));
    await changes[2]?.change.saved;
    await server.kill();
    await server.start();
    hub.wake();
  }
  expect(await hub.flush(15_000)).toBe(true);
  expect(saved).toHaveLength(15);
  const answer = await hub.request("GET", "/v1/users/me/items?limit=100");
  const known = (answer.body as { items: { id: string }[] }).items.map(({ id }) => id);
  expect(new Set(known)).toEqual(new Set(saved));
});

test("the hub's refusal is told, and undone here", async () => {
  const [owner, guest] = [fresh(), fresh()];
  const admin = server.token(owner, { scopes: ["user", "admin"] });
  const granted = await server.request("PUT", `/v1/spaces/${owner}/members/${guest}`, admin, {
    access: "read",
  });
  expect(granted.status).toBe(200);
  const hub = device(guest);
  const space = hub.space(owner);
  await until(space.access, (access) => access === "read");
  const refused: Refused[] = [];
  hub.onRefused((each) => refused.push(each));
  const { item, change } = space.create({ title: "not mine" });
  expect(space.get(item.id)?.title).toBe("not mine");
  await expect(change.saved).rejects.toMatchObject({ code: "forbidden" });
  expect(space.get(item.id)).toBeNull();
  expect(refused).toMatchObject([{ topic: `space/${owner}`, item: item.id, code: "forbidden" }]);
  const secret = hub.space("nowhere");
  await expect(secret.create({ title: "x" }).change.saved).rejects.toMatchObject({ code: "unknown_topic" });
});

test("a token that runs out is replaced in place; one without another ends it", async () => {
  const user = fresh();
  let given = 0;
  let thrice: () => void = () => undefined;
  const givenThrice = new Promise<void>((resolve) => {
    thrice = resolve;
  });
  const renewing = device(user, undefined, {
    token: async () => {
      given += 1;
      if (given === 3) thrice();
      return server.token(user, { ttl: 2 });
    },
  });
  const states: string[] = [];
  renewing.connection.subscribe(({ state }) => states.push(state));
  const ending = device(user, undefined, { token: server.token(user, { ttl: 2 }) });
  await online(renewing);
  const end = await until(ending.connection, ({ state }) => state === "refused");
  expect(end).toMatchObject({ code: "token" });
  await givenThrice;
  expect(states.filter((state) => state === "online")).toHaveLength(1);
  expect(await renewing.command("counts", {})).toEqual({ unread: 0, unseen: 0, open: 0 });
});

test("a link code makes a device, whose token is kept", async () => {
  const user = fresh();
  const signedIn = device(user);
  await online(signedIn);
  const { body } = await signedIn.request("POST", "/v1/devices/link", {});
  const linkCode = (body as { code: string }).code;
  const place = { store: join(folder, `${user}-linked`) };
  const linked = createHub(
    nodePlatform(place),
    { url: server.url, linkCode, deviceName: "kitchen" },
    everything,
  );
  await online(linked);
  expect(linked.user.get()).toBe(user);
  await linked.close();
  const again = createHub(
    nodePlatform(place),
    { url: server.url, linkCode, deviceName: "kitchen" },
    everything,
  );
  onTestFinished(() => again.close());
  await online(again);
  expect(again.device.get()).toBe(linked.device.get());
  const wrong = createHub(nodePlatform(), { url: server.url, linkCode: "nonsense" }, everything);
  onTestFinished(() => wrong.close());
  expect(await until(wrong.connection, ({ state }) => state === "refused")).toMatchObject({
    code: "link_code",
  });
});

test("a device that was revoked elsewhere stays refused, until somebody signs in anew: then it is another one, with what waited in it", async () => {
  const user = fresh();
  const first = device(user, "lost");
  await online(first);
  const revoked = first.device.get() as string;
  await first.close();
  const elsewhere = device(user);
  await online(elsewhere);
  expect((await elsewhere.request("DELETE", `/v1/users/me/devices/${revoked}`)).status).toBe(204);
  const restarted = device(user, "lost");
  const refused = await until(restarted.connection, ({ state }) => state === "refused");
  expect(refused).toMatchObject({ code: "forbidden" });
  await restarted.close();
  const again = device(user, "lost", { newDevice: true });
  const { change } = again.inbox().create({ id: "waited", title: "said by the other" });
  await change.saved;
  expect(again.device.get()).not.toBe(revoked);
  await has(elsewhere.inbox(), "waited", ({ by }) => by === again.device.get());
});

test("a token that has no inbox is told so where it is opened", async () => {
  const hub = device(fresh(), undefined, { token: server.token("root", { scopes: ["admin"] }) });
  const inbox = hub.inbox();
  const refusal = await until(inbox.refusal, (why) => why !== null);
  expect(refusal).toMatchObject({ code: "forbidden", message: expect.stringContaining("scope user") });
  expect([hub.connection.get().state, inbox.access.get()]).toEqual(["online", null]);
  expect(() => inbox.create({ title: "t" })).toThrow(expect.objectContaining({ code: "forbidden" }));
});

test("another history replaces all but what waits here", async () => {
  const user = fresh();
  const other = await realHub();
  const place = { store: join(folder, `${user}-reset`) };
  const hub = createHub(nodePlatform(place), { url: other.url, token: other.token(user), ...place });
  onTestFinished(() => hub.close());
  const inbox = hub.inbox();
  const before = inbox.create({ title: "of the history before" });
  await before.change.saved;
  await other.kill();
  await away(hub);
  const waiting = inbox.create({ title: "not said yet" });
  for (const name of readdirSync(other.data)) {
    if (name !== "secret") rmSync(join(other.data, name), { recursive: true });
  }
  await other.start();
  hub.wake();
  await waiting.change.saved;
  expect(inbox.items.get().map(({ title }) => title)).toEqual(["not said yet"]);
  expect(hub.unsaved.get()).toBe(0);
});

test("presence of another device is seen, and gone with it", async () => {
  const user = fresh();
  const [one, two] = [device(user), device(user)];
  const seen = two.inbox().presence;
  await Promise.all([until(one.inbox().inSync, Boolean), until(two.inbox().inSync, Boolean)]);
  one.inbox().setPresence({ looking: "n1" });
  const others = await until(seen, (map) => map.size === 1);
  expect([...others.values()][0]).toEqual({ device: one.device.get(), user, state: { looking: "n1" } });
  await one.close();
  await until(seen, (map) => map.size === 0);
});
