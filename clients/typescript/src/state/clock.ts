/**
 * Hybrid logical clocks: `hlc = milliseconds × 1024 + counter`, below 2⁵³. Two stamps compare as integers. The counter
 * keeps apart what happens within one millisecond; overflowing it borrows from the next one.
 */

import type { Surroundings } from "../ports.js";

const COUNTERS = 1_024;
const MAX_AHEAD = 60_000;
export const MAX_HLC = Number.MAX_SAFE_INTEGER;

/** The stamp of a time in ms. */
export function hlcOf(milliseconds: number): number {
  return milliseconds * COUNTERS;
}

/** The time of a stamp, in ms since 1970. */
export function millisecondsOf(hlc: number): number {
  return Math.floor(hlc / COUNTERS);
}

/** What the hub gives to a statement without a stamp: after what stands in the register, if anything does. */
export function stampAfter(now: number, standing: number | null): number {
  return Math.max(hlcOf(now), standing === null ? 0 : standing + 1);
}

/** Whether the hub refuses a stamp: it lies more than 60 s ahead of its wall clock `now` (ms). */
export function isAhead(hlc: number, now: number): boolean {
  return millisecondsOf(hlc) > now + MAX_AHEAD;
}

/**
 * Unsent stamps, with those beyond the hub's `now` (ms) brought down to it. What was before stays before, what was
 * equal stays equal, none is raised.
 */
export function lowered(stamps: readonly number[], hubNow: number): number[] {
  const limit = hlcOf(hubNow) + COUNTERS;
  const replacements = new Map<number, number>();
  let next = hlcOf(hubNow);
  for (const each of [...stamps].sort((one, other) => one - other)) {
    if (each < limit) next = Math.max(next, each + 1);
    else if (!replacements.has(each)) replacements.set(each, next++);
  }
  return stamps.map((each) => replacements.get(each) ?? each);
}

/** A device's clock: near the hub's time, after everything it has seen, never backwards. */
export interface HybridClock {
  /** The highest stamp made or seen. */
  readonly last: number;
  /** The highest stamp known to be with the hub. */
  readonly seen: number;
  /** Go on after stamps that were made elsewhere: before a restart, in another page of this device. */
  resume(last: number, seen?: number): void;
  /** The hub's time as far as the device can tell, in ms. */
  now(): number;
  /** Take the hub's `now` (ms), just received, for the present time. */
  setNow(hubNow: number): void;
  /** A new stamp, later than every one made or seen. */
  stamp(): number;
  /** Note a stamp that the hub holds (relayed, or acknowledged): the next one comes after it. */
  observe(hlc: number): void;
  /**
   * Set the clock and lower all unsent stamps (see `lowered`). Every stamp this clock made is either among them or seen:
   * where it ran ahead it forgets that, and the next stamp follows the lowered ones and what was seen.
   */
  lower(stamps: readonly number[], hubNow: number): number[];
}

/** `wall`: the machine's time in ms. After a restart it goes on by `resume`. */
export function createClock(wall: Surroundings["now"]): HybridClock {
  let offset = 0;
  let latest = 0;
  let latestSeen = 0;

  const now = () => Math.floor(wall() + offset);
  const setNow = (hubNow: number) => {
    offset = hubNow - wall();
  };
  const resume = (made: number, known = 0) => {
    latestSeen = Math.max(latestSeen, known);
    latest = Math.max(latest, made, known);
  };

  return {
    get last() {
      return latest;
    },
    get seen() {
      return latestSeen;
    },
    resume,
    now,
    setNow,
    stamp() {
      latest = Math.min(Math.max(hlcOf(now()), latest + 1), MAX_HLC);
      return latest;
    },
    observe: (hlc) => resume(hlc, hlc),
    lower(stamps, hubNow) {
      setNow(hubNow);
      if (latest >= hlcOf(hubNow + 1)) latest = latestSeen;
      const unsent = lowered(stamps, hubNow);
      for (const each of unsent) resume(each);
      return unsent;
    },
  };
}
