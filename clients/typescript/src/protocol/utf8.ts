/**
 * UTF-8 without `TextEncoder` and `TextDecoder`, which not every platform has: by what ECMAScript itself says of URIs
 * (sections "URI Handling Functions" and B.2.1), which is exact and strict about it.
 */

import { Malformed } from "../errors.js";

/** Whether a text holds no half of a surrogate pair, which UTF-8 can't say. */
export function isUnicode(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

/** A text with one character for each byte; half a surrogate pair becomes U+FFFD. */
function bytewise(text: string): string {
  if (!/[\u0080-\uffff]/.test(text)) return text;
  return unescape(encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, "\ufffd")));
}

/** How many bytes a text takes. */
export function utf8Length(text: string): number {
  return bytewise(text).length;
}

export function toUtf8(text: string): Uint8Array {
  return Uint8Array.from(bytewise(text), (character) => character.charCodeAt(0));
}

/** Read the text between two positions. Throws `Malformed` where the bytes are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let all = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    text += String.fromCharCode(byte);
    all |= byte;
  }
  if (all < 0x80) return text;
  try {
    return decodeURIComponent(escape(text));
  } catch {
    throw new Malformed();
  }
}

/** The order of two texts by their UTF-8 bytes: below, at or above 0. */
export function compareUtf8(one: string, other: string): number {
  const [left, right] = [bytewise(one), bytewise(other)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
