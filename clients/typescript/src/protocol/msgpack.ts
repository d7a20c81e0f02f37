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

interface Sink {
  bytes: Uint8Array;
  at: number;
}

/** One value as msgpack: shortest forms, integers never as floats. */
export function pack(value: Packable): Uint8Array {
  const sink = { bytes: new Uint8Array(256), at: 0 };
  write(sink, value);
  return sink.bytes.slice(0, sink.at);
}

/** Makes room for so many bytes; returns where. */
function room(sink: Sink, size: number): number {
  const at = sink.at;
  sink.at += size;
  if (sink.at > sink.bytes.length) {
    const larger = new Uint8Array(sink.at * 2);
    larger.set(sink.bytes);
    sink.bytes = larger;
  }
  return at;
}

/** A type byte and a number of `size` bytes after it; negative ones as two's complement. */
function put(sink: Sink, type: number, size = 0, value = 0): void {
  const at = room(sink, 1 + size);
  sink.bytes[at] = type;
  for (let left = size, rest = value; left > 0; left--) {
    sink.bytes[at + left] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** How many times to double one byte to hold a number, 0 to 3. */
function doublings(value: number): number {
  if (value < 0x100) return 0;
  if (value < 0x10000) return 1;
  return value < 0x100000000 ? 2 : 3;
}

function write(sink: Sink, value: Packable): void {
  if (value === null) put(sink, 0xc0);
  else if (typeof value === "boolean") put(sink, value ? 0xc3 : 0xc2);
  else if (typeof value === "number") writeNumber(sink, value);
  else if (typeof value === "string") writeText(sink, value);
  else if (ArrayBuffer.isView(value)) writeBinary(sink, value as Uint8Array);
  else if (Array.isArray(value)) {
    writeCount(sink, value.length, 0x90, 0xdc);
    for (const each of value) write(sink, each);
  } else writeMap(sink, value as { readonly [key: string]: Packable | undefined });
}

function writeNumber(sink: Sink, value: number): void {
  if (!Number.isSafeInteger(value)) {
    const at = room(sink, 9);
    sink.bytes[at] = 0xcb;
    new DataView(sink.bytes.buffer).setFloat64(at + 1, value);
  } else if (value >= -0x20 && value < 0x80) put(sink, value & 0xff);
  else {
    const doubled = doublings(value < 0 ? -2 * (value + 1) : value);
    put(sink, (value < 0 ? 0xd0 : 0xcc) + doubled, 1 << doubled, value);
  }
}

function writeText(sink: Sink, text: string): void {
  const bytes = toUtf8(text);
  if (bytes.length < 0x20) put(sink, 0xa0 | bytes.length);
  else writeLength(sink, 0xd9, bytes.length);
  append(sink, bytes);
}

function writeBinary(sink: Sink, bytes: Uint8Array): void {
  writeLength(sink, 0xc4, bytes.length);
  append(sink, bytes);
}

function writeLength(sink: Sink, type: number, length: number): void {
  const doubled = doublings(length);
  put(sink, type + doubled, 1 << doubled, length);
}

function append(sink: Sink, bytes: Uint8Array): void {
  const at = room(sink, bytes.length);
  sink.bytes.set(bytes, at);
}

function writeCount(sink: Sink, count: number, short: number, long: number): void {
  if (count < 0x10) put(sink, short | count);
  else if (count < 0x10000) put(sink, long, 2, count);
  else put(sink, long + 1, 4, count);
}

function writeMap(sink: Sink, map: { readonly [key: string]: Packable | undefined }): void {
  const keys = Object.keys(map).filter((key) => map[key] !== undefined);
  writeCount(sink, keys.length, 0x80, 0xde);
  for (const key of keys) {
    writeText(sink, key);
    write(sink, map[key] as Packable);
  }
}

interface Source {
  readonly bytes: Uint8Array;
  at: number;
}

/** The one value that fills the bytes. Throws `Malformed`. */
export function unpack(bytes: Uint8Array): unknown {
  const [value, ...more] = unpackAll(bytes);
  if (more.length) throw new Malformed();
  return value;
}

/** The values that fill the bytes back to back, at least one. Integers beyond 2⁵³ are not exact. Throws `Malformed`. */
export function unpackAll(bytes: Uint8Array): unknown[] {
  const source = { bytes, at: 0 };
  const values: unknown[] = [];
  do {
    values.push(read(source, MAX_DEPTH));
    if (values.length > MAX_VALUES) throw new Malformed();
  } while (source.at < bytes.length);
  return values;
}

/** Moves on by so many bytes; returns where they begin. */
function take(source: Source, size: number): number {
  const at = source.at;
  if (size > source.bytes.length - at) throw new Malformed();
  source.at += size;
  return at;
}

function read(source: Source, depth: number): unknown {
  const type = source.bytes[take(source, 1)] as number;
  if (type < 0x80) return type;
  if (type < 0x90) return readMap(source, type & 0x0f, depth);
  if (type < 0xa0) return readArray(source, type & 0x0f, depth);
  if (type < 0xc0) return readText(source, type & 0x1f);
  if (type >= 0xe0) return type - 0x100;
  return readSized(source, type, depth);
}

/** What follows a type byte that holds no content of its own: constants, then lengths or numbers of a size. */
function readSized(source: Source, type: number, depth: number): unknown {
  if (type < 0xc4 && type !== 0xc1) return CONSTANTS[type & 3];
  if (type >= 0xc4 && type < 0xc7) return readBinary(source, readInteger(source, 1 << (type & 3)));
  if (type === 0xca || type === 0xcb) return readFloat(source, 4 << (type & 1));
  if (type >= 0xcc && type < 0xd4) return readInteger(source, 1 << (type & 3), type >= 0xd0);
  if (type >= 0xd9 && type < 0xdc) return readText(source, readInteger(source, 1 << ((type & 3) - 1)));
  if (type < 0xdc) throw new Malformed();
  const count = readInteger(source, 2 << (type & 1));
  return (type < 0xde ? readArray : readMap)(source, count, depth);
}

const CONSTANTS = [null, undefined, false, true];

function readInteger(source: Source, size: number, signed = false): number {
  if (size === 8) return readInteger(source, 4, signed) * 2 ** 32 + readInteger(source, 4);
  const at = take(source, size);
  const first = source.bytes[at] as number;
  let value = signed ? (first << 24) >> 24 : first;
  for (let next = at + 1; next < at + size; next++) value = value * 256 + (source.bytes[next] as number);
  return value;
}

function readFloat(source: Source, size: number): number {
  const at = take(source, size);
  const view = new DataView(source.bytes.buffer, source.bytes.byteOffset + at, size);
  return size === 4 ? view.getFloat32(0) : view.getFloat64(0);
}

function readText(source: Source, size: number): string {
  const at = take(source, size);
  return readUtf8(source.bytes, at, at + size);
}

function readBinary(source: Source, size: number): Uint8Array {
  const at = take(source, size);
  return source.bytes.slice(at, at + size);
}

/** Whether a container that claims so many values may be here. */
function enter(source: Source, count: number, depth: number): void {
  if (depth === 0) throw new Malformed();
  if (count > source.bytes.length - source.at) throw new Malformed();
}

function readArray(source: Source, count: number, depth: number): unknown[] {
  enter(source, count, depth);
  const values: unknown[] = [];
  for (let left = count; left > 0; left--) values.push(read(source, depth - 1));
  return values;
}

function readMap(source: Source, count: number, depth: number): Record<string, unknown> {
  enter(source, count, depth);
  const map: Record<string, unknown> = {};
  for (let left = count; left > 0; left--) {
    const key = read(source, depth - 1);
    if (typeof key !== "string") throw new Malformed();
    const value = read(source, depth - 1);
    // Assigned, this key would change what the map inherits from.
    if (key !== "__proto__") map[key] = value;
    else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return map;
}
