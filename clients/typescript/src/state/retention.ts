/** When an item is closed, and since when: what leaves the hub's live registers, and so every device. */

import type { Final, Status } from "../api.js";
import { millisecondsOf } from "./clock.js";
import type { Registers } from "./join.js";
import { FINAL, ITEM } from "./weights.js";

/** Since when an item is archived, deleted or final and not reopened (ms); null while it lives, or has no record. */
export function closedAt(registers: Registers): number | null {
  if (!registers.has(ITEM)) return null;
  const times: number[] = [];
  for (const slot of ["archived", "deleted"]) {
    const register = registers.get(slot);
    if (register?.value === true) times.push(millisecondsOf(register.hlc));
  }
  const final = registers.get(FINAL)?.value as Final | undefined;
  const status = registers.get("status")?.value as readonly [number, Status] | undefined;
  if (final && !(status && status[0] > final.attempt)) times.push(final.at);
  return times.length ? Math.min(...times) : null;
}
