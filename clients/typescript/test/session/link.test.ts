import { beforeEach, describe, expect, test } from "vitest";
import type { Connection, HubOptions } from "../../src/api.js";
import { TongbuError } from "../../src/errors.js";
import { KeptStore, openPage, type Page } from "../kit/fake-platform.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { NOON, settle, virtualTime } from "../kit/virtual.js";

let time = virtualTime();
let script = new ScriptedHub(time);
let store = new KeptStore();

beforeEach(() => {
  time = virtualTime();
  script = new ScriptedHub(time);
  store = new KeptStore();
});

async function opened(options: Partial<HubOptions> = {}): Promise<Page> {
  const page = openPage(script, store, options);
  page.hub.inbox();
  await time.advance(0);
  return page;
}

/** Time passes on a connection that lives. */
async function beating(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10_000) {
    await time.advance(10_000);
    script.say(10);
  }
}

const hellos = () => script.heard.filter(([type]) => type === 0);

function tokenFor(sub: string, expiresIn: number, mark = 0): string {
  const claims = { sub, exp: Math.floor((time.now() + expiresIn) / 1000), mark };
  const text = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `x.${text}.y`;
}

describe("coming back", () => {
  test("waits longer from try to try, up to a minute, and begins anew after a welcome", async () => {
    script.up = false;
    const page = openPage(script, store);
    const waits: number[] = [];
    page.hub.connection.subscribe((connection: Connection) => {
      if (connection.state === "waiting") waits.push(connection.retryAt - time.now());
    });
    await time.advance(600_000);
    expect(Math.max(...waits.slice(0, 1))).toBeLessThanOrEqual(500);
    expect(Math.max(...waits)).toBeGreaterThan(20_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    script.up = true;
    page.hub.wake();
    await time.advance(0);
    waits.length = 0;
    script.drop();
    await settle();
    expect(waits[0]).toBeLessThanOrEqual(500);
  });

  test("after the hub went away it waits as long as the hub says", async () => {
    const { hub } = await opened();
    script.say(8, { retry_after: 10_000, reason: "restart" });
    await settle();
    script.drop(4503);
    await time.advance(9_900);
    expect([hub.connection.get().state, hellos().length]).toEqual(["waiting", 1]);
    await time.advance(2_700);
    expect(hub.connection.get().state).toBe("online");
  });

  test("silence of twice the beat ends the connection; a beat is no silence", async () => {
    const { hub } = await opened();
    await time.advance(30_000);
    script.say(10);
    await time.advance(30_000);
    expect(hellos()).toHaveLength(1);
    script.mute = true;
    await time.advance(15_000);
    expect(hub.connection.get().state).not.toBe("online");
  });

  test("a timer that fires far too late means that the machine slept: it connects again", async () => {
    const { hub } = await opened();
    await beating(30_000);
    await time.advance(5_000);
    time.sleep(3_600_000);
    await time.advance(6_000);
    expect(hellos()).toHaveLength(2);
    expect(hub.connection.get().state).toBe("online");
  });

  test("a hub that welcomes nobody is given up after a while, and tried again", async () => {
    script.mute = true;
    const { hub } = await opened();
    await time.advance(14_000);
    expect(hub.connection.get().state).toBe("connecting");
    script.mute = false;
    await time.advance(2_000);
    expect(hub.connection.get().state).toBe("online");
  });

  test("woken, it tries at once; a connection that no longer answers is found out", async () => {
    const page = await opened();
    page.wake();
    await time.advance(6_000);
    expect(hellos()).toHaveLength(1);
    script.mute = true;
    page.wake();
    await time.advance(4_900);
    expect(page.hub.connection.get().state).toBe("online");
    script.mute = false;
    await time.advance(700);
    expect(hellos()).toHaveLength(2);
  });

  test.each([
    [4400, "malformed"],
    [4403, "forbidden"],
    [4413, "too_big"],
  ])("%i is not come back from by itself, but when the application says so", async (code, name) => {
    const page = await opened();
    script.drop(code, "no");
    await time.advance(600_000);
    page.wake();
    await time.advance(0);
    expect(page.hub.connection.get()).toEqual({ state: "refused", code: name, message: "no" });
    page.hub.wake();
    await time.advance(0);
    expect(page.hub.connection.get().state).toBe("online");
  });

  test("a platform that can't connect is tried again; one that says why is not", async () => {
    const connect = script.transport.connect;
    let error: Error = new Error("key=hunter2");
    Object.assign(script.transport, {
      connect() {
        throw error;
      },
    });
    const page = await opened();
    expect(page.hub.connection.get()).toMatchObject({
      state: "waiting",
      reason: expect.not.stringContaining("key"),
    });
    error = new TongbuError("no_websocket", "Install ws.");
    await time.advance(1_000);
    expect(page.hub.connection.get()).toEqual({
      state: "refused",
      code: "no_websocket",
      message: "Install ws.",
    });
    Object.assign(script.transport, { connect });
    page.hub.wake();
    await time.advance(0);
    expect(page.hub.connection.get().state).toBe("online");
  });

  test("nonsense ends the connection, and what was heard with it changes nothing", async () => {
    const { hub } = await opened();
    script.say([1]);
    await time.advance(1_000);
    expect(hellos()).toHaveLength(2);
    expect(hub.connection.get().state).toBe("online");
  });

  test("messages of a newer hub are passed over", async () => {
    const { hub } = await opened();
    script.say(77, "news");
    await time.advance(0);
    expect([hub.connection.get().state, hellos().length]).toEqual(["online", 1]);
  });
});

describe("topics", () => {
  test("a jump in seq means: open again", async () => {
    const { hub } = await opened();
    const ledger = script.ledger("inbox/ann");
    script.notify("inbox/ann", "n1");
    await time.advance(0);
    ledger.log.push([2, ["n2", "item", { kind: "notification", title: "n2", order: 5 }, 1, "x"]]);
    ledger.seq = 3;
    script.say(2, ledger.handle, 3, [["n3", "item", { kind: "notification", title: "n3" }, 1, "x"]]);
    await time.advance(0);
    expect(hub.inbox().get("n2")?.title).toBe("n2");
    expect(
      script.heard
        .filter(([type]) => type === 2)
        .at(-1)
        ?.slice(2),
    ).toEqual(["inbox/ann", 7, 1]);
  });

  test("parts are taken whole or not at all", async () => {
    const { hub } = await opened();
    const { handle } = script.ledger("inbox/ann");
    const record = { kind: "notification", title: "x" };
    script.say(2, handle, 1, [["a", "item", record, 1, "x"]], true);
    await time.advance(0);
    expect(hub.inbox().get("a")).toBeNull();
    script.say(2, handle, 1, [["b", "item", record, 1, "x"]]);
    await time.advance(0);
    expect([hub.inbox().get("a")?.title, hub.inbox().get("b")?.title]).toEqual(["x", "x"]);
    script.say(2, handle, 2, [["c", "item", record, 1, "x"]], true);
    script.drop();
    await time.advance(1_000);
    expect(hub.inbox().get("c")).toBeNull();
  });

  test("access that changes is told; a right that ends closes the topic", async () => {
    const { hub } = await opened();
    const { handle } = script.ledger("inbox/ann");
    script.say(1, 0, handle, 7, 0, "read", false, []);
    await time.advance(0);
    expect(hub.inbox().access.get()).toBe("read");
    script.refuseOpen = () => ({ code: "forbidden" });
    script.say(1, 0, handle, 7, 0, null, false, []);
    await time.advance(0);
    expect([hub.inbox().access.get(), hub.inbox().inSync.get()]).toEqual([null, false]);
    expect(() => hub.inbox().create({ title: "x" })).toThrow(/refused/);
  });
});

describe("tokens", () => {
  test("one that a callback gave is replaced in place before it runs out", async () => {
    let asked = 0;
    const token = async () => tokenFor("ann", 600_000, ++asked);
    const { hub } = await opened({ token });
    await beating(530_000);
    expect(asked).toBe(1);
    await beating(20_000);
    expect(asked).toBe(2);
    expect(script.heard.filter(([type]) => type === 1)).toHaveLength(1);
    expect(hub.connection.get().state).toBe("online");
  });

  test("one that the hub no longer takes is asked for again, twice in a row at most", async () => {
    let asked = 0;
    script.userOf = (token) => (token === "good" ? "ann" : null);
    const { hub } = await opened({ token: async () => (++asked < 3 ? `bad${asked}` : "good") });
    await time.advance(100);
    expect([asked, hub.connection.get().state]).toEqual([3, "online"]);
    script.userOf = () => null;
    script.drop();
    await time.advance(2_000);
    expect(hub.connection.get()).toMatchObject({ state: "refused", code: "token" });
  });

  test("a text that the hub no longer takes is the end", async () => {
    script.userOf = () => null;
    const { hub } = await opened();
    expect(hub.connection.get()).toMatchObject({ state: "refused", code: "token" });
  });

  test("a callback that fails is asked again, and what it threw is not told", async () => {
    let asked = 0;
    const { hub } = await opened({
      token: async () => {
        asked += 1;
        if (asked === 1) throw new Error("password=hunter2");
        return "t";
      },
    });
    expect(JSON.stringify(hub.connection.get())).not.toContain("hunter2");
    await time.advance(1_000);
    expect(hub.connection.get().state).toBe("online");
  });

  test("no token at all is told", async () => {
    const page = openPage(script, store, { token: undefined as never });
    await time.advance(0);
    expect(page.hub.connection.get()).toMatchObject({ state: "refused", code: "token" });
  });

  test("a link code is claimed once; its token is kept, and renewed over HTTP", async () => {
    const claimed: unknown[] = [];
    let given = 0;
    script.respond = (_method, path, body, token) => {
      claimed.push([path, body, token]);
      given += 1;
      return [200, { token: tokenFor("ann", 600_000, given) }];
    };
    const first = await opened({ token: undefined as never, linkCode: "ABCD", deviceName: "phone" });
    expect(first.hub.connection.get().state).toBe("online");
    expect(claimed).toEqual([["/v1/devices/claim", { code: "ABCD", name: "phone", platform: "test" }, null]]);
    await first.hub.close();
    const second = await opened({ token: undefined as never, linkCode: "ABCD" });
    expect([second.hub.connection.get().state, given]).toEqual(["online", 1]);
    await beating(560_000);
    expect(claimed.at(-1)).toMatchObject(["/v1/token/renew", {}, expect.stringContaining("x.")]);
    await second.hub.close();
    const third = await opened({ token: undefined as never });
    expect(third.hub.connection.get().state).toBe("online");
  });

  test("a link code that the hub does not take is told", async () => {
    script.respond = () => [404, { code: "not_found" }];
    const { hub } = await opened({ token: undefined as never, linkCode: "OLD" });
    expect(hub.connection.get()).toMatchObject({ state: "refused", code: "link_code" });
  });

  test("a request carries the token, to this hub alone; a 401 asks for another token once", async () => {
    let asked = 0;
    const seen: unknown[] = [];
    script.respond = (method, path, body, token) => {
      seen.push([method, path, body, token]);
      return token === "t1" ? [401, null] : [200, { items: [] }];
    };
    const { hub } = await opened({ token: async () => `t${++asked}` });
    expect(await hub.request("GET", "/v1/users/me/items")).toEqual({ status: 200, body: { items: [] } });
    expect(seen).toEqual([
      ["GET", "/v1/users/me/items", null, "t1"],
      ["GET", "/v1/users/me/items", null, "t2"],
    ]);
    await expect(hub.request("GET", "@evil.test/")).rejects.toMatchObject({ code: "bad_path" });
    script.up = false;
    await expect(hub.request("GET", "/x")).rejects.toMatchObject({ code: "not_connected" });
  });
});

describe("a device that was revoked", () => {
  const refused = { state: "refused", code: "forbidden" };

  async function revoked(options: Partial<HubOptions> = {}): Promise<void> {
    const first = await opened(options);
    script.drop();
    first.hub.inbox().create({ id: "t1", title: "before" });
    await time.advance(0);
    await first.hub.close();
    script.revoked = (device) => device === "device1";
  }

  test("stays refused however often it starts and is woken, and keeps what waits", async () => {
    await revoked();
    for (let start = 0; start < 3; start++) {
      const again = await opened();
      again.hub.wake();
      await time.advance(600_000);
      expect(again.hub.connection.get()).toMatchObject(refused);
      expect([again.hub.device.get(), again.hub.unsaved.get()]).toEqual(["device1", 1]);
      await again.hub.close();
    }
    expect(hellos().slice(1)).toEqual(
      Array(6).fill([0, expect.objectContaining({ device: expect.objectContaining({ id: "device1" }) })]),
    );
  });

  test("is told so while it is online, and stays refused when it is woken", async () => {
    const { hub } = await opened();
    script.revoked = (device) => device === "device1";
    script.drop(4403, "revoked");
    hub.wake();
    await time.advance(600_000);
    expect([hub.connection.get(), hub.device.get()]).toMatchObject([refused, "device1"]);
  });

  test("comes back as another one where somebody signs in anew, and says what waits; later starts are that one", async () => {
    await revoked();
    const again = await opened({ newDevice: true });
    expect([again.hub.connection.get().state, again.hub.device.get()]).toEqual(["online", "device2"]);
    expect(script.ledger("inbox/ann").registers.get("t1")?.get("item")?.actor).toBe("device2");
    expect(again.hub.unsaved.get()).toBe(0);
    expect(store.rows.get("meta")).toMatchObject({ user: "ann", device: "device2" });
    script.drop();
    await time.advance(60_000);
    expect(again.hub.device.get()).toBe("device2");
    await again.hub.close();
    expect((await opened()).hub.device.get()).toBe("device2");
  });

  test("that signed in anew once is refused again when that one is revoked, too", async () => {
    await revoked();
    const { hub } = await opened({ newDevice: true });
    script.revoked = (device) => device !== "";
    script.drop(4403, "revoked");
    hub.wake();
    await time.advance(0);
    expect([hub.connection.get(), hub.device.get()]).toMatchObject([refused, "device2"]);
  });

  test("stays what it was where the new token lets no other in either", async () => {
    await revoked();
    script.revoked = () => true;
    const again = await opened({ newDevice: true });
    expect(again.hub.connection.get()).toMatchObject(refused);
    expect(store.rows.get("meta")).toMatchObject({ device: "device1" });
  });

  test("is let in as no other with a token that is bound to it", async () => {
    const claims = Buffer.from(JSON.stringify({ sub: "ann", device: "device1" })).toString("base64url");
    const bound = { token: `x.${claims}.y` };
    await revoked(bound);
    const again = await opened({ ...bound, newDevice: true });
    expect(again.hub.connection.get()).toMatchObject(refused);
  });
});

describe("one store, one user", () => {
  test("a token of another user on the same store is refused, and nothing is mixed", async () => {
    const first = await opened({ token: tokenFor("ann", 1e7) });
    first.hub.inbox().create({ title: "ann's" });
    await time.advance(0);
    await first.hub.close();
    const before = new Map(store.rows);
    const second = openPage(script, store, { token: tokenFor("bob", 1e7) });
    const { loaded } = second.hub.inbox();
    await expect(loaded).rejects.toMatchObject({ code: "wrong_user" });
    await time.advance(0);
    expect(second.hub.connection.get()).toMatchObject({ state: "refused", code: "wrong_user" });
    expect(() => second.hub.inbox()).toThrow(/wrong user/);
    expect(store.rows).toEqual(before);
    expect(hellos()).toHaveLength(1);
    expect(store.opened).toBe(0);
  });

  test("a callback's token of another user says nothing to the hub", async () => {
    const first = await opened({ token: tokenFor("ann", 1e7) });
    await first.hub.close();
    const second = await opened({ token: async () => tokenFor("bob", 1e7) });
    expect(second.hub.connection.get()).toMatchObject({ state: "refused", code: "wrong_user" });
    expect(hellos()).toHaveLength(1);
  });

  test("a hub that welcomes another user is said nothing", async () => {
    const first = await opened();
    await first.hub.close();
    script.userOf = () => "bob";
    const page = openPage(script, store);
    page.hub.inbox().create({ title: "x" });
    await time.advance(100_000);
    expect(page.hub.connection.get()).toMatchObject({ state: "refused", code: "wrong_user" });
    expect(script.heard.filter(([type]) => type === 3)).toEqual([]);
  });

  test("a store of a newer layout is refused untouched", async () => {
    store.rows.set("meta", { version: 2, user: "ann", device: "d" });
    const before = new Map(store.rows);
    const { hub } = openPage(script, store);
    await time.advance(0);
    expect(hub.connection.get()).toMatchObject({ state: "refused", code: "store_unusable" });
    expect(store.rows).toEqual(before);
  });

  test("commands answer, are refused, or end with the connection", async () => {
    const { hub } = await opened();
    expect(await hub.command("counts", {})).toEqual({ unread: 0, unseen: 0, open: 0 });
    script.mute = true;
    const lost = hub.command("counts", {});
    await settle();
    script.drop();
    await expect(lost).rejects.toMatchObject({ code: "not_connected" });
    await expect(hub.command("counts", {})).rejects.toMatchObject({ code: "not_connected" });
  });

  test("a command that a living hub never answers is given up", async () => {
    const { hub } = await opened();
    script.mute = true;
    const command = hub.command("counts", {});
    command.catch(() => undefined);
    await settle();
    script.mute = false;
    await beating(40_000);
    await expect(command).rejects.toMatchObject({ code: "not_connected" });
    expect(hellos()).toHaveLength(1);
  });
});

test("virtual noon is a time", () => expect(time.now()).toBe(NOON));
