/** The codec beside `@msgpack/msgpack`, which it must agree with on everything the wire uses. */

import { decode as peerDecode, decodeMulti as peerDecodeAll, encode as peerEncode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Malformed } from "../../src/errors.js";
import { type Packable, pack, unpack, unpackAll } from "../../src/protocol/msgpack.js";

const edges = [0, 1, 7, 8, 15, 16, 31, 32, 53].flatMap((bits) => [2 ** bits - 1, 2 ** bits]);
const integers = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges, ...edges.map((each) => -each)));
const numbers = fc.oneof(
  integers.filter(Number.isSafeInteger),
  fc.double().filter((each) => !Number.isInteger(each)),
);
const texts = fc.string({ unit: "binary" }).filter((text) => text !== "__proto__");
const { value: values } = fc.letrec<{ value: Packable }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    numbers,
    texts,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value")),
    fc.dictionary(texts, tie("value")),
  ),
}));

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function outcome(act: () => unknown): { readonly value?: unknown; readonly error?: unknown } {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}

describe("packing", () => {
  it("writes the bytes that the peer writes", () => {
    fc.assert(fc.property(values, (value) => void expect(hex(pack(value))).toBe(hex(peerEncode(value)))));
  });

  it("comes back as it was", () => {
    fc.assert(fc.property(values, (value) => void expect(unpack(pack(value))).toEqual(normal(value))));
  });

  it.each([0, 31, 32, 255, 256, 65_535, 65_536, 70_000])("holds text, bytes, arrays of %i", (size) => {
    const text = "x".repeat(size);
    const each = [text, new Uint8Array(size), Array.from({ length: size }, () => 0)];
    for (const value of each) expect(hex(pack(value))).toBe(hex(peerEncode(value)));
    const map = Object.fromEntries(Array.from({ length: size }, (_, at) => [`k${at}`, at]));
    expect(hex(pack(map))).toBe(hex(peerEncode(map)));
    expect(unpack(pack(map))).toEqual(map);
  });

  it("takes an undefined value of a map for absent", () => {
    expect(hex(pack({ a: undefined, b: 1 }))).toBe(hex(pack({ b: 1 })));
  });

  it("writes an integer beyond 2^53 as the float it is", () => {
    expect(hex(pack(2 ** 60))).toBe("cb43b0000000000000");
  });

  it("leaves what it was given alone and shares nothing with it", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const packed = pack(bytes);
    const read = unpack(packed) as Uint8Array;
    packed.fill(9);
    expect([...read]).toEqual([1, 2, 3]);
    expect([...bytes]).toEqual([1, 2, 3]);
  });
});

/** As it comes back: -0 is an integer like 0. */
function normal(value: Packable): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, normal(each as Packable)]));
}

describe("unpacking", () => {
  it("understands any form that the peer writes, back to back", () => {
    fc.assert(
      fc.property(fc.array(values, { minLength: 1 }), fc.boolean(), (many, forceFloat32) => {
        const packed = Buffer.concat(many.map((value) => peerEncode(value, { forceFloat32 })));
        expect(unpackAll(packed)).toEqual([...peerDecodeAll(packed)]);
      }),
    );
  });

  it("understands every length of integer", () => {
    const forms = [
      "07",
      "cc07",
      "cd0007",
      "ce00000007",
      "cf0000000000000007",
      "d007",
      "d10007",
      "d200000007",
    ];
    for (const form of forms) expect(unpack(Buffer.from(form, "hex"))).toBe(7);
    expect(unpack(Buffer.from("d3fffffffffffffff9", "hex"))).toBe(-7);
    expect(unpack(Buffer.from("cf001fffffffffffff", "hex"))).toBe(Number.MAX_SAFE_INTEGER);
    expect(unpack(Buffer.from("d3ffe0000000000001", "hex"))).toBe(Number.MIN_SAFE_INTEGER);
  });

  it("reads arbitrary bytes or calls them malformed, and never otherwise than the peer", () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), values.map(peerEncode).chain(damaged));
    fc.assert(
      fc.property(bytes, (given) => {
        const own = outcome(() => unpack(given));
        if ("error" in own) expect(own.error).toBeInstanceOf(Malformed);
        else expect(own.value).toEqual(outcome(() => peerDecode(given)).value);
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses what ends early, wherever it is cut", () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, place) => {
        const whole = pack(value);
        expect(() => unpackAll(whole.subarray(0, place % whole.length))).toThrow(Malformed);
      }),
    );
  });

  it("reads a part of a larger buffer", () => {
    const buffer = new Uint8Array([9, 9, ...pack([1.5, "é", new Uint8Array([7])]), 9]);
    expect(unpack(buffer.subarray(2, buffer.length - 1))).toEqual([1.5, "é", new Uint8Array([7])]);
  });

  it("keeps a key that every object inherits as a key", () => {
    const packed = Buffer.from("81a95f5f70726f746f5f5f81a3666f6f01", "hex");
    const map = unpack(packed) as Record<string, unknown>;
    expect(Object.keys(map)).toEqual(["__proto__"]);
    expect(map.foo).toBeUndefined();
    expect(hex(pack(map as Packable))).toBe(packed.toString("hex"));
  });

  it("goes 128 deep and no deeper", () => {
    expect(() => unpack(new Uint8Array(128).fill(0x91, 0, 127).fill(0x90, 127))).not.toThrow();
    expect(() => unpack(new Uint8Array(129).fill(0x91, 0, 128).fill(0x90, 128))).toThrow(Malformed);
  });

  it("takes 65,536 values in a message and no more", () => {
    expect(unpackAll(new Uint8Array(65_536))).toHaveLength(65_536);
    expect(() => unpackAll(new Uint8Array(65_537))).toThrow(Malformed);
  });

  it.each([
    ["arrays within arrays", [0x91]],
    ["maps within maps", [0x81, 0xa0]],
    ["each array claims a million", [0xdd, 0, 0x0f, 0xff, 0xff]],
    ["each map claims a million", [0xdf, 0, 0x0f, 0xff, 0xff, 0xa0]],
    ["a million nils", [0xc0]],
    ["each text claims four thousand million bytes", [0xdb, 0xff, 0xff, 0xff, 0xff]],
  ])("a mebibyte made to hurt is malformed before long: %s", (_, pattern) => {
    const bytes = new Uint8Array(2 ** 20).map((_byte, at) => pattern[at % pattern.length] as number);
    const begun = performance.now();
    expect(() => unpackAll(bytes)).toThrow(Malformed);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});

/** Bytes with one of them changed, or some taken away. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => {
    const copy = bytes.slice();
    copy[at] = byte;
    return copy;
  });
}
