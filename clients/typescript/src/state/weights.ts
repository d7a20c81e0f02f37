/**
 * Which of two statements of one slot is heavier.
 *
 * | field | compared left to right |
 * |---|---|
 * | `status` | attempt, rank, −hlc in the terminal rank else hlc |
 * | `progress` | attempt, progress in ‰, hlc |
 * | `final` | attempt, hlc |
 * | `item` | nothing: the first saved record stands |
 * | every other | hlc |
 *
 * Then the actor as UTF-8, then the value as RFC 8785.
 */

import type { Json, Status } from "../api.js";
import { compareUtf8 } from "../protocol/utf8.js";
import { canonical } from "./canonical.js";
import { FINAL_RANK, rankOf } from "./statuses.js";

/** What one actor said and when. */
export interface Said {
  readonly value: Json;
  readonly hlc: number;
  readonly actor: string;
}

export const ITEM = "item";
export const FINAL = "final";
export const READ_UPTO = "read_upto";
export const SENT_PREFIX = "sent.";
const UPTO_PREFIX = `${READ_UPTO}:`;

/** Where a statement stands within its item: `read_upto` has one register for each actor. */
export function slotOf(field: string, actor: string): string {
  return field === READ_UPTO ? UPTO_PREFIX + actor : field;
}

/** The field of a slot. */
export function fieldOf(slot: string): string {
  return slot.startsWith(UPTO_PREFIX) ? READ_UPTO : slot;
}

/** Above 0 where `one` outweighs `other`, 0 where they say the same, below 0 else. Both are checked, or the hub's. */
export function compareWeights(field: string, one: Said, other: Said): number {
  if (field === ITEM) return 0;
  const heads = headOf(field, other);
  return (
    headOf(field, one).reduce((so, part, place) => so || part - (heads[place] as number), 0) ||
    compareUtf8(one.actor, other.actor) ||
    compareUtf8(canonical(one.value), canonical(other.value))
  );
}

/** Of two with the same parts before, the one with the greater next part is heavier. */
function headOf(field: string, { value, hlc }: Said): readonly number[] {
  if (field === "status") {
    const [attempt, status] = value as [number, Status];
    const rank = rankOf(status);
    return [attempt, rank, rank === FINAL_RANK ? -hlc : hlc];
  }
  if (field === "progress") {
    const [attempt, fraction] = value as [number, number];
    return [attempt, Math.floor(fraction * 1000), hlc];
  }
  return field === FINAL ? [(value as { readonly attempt: number }).attempt, hlc] : [hlc];
}
