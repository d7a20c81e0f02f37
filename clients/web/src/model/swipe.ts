/** What a finger's way over a row means. Lengths are CSS pixels; `x` to the right. */

export type Swipe = "archive" | "read";

/** So far a finger moves before it is known whether it swipes or scrolls. */
const SLOP = 10;
/** So much of the row's width means it. */
const SHARE = 0.3;
const LEAST = 72;

export type Course = "undecided" | "swipes" | "scrolls";

export function courseOf(x: number, y: number): Course {
  if (Math.max(Math.abs(x), Math.abs(y)) < SLOP) return "undecided";
  return Math.abs(x) > Math.abs(y) ? "swipes" : "scrolls";
}

/** To the left archives, to the right reads or unreads. */
export function sideOf(x: number): Swipe {
  return x < 0 ? "archive" : "read";
}

/** What letting go does; null where it was not far enough. */
export function swiped(x: number, width: number): Swipe | null {
  return Math.abs(x) >= Math.max(LEAST, width * SHARE) ? sideOf(x) : null;
}
