/** A code for another device, and the device that used it. */

import type { Hub } from "@tongbu/client";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { DeviceEntry } from "../model/devices.ts";
import { isMap } from "../model/flat.ts";
import { usePage } from "../shell/context.ts";
import { fetchDevices } from "./fetch-devices.ts";

export interface Code {
  readonly code: string;
  /** ms since 1970, by the hub's clock. */
  readonly expiresAt: number;
}

export type Linking =
  | { readonly state: "loading" | "failed" }
  | { readonly state: "waiting"; readonly code: Code }
  | { readonly state: "linked"; readonly device: DeviceEntry };

/** How often (ms) the hub is asked whether somebody used the code. */
const ASK_EVERY = 2000;

async function fetchCode(hub: Hub): Promise<Code> {
  const { status, body } = await hub.request("POST", "/v1/devices/link", {});
  if (status !== 200 || !isMap(body)) throw new Error("The hub answered something else.");
  const { code, expires_at: expiresAt } = body;
  if (typeof code !== "string" || typeof expiresAt !== "number") throw new Error("There is no code in it.");
  return { code, expiresAt };
}

export function useLink(onLinked: () => void): { readonly linking: Linking; readonly renew: () => void } {
  const { hub } = usePage();
  const [linking, setLinking] = useState<Linking>({ state: "loading" });
  const known = useRef<ReadonlySet<string> | null>(null);
  const latest = useRef(onLinked);
  latest.current = onLinked;
  const renew = useCallback(() => {
    setLinking({ state: "loading" });
    const begin = async () => {
      known.current = new Set((await fetchDevices(hub)).map(({ id }) => id));
      setLinking({ state: "waiting", code: await fetchCode(hub) });
    };
    begin().catch(() => setLinking({ state: "failed" }));
  }, [hub]);
  useEffect(renew, [renew]);
  const waits = linking.state === "waiting";
  useEffect(() => {
    if (!waits) return undefined;
    const look = async () => {
      const devices = await fetchDevices(hub);
      const device = devices.find(
        ({ id, revokedAt }) => revokedAt === null && known.current?.has(id) === false,
      );
      if (device === undefined) return;
      setLinking((standing) => (standing.state === "waiting" ? { state: "linked", device } : standing));
      latest.current();
    };
    const timer = setInterval(() => void look().catch(() => {}), ASK_EVERY);
    return () => clearInterval(timer);
  }, [hub, waits]);
  return { linking, renew };
}
