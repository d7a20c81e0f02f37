/** Priorities as people choose them; on the wire they are 0 to 9, the greater the more urgent. */

export type PriorityName = "none" | "low" | "normal" | "high" | "urgent";

/** What each states. */
export const PRIORITIES: Readonly<Record<PriorityName, number | null>> = {
  none: null,
  low: 2,
  normal: 4,
  high: 6,
  urgent: 8,
};

/** The name a priority goes by: that of the range it lies in. */
export function priorityName(priority: number | null): PriorityName {
  if (priority === null) return "none";
  if (priority < 4) return "low";
  if (priority < 6) return "normal";
  return priority < 8 ? "high" : "urgent";
}
