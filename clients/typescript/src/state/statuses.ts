/** A task's attempts: statuses, their ranks, and how a task is reopened. */

import type { Final, Status } from "../api.js";

/** Statuses of attempts that go on: of rank 0, and of rank 1. Within an attempt a higher rank outweighs a lower. */
const LIVING: readonly Status[] = ["queued", "running", "paused", "input_required"];
const ENDED: readonly Status[] = ["succeeded", "failed", "canceled", "expired"];

export const FINAL_RANK = 2;
export const MAX_ATTEMPT = 2 ** 31 - 1;
export const FIRST_ATTEMPT = 1;
/** A task nobody has stated a status of is `[1, "queued"]`. */
export const FIRST_STATUS: Status = "queued";

export function isStatus(value: unknown): value is Status {
  return [...LIVING, ...ENDED].includes(value as Status);
}

export function rankOf(status: Status): number {
  const place = LIVING.indexOf(status);
  return place < 0 ? FINAL_RANK : Math.min(place, 1);
}

/** Whether a status ends its attempt. */
export function isTerminal(status: Status): boolean {
  return rankOf(status) === FINAL_RANK;
}

/**
 * The status that `[attempt, status]`, stated at `hlc`, means beside how the task's latest sealed attempt ended: a
 * `queued` for an attempt that an earlier statement decided asks for the next one.
 */
export function reopen(
  value: readonly [number, Status],
  hlc: number,
  final: Final | null,
): readonly [number, Status] {
  const [attempt, status] = value;
  if (final === null || status !== FIRST_STATUS) return value;
  if (attempt !== final.attempt || hlc <= final.hlc || attempt >= MAX_ATTEMPT) return value;
  return [attempt + 1, FIRST_STATUS];
}
