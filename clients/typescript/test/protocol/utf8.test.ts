/** UTF-8 beside the platform's own encoder and decoder. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Malformed } from "../../src/errors.js";
import { compareUtf8, isUnicode, readUtf8, toUtf8, utf8Length } from "../../src/protocol/utf8.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const units = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes));
const texts = fc.oneof(fc.string({ unit: "binary" }), units);

describe("UTF-8", () => {
  it("is written as the platform writes it, half characters as U+FFFD", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(toUtf8(text)).toEqual(encoder.encode(text));
        expect(utf8Length(text)).toBe(toUtf8(text).length);
      }),
    );
  });

  it("is read as the platform reads it, or malformed where that refuses it", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      texts.map((text) => encoder.encode(text)),
    );
    fc.assert(
      fc.property(bytes, (given) => {
        let expected: string | null = null;
        try {
          expected = decoder.decode(given);
        } catch {}
        if (expected === null) expect(() => readUtf8(given, 0, given.length)).toThrow(Malformed);
        else expect(readUtf8(given, 0, given.length)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is refused or read like the platform's in all forms of one code point", () => {
    for (const first of [
      0x7f, 0x80, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xf8, 0xff,
    ]) {
      for (const second of [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]) {
        const given = new Uint8Array([first, second, 0x80, 0x80]);
        for (const end of [1, 2, 3, 4]) {
          const part = given.subarray(0, end);
          const [own, platform] = [() => readUtf8(given, 0, end), () => decoder.decode(part)].map(outcome);
          expect(own, `${[...part]}`).toBe(platform);
        }
      }
    }
  });

  it("reads long texts whole", () => {
    const text = "同步😀x".repeat(10_000);
    expect(readUtf8(toUtf8(text), 0, utf8Length(text))).toBe(text);
  });

  it("orders texts as their bytes are ordered", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        fc.string(),
        (one, other, start) => {
          const [left, right] = [start + one, start + other];
          expect(Math.sign(compareUtf8(left, right))).toBe(
            Buffer.compare(Buffer.from(left), Buffer.from(right)),
          );
        },
      ),
    );
  });

  it("can't say half characters", () => {
    expect(["", "é😀", "\ud83d", "\ude00\ud83d", "a\udc00"].map(isUnicode)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

function outcome(act: () => string): string | null {
  try {
    return act();
  } catch {
    return null;
  }
}
