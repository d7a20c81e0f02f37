import { beforeEach, describe, expect, test } from "vitest";
import type { Hub, HubOptions } from "../../src/api.js";
import { internalsOf } from "../../src/internals.js";
import { Batch } from "../../src/session/batch.js";
import { LedgerTopic } from "../../src/session/ledger-topic.js";
import { createClock } from "../../src/state/clock.js";
import { KeptStore, openPage, type Page } from "../kit/fake-platform.js";
import { PageBus } from "../kit/page-bus.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { settle, virtualTime } from "../kit/virtual.js";

let time = virtualTime();
let script = new ScriptedHub(time);
let store = new KeptStore();
let bus = new PageBus();
const INBOX = "inbox/ann";

beforeEach(() => {
  time = virtualTime();
  script = new ScriptedHub(time);
  store = new KeptStore();
  bus = new PageBus();
});

async function page(options: Partial<HubOptions> = {}): Promise<Page> {
  const opened = openPage(script, store, options, bus);
  opened.hub.inbox();
  await time.advance(0);
  return opened;
}

function shown(hub: Hub): unknown {
  const inbox = hub.inbox();
  return {
    items: inbox.items.get().map(({ id, read, pinned, durability }) => ({ id, read, pinned, durability })),
    counts: inbox.counts.get(),
    sync: [inbox.inSync.get(), inbox.access.get()],
    who: [hub.user.get(), hub.device.get(), hub.connection.get().state, hub.unsaved.get()],
  };
}

