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
  return (
    compareHeads(field, one, other) ||
    compareUtf8(one.actor, other.actor) ||
    compareUtf8(canonical(one.value), canonical(other.value))
  );
}

function compareHeads(field: string, one: Said, other: Said): number {
  const byTime = one.hlc - other.hlc;
  if (field === "status") return compareStatuses(one, other, byTime);
  if (field === "progress") return compareProgress(one.value as Progress, other.value as Progress) || byTime;
  if (field === FINAL) return (one.value as Sealed).attempt - (other.value as Sealed).attempt || byTime;
  return byTime;
}

type Progress = readonly [attempt: number, fraction: number];
type Sealed = { readonly attempt: number };

function compareStatuses(one: Said, other: Said, byTime: number): number {
  const [attempt, status] = one.value as [number, Status];
  const [otherAttempt, otherStatus] = other.value as [number, Status];
  const rank = rankOf(status);
  return attempt - otherAttempt || rank - rankOf(otherStatus) || (rank === FINAL_RANK ? -byTime : byTime);
}

function compareProgress(one: Progress, other: Progress): number {
  return one[0] - other[0] || Math.floor(one[1] * 1000) - Math.floor(other[1] * 1000);
}
