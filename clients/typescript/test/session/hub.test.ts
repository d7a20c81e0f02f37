import { beforeEach, describe, expect, test } from "vitest";
import type { Hub, Refused } from "../../src/api.js";
import { KeptStore, openPage, type Page } from "../kit/fake-platform.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { NOON, virtualTime } from "../kit/virtual.js";

let time = virtualTime();
let script = new ScriptedHub(time);
let store = new KeptStore();
const INBOX = "inbox/ann";

beforeEach(() => {
  time = virtualTime();
  script = new ScriptedHub(time);
  store = new KeptStore();
});

async function online(options = {}): Promise<Page> {
  const page = openPage(script, store, options);
  page.hub.inbox();
  await time.advance(0);
  expect(page.hub.connection.get()).toEqual({ state: "online" });
  return page;
}

function titles(hub: Hub): string[] {
  return hub
    .inbox()
    .items.get()
    .map((item) => item.title);
}

test("what could not be forgotten is told, ends the hub, and is forgotten before the store is used again", async () => {
  const [time, store] = [virtualTime(), new KeptStore()];
  const script = new ScriptedHub(time);
  script.notify("inbox/ann", "n1");
  const { hub } = openPage(script, store);
  hub.inbox();
  await time.advance(0);
  store.full = true;
  const forgotten = hub.forget();
  await expect(forgotten).rejects.toMatchObject({ code: "store_unusable" });
  expect(hub.connection.get().state).toBe("closed");
  const refused = openPage(script, store);
  await time.advance(0);
  expect(refused.hub.connection.get()).toMatchObject({ state: "refused", code: "store_unusable" });
  await refused.hub.close();
  store.full = false;
  script.up = false;
  const again = openPage(script, store);
  await time.advance(0);
  expect(again.hub.user.get()).toBe(null);
  expect(again.hub.inbox().items.get()).toEqual([]);
  await again.hub.close();
});