describe("several pages of one device", () => {
  test("share one connection and one store, and show the same", async () => {
    script.notify(INBOX, "n1");
    const [one, other, third] = [await page(), await page(), await page()];
    script.notify(INBOX, "n2");
    await time.advance(0);
    expect(script.connections.size).toBe(1);
    expect(store.opened).toBe(1);
    expect(shown(one.hub)).toMatchObject({ items: [{ id: "n2" }, { id: "n1" }], sync: [true, "write"] });
    expect(shown(other.hub)).toEqual(shown(one.hub));
    expect(shown(third.hub)).toEqual(shown(one.hub));
    await other.hub.inbox().loaded;
  });

  test("what a page that follows says is shown there at once, then everywhere, and is saved", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    const change = other.hub.inbox().mark("n1", { read: true });
    expect(other.hub.inbox().get("n1")).toMatchObject({ read: true, durability: "local" });
    expect(other.hub.unsaved.get()).toBe(1);
    expect(one.hub.inbox().get("n1")?.read).toBe(false);
    await time.advance(0);
    await change.saved;
    expect(one.hub.inbox().get("n1")).toMatchObject({ read: true, durability: "saved" });
    expect(shown(other.hub)).toEqual(shown(one.hub));
    expect(other.hub.unsaved.get()).toBe(0);
    expect(await other.hub.flush()).toBe(true);
  });

  test("what is unsaved is shared, and so is what is refused", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    script.up = false;
    script.drop();
    await time.advance(1);
    const refused: string[] = [];
    one.hub.onRefused(({ field }) => refused.push(`one ${field}`));
    other.hub.onRefused(({ field }) => refused.push(`other ${field}`));
    const change = other.hub.inbox().mark("n1", { pinned: true });
    await time.advance(1);
    expect([one.hub.unsaved.get(), other.hub.unsaved.get()]).toEqual([1, 1]);
    expect(one.hub.inbox().get("n1")).toMatchObject({ pinned: true, durability: "local" });
    expect(other.hub.connection.get()).toEqual(one.hub.connection.get());
    script.refuse = () => ({ code: "forbidden", at: 0 });
    script.up = true;
    other.wake();
    await time.advance(0);
    await expect(change.saved).rejects.toMatchObject({ code: "forbidden" });
    expect(refused.sort()).toEqual(["one pinned", "other pinned"]);
    expect(shown(other.hub)).toEqual(shown(one.hub));
  });

  test("commands, requests and presence of a page that follows work", async () => {
    script.respond = (_method, path) => [200, { path }];
    const [, other] = [await page(), await page()];
    expect(await other.hub.command("counts", {})).toEqual({ unread: 0, unseen: 0, open: 0 });
    expect(await other.hub.request("GET", "/v1/devices")).toEqual({
      status: 200,
      body: { path: "/v1/devices" },
    });
    other.hub.inbox().setPresence({ at: 1 });
    await time.advance(0);
    expect(script.heard.filter(([type]) => type === 5).map((each) => each[2])).toEqual([{ at: 1 }]);
    script.up = false;
    await expect(other.hub.request("GET", "/x")).rejects.toMatchObject({ code: "not_connected" });
    script.drop();
    await time.advance(1);
    await expect(other.hub.command("counts", {})).rejects.toMatchObject({ code: "not_connected" });
  });

  test("when the page that leads closes, another leads on", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    await one.hub.close();
    await time.advance(0);
    expect(store.opened).toBe(1);
    script.notify(INBOX, "n2");
    await time.advance(0);
    expect(shown(other.hub)).toMatchObject({
      items: [{ id: "n2" }, { id: "n1" }],
      who: ["ann", "device1", "online", 0],
    });
    expect(one.hub.connection.get().state).toBe("closed");
  });

  test("what a page said and the page that led had not kept is said again to the next", async () => {
    script.notify(INBOX, "n1");
    const [one, other, third] = [await page(), await page(), await page()];
    let free: () => void = () => undefined;
    store.slow = new Promise((resolve) => {
      free = resolve;
    });
    script.mute = true;
    const change = third.hub.inbox().mark("n1", { read: true });
    await settle();
    one.crash();
    store.slow = null;
    free();
    store.rows.forEach((_, key) => void (key.startsWith("o ") && store.rows.delete(key)));
    script.mute = false;
    script.drop();
    await time.advance(100);
    await change.saved;
    expect(script.value(INBOX, "n1", "read")).toBe(true);
    expect(shown(third.hub)).toEqual(shown(other.hub));
  });

  test("a page that takes over says what it had said itself", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    one.crash();
    script.drop();
    const change = other.hub.inbox().mark("n1", { read: true });
    const asked = other.hub.command("counts", {});
    await expect(asked).rejects.toMatchObject({ code: "not_connected" });
    await time.advance(100);
    await change.saved;
    expect(other.hub.connection.get().state).toBe("online");
  });

  test("a page that takes over while the hub is away does not claim to be in sync", async () => {
    const [one, other] = [await page(), await page()];
    expect(other.hub.inbox().inSync.get()).toBe(true);
    script.up = false;
    one.crash();
    await time.advance(10);
    expect([other.hub.inbox().inSync.get(), other.hub.inbox().access.get()]).toEqual([false, null]);
    expect(other.hub.connection.get().state).toBe("waiting");
  });

  test("closing waits until what was said is kept, also where no page leads at that moment", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    script.up = false;
    one.crash();
    other.hub.inbox().mark("n1", { pinned: true });
    const closed = other.hub.close();
    await time.advance(100);
    await closed;
    const next = await page();
    expect(next.hub.inbox().get("n1")).toMatchObject({ pinned: true, durability: "local" });
  });

  test("a page that leads and is suspended is replaced; once awake it follows, and what it says is kept", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    one.suspend();
    const change = other.hub.inbox().mark("n1", { read: true });
    await time.advance(8_000);
    await change.saved;
    const third = await page();
    expect(third.hub.connection.get().state).toBe("online");
    const said = one.hub.inbox().mark("n1", { pinned: true });
    await time.advance(10);
    one.resume();
    await time.advance(10);
    await said.saved;
    expect([...script.connections].length).toBe(1);
    expect(internalsOf(one.hub).leading()).toBe(null);
    expect(one.hub.storeFailure.get()).toBe(null);
    expect(shown(one.hub)).toEqual(shown(other.hub));
    expect(shown(third.hub)).toEqual(shown(other.hub));
    expect(third.hub.inbox().get("n1")).toMatchObject({ read: true, pinned: true, durability: "saved" });
    expect(store.opened).toBe(1);
  });

  test("pages with nothing to say notice, too, that the page that leads is suspended, and one of them leads", async () => {
    const [one, other, third] = [await page(), await page(), await page()];
    one.suspend();
    await time.advance(45_000);
    script.notify(INBOX, "n1");
    await time.advance(10);
    for (const { hub } of [other, third]) expect(hub.inbox().get("n1")).toBeDefined();
    expect([other, third].filter(({ hub }) => internalsOf(hub).leading() !== null).length).toBe(1);
  });

  test("a page that leads and answers keeps the lead, however long nothing happens", async () => {
    const [one, other] = [await page(), await page()];
    other.suspend();
    await time.advance(100_000);
    other.resume();
    await time.advance(100_000);
    expect([one, other].map(({ hub }) => internalsOf(hub).leading() !== null)).toEqual([true, false]);
  });

  test("forgetting does not wait for a page that is suspended", async () => {
    const [one, other] = [await page(), await page()];
    one.suspend();
    const forgotten = other.hub.forget();
    await time.advance(8_000);
    await forgotten;
    expect(store.rows.size).toBe(0);
    one.resume();
    await time.advance(10);
    expect(store.rows.size).toBe(0);
  });

  test("what a page showed of itself goes with it, also where it ended without a word", async () => {
    const [one, other] = [await page(), await page()];
    other.hub.inbox().setPresence({ at: 1 });
    const space = other.hub.space("team");
    await time.advance(0);
    expect(space.inSync.get()).toBe(true);
    other.crash();
    await time.advance(0);
    expect(script.heard.filter(([type]) => type === 5).map((each) => each[2])).toEqual([{ at: 1 }, null]);
    expect(script.heard.filter(([type]) => type === 4).length).toBe(1);
    expect(one.hub.connection.get().state).toBe("online");
  });

  test("stamps of all pages come after each other, whoever leads", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    for (let turn = 0; turn < 5; turn++) {
      one.hub.inbox().mark("n1", { read: true });
      await time.advance(0);
      other.hub.inbox().mark("n1", { read: false });
      await time.advance(0);
      expect(one.hub.inbox().get("n1")?.read).toBe(false);
    }
    expect(shown(other.hub)).toEqual(shown(one.hub));
  });

  test("a topic is closed at the hub once no page needs it", async () => {
    const [one, other] = [await page(), await page()];
    const spaces = [one.hub.space("team"), other.hub.space("team")];
    await time.advance(0);
    spaces[0]?.close();
    await time.advance(0);
    const closes = () => script.heard.filter(([type]) => type === 4).length;
    expect(closes()).toBe(0);
    await other.hub.close();
    await time.advance(0);
    expect(closes()).toBe(1);
  });

  test("a snooze ends in every page", async () => {
    script.notify(INBOX, "n1");
    const [one, other] = [await page(), await page()];
    other.hub.inbox().mark("n1", { snoozed: one.hub.now() + 5_000 });
    await time.advance(1);
    expect(one.hub.inbox().counts.get().unread).toBe(0);
    await time.advance(6_000);
    expect([one, other].map(({ hub }) => hub.inbox().counts.get().unread)).toEqual([1, 1]);
  });

  test("a page that can't make a topic hands over to one that can; what waits there counts meanwhile", async () => {
    const one = await page();
    const other = await page();
    const able = internalsOf(other.hub);
    able.provide("doc", (name) => new LedgerTopic(name, createClock(time.now), () => "device1"));
    const { topic, loaded } = able.hold("doc/notes");
    const batch = new Batch();
    (topic as LedgerTopic).enter(able.nextId(), ["a", "read", true, 5], batch);
    able.said(batch);
    await time.advance(0);
    await loaded;
    expect(script.value("doc/notes", "a", "read")).toBe(true);
    expect([able.leading() !== null, internalsOf(one.hub).leading()]).toEqual([true, null]);
    expect(one.hub.connection.get().state).toBe("online");
    script.mute = true;
    const again = new Batch();
    (topic as LedgerTopic).enter(able.nextId(), ["b", "read", true, 5], again);
    able.said(again);
    await time.advance(0);
    script.up = false;
    script.drop();
    await other.hub.close();
    await time.advance(1);
    expect(one.hub.unsaved.get()).toBe(1);
  });

  test("forgetting, wherever it is said, ends all pages and leaves nothing", async () => {
    script.notify(INBOX, "n1");
    const [one, other, third] = [await page(), await page(), await page()];
    await other.hub.forget();
    await time.advance(0);
    expect(store.rows.size).toBe(0);
    expect([one, other, third].map(({ hub }) => hub.connection.get().state)).toEqual([
      "closed",
      "closed",
      "closed",
    ]);
    expect(script.connections.size).toBe(0);
  });

  test("a page of another user is refused, and leads no more", async () => {
    const claims = (sub: string) => `x.${Buffer.from(JSON.stringify({ sub })).toString("base64url")}.y`;
    const one = await page({ token: claims("ann") });
    const stranger = await page({ token: claims("bob") });
    expect(stranger.hub.connection.get()).toMatchObject({ state: "refused", code: "wrong_user" });
    expect(one.hub.connection.get().state).toBe("online");
    await one.hub.close();
    const next = await page({ token: claims("ann") });
    expect(next.hub.connection.get().state).toBe("online");
  });
});

