/** What a device is without what it can besides, which an application brings by imports of their own. */
import { beforeEach, expect, test } from "vitest";
import { checks } from "../../src/extras/index.js";
import type { Json, Refused } from "../../src/index.js";
import { KeptStore, openPage } from "../kit/fake-platform.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { virtualTime } from "../kit/virtual.js";

let time = virtualTime();
let script = new ScriptedHub(time);
let store = new KeptStore();

beforeEach(() => {
  time = virtualTime();
  script = new ScriptedHub(time);
  store = new KeptStore();
});

const bare = () => openPage(script, store, {}, null, []).hub;

test("what the hub would not take is told by the hub, undone, and keeps nothing else from being said", async () => {
  const hub = bare();
  const inbox = hub.inbox();
  const told: Refused[] = [];
  hub.onRefused((refused) => void told.push(refused));
  await time.advance(0);
  script.refuse = (statements) => {
    const at = statements.findIndex(([, field]) => field === "pinned");
    return at < 0 ? null : { code: "bad_value", at };
  };
  inbox.create({ id: "t1", title: "one" });
  const wrong = inbox.mark("t1", { pinned: "yes" as unknown as boolean });
  const right = inbox.mark("t1", { archived: true });
  await time.advance(0);
  await expect(wrong.saved).rejects.toMatchObject({ code: "bad_value" });
  await right.saved;
  expect(told.map(({ field, value }) => [field, value])).toEqual([["pinned", "yes"]]);
  expect([inbox.get("t1")?.pinned, hub.unsaved.get()]).toEqual([false, 0]);
});

test("what can be no data, or could end the connection, is refused at once and changes nothing", async () => {
  const hub = bare();
  const inbox = hub.inbox();
  await time.advance(0);
  const itself: Record<string, unknown> = {};
  itself.itself = itself;
  let deep: Json = null;
  for (let levels = 0; levels < 126; levels++) deep = [deep];
  for (const data of [itself as unknown as Json, deep]) {
    expect(() => inbox.create({ title: "t", data })).toThrow(expect.objectContaining({ code: "bad_value" }));
  }
  expect(() => inbox.mark("t1", { status: 5 } as object)).toThrow(
    expect.objectContaining({ code: "bad_field" }),
  );
  expect(() => inbox.mark("no id", { read: true })).toThrow(expect.objectContaining({ code: "bad_id" }));
  expect([inbox.items.get(), hub.unsaved.get()]).toEqual([[], 0]);
});

test("what is stated is a copy: changing what was given changes nothing", async () => {
  const hub = bare();
  const tags = ["a"];
  const { item } = hub.inbox().create({ title: "t", tags });
  tags.push("b");
  await time.advance(0);
  expect(hub.inbox().get(item.id)?.tags).toEqual(["a"]);
  expect(script.value("inbox/ann", item.id, "item")).toMatchObject({ tags: ["a"] });
});

test("what was not brought is told by its code", async () => {
  const hub = bare();
  await time.advance(0);
  await expect(hub.request("GET", "/v1/users/me/items")).rejects.toMatchObject({ code: "no_extra" });
  await expect(hub.command("counts", {})).rejects.toMatchObject({ code: "no_extra" });
  await expect(hub.forget()).rejects.toMatchObject({ code: "no_extra" });
  expect(hub.connection.get().state).toBe("closed");
});

test("with the checks, the hub's rules hold before anything is said", async () => {
  const { hub } = openPage(script, store, {}, null, [checks]);
  const inbox = hub.inbox();
  await time.advance(0);
  expect(() => inbox.create({ title: "" })).toThrow(expect.objectContaining({ code: "bad_value" }));
  inbox.create({ id: "t1", title: "one" });
  expect(() => inbox.create({ id: "t1", title: "another" })).toThrow(
    expect.objectContaining({ code: "exists" }),
  );
  expect(inbox.create({ id: "t1", title: "one" }).item.title).toBe("one");
});
