/** The native wire `tongbu.v1` as a device speaks it: docs/protocol.md §1 to §3. */

import type { Json } from "../api.js";
import { Malformed } from "../errors.js";
import type { Statement } from "../state/join.js";
import { type Packable, pack, unpackAll } from "./msgpack.js";

export const VERSION = 1;

/** What a push brings: `[item, field, value, hlc]` to a ledger, one Yjs update to a document. */
export type PushBody =
  | readonly (readonly [item: string, field: string, value: Json, hlc: number])[]
  | Uint8Array;

/** The first message. `device`: the id the hub issued earlier. */
export function hello(
  token: string | null,
  device: string | null,
  name: string,
  platform: string,
  version = VERSION,
): Uint8Array {
  const about = { name, platform, id: device ?? undefined };
  return pack([0, { v: version, token: token ?? undefined, device: about }]);
}

/** A new token for the same user and device. */
export function renew(ref: number, token: string): Uint8Array {
  return pack([1, ref, token]);
}

/** Open a topic, having `seq` of `incarnation` (0, 0: nothing); of a document also the state vector. */
export function openTopic(
  ref: number,
  topic: string,
  incarnation: number,
  seq: number,
  stateVector: Uint8Array | null = null,
): Uint8Array {
  return pack([2, ref, topic, incarnation, seq, ...(stateVector ? [stateVector] : [])]);
}

export function push(ref: number, handle: number, body: PushBody): Uint8Array {
  return pack([3, ref, handle, body as Packable]);
}

/** Close a topic. */
export function close(handle: number): Uint8Array {
  return pack([4, handle]);
}

/** What others see of this connection in a topic; null for nothing. */
export function presence(handle: number, state: Json): Uint8Array {
  return pack([5, handle, state as Packable]);
}

/** A named action. */
export function command(ref: number, name: string, params: { readonly [key: string]: Json }): Uint8Array {
  return pack([6, ref, name, params as Packable]);
}

/** The connection is authenticated. `now` and `beat` in ms. */
export interface Welcome {
  readonly type: "welcome";
  readonly user: string;
  readonly device: string;
  readonly now: number;
  readonly beat: number;
  readonly limits: Readonly<Record<string, number>>;
}

/**
 * A topic is open, or (`ref` 0) its access or content changed; `access` null: it is closed. `body`: see `statementsOf`
 * and `updatesOf`; with `more` it goes on in relays of the same seq.
 */
export interface Opened {
  readonly type: "opened";
  readonly ref: number;
  readonly handle: number;
  readonly incarnation: number;
  readonly seq: number;
  readonly access: "read" | "write" | null;
  readonly full: boolean;
  readonly body: readonly unknown[];
  readonly more: boolean;
}

/** What was saved under `seq`; `more`: another part of the same seq follows. */
export interface Relay {
  readonly type: "relay";
  readonly handle: number;
  readonly seq: number;
  readonly body: readonly unknown[];
  readonly more: boolean;
}

/** Done and saved; for a push `value` is the seq. */
export interface Ok {
  readonly type: "ok";
  readonly ref: number;
  readonly value: unknown;
}

/** Refused, nothing was changed. `retryAfter` in ms, `at` the refused statement's index. */
export interface No {
  readonly type: "no";
  readonly ref: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfter: number | null;
  readonly at: number | null;
  readonly stateVector: Uint8Array | null;
}

/** By connection `{device, user, state}`, or null for one that is gone. */
export interface PresenceStates {
  readonly type: "presence";
  readonly handle: number;
  readonly states: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
}

/** Come back after `retryAfter` ms. */
export interface GoingAway {
  readonly type: "goingAway";
  readonly retryAfter: number;
  readonly reason: string;
}

/** The last message before the hub closes the connection. */
export interface Fatal {
  readonly type: "fatal";
  readonly code: string;
  readonly message: string;
}

/** The connection lives. */
export interface Beat {
  readonly type: "beat";
}

export type Message = Welcome | Opened | Relay | Ok | No | PresenceStates | GoingAway | Fatal | Beat;

