/** The hub's routes of devices, in memory. */

import type { Json } from "@tongbu/client";
import type { Answer } from "./fake-hub.ts";

interface FakeDevice {
  readonly device: string;
  readonly name: string;
  readonly platform: string;
  readonly created_at: number;
  readonly seen_at: number;
  readonly revoked_at: number | null;
  readonly connected: boolean;
}

const MINUTE = 60_000;

export class FakeDevices {
  devices: FakeDevice[] = [];
  codes = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(device: string, name: string, platform: string, age: number): void {
    const at = this.#now() - age;
    const given = {
      device,
      name,
      platform,
      created_at: at - 60 * MINUTE,
      seen_at: at,
      revoked_at: null,
      connected: age === 0,
    };
    this.devices = [...this.devices, given];
  }

  /** As `FakeOptions.answer`. */
  readonly answer = (method: string, path: string, body?: Json): Answer => {
    if (path === "/v1/devices/link") return this.#code();
    if (method === "PATCH") return this.#rename(path.split("/").at(-1) ?? "", body);
    if (method === "DELETE") return this.#revoke(path.split("/").at(-1) ?? "");
    if (path.includes("/devices"))
      return { status: 200, body: { items: this.devices as unknown as Json, next: null } };
    return { status: 200, body: { items: [], next: null } };
  };

  #code(): Answer {
    this.codes += 1;
    return { status: 200, body: { code: `7KQ4M2X${this.codes}`, expires_at: this.#now() + 2 * MINUTE } };
  }

  #rename(id: string, body?: Json): Answer {
    const { name } = body as { readonly name: string };
    this.devices = this.devices.map((each) => (each.device === id ? { ...each, name } : each));
    return { status: 200, body: null };
  }

  #revoke(id: string): Answer {
    this.devices = this.devices.map((each) =>
      each.device === id ? { ...each, revoked_at: this.#now() } : each,
    );
    return { status: 204, body: null };
  }
}

/** Those of somebody with a phone. */
export function someDevices(now: () => number): FakeDevices {
  const devices = new FakeDevices(now);
  devices.put("device-1", "Chrome · Linux", "web", 0);
  devices.put("device-2", "Safari · iPhone", "web", 4 * MINUTE);
  devices.put("device-3", "agent on build-7", "python", 26 * 60 * MINUTE);
  devices.put("device-4", "", "wechat", 9 * 24 * 60 * MINUTE);
  return devices;
}
