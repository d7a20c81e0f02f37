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
    if (!Array.isArray(frame) || typeof frame[0] !== "number") throw wrongShape();
    const message = DECODERS[frame[0]]?.(frame);
    if (message) messages.push(message);
  }
  return messages;
}

/** A ledger's body as statements. Throws `Malformed`. */
export function statementsOf(body: readonly unknown[]): Statement[] {
  return body.map((each) => {
    if (!Array.isArray(each) || each.length !== 5) throw wrongShape();
    const [item, field, value, hlc, actor] = each;
    return [text(item), text(field), value as Json, unsigned(hlc), text(actor)];
  });
}

/** A document's body as updates. Throws `Malformed`. */
export function updatesOf(body: readonly unknown[]): Uint8Array[] {
  return body.map(binary);
}

type Frame = readonly unknown[];
type Fields = Readonly<Record<string, unknown>>;

const DECODERS: Readonly<Record<number, (frame: Frame) => Message>> = {
  0: welcome,
  1: opened,
  2: relay,
  3: ok,
  4: no,
  5: presenceStates,
  8: goingAway,
  9: ([, code, message]) => ({ type: "fatal", code: text(code), message: text(message) }),
  10: () => ({ type: "beat" }),
};

function welcome([, element]: Frame): Welcome {
  const { user, device, now, beat, limits } = fields(element);
  const numbers = fields(limits);
  Object.values(numbers).forEach(unsigned);
  return {
    type: "welcome",
    user: text(user),
    device: text(device),
    now: unsigned(now),
    beat: unsigned(beat),
    limits: numbers as Readonly<Record<string, number>>,
  };
}

function opened([, ref, handle, incarnation, seq, access, full, body, more]: Frame): Opened {
  if (access !== "read" && access !== "write" && access !== null) throw wrongShape();
  if (typeof full !== "boolean") throw wrongShape();
  return {
    type: "opened",
    ref: unsigned(ref),
    handle: unsigned(handle),
    incarnation: unsigned(incarnation),
    seq: unsigned(seq),
    access,
    full,
    body: list(body),
    more: more === true,
  };
}

function relay([, handle, seq, body, more]: Frame): Relay {
  return {
    type: "relay",
    handle: unsigned(handle),
    seq: unsigned(seq),
    body: list(body),
    more: more === true,
  };
}

function ok(frame: Frame): Ok {
  if (frame.length < 3) throw wrongShape();
  return { type: "ok", ref: unsigned(frame[1]), value: frame[2] };
}

function no([, ref, code, message, element]: Frame): No {
  const details = fields(element);
  return {
    type: "no",
    ref: unsigned(ref),
    code: text(code),
    message: text(message),
    retryAfter: optional(details.retry_after, unsigned),
    at: optional(details.at, unsigned),
    stateVector: optional(details.state_vector, binary),
  };
}

function presenceStates([, handle, element]: Frame): PresenceStates {
  const states = fields(element);
  for (const state of Object.values(states)) optional(state, fields);
  return { type: "presence", handle: unsigned(handle), states: states as PresenceStates["states"] };
}

function goingAway([, element]: Frame): GoingAway {
  const { retry_after, reason } = fields(element);
  return { type: "goingAway", retryAfter: unsigned(retry_after), reason: text(reason) };
}

function wrongShape(): Malformed {
  return new Malformed("a message has the wrong shape");
}

function text(value: unknown): string {
  if (typeof value !== "string") throw wrongShape();
  return value;
}

function unsigned(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrongShape();
  return value as number;
}

function binary(value: unknown): Uint8Array {
  if (!ArrayBuffer.isView(value)) throw wrongShape();
  return value as Uint8Array;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongShape();
  return value;
}

function fields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw wrongShape();
  }
  return value as Fields;
}

function optional<Value>(value: unknown, read: (value: unknown) => Value): Value | null {
  return value === null || value === undefined ? null : read(value);
}