describe("a revoked device of several pages", () => {
  const state = ({ hub }: Page) => [hub.connection.get().state, hub.device.get()];

  async function revokedPages(): Promise<[Page, Page]> {
    const pages: [Page, Page] = [await page(), await page()];
    script.revoked = (device) => device === "device1";
    script.drop(4403, "revoked");
    await time.advance(0);
    return pages;
  }

  test("stays refused in all of them, in new ones, and when another takes the lead", async () => {
    const [one, other] = await revokedPages();
    const third = await page();
    for (const each of [one, other, third]) each.hub.wake();
    await time.advance(1_000);
    one.crash();
    await time.advance(60_000);
    expect([other, third].map(state)).toEqual([
      ["refused", "device1"],
      ["refused", "device1"],
    ]);
  });

  test("comes back as one other device where somebody signs in in a page that follows", async () => {
    const [one, other] = await revokedPages();
    await other.hub.close();
    const signedIn = await page({ newDevice: true });
    await time.advance(0);
    expect([one, signedIn].map(state)).toEqual([
      ["online", "device2"],
      ["online", "device2"],
    ]);
    one.crash();
    await time.advance(60_000);
    expect(state(signedIn)).toEqual(["online", "device2"]);
  });

  test("is asked for once a page that leads: where no other is let in either, that is that", async () => {
    await revokedPages();
    script.revoked = () => true;
    const signedIn = await page({ newDevice: true });
    const before = script.heard.length;
    await time.advance(600_000);
    expect(script.heard.length - before).toBeLessThanOrEqual(1);
    expect(state(signedIn)[0]).toBe("refused");
  });
});
