/** A task's attempts: statuses, their ranks, and how a task is reopened. */

import type { Final, Status } from "../api.js";

/** How far each status is from the start; within an attempt a higher rank outweighs a lower. */
const RANKS: Readonly<Record<Status, number>> = {
  queued: 0,
  running: 1,
  paused: 1,
  input_required: 1,
  succeeded: 2,
  failed: 2,
  canceled: 2,
  expired: 2,
};

export const FINAL_RANK = 2;
export const MAX_ATTEMPT = 2 ** 31 - 1;
export const FIRST_ATTEMPT = 1;
/** A task nobody has stated a status of is `[1, "queued"]`. */
export const FIRST_STATUS: Status = "queued";

export function isStatus(value: unknown): value is Status {
  return typeof value === "string" && Object.keys(RANKS).includes(value);
}

export function rankOf(status: Status): number {
  return RANKS[status];
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
