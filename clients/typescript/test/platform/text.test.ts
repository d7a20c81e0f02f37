import fc from "fast-check";
import { expect, it } from "vitest";
import { fromBase64, toBase64 } from "../../src/platform/base64.js";
import { afterPrefix } from "../../src/platform/keys.js";
import { textOf, transactionOf } from "../../src/platform/text.js";

it("writes base64 as everybody does, and reads it back", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(text)).toEqual(bytes);
    }),
  );
});

it("reads back every transaction, on one line", () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((each) => !Object.is(each, -0)),
      fc.uint8Array(),
      fc.constantFrom(null, true, "\u0001", "\u0002\u0001", "__proto__"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), plain)), fc.array(fc.string()), (puts, removals) => {
      const text = textOf({ puts, removals });
      expect(text).not.toContain("\n");
      expect(transactionOf(text)).toEqual({ puts, removals });
    }),
  );
});

it("finds the first key after all that begin with a prefix", () => {
  expect(afterPrefix("a ")).toBe("a!");
  expect(afterPrefix("a\uffff")).toBe("b");
  expect(afterPrefix("\uffff")).toBeNull();
  expect(afterPrefix("")).toBeNull();
});
