/** The golden bytes of tests/vectors/protocol/native.json, from the side of a device. */

import { describe, expect, it } from "vitest";
import type { Json } from "../../src/api.js";
import { Malformed } from "../../src/errors.js";
import * as wire from "../../src/protocol/messages.js";
import { type Packable, pack, unpackAll } from "../../src/protocol/msgpack.js";
import { vectors } from "../kit/vectors.js";

type Fields = Record<string, unknown>;

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly messages: readonly Fields[];
}

interface Native {
  readonly to_hub: readonly Vector[];
  readonly to_hub_lenient: readonly Vector[];
  readonly to_hub_bad: readonly Vector[];
  readonly from_hub: readonly Vector[];
  readonly from_hub_lenient: readonly Vector[];
  readonly from_hub_bad: readonly Vector[];
}

const native = vectors<Native>("protocol/native.json");

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Bytes as the vectors write them. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: hexOf(value) };
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asJson(each)]));
}

/** What the vectors write, as a value to encode. */
function ofJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ofJson);
  if (typeof value !== "object" || value === null) return value;
  const map = value as Fields;
  if (Object.keys(map).join() === "hex") return bytesOf(map.hex as string);
  return Object.fromEntries(Object.entries(map).map(([key, each]) => [key, ofJson(each)]));
}

const NAMES: Readonly<Record<string, string>> = {
  retryAfter: "retry_after",
  stateVector: "state_vector",
};

/** A decoded message by the names of the vectors. */
function meaning(message: wire.Message): unknown {
  const fields = Object.entries(message).map(([key, value]) => [NAMES[key] ?? key, asJson(value)]);
  const type = message.type === "goingAway" ? "going_away" : message.type;
  return { ...Object.fromEntries(fields), type };
}

function encoded(vector: Fields): Uint8Array {
  const it = ofJson(vector) as {
    type: string;
    ref: number;
    handle: number;
    token: string;
    device: string | null;
    name: string;
    platform: string;
    version: number;
    topic: string;
    incarnation: number;
    seq: number;
    state_vector: Uint8Array | null;
    body: wire.PushBody;
    state: Json;
    params: { [key: string]: Json };
  };
  const encoders: Record<string, () => Uint8Array> = {
    hello: () => wire.hello(it.token, it.device, it.name, it.platform, it.version),
    renew: () => wire.renew(it.ref, it.token),
    open: () => wire.openTopic(it.ref, it.topic, it.incarnation, it.seq, it.state_vector),
    push: () => wire.push(it.ref, it.handle, it.body),
    close: () => wire.close(it.handle),
    presence: () => wire.presence(it.handle, it.state),
    command: () => wire.command(it.ref, it.name, it.params),
  };
  return (encoders[it.type] as () => Uint8Array)();
}

describe("a device writes the golden bytes", () => {
  it.each(native.to_hub)("$name", ({ hex, messages }) => {
    expect(messages.map((message) => hexOf(encoded(message))).join("")).toBe(hex);
  });
});

describe("a device understands the hub", () => {
  it.each([...native.from_hub, ...native.from_hub_lenient])("$name", ({ hex, messages }) => {
    expect(wire.decode(bytesOf(hex)).map(meaning)).toEqual(messages);
  });
});

describe("a device refuses bad bytes as malformed", () => {
  it.each(native.from_hub_bad)("$name", ({ hex }) => {
    expect(() => wire.decode(bytesOf(hex))).toThrow(Malformed);
  });
});

describe("golden bytes of both sides are the shortest form of what they hold", () => {
  it.each([...native.to_hub, ...native.from_hub])("$name", ({ hex }) => {
    const packed = unpackAll(bytesOf(hex)).map((value) => hexOf(pack(value as Packable)));
    expect(packed.join("")).toBe(hex);
  });
});
