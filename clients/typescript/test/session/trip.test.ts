import { beforeEach, expect, test } from "vitest";
import type { Hub, Json } from "../../src/api.js";
import { sync } from "../../src/session/trip.js";
import { KeptStore, openPage } from "../kit/fake-platform.js";
import { ScriptedHub } from "../kit/scripted-hub.js";
import { virtualTime } from "../kit/virtual.js";

interface Part {
  readonly topic: string;
  readonly incarnation: number;
  readonly seq: number;
  readonly push?: readonly Json[];
}

let time = virtualTime();
let script = new ScriptedHub(time);
/** The topics of each request. */
let trips: string[][] = [];
/** Answers one topic; `place` of how many in its request. */
let answer: (part: Part, place: number) => Json = brought;

beforeEach(() => {
  time = virtualTime();
  script = new ScriptedHub(time);
  trips = [];
  answer = brought;
  script.respond = (_method, _path, body) => {
    const parts = body as unknown as Part[];
    trips.push(parts.map(({ topic }) => topic));
    return [200, parts.map((part, place) => answer(part, place))];
  };
});

/** One notification more than the device has. */
function brought({ topic, incarnation, seq }: Part): Json {
  const record = { kind: "notification", title: topic, by: "b", at: 1, order: seq + 1 };
  const body = [[`n${seq + 1}`, "item", record, 1024, "b.api"]];
  return { topic, incarnation, seq: seq + 1, access: "write", full: false, body };
}

function answered(part: Part, problem: Json): Json {
  const { topic, incarnation, seq } = part;
  return { topic, incarnation, seq, access: "write", full: false, body: [], problem };
}

const noRoom = (part: Part): Json => answered(part, { code: "limit", retry_after: 0 });

/** A device with these spaces, and so its inbox, open that a hub welcomed once, and whose sockets lead nowhere now. */
async function away(...spaces: string[]): Promise<Hub> {
  return awayWith(new KeptStore(), ...spaces);
}

async function awayWith(store: KeptStore, ...spaces: string[]): Promise<Hub> {
  const { hub } = openPage(script, store);
  for (const space of spaces) hub.space(space);
  await time.advance(0);
  script.mute = true;
  script.drop();
  await time.advance(1_000);
  return hub;
}

async function settledOf(trip: Promise<boolean>): Promise<boolean> {
  await time.advance(0);
  return trip;
}

test("what does not fit one answer is asked for again, without what came", async () => {
  const hub = await away("a", "b", "c");
  answer = (part, place) => (place === 0 ? brought(part) : noRoom(part));
  expect(await settledOf(sync(hub))).toBe(true);
  expect(trips.map((trip) => trip.length)).toEqual([4, 3, 2, 1]);
  for (const space of ["a", "b", "c"]) expect(hub.space(space).items.get().length).toBe(1);
});

test("what was said with a topic that did not fit is said again, and counts as saved once it was answered", async () => {
  const hub = await away("a", "b");
  hub.space("b").create({ title: "waits" });
  await time.advance(0);
  const pushed: number[] = [];
  answer = (part) => {
    if (part.topic !== "space/b") return brought(part);
    pushed.push(part.push?.length ?? 0);
    return pushed.length === 1 ? noRoom(part) : brought(part);
  };
  expect(await settledOf(sync(hub))).toBe(true);
  expect(pushed).toEqual([1, 1]);
  expect(hub.unsaved.get()).toBe(0);
});

test("what waits in documents that nobody opened was not said", async () => {
  const store = new KeptStore();
  store.rows.set("e doc/notes 00000000000001page", Uint8Array.of(0, 0));
  const hub = await awayWith(store, "a");
  expect(hub.unsaved.get()).toBe(1);
  expect(await settledOf(sync(hub))).toBe(false);
  expect(trips.length).toBe(1);
});

test("a hub that finds room for nothing is asked once", async () => {
  const hub = await away("a", "b");
  answer = noRoom;
  expect(await settledOf(sync(hub))).toBe(false);
  expect(trips.length).toBe(1);
});

test("a push that is refused for a limit is not asked for again", async () => {
  const hub = await away("a");
  hub.space("a").create({ title: "one too many" });
  await time.advance(0);
  answer = (part) => answered(part, { code: "limit" });
  expect(await settledOf(sync(hub))).toBe(false);
  expect(trips.length).toBe(1);
  expect(hub.unsaved.get()).toBeGreaterThan(0);
});

test("more topics than one request may name go in several", async () => {
  const hub = await away(...Array.from({ length: 150 }, (_, number) => `s${number}`));
  expect(await settledOf(sync(hub))).toBe(true);
  expect(trips.map((trip) => trip.length)).toEqual([100, 51]);
});
