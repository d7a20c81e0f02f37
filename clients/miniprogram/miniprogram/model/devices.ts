/** Devices of a person as their list shows them. What comes from the hub is read with care. */

import type { Speech } from "../i18n/speech";
import type { Json } from "../vendor/tongbu";

export interface DeviceLine {
  readonly key: string;
  readonly name: string;
  readonly seen: string;
  readonly own: boolean;
}

/** Those that are not revoked, this one first. `answer`: of `GET /v1/users/me/devices`. */
export function deviceLines(answer: Json, ownId: string | null, now: number, speech: Speech): DeviceLine[] {
  const { items } = (answer ?? {}) as { readonly items?: unknown };
  const all = Array.isArray(items) ? (items as Readonly<Record<string, unknown>>[]) : [];
  const lines = all
    .filter((each) => each.revoked_at == null && typeof each.device === "string")
    .map(({ device, name, platform, seen_at }) => ({
      key: String(device),
      name: String(name || platform || device),
      seen: typeof seen_at === "number" ? speech.own.devices.seen(speech.times.moment(seen_at, now)) : "",
      own: device === ownId,
    }));
  return [...lines.filter(({ own }) => own), ...lines.filter(({ own }) => !own)];
}
