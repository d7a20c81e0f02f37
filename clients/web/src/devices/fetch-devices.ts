/** The hub's list of this person's devices. */

import type { Hub } from "@tongbu/client";
import { type DeviceEntry, devicesIn } from "../model/devices.ts";
import { isMap } from "../model/flat.ts";

/** Pages of 1,000 that are fetched at most. */
const MOST_PAGES = 10;

/** @throws Error where the hub can't be asked, or answers something else. */
export async function fetchDevices(hub: Hub): Promise<readonly DeviceEntry[]> {
  const found: DeviceEntry[] = [];
  let after = "";
  for (let page = 0; page < MOST_PAGES; page++) {
    const { status, body } = await hub.request("GET", `/v1/users/me/devices?limit=1000${after}`);
    if (status !== 200 || !isMap(body)) throw new Error("The hub answered something else.");
    found.push(...devicesIn(body));
    if (typeof body.next !== "string") break;
    after = `&cursor=${encodeURIComponent(body.next)}`;
  }
  return found;
}

/** Whether the hub has taken a person's name for it. */
export async function renameDevice(hub: Hub, id: string, name: string): Promise<boolean> {
  try {
    const path = `/v1/users/me/devices/${encodeURIComponent(id)}`;
    return (await hub.request("PATCH", path, { name })).status === 200;
  } catch {
    return false;
  }
}

/** Whether the hub has revoked it. */
export async function revokeDevice(hub: Hub, id: string): Promise<boolean> {
  try {
    const { status } = await hub.request("DELETE", `/v1/users/me/devices/${encodeURIComponent(id)}`);
    return status === 204 || status === 404;
  } catch {
    return false;
  }
}
