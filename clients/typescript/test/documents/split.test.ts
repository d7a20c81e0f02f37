import fc from "fast-check";
import { expect, it } from "vitest";
import * as Y from "yjs";
import { splitUpdate } from "../../src/documents/split.js";

interface Step {
  readonly who: number;
  readonly what: keyof typeof DEEDS;
  readonly size: number;
  readonly meet: boolean;
}

const DEEDS = {
  text: (doc: Y.Doc, size: number) => {
    const text = doc.getText("t");
    text.insert(size % (text.length + 1), "è\u{1F600}x".repeat(size));
  },
  map: (doc: Y.Doc, size: number) => doc.getMap("m").set(`k${size % 5}`, size),
  nested: (doc: Y.Doc) => doc.getMap("m").set("deep", new Y.Array()),
  array: (doc: Y.Doc, size: number) => doc.getArray("a").push(Array.from({ length: size }, (_, at) => at)),
  delete: (doc: Y.Doc, size: number) => {
    const text = doc.getText("t");
    const from = size % Math.max(1, text.length);
    text.delete(from, Math.min(size, text.length - from));
  },
};

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(2),
  what: fc.constantFrom(...(Object.keys(DEEDS) as (keyof typeof DEEDS)[])),
  size: fc.nat(300),
  meet: fc.boolean(),
});

function meeting(docs: readonly Y.Doc[]): void {
  const all = Y.mergeUpdates(docs.map((doc) => Y.encodeStateAsUpdate(doc)));
  for (const doc of docs) Y.applyUpdate(doc, all);
}

/** What three devices make of one document, meeting now and then. */
function written(steps: readonly Step[]): Y.Doc {
  const docs = [1, 2, 3].map((clientID) => Object.assign(new Y.Doc(), { clientID }));
  for (const { who, what, size, meet } of steps) {
    DEEDS[what](docs[who] as Y.Doc, size);
    if (meet) meeting(docs);
  }
  meeting(docs);
  return docs[0] as Y.Doc;
}

it("parts are small enough, each builds only on those before, and together they are the whole", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const whole = written(steps);
      const taken = new Y.Doc();
      let rest = Y.encodeStateAsUpdate(whole);
      while (rest.length > 400) {
        const split = splitUpdate(rest, 400);
        if (split === null) break;
        expect(split.part.length).toBeLessThanOrEqual(400);
        Y.applyUpdate(taken, split.part);
        expect(taken.store.pendingStructs).toBe(null);
        rest = split.rest;
      }
      expect(Y.decodeUpdate(rest).structs.length === 0 || rest.length <= 400).toBe(true);
      Y.applyUpdate(taken, rest);
      expect(taken.store.pendingStructs).toBe(null);
      expect(taken.getText("t").toString()).toBe(whole.getText("t").toString());
      expect(taken.getMap("m").toJSON()).toEqual(whole.getMap("m").toJSON());
      expect(taken.getArray("a").toJSON()).toEqual(whole.getArray("a").toJSON());
    }),
    { numRuns: 100 },
  );
});

it("an update of one thing that is larger is not split", () => {
  const doc = new Y.Doc();
  doc.getMap("m").set("file", new Uint8Array(1_000));
  expect(splitUpdate(Y.encodeStateAsUpdate(doc), 500)).toBe(null);
});