/**
 * Decode one WebSocket message from the hub, in order. What a newer hub says besides is left out: messages of unknown
 * type, elements after the known ones, keys. Throws `Malformed` on everything else.
 */
export function decode(bytes: Uint8Array): Message[] {
  const messages: Message[] = [];
  for (const frame of unpackAll(bytes)) {
    const [type, ...elements] = list(frame);
    if (typeof type !== "number") throw new Malformed();
    const form = FORMS[type];
    if (form) messages.push(messageOf(form, elements));
  }
  return messages;
}

/** A ledger's body as statements. Throws `Malformed`. */
export function statementsOf(body: readonly unknown[]): Statement[] {
  return body.map((each) => {
    const [item, field, value, hlc, actor, ...more] = list(each);
    if (more.length) throw new Malformed();
    return [text(item), text(field), value as Json, unsigned(hlc), text(actor)];
  });
}

/** A document's body as updates. Throws `Malformed`. */
export function updatesOf(body: readonly unknown[]): Uint8Array[] {
  return body.map(binary);
}

/** Takes a value as what it must be, or throws `Malformed`. */
type Read = (value: unknown) => unknown;

/** What a message is made of: its elements, then those of the map behind them by their names on the wire. */
type Form = readonly [
  type: Message["type"],
  elements: Readonly<Record<string, Read>>,
  map?: Readonly<Record<string, Read>>,
];

const FORMS: Readonly<Record<number, Form>> = {
  0: ["welcome", {}, { user: text, device: text, now: unsigned, beat: unsigned, limits: mapOf(unsigned) }],
  1: [
    "opened",
    { ref: unsigned, handle: unsigned, incarnation: unsigned, seq: unsigned, access, full, body: list, more },
  ],
  2: ["relay", { handle: unsigned, seq: unsigned, body: list, more }],
  3: ["ok", { ref: unsigned, value: present }],
  4: [
    "no",
    { ref: unsigned, code: text, message: text },
    { retry_after: orNull(unsigned), at: orNull(unsigned), state_vector: orNull(binary) },
  ],
  5: ["presence", { handle: unsigned, states: mapOf(orNull(fields)) }],
  8: ["goingAway", {}, { retry_after: unsigned, reason: text }],
  9: ["fatal", { code: text, message: text }],
  10: ["beat", {}],
};

function messageOf([type, elements, map]: Form, given: readonly unknown[]): Message {
  const names = Object.entries(elements);
  const message: Record<string, unknown> = { type };
  names.forEach(([name, read], place) => {
    message[name] = read(given[place]);
  });
  if (map) {
    const values = fields(given[names.length]);
    for (const [name, read] of Object.entries(map)) message[camelCase(name)] = read(values[name]);
  }
  return message as unknown as Message;
}

function camelCase(name: string): string {
  return name.replace(/_./, ([, letter]) => (letter as string).toUpperCase());
}

/** The value, if it is one of this sort. */
function sound<Value>(value: unknown, holds: boolean): Value {
  if (!holds) throw new Malformed();
  return value as Value;
}

function text(value: unknown): string {
  return sound(value, typeof value === "string");
}

function unsigned(value: unknown): number {
  return sound(value, Number.isSafeInteger(value) && (value as number) >= 0);
}

function binary(value: unknown): Uint8Array {
  return sound(value, ArrayBuffer.isView(value));
}

function list(value: unknown): readonly unknown[] {
  return sound(value, Array.isArray(value));
}

function full(value: unknown): boolean {
  return sound(value, typeof value === "boolean");
}

/** Anything; what is unpacked is never undefined, so that is what was not there. */
function present(value: unknown): unknown {
  return sound(value, value !== undefined);
}

function access(value: unknown): Opened["access"] {
  return sound(value, value === "read" || value === "write" || value === null);
}

function more(value: unknown): boolean {
  return value === true;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return sound(value, Object.prototype.toString.call(value) === "[object Object]");
}

function mapOf(read: Read): Read {
  return (value) => {
    Object.values(fields(value)).forEach(read);
    return value;
  };
}

function orNull(read: Read): Read {
  return (value) => ((value ?? null) === null ? null : read(value));
}
