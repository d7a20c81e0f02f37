/** UTF-8 without `TextEncoder` and `TextDecoder`, which not every platform has. */

import { Malformed } from "../errors.js";

/** Whether a text holds half a surrogate pair, which UTF-8 can't say. */
export function isUnicode(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text);
}

/** How many bytes a text takes; half a surrogate pair counts as U+FFFD. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) as number;
    if (point >= 0x80) length += point < 0x800 ? 1 : 2;
    if (point > 0xffff) at++;
  }
  return length;
}

/** Write a text into `target` from `at` on, where there is room for `utf8Length(text)` bytes. */
export function writeUtf8(text: string, target: Uint8Array, start: number): void {
  let at = start;
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index) as number;
    if (point < 0x80) target[at++] = point;
    else at = writePoint(isSurrogate(point) ? 0xfffd : point, target, at);
    if (point > 0xffff) index++;
  }
}

function isSurrogate(point: number): boolean {
  return point >= 0xd800 && point < 0xe000;
}

function writePoint(point: number, target: Uint8Array, start: number): number {
  let at = start;
  if (point < 0x800) {
    target[at++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      target[at++] = 0xe0 | (point >> 12);
    } else {
      target[at++] = 0xf0 | (point >> 18);
      target[at++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[at++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[at++] = 0x80 | (point & 0x3f);
  return at;
}

const CHUNK = 4_096;

/** Read the text between two positions. Throws `Malformed` where the bytes are not UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let units: number[] = [];
  for (let at = start; at < end; ) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      units.push(first);
      at++;
    } else {
      const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      pushPoint(units, pointAt(bytes, at, size, end));
      at += size;
    }
    if (units.length >= CHUNK) {
      text += String.fromCharCode.apply(null, units);
      units = [];
    }
  }
  return text + String.fromCharCode.apply(null, units);
}

function pushPoint(units: number[], point: number): void {
  if (point < 0x10000) units.push(point);
  else units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
}

/** The least code point that needs so many bytes. */
const LEAST = [0, 0, 0x80, 0x800, 0x10000];

function pointAt(bytes: Uint8Array, at: number, size: number, end: number): number {
  const first = bytes[at] as number;
  let point = first & (0xff >> (size + 1));
  let sound = first >= 0xc2 && first < 0xf5 && at + size <= end;
  for (let next = at + 1; sound && next < at + size; next++) {
    const byte = bytes[next] as number;
    sound = (byte & 0xc0) === 0x80;
    point = (point << 6) | (byte & 0x3f);
  }
  if (!sound || isSurrogate(point) || point < (LEAST[size] as number) || point > 0x10ffff) {
    throw new Malformed("text is not UTF-8");
  }
  return point;
}

/** The order of two texts by their UTF-8 bytes: below, at or above 0. It is that of their code points. */
export function compareUtf8(one: string, other: string): number {
  if (one === other) return 0;
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at++) {
    const left = one.charCodeAt(at);
    const right = other.charCodeAt(at);
    if (left !== right) return placeOf(left) - placeOf(right);
  }
  return one.length - other.length;
}

/** UTF-16 puts surrogates before U+E000 to U+FFFF, UTF-8 after. */
function placeOf(unit: number): number {
  return isSurrogate(unit) ? unit + 0x10000 : unit;
}
