/** Devices as `GET /v1/users/me/devices` tells them. Times are milliseconds since 1970. */

import type { Json } from "@tongbu/client";
import { isMap } from "./flat.ts";

export interface DeviceEntry {
  readonly id: string;
  readonly name: string;
  readonly platform: string;
  readonly createdAt: number;
  readonly seenAt: number;
  /** Whether it has a connection now. */
  readonly connected: boolean;
  /** Null while it is not revoked. */
  readonly revokedAt: number | null;
}

const text = (value: Json | undefined) => (typeof value === "string" ? value : "");
const time = (value: Json | undefined) => (typeof value === "number" ? value : null);

function deviceOf(value: Json): DeviceEntry | null {
  if (!isMap(value) || typeof value.device !== "string") return null;
  return {
    id: value.device,
    name: text(value.name),
    platform: text(value.platform),
    createdAt: time(value.created_at) ?? 0,
    seenAt: time(value.seen_at) ?? 0,
    connected: value.connected === true,
    revokedAt: time(value.revoked_at),
  };
}

/** Those of one page; what is none is passed over. */
export function devicesIn(body: Json): readonly DeviceEntry[] {
  const items = isMap(body) && Array.isArray(body.items) ? body.items : [];
  return items.map(deviceOf).filter((device): device is DeviceEntry => device !== null);
}

/** This device first, then who was seen last. */
export function inOrder(devices: readonly DeviceEntry[], own: string | null): readonly DeviceEntry[] {
  const rank = ({ id, seenAt }: DeviceEntry) => (id === own ? Number.POSITIVE_INFINITY : seenAt);
  return [...devices].sort((one, other) => rank(other) - rank(one) || one.id.localeCompare(other.id));
}

const PHONES = /iphone|android|phone|wechat|miniprogram|ios/i;

export function isPhone({ name, platform }: DeviceEntry): boolean {
  return PHONES.test(`${name} ${platform}`);
}

/** `1:43`, of what is left (ms). */
export function countdown(left: number): string {
  const seconds = Math.max(0, Math.round(left / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A code as people read it out: `ABCD EFGH`. */
export function spelled(code: string): string {
  return code.length === 8 ? `${code.slice(0, 4)} ${code.slice(4)}` : code;
}

/** Whether only this computer reaches an address. */
export function isLocalHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || host.startsWith("127.");
}
