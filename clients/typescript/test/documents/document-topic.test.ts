import fc from "fast-check";
import { expect, it } from "vitest";
import * as Y from "yjs";
import { DocumentTopic, type Reset } from "../../src/documents/document-topic.js";
import { Batch } from "../../src/session/batch.js";
import { DEFAULT_LIMITS } from "../../src/session/topic.js";
import { DocumentDevice, DocumentHub } from "../kit/document-hub.js";

const hubText = (hub: DocumentHub): string => hub.doc.getText("t").toString();

it("merges the edits that wait into one push, and has each answered", () => {
  const device = new DocumentDevice(new DocumentHub());
  for (const letter of "abc") device.write(letter);
  expect(device.topic.unsavedEdits.get()).toBe(3);
  device.open();
  device.push();
  expect(hubText(device.hub)).toBe("abc");
  expect(device.hub.seq).toBe(1);
  expect(device.answers.map(([, outcome]) => outcome)).toEqual([null, null, null]);
  expect([device.topic.unsavedEdits.get(), device.kept("e").length, device.kept("u").length]).toEqual([
    0, 0, 1,
  ]);
  expect(device.push()).toBe(false);
});

it("pushes no more at once than a message holds", () => {
  const device = new DocumentDevice(new DocumentHub());
  device.limits = { ...DEFAULT_LIMITS, message: 700 };
  for (let at = 0; at < 5; at++) device.write("x".repeat(200));
  device.open();
  while (device.push());
  expect(hubText(device.hub)).toBe("x".repeat(1_000));
  expect(device.hub.seq).toBeGreaterThan(1);
});

it("pushes an edit larger than a message in parts, each of which stands alone, and answers it once", () => {
  const device = new DocumentDevice(new DocumentHub());
  device.limits = { ...DEFAULT_LIMITS, message: 700 };
  device.write("\u{1F600}".repeat(1_000));
  device.write(", and more");
  const wanted = `${"\u{1F600}".repeat(1_000)}, and more`;
  device.open();
  device.push();
  expect(hubText(device.hub).length).toBeGreaterThan(0);
  expect(device.answers).toEqual([]);
  device.restart();
  expect(device.text).toBe(wanted);
  device.open();
  while (device.push());
  expect(hubText(device.hub)).toBe(wanted);
  expect(device.hub.doc.store.pendingStructs).toBe(null);
  expect(device.answers.map(([, outcome]) => outcome)).toEqual([null, null]);
  expect(device.kept("e")).toEqual([]);
});

it("gives up an edit that no message can hold and what builds on it, and nothing else", () => {
  const device = new DocumentDevice(new DocumentHub());
  device.meet();
  device.limits = { ...DEFAULT_LIMITS, message: 700 };
  device.topic.doc.getMap("m").set("file", new Uint8Array(2_000));
  device.write("builds on it");
  const other = new Y.Doc();
  other.getMap("m").set("small", 1);
  const batch = new Batch();
  device.topic.adopt([["e", "00000000000009other", Y.encodeStateAsUpdate(other)]], batch);
  device.meet();
  device.meet();
  expect(device.hub.doc.getMap("m").toJSON()).toEqual({ small: 1 });
  expect(device.answers.filter(([, outcome]) => outcome === null)).toEqual([["00000000000009other", null]]);
  expect(device.topic.doc.getMap("m").toJSON()).toEqual({ small: 1 });
  expect(device.text).toBe("");
});

it("tells of an edit larger than a message, gives up what waits, and is opened again", () => {
  const device = new DocumentDevice(new DocumentHub());
  device.write("kept ");
  device.meet();
  const former = device.topic.doc;
  const resets: Reset[] = [];
  device.topic.resets.add((reset) => resets.push(reset));
  device.limits = { ...DEFAULT_LIMITS, message: 700 };
  device.topic.doc.getMap("m").set("file", new Uint8Array(2_000));
  device.write(", and more");
  device.open();
  expect(device.push()).toBe(false);
  expect(device.topic.behind).toBe(true);
  const [others, first] = device.answers.slice(-2);
  expect(first?.[1]).toMatchObject({ code: "too_big", field: "update", topic: "doc/d" });
  expect(others?.[1]).toBe(first?.[0]);
  expect(resets).toEqual([{ doc: device.topic.doc, former }]);
  device.meet();
  expect(device.text).toBe("kept ");
  device.restart();
  expect(device.text).toBe("kept ");
});

