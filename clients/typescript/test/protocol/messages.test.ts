/** What the vectors don't show of the messages. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Malformed } from "../../src/errors.js";
import { decode, hello, statementsOf, updatesOf } from "../../src/protocol/messages.js";
import { type Packable, pack, unpack } from "../../src/protocol/msgpack.js";

function framed(frame: Packable): Uint8Array {
  return pack(frame);
}

describe("messages", () => {
  it("a hello without a token leaves it to the upgrade", () => {
    expect(unpack(hello(null, null, "n", "web"))).toEqual([
      0,
      { v: 1, device: { name: "n", platform: "web" } },
    ]);
  });

  it("arbitrary frames are decoded or malformed", () => {
    const anything = fc.anything({ values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)] });
    fc.assert(
      fc.property(fc.integer({ min: -1, max: 12 }), fc.array(anything, { maxLength: 9 }), (type, rest) => {
        try {
          decode(framed([type, ...(rest as Packable[])]));
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
    );
  });

  it("what takes the place of the hub's prototype is no message", () => {
    for (const type of ["constructor", "toString", 4.5, -1, null, true]) {
      const bytes = framed([type as Packable, 1, 2]);
      if (typeof type === "number") expect(decode(bytes)).toEqual([]);
      else expect(() => decode(bytes)).toThrow(Malformed);
    }
  });

  it("a body's statements are [text, text, value, unsigned, text]", () => {
    expect(statementsOf([["n1", "read", true, 5, "phone"]])).toEqual([["n1", "read", true, 5, "phone"]]);
    const bad = [
      "n1",
      ["n1", "read", true, 5],
      ["n1", "read", true, 5, "phone", 1],
      [1, "read", true, 5, "phone"],
      ["n1", null, true, 5, "phone"],
      ["n1", "read", true, -5, "phone"],
      ["n1", "read", true, 2 ** 53, "phone"],
      ["n1", "read", true, 5, 6],
    ];
    for (const each of bad) expect(() => statementsOf([each])).toThrow(Malformed);
  });

  it("a body's updates are binary", () => {
    const update = new Uint8Array([0, 0]);
    expect(updatesOf([update])).toEqual([update]);
    for (const each of ["AAA=", [0, 0], null]) expect(() => updatesOf([each])).toThrow(Malformed);
  });
});