describe("a device that is online", () => {
  test("shows what the hub holds, newest first, and what is relayed", async () => {
    script.notify(INBOX, "n1");
    const { hub } = await online();
    script.notify(INBOX, "n2");
    await time.advance(0);
    expect(titles(hub)).toEqual(["n2", "n1"]);
    expect(hub.inbox().counts.get()).toEqual({ unread: 2, unseen: 2, open: 0 });
    expect(hub.inbox().inSync.get()).toBe(true);
    expect([hub.user.get(), hub.device.get()]).toEqual(["ann", "device1"]);
  });

  test("a mark is shown at once, saved with the hub's ok, and gone from the outbox", async () => {
    script.notify(INBOX, "n1");
    const { hub } = await online();
    const change = hub.inbox().mark("n1", { read: true });
    expect(hub.inbox().get("n1")).toMatchObject({ read: true, durability: "local" });
    expect(change.durability.get()).toBe("local");
    expect(hub.inbox().counts.get().unread).toBe(0);
    await time.advance(0);
    await change.saved;
    expect(change.durability.get()).toBe("saved");
    expect(hub.inbox().get("n1")).toMatchObject({ read: true, durability: "saved" });
    expect(hub.unsaved.get()).toBe(0);
    expect(script.value(INBOX, "n1", "read")).toBe(true);
    expect([...store.rows.keys()].filter((key) => key.startsWith("o "))).toEqual([]);
  });

  test("a change is forwarded once every channel has sent", async () => {
    const { hub } = await online();
    const { item, change } = hub.inbox().create({ title: "deploy" });
    await time.advance(0);
    const told: string[] = [];
    change.durability.subscribe((value) => told.push(value));
    script.state(INBOX, [item.id, "sent.ops", { state: "sent", at: 1 }, script.now * 1024, "hub"]);
    await time.advance(0);
    expect(told).toEqual(["forwarded"]);
    expect(hub.inbox().get(item.id)?.durability).toBe("forwarded");
  });

  test("what breaks a rule is refused at once, and never enters the outbox", async () => {
    script.notify(INBOX, "n1");
    const { hub } = await online();
    const codeOf = (act: () => unknown) => {
      try {
        act();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return null;
    };
    expect(codeOf(() => hub.inbox().mark("n1", { snoozed: -1 }))).toBe("bad_value");
    expect(codeOf(() => hub.inbox().mark("n 1", { read: true }))).toBe("bad_id");
    expect(codeOf(() => hub.inbox().mark("n1", {}))).toBe("bad_value");
    expect(codeOf(() => hub.inbox().edit("n1", { title: "other" }))).toBe("bad_field");
    expect(codeOf(() => hub.inbox().create({ title: "" }))).toBe("bad_value");
    expect(codeOf(() => hub.space("a b"))).toBe("bad_id");
    expect(hub.unsaved.get()).toBe(0);
  });

  test("what the hub refuses is undone, told, and rejects the change", async () => {
    script.notify(INBOX, "n1");
    const { hub } = await online();
    const refused: Refused[] = [];
    hub.onRefused((each) => refused.push(each));
    script.refuse = (body) => {
      const at = body.findIndex(([, field]) => field === "pinned");
      return at < 0 ? null : { code: "forbidden", at };
    };
    const inbox = hub.inbox();
    const good = inbox.mark("n1", { read: true });
    const bad = inbox.mark("n1", { pinned: true });
    expect(inbox.get("n1")?.pinned).toBe(true);
    await time.advance(0);
    await good.saved;
    await expect(bad.saved).rejects.toMatchObject({ code: "forbidden", refused: { field: "pinned" } });
    expect(bad.durability.get()).toBe("refused");
    expect(inbox.get("n1")).toMatchObject({ read: true, pinned: false });
    expect(refused).toMatchObject([{ topic: "inbox/me", item: "n1", field: "pinned", code: "forbidden" }]);
  });

  test("with a refused record goes what was stated about the item", async () => {
    const { hub } = await online();
    script.refuse = (body) => (body.some(([, field]) => field === "item") ? { code: "limit", at: 0 } : null);
    const task = hub.inbox().start({ title: "build" });
    expect(task.item.get()?.task?.status).toBe("running");
    await time.advance(0);
    expect(task.item.get()).toBeNull();
    expect(hub.unsaved.get()).toBe(0);
    expect(script.value(INBOX, task.id, "status")).toBeUndefined();
  });

  test("unavailable is said again after what the hub tells", async () => {
    const { hub } = await online();
    let times = 0;
    script.refuse = () => {
      times += 1;
      return times === 1 ? { code: "unavailable", retryAfter: 3_000 } : null;
    };
    const { change } = hub.inbox().create({ title: "x" });
    await time.advance(2_900);
    expect([times, hub.unsaved.get()]).toEqual([1, 1]);
    await time.advance(200);
    await change.saved;
    expect(times).toBe(2);
  });

  test("read-all is one statement, and can't swallow what had not arrived", async () => {
    script.notify(INBOX, "n1");
    script.notify(INBOX, "n2");
    const { hub } = await online();
    hub.inbox().readAll();
    expect(hub.inbox().counts.get().unread).toBe(0);
    await time.advance(0);
    const pushes = script.heard.filter(([type]) => type === 3);
    expect(pushes).toHaveLength(1);
    const statements = pushes[0]?.[3] as unknown[][] | undefined;
    expect(statements?.[0]?.slice(0, 3)).toEqual(["*", "read_upto", hub.inbox().get("n2")?.order]);
    script.notify(INBOX, "n3");
    await time.advance(0);
    expect(hub.inbox().counts.get().unread).toBe(1);
  });

  test("below the own standing mark it is said item by item", async () => {
    script.notify(INBOX, "n1");
    const { hub } = await online();
    const order = hub.inbox().get("n1")?.order ?? 0;
    script.state(INBOX, ["*", "read_upto", order + 5, 1, "device1"]);
    script.state(INBOX, ["n1", "read", false, script.now * 1024, "phone"]);
    await time.advance(1);
    expect(hub.inbox().counts.get().unread).toBe(1);
    hub.inbox().readAll();
    expect(hub.inbox().counts.get().unread).toBe(0);
    await time.advance(0);
    expect(script.value(INBOX, "n1", "read")).toBe(true);
    expect(script.value(INBOX, "*", "read_upto:device1")).toBe(order + 5);
  });

  test("a snooze ends by time alone", async () => {
    script.notify(INBOX, "n1");
    const { hub } = await online();
    const counts: number[] = [];
    hub.inbox().counts.subscribe(({ unread }) => counts.push(unread));
    hub.inbox().mark("n1", { snoozed: hub.now() + 60_000 });
    await time.advance(59_000);
    await time.advance(2_000);
    expect(counts).toEqual([0, 1]);
    expect(hub.inbox().get("n1")?.snoozed).toBeNull();
  });

  test("nothing is pushed before it is on this device's disk", async () => {
    const { hub } = await online();
    let free: () => void = () => undefined;
    store.slow = new Promise((resolve) => {
      free = resolve;
    });
    hub.inbox().create({ title: "x" });
    script.say(10);
    await time.advance(1_000);
    expect(script.heard.filter(([type]) => type === 3)).toEqual([]);
    free();
    await time.advance(0);
    expect(script.heard.filter(([type]) => type === 3)).toHaveLength(1);
  });

  test("a snooze ends by the hub's clock, once that is known", async () => {
    script.notify(INBOX, "n1");
    const first = await online();
    first.hub.inbox().mark("n1", { snoozed: first.hub.now() + 300_000 });
    await time.advance(0);
    await first.hub.close();
    script.up = false;
    script.ahead = 600_000;
    const page = openPage(script, store);
    await page.hub.inbox().loaded;
    expect(page.hub.inbox().counts.get().unread).toBe(0);
    script.up = true;
    page.hub.wake();
    await time.advance(0);
    expect(page.hub.inbox().counts.get().unread).toBe(1);
  });

  test("a task is started, reported on and ended; retrying makes the next attempt", async () => {
    const { hub } = await online();
    const task = hub.inbox().start({ title: "build", id: "b1" });
    task.progress(0.5, "half");
    await time.advance(0);
    task.finish();
    await time.advance(0);
    expect(script.value(INBOX, "b1", "status")).toEqual([1, "succeeded"]);
    expect(script.value(INBOX, "b1", "progress")).toEqual([1, 1, "half"]);
    expect(hub.inbox().counts.get().open).toBe(0);
    task.retry();
    expect(task.item.get()?.task).toMatchObject({ attempt: 2, status: "queued", progress: 0 });
    task.retry();
    expect(task.item.get()?.task).toMatchObject({ attempt: 2 });
    hub.inbox().start({ title: "build", id: "b1" });
    expect(task.item.get()?.task).toMatchObject({ attempt: 2, status: "running" });
    expect(() => hub.inbox().create({ title: "another", id: "b1" })).toThrow(/exists/);
  });

  test("what is personal in a space is stated in the own inbox", async () => {
    script.notify("space/team", "s1");
    const { hub } = await online();
    const space = hub.space("team");
    await time.advance(0);
    space.mark("s1", { read: true, deleted: false });
    await time.advance(0);
    expect(space.counts.get().unread).toBe(0);
    expect(script.value(INBOX, "space/team/s1", "read")).toBe(true);
    expect(script.value("space/team", "s1", "deleted")).toBe(false);
    script.notify("space/team", "s2");
    await time.advance(0);
    space.readAll();
    await time.advance(0);
    expect(space.counts.get().unread).toBe(0);
    expect(script.value(INBOX, "space/team/*", "read_upto:device1")).toBe(space.get("s2")?.order);
  });

  test("presence of others is shown, and the own is said again after reconnecting", async () => {
    const { hub } = await online();
    const other = openPage(script, new KeptStore()).hub;
    const seen = other.inbox().presence;
    await time.advance(0);
    hub.inbox().setPresence({ at: "n1" });
    await time.advance(0);
    expect([...seen.get().values()]).toEqual([{ device: "device1", user: "ann", state: { at: "n1" } }]);
    expect(() => hub.inbox().setPresence("x".repeat(5_000))).toThrow(/too big/);
    script.drop();
    await time.advance(1_000);
    expect([...seen.get().values()].map(({ state }) => state)).toEqual([{ at: "n1" }]);
  });

  test("closing a space closes its topic at the hub", async () => {
    const { hub } = await online();
    const space = hub.space("team");
    await time.advance(0);
    space.close();
    await time.advance(0);
    expect(script.heard.filter(([type]) => type === 4)).toHaveLength(1);
    expect(hub.space("team")).not.toBe(space);
  });

  test("a refused topic tells why, and takes nothing more", async () => {
    script.refuseOpen = (topic) => (topic === "space/secret" ? { code: "forbidden" } : null);
    const { hub } = await online();
    const space = hub.space("secret");
    const change = space.create({ title: "x" }).change;
    await time.advance(0);
    await expect(change.saved).rejects.toMatchObject({ code: "forbidden" });
    expect(() => space.create({ title: "y" })).toThrow();
  });

  test("flush tells when everything said so far is answered", async () => {
    const { hub } = await online();
    hub.inbox().create({ title: "x" });
    const flushed = hub.flush();
    await time.advance(0);
    expect(await flushed).toBe(true);
    script.mute = true;
    hub.inbox().create({ title: "y" });
    const late = hub.flush(1_000);
    await time.advance(1_001);
    expect(await late).toBe(false);
  });
});

describe("a device that is offline", () => {
  test("says what was stated meanwhile, once it can, under stamps of the time of the action", async () => {
    script.notify(INBOX, "n1");
    const page = await online();
    script.up = false;
    script.drop();
    await time.advance(10_000);
    const at = page.hub.now();
    page.hub.inbox().mark("n1", { archived: true });
    await time.advance(3_600_000);
    expect(page.hub.connection.get().state).toMatch(/waiting|connecting/);
    script.up = true;
    page.wake();
    await time.advance(0);
    expect(page.hub.unsaved.get()).toBe(0);
    const pushed = script.heard.filter(([type]) => type === 3).at(-1)?.[3] as [
      string,
      string,
      boolean,
      number,
    ][];
    expect(Math.floor((pushed[0]?.[3] ?? 0) / 1024)).toBe(at);
  });

  test("keeps all of it over a restart: what the hub said, what waits, and who it is", async () => {
    script.notify(INBOX, "n1");
    const first = await online();
    await first.hub.close();
    script.up = false;
    const second = openPage(script, store).hub;
    second.inbox().mark("n1", { read: true });
    await second.inbox().loaded;
    await time.advance(0);
    expect(titles(second)).toEqual(["n1"]);
    expect([second.user.get(), second.device.get(), second.unsaved.get()]).toEqual(["ann", "device1", 1]);
    await second.close();
    const third = openPage(script, store).hub;
    expect(third.inbox().get("n1")).toBeNull();
    await third.inbox().loaded;
    expect(third.inbox().get("n1")).toMatchObject({ read: true, durability: "local" });
    script.up = true;
    third.wake();
    await time.advance(0);
    expect(script.value(INBOX, "n1", "read")).toBe(true);
    const [, , , incarnation, seq] = script.heard.filter(([type]) => type === 2).at(-1) as number[];
    expect([incarnation, seq]).toEqual([7, 1]);
  });

  test("what is stated before the store is read comes after what was stamped earlier", async () => {
    script.notify(INBOX, "n1");
    const first = await online();
    first.hub.inbox().mark("n1", { read: true });
    script.state(INBOX, ["n1", "read", true, (script.now + 50_000) * 1024, "device1"]);
    await time.advance(0);
    await first.hub.close();
    const second = openPage(script, store).hub;
    second.inbox().mark("n1", { read: false });
    await second.inbox().loaded;
    expect(second.inbox().get("n1")?.read).toBe(false);
  });

  test("unsent statements that a later one makes pointless are dropped; their changes end with it", async () => {
    script.notify(INBOX, "n1");
    const page = await online();
    script.up = false;
    script.drop();
    await time.advance(1);
    const first = page.hub.inbox().mark("n1", { read: true });
    const second = page.hub.inbox().mark("n1", { read: false });
    expect(page.hub.unsaved.get()).toBe(1);
    script.up = true;
    page.wake();
    await time.advance(0);
    await Promise.all([first.saved, second.saved]);
    expect(script.value(INBOX, "n1", "read")).toBe(false);
  });

  test("every end of a task is said: each is a fact of its own", async () => {
    const page = await online();
    const task = page.hub.inbox().start({ title: "x", id: "t" });
    await time.advance(0);
    script.up = false;
    script.drop();
    await time.advance(1);
    task.fail();
    task.retry();
    task.cancel();
    script.up = true;
    page.wake();
    await time.advance(0);
    const pushed = script.heard.filter(([type]) => type === 3).at(-1)?.[3] as [string, string, unknown][];
    expect(pushed.map(([, , value]) => value)).toEqual([
      [1, "failed"],
      [2, "canceled"],
    ]);
  });

  test("a replaced history replaces all but the outbox", async () => {
    script.notify(INBOX, "n1");
    script.notify(INBOX, "n2");
    const page = await online();
    script.up = false;
    script.drop();
    await time.advance(1);
    const { item } = page.hub.inbox().create({ title: "mine" });
    const ledger = script.ledger(INBOX);
    ledger.log = ledger.log.filter(([, [id]]) => id !== "n1");
    ledger.registers.delete("n1");
    script.replace(INBOX);
    script.up = true;
    page.wake();
    await time.advance(0);
    expect(titles(page.hub)).toEqual(["mine", "n2"]);
    expect(script.value(INBOX, item.id, "item")).toMatchObject({ title: "mine" });
    expect([...store.rows.keys()].some((key) => key === "r inbox/me n1")).toBe(false);
  });

  test("stamps made by a clock that ran ahead are lowered before the first push, in order", async () => {
    script.ahead = -3_600_000;
    const page = openPage(script, store);
    script.up = false;
    const inbox = page.hub.inbox();
    inbox.create({ title: "x", id: "x" });
    inbox.mark("x", { pinned: true });
    await time.advance(100);
    script.up = true;
    page.wake();
    await time.advance(0);
    expect(page.hub.unsaved.get()).toBe(0);
    const pushed = script.heard.filter(([type]) => type === 3)[0]?.[3] as number[][];
    const stamps = pushed.map((each) => each[3] ?? 0);
    expect(Math.floor((stamps[0] ?? 0) / 1024)).toBe(script.now);
    expect(stamps[1]).toBe((stamps[0] ?? 0) + 1);
    expect(page.hub.now()).toBe(script.now);
  });

  test("a stamp that the hub calls ahead sets the clock by another hello, once", async () => {
    const page = await online();
    time.setWall(NOON + 7_200_000);
    script.ahead = -7_200_000;
    const { change } = page.hub.inbox().create({ title: "x" });
    await time.advance(0);
    await change.saved;
    expect(script.heard.filter(([type]) => type === 0)).toHaveLength(2);
  });

  test("closed items are forgotten once they are in the hub's history", async () => {
    script.limits = { ...script.limits, retention: 1_000 };
    script.notify(INBOX, "n1");
    const page = await online();
    page.hub.inbox().mark("n1", { archived: true });
    await time.advance(5_000);
    script.drop();
    await time.advance(1_000);
    expect(page.hub.inbox().get("n1")).toBeNull();
    expect(store.rows.has("r inbox/me n1")).toBe(false);
  });

  test("a push is never above the hub's limits; what can't ever fit is refused here", async () => {
    script.limits = { ...script.limits, statements: 3, message: 400 };
    const page = openPage(script, store);
    const refused: Refused[] = [];
    page.hub.onRefused((each) => refused.push(each));
    script.up = false;
    const inbox = page.hub.inbox();
    for (let number = 0; number < 10; number++) inbox.create({ title: `t${number}`, id: `t${number}` });
    inbox.create({ title: "big", body: "x".repeat(500), id: "big" });
    await time.advance(10);
    script.up = true;
    page.wake();
    await time.advance(0);
    expect(page.hub.unsaved.get()).toBe(0);
    const pushes = script.heard.filter(([type]) => type === 3).map((each) => (each[3] as unknown[]).length);
    expect(Math.max(...pushes)).toBe(3);
    expect(pushes.reduce((sum, each) => sum + each, 0)).toBe(10);
    expect(refused).toMatchObject([{ item: "big", code: "too_big" }]);
  });

  test("a store that takes nothing more stays whole; everything goes on in memory, and is told", async () => {
    script.notify(INBOX, "n1");
    const page = await online();
    const before = new Map(store.rows);
    store.full = true;
    const change = page.hub.inbox().mark("n1", { read: true });
    await time.advance(0);
    await change.saved;
    expect(page.hub.storeFailure.get()).not.toBeNull();
    store.full = false;
    page.hub.inbox().mark("n1", { pinned: true });
    await time.advance(0);
    expect(script.value(INBOX, "n1", "pinned")).toBe(true);
    expect(store.rows).toEqual(before);
  });

  test("forgetting leaves nothing", async () => {
    script.notify(INBOX, "n1");
    const page = await online();
    await page.hub.forget();
    expect(store.rows.size).toBe(0);
    expect(page.hub.connection.get()).toEqual({ state: "closed" });
    expect(() => page.hub.inbox()).toThrow(/closed/);
  });
});

describe("closing", () => {
  test("waits 2 s at most for a store that does not answer", async () => {
    const { hub } = openPage(script, store);
    hub.inbox();
    await time.advance(0);
    store.slow = new Promise(() => undefined);
    hub.inbox().create({ title: "never kept" });
    void hub.close();
    await time.advance(1_900);
    expect(hub.connection.get().state).toBe("online");
    await time.advance(200);
    expect(hub.connection.get().state).toBe("closed");
  });
});