it("says all that the hub lacks where an edit builds on what the hub does not have", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("lost, ");
  device.meet();
  hub.doc = new Y.Doc();
  device.write("and found");
  device.write(" again");
  const [first, last] = device.topic.waiting();
  device.open();
  expect(device.push()).toBe(true);
  expect(device.topic.unsavedEdits.get()).toBe(1);
  device.push();
  expect(hubText(hub)).toBe("lost, and found again");
  expect(device.answers.slice(-2)).toEqual([
    [first, last],
    [last, null],
  ]);
  hub.doc = new Y.Doc();
  device.write(", twice");
  device.meet();
  expect(hubText(hub)).toBe("lost, and found again, twice");
});

it("keeps what an unsaved edit builds on, though the program ends before the hub of another history has it", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("old, ");
  device.meet();
  device.write("unsaved");
  hub.replace();
  device.open();
  device.restart();
  device.meet();
  expect(hubText(hub)).toBe("old, unsaved");
});

it("asks for everything anew after edits were given up, though the program ends before", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("kept ");
  device.meet();
  device.write("refused");
  device.open();
  device.step((batch) => device.topic.nextPush(DEFAULT_LIMITS, batch));
  const no = { code: "refused", message: "no", at: null, stateVector: null };
  device.step((batch) => device.topic.refused(no, batch));
  device.restart();
  device.meet();
  expect(device.text).toBe("kept ");
});

it("gives up at a second gap in a row", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("lost");
  device.meet();
  device.write(" edit");
  const vector = Y.encodeStateVector(device.topic.doc);
  const gap = { code: "gap", message: "a gap", at: null, stateVector: vector };
  device.open();
  device.step((batch) => device.topic.nextPush(DEFAULT_LIMITS, batch));
  device.step((batch) => device.topic.refused(gap, batch));
  device.step((batch) => device.topic.nextPush(DEFAULT_LIMITS, batch));
  device.step((batch) => device.topic.refused(gap, batch));
  expect(device.answers.at(-1)?.[1]).toMatchObject({ code: "gap" });
  expect(device.topic.unsavedEdits.get()).toBe(0);
  device.meet();
  expect(device.text).toBe("lost");
});

it("does not bring back a refused edit with what a later gap lacks", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("kept ");
  device.meet();
  device.write("refused");
  device.open();
  device.step((batch) => device.topic.nextPush(DEFAULT_LIMITS, batch));
  const no = { code: "refused", message: "no", at: null, stateVector: null };
  device.step((batch) => device.topic.refused(no, batch));
  device.meet();
  hub.doc = new Y.Doc();
  device.write("again");
  device.meet();
  expect(hubText(hub)).toBe("kept again");
});

it("keeps what was written between another history and the filling of its gap", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("old ");
  device.meet();
  device.write("unsaved ");
  hub.replace();
  device.open();
  device.write("new");
  device.meet();
  const reader = new DocumentDevice(hub);
  reader.meet();
  expect(device.text).toBe(reader.text);
  expect(reader.text).toMatch(/old unsaved /);
  expect(reader.text).toMatch(/new/);
});

it("keeps what stands for an edit by the time that edit's own answer comes", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("old ");
  device.meet();
  device.write("unsaved ");
  device.open();
  device.step((batch) => device.topic.nextPush(DEFAULT_LIMITS, batch));
  hub.replace();
  device.open();
  device.step((batch) => device.topic.acknowledged(hub.seq, batch));
  expect(device.topic.unsavedEdits.get()).toBe(1);
  device.meet();
  expect(hubText(hub)).toBe("old unsaved ");
});

