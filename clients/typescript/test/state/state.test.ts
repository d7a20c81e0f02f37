/** What the vectors don't show: properties of merging, and the values that are no JSON. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/api.js";
import { createClock, hlcOf } from "../../src/state/clock.js";
import { countOf, derive, NEVER, readUpto } from "../../src/state/derive.js";
import { checkStatement } from "../../src/state/fields.js";
import type { Statement } from "../../src/state/join.js";
import { checkRecord } from "../../src/state/records.js";
import { newUlid } from "../../src/state/ulid.js";
import { fieldOf, slotOf } from "../../src/state/weights.js";
import { joined, refusalOf, textOf } from "../kit/cases.js";

const actors = fc.constantFrom("phone", "phone2", "hub");
const stamps = fc.nat(3);
const statements: fc.Arbitrary<Statement> = fc
  .oneof(
    fc.tuple(fc.constantFrom("read", "archived"), fc.boolean()),
    fc.tuple(fc.constant("read_upto"), fc.nat(5)),
    fc.tuple(
      fc.constant("status"),
      fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constantFrom("queued", "running", "failed", "canceled")),
    ),
    fc.tuple(
      fc.constant("progress"),
      fc.tuple(fc.integer({ min: 1, max: 2 }), fc.constantFrom(0, 0.5, 0.5004, 1)),
    ),
  )
  .chain(([field, value]) =>
    fc.tuple(fc.constant("i"), fc.constant(field), fc.constant(value), stamps, actors),
  );

describe("merging", () => {
  it("comes to one state in any order, however often a statement is repeated", () => {
    const many = fc.array(statements, { maxLength: 12 });
    fc.assert(
      fc.property(many, fc.infiniteStream(fc.double({ noNaN: true })), (said, keys) => {
        const again = [...said, ...said].map((each) => [keys.next().value as number, each] as const);
        const shuffled = again.sort(([one], [other]) => one - other).map(([, each]) => each);
        expect(textOf(joined(shuffled))).toBe(textOf(joined(said)));
      }),
    );
  });

  it("keeps one mark for each actor, and finds the field again", () => {
    expect(slotOf("read_upto", "phone")).toBe("read_upto:phone");
    expect(fieldOf("read_upto:phone")).toBe("read_upto");
    expect(fieldOf(slotOf("read", "phone"))).toBe("read");
  });
});

describe("deriving", () => {
  it("finds the latest covering mark among any", () => {
    const marks = fc.array(fc.tuple(fc.nat(9), fc.nat(9)));
    fc.assert(
      fc.property(marks, fc.nat(10), (stated, order) => {
        const registers = stated.map(
          ([value, hlc], at) => [`read_upto:${at}`, { value, hlc, actor: "a" }] as const,
        );
        const covering = stated.filter(([upto]) => upto >= order).map(([, hlc]) => hlc);
        expect(readUpto(new Map(registers)).hlcOver(order)).toBe(Math.max(NEVER, ...covering));
      }),
    );
    expect(readUpto().hlcOver(5)).toBe(NEVER);
  });

  it("changes nothing of what it is given", () => {
    const ledger = joined([
      ["i", "item", { kind: "task", title: "t" }, 1, "x"],
      ["i", "title", "new", 2, "x"],
      ["i", "status", [1, "failed"], 3, "x"],
    ]);
    const before = textOf(ledger);
    const item = derive("i", ledger.get("i") ?? new Map(), readUpto(), 100);
    expect(item?.title).toBe("new");
    expect(textOf(ledger)).toBe(before);
  });

  it("says of a read item that it was seen, and counts only what is not", () => {
    fc.assert(
      fc.property(fc.array(statements), fc.constantFrom("task", "notification"), (said, kind) => {
        const ledger = joined([["i", "item", { kind, title: "t", order: 3 }, 1, "x"], ...said]);
        const registers = ledger.get("i") ?? new Map();
        const item = derive("i", registers, readUpto(registers), 100);
        if (item === null) throw new Error("there is a record");
        expect(item.seen || !item.read).toBe(true);
        const { unread, unseen, open } = countOf(item);
        expect(unread >= unseen).toBe(true);
        expect(unread * open).toBe(0);
      }),
    );
  });
});

describe("what is no JSON is refused before it is said", () => {
  const data = (value: unknown) => refusalOf(() => checkRecord({ kind: "task", title: "t", data: value }));
  const loop: unknown[] = [];
  loop.push(loop);
  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    new Date(),
    new Map(),
    new Uint8Array(1),
    () => 0,
    1n,
    Symbol(),
    loop,
  ])("data %s", (value) => {
    expect(data(value)).toBe("bad_value");
    expect(data([value])).toBe("bad_value");
    expect(data({ key: value })).toBe("bad_value");
  });
  it("undefined within data", () => expect(data([undefined])).toBe("bad_value"));
  it("takes an undefined key of a record for absent", () => {
    expect(checkRecord({ kind: "task", title: "t", body: undefined })).toEqual({ kind: "task", title: "t" });
  });
  it("a record that is large only as a whole", () => {
    const record = { kind: "task", title: "t", data: Array.from({ length: 40 }, () => "x".repeat(4_000)) };
    expect(refusalOf(() => checkRecord(record))).toBe("bad_value");
  });
  it("bodies of 64 KiB are taken, larger ones are not, whatever they are written in", () => {
    const edit = (body: string) => refusalOf(() => checkStatement("inbox", ["t1", "body", body, 1]));
    expect(edit("x".repeat(65_536))).toBeNull();
    expect(edit("x".repeat(65_537))).toBe("bad_value");
    expect(edit("同".repeat(21_845))).toBeNull();
    expect(edit("同".repeat(21_846))).toBe("bad_value");
  });
  it("titles are counted in characters, not in halves of them", () => {
    const edit = (title: string) => refusalOf(() => checkStatement("inbox", ["t1", "title", title, 1]));
    expect(edit("😀".repeat(500))).toBeNull();
    expect(edit("😀".repeat(501))).toBe("bad_value");
  });
  it("shares nothing with the record that was given", () => {
    const given = { kind: "task", title: "t", tags: ["a"], data: { deep: [1] } };
    const saved = checkRecord(given);
    given.tags.push("b");
    given.data.deep.push(2);
    expect(saved).toEqual({ kind: "task", title: "t", tags: ["a"], data: { deep: [1] } });
  });
});

describe("a device's clock", () => {
  it("never repeats and never runs backwards, whatever the wall clock does and the hub says", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("wall", "seen", "now"), fc.nat(2 ** 41)));
    fc.assert(
      fc.property(steps, (all) => {
        let wall = 1_000;
        const clock = createClock(() => wall);
        const take: Record<string, (to: number) => void> = {
          wall: (to) => {
            wall = to;
          },
          seen: (to) => clock.observe(hlcOf(to) + 5),
          now: (to) => clock.setNow(to),
        };
        for (const [step, to] of all) {
          const before = clock.stamp();
          take[step]?.(to);
          const least = step === "seen" ? Math.max(before, hlcOf(to) + 5) : before;
          expect(clock.stamp()).toBeGreaterThan(least);
        }
      }),
    );
  });

  it("goes on after a restart where it was", () => {
    const clock = createClock(() => 1);
    clock.resume(5_000_000, 7);
    expect([clock.last, clock.seen]).toEqual([5_000_000, 7]);
    expect(clock.stamp()).toBe(5_000_001);
    clock.resume(5, 7_000_000);
    expect(clock.stamp()).toBe(7_000_001);
  });

  it("gives whole milliseconds where the wall clock gives parts", () => {
    const clock = createClock(() => 1_000.75);
    expect(clock.now()).toBe(1_000);
    expect(clock.stamp()).toBe(hlcOf(1_000));
  });
});

describe("new ids", () => {
  const random = (bytes: number) => new Uint8Array(bytes).fill(0xff);
  it("are ULIDs", () => {
    expect(newUlid(0, (bytes) => new Uint8Array(bytes))).toBe("00000000000000000000000000");
    expect(newUlid(2 ** 48 - 1, random)).toBe("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    expect(newUlid(1_469_918_176_385, random).slice(0, 10)).toBe("01ARYZ6S41");
  });
  it("hold 80 random bits, five of each byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const digits = [...newUlid(0, (asked) => bytes.slice(0, asked))].slice(10);
        const values = digits.map((digit) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(digit));
        expect(values).toEqual([...bytes].map((byte) => byte % 32));
      }),
    );
  });
  it("are taken as ids", () => {
    expect(checkStatement("inbox", [newUlid(5, random), "read", true, 1]) as Json).toBe(true);
  });
});
