/**
 * The part of msgpack that the wire uses: nil, booleans, integers, floats, text, binary, arrays, maps with text keys.
 * No extension types. Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */

import { Malformed } from "../errors.js";
import { readUtf8, toUtf8 } from "./utf8.js";

/** What can be packed. An undefined value of a map counts as absent. */
export type Packable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Packable[]
  | { readonly [key: string]: Packable | undefined };

/** Arrays and maps within one another. */
const MAX_DEPTH = 128;
const MAX_VALUES = 65_536;

/** One value as msgpack: shortest forms, integers never as floats. */
export function pack(value: Packable): Uint8Array {
  let bytes = new Uint8Array(256);
  let end = 0;

  function append(more: ArrayLike<number>): void {
    const at = end;
    end += more.length;
    if (end > bytes.length) {
      const larger = new Uint8Array(end * 2);
      larger.set(bytes);
      bytes = larger;
    }
    bytes.set(more, at);
  }

  /** A type byte and a number of `size` bytes after it; negative ones as two's complement. */
  function put(type: number, size: number, number: number): void {
    const digits: number[] = [];
    for (let rest = number; digits.length < size; rest = Math.floor(rest / 256)) digits.unshift(rest);
    append([type, ...digits]);
  }

  /**
   * A number that is not negative: within the type byte where it is below `most`, else in so many bytes after it, or twice,
   * four times, eight times as many, each with the next type. `reach`: what has to fit.
   */
  function head(number: number, short: number, most: number, long: number, least = 1, reach = number): void {
    if (number < most) append([short | number]);
    else {
      let size = least;
      let type = long;
      for (; reach >= 256 ** size; type++) size *= 2;
      put(type, size, number);
    }
  }

  function write(each: Packable): void {
    if (typeof each === "number") writeNumber(each);
    else if (typeof each === "string") {
      const text = toUtf8(each);
      head(text.length, 0xa0, 0x20, 0xd9);
      append(text);
    } else if (typeof each === "boolean") append([each ? 0xc3 : 0xc2]);
    else if (each === null) append([0xc0]);
    else writeParts(each);
  }

  function writeParts(each: Exclude<Packable, null | boolean | number | string>): void {
    if (ArrayBuffer.isView(each)) {
      head(each.byteLength, 0, 0, 0xc4);
      append(each as Uint8Array);
    } else if (Array.isArray(each)) {
      head(each.length, 0x90, 0x10, 0xdc, 2);
      each.forEach(write);
    } else writeMap(each as { readonly [key: string]: Packable | undefined });
  }

  function writeNumber(number: number): void {
    if (!Number.isSafeInteger(number)) {
      const float = new DataView(new ArrayBuffer(9));
      float.setUint8(0, 0xcb);
      float.setFloat64(1, number);
      append(new Uint8Array(float.buffer));
    } else if (number >= 0) head(number, 0, 0x80, 0xcc);
    else if (number >= -0x20) append([number & 0xff]);
    else head(number, 0, Number.NEGATIVE_INFINITY, 0xd0, 1, -2 * (number + 1));
  }

  function writeMap(map: { readonly [key: string]: Packable | undefined }): void {
    const entries = Object.entries(map).filter(([, each]) => each !== undefined);
    head(entries.length, 0x80, 0x10, 0xde, 2);
    for (const [key, each] of entries) {
      write(key);
      write(each as Packable);
    }
  }

  write(value);
  return bytes.slice(0, end);
}

/** The one value that fills the bytes. Throws `Malformed`. */
export function unpack(bytes: Uint8Array): unknown {
  const [value, ...more] = unpackAll(bytes);
  if (more.length) throw new Malformed();
  return value;
}

/**
 * The values that fill the bytes back to back, at least one. Integers beyond 2⁵³ are not exact. `within`: arrays and maps
 * that these count as being in. Throws `Malformed`.
 */
export function unpackAll(bytes: Uint8Array, within = 0): unknown[] {
  let at = 0;

  /** Moves on by so many bytes; returns where they begin. */
  function take(size: number): number {
    if (size > bytes.length - at) throw new Malformed();
    at += size;
    return at - size;
  }

  function integer(size: number, signed = false): number {
    // Beyond 2⁵³ two halves are rounded once, which single bytes would be more often.
    if (size === 8) return integer(4, signed) * 2 ** 32 + integer(4);
    const from = take(size);
    let value = signed ? ((bytes[from] as number) << 24) >> 31 : 0;
    for (let place = from; place < at; place++) value = value * 256 + (bytes[place] as number);
    return value;
  }

  function float(size: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset + take(size), size);
    return size < 8 ? view.getFloat32(0) : view.getFloat64(0);
  }

  function text(size: number): string {
    return readUtf8(bytes, take(size), at);
  }

  function binary(size: number): Uint8Array {
    return bytes.slice(take(size), at);
  }

  function list<Value>(count: number, depth: number, each: (depth: number) => Value): Value[] {
    if (depth >= MAX_DEPTH || count > bytes.length - at) throw new Malformed();
    return Array.from({ length: count }, () => each(depth + 1));
  }

  function entry(depth: number): readonly [string, unknown] {
    const key = read(depth);
    if (typeof key !== "string") throw new Malformed();
    return [key, read(depth)];
  }

  function map(count: number, depth: number): unknown {
    return Object.fromEntries(list(count, depth, entry));
  }

  /** Type bytes: the first, how many, bytes that tell a number or length (each next twice as many), what that gives. */
  const sized: readonly (readonly [number, number, number, (size: number, depth: number) => unknown])[] = [
    [0xc0, 1, 0, () => null],
    [0xc2, 1, 0, () => false],
    [0xc3, 1, 0, () => true],
    [0xc4, 3, 1, (size) => binary(integer(size))],
    [0xca, 2, 4, float],
    [0xcc, 4, 1, (size) => integer(size)],
    [0xd0, 4, 1, (size) => integer(size, true)],
    [0xd9, 3, 1, (size) => text(integer(size))],
    [0xdc, 2, 2, (size, depth) => list(integer(size), depth, read)],
    [0xde, 2, 2, (size, depth) => map(integer(size), depth)],
  ];

  function readSized(type: number, depth: number): unknown {
    for (const [first, count, size, content] of sized) {
      if (type >= first && type < first + count) return content(size << (type - first), depth);
    }
    throw new Malformed();
  }

  function read(depth: number): unknown {
    const type = bytes[take(1)] as number;
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 15, depth);
    if (type < 0xa0) return list(type & 15, depth, read);
    if (type < 0xc0) return text(type & 31);
    if (type >= 0xe0) return type - 0x100;
    return readSized(type, depth);
  }

  const values: unknown[] = [];
  do {
    values.push(read(within));
    if (values.length > MAX_VALUES) throw new Malformed();
  } while (at < bytes.length);
  return values;
}