it("is another Doc, with the hub's content alone, where the hub has another history and nothing waits", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("old");
  device.meet();
  hub.replace();
  const other = new DocumentDevice(hub);
  other.write("restored");
  other.meet();
  const former = device.topic.doc;
  device.meet();
  expect([device.text, device.topic.doc === former]).toEqual(["restored", false]);
  device.restart();
  expect(device.text).toBe("restored");
});

it("puts one row in the place of many, which hold the same", () => {
  const hub = new DocumentHub();
  const [device, author] = [new DocumentDevice(hub), new DocumentDevice(hub)];
  device.open();
  author.open();
  author.topic.doc.on("update", (update: Uint8Array) => {
    hub.take(update);
    device.relay(update);
  });
  for (let at = 0; at < 1_300; at++) author.write(`${at} `);
  expect(device.kept("u").length).toBeLessThan(502);
  const { text } = device;
  expect(text).toBe(author.text);
  device.restart();
  expect(device.text).toBe(text);
  device.meet();
  expect(device.text).toBe(text);
});

it("lays what is kept under what was written before that was here", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("kept ");
  device.meet();
  device.write("unsaved ");
  const early = new DocumentTopic("doc/d", {
    nextId: () => "1",
    said: () => undefined,
    shelved: () => undefined,
    steppedDown: () => undefined,
  });
  const { doc } = early;
  doc.getText("t").insert(0, "early");
  const answered: (readonly string[])[] = [];
  early.load([...device.kept("u"), ...device.kept("e")], (ids) => answered.push(ids));
  expect(early.doc).toBe(doc);
  for (const word of ["kept ", "unsaved ", "early"]) expect(doc.getText("t").toString()).toContain(word);
  expect([early.unsavedEdits.get(), answered]).toEqual([2, []]);
  early.kept(["1"]);
  early.load([...device.kept("u")], (ids) => answered.push(ids));
  expect([early.unsavedEdits.get(), answered.flat().length]).toEqual([0, 2]);
});

it("takes a document's content as its own neither from the hub nor from the store", () => {
  const hub = new DocumentHub();
  const device = new DocumentDevice(hub);
  device.write("a");
  device.meet();
  const other = new DocumentDevice(hub);
  other.meet();
  expect(other.topic.unsavedEdits.get()).toBe(0);
  other.restart();
  expect(other.topic.unsavedEdits.get()).toBe(0);
});

type Step = readonly ["write" | "meet" | "open" | "restart", number] | readonly ["replace", number];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant("write" as const), fc.nat(2)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("meet" as const), fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("open" as const), fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("restart" as const), fc.nat(2)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("replace" as const), fc.nat(2)) },
);

it("comes to one text on every device, whatever happens in which order, and loses nothing unsaved", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const hub = new DocumentHub();
      const devices = [0, 1, 2].map(() => new DocumentDevice(hub));
      const unsaved = new Set<string>();
      steps.forEach((each, at) => void run(each, at, hub, devices, unsaved));
      for (const device of [...devices, ...devices]) device.meet();
      const texts = new Set([...devices.map(({ text }) => text), hubText(hub)]);
      expect(texts.size).toBe(1);
      for (const word of unsaved) expect([...texts][0]).toContain(word);
      expect(devices.map(({ topic }) => topic.unsavedEdits.get())).toEqual([0, 0, 0]);
      expect(
        devices.flatMap(({ answers }) =>
          answers.filter(([, outcome]) => typeof outcome === "object" && outcome !== null),
        ),
      ).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

/** `unsaved`: words that no hub had before its history was replaced; they must not get lost. */
function run(
  [what, which]: Step,
  at: number,
  hub: DocumentHub,
  devices: readonly DocumentDevice[],
  unsaved: Set<string>,
): void {
  const device = devices[which] as DocumentDevice;
  if (what === "write") {
    device.write(`<${at}>`);
    unsaved.add(`<${at}>`);
  } else if (what === "meet") device.meet();
  else if (what === "restart") device.restart();
  else if (what === "open") device.open();
  else {
    for (const word of unsaved) if (hubText(hub).includes(word)) unsaved.delete(word);
    hub.replace();
  }
}
