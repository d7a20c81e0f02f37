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
  const limit = hlcOf(hubNow) + COUNTERS - 1;
  const beyond = [...new Set(stamps.filter((each) => each > limit))].sort((one, other) => one - other);
  const first = stamps.reduce(
    (most, each) => (each > limit ? most : Math.max(most, each + 1)),
    hlcOf(hubNow),
  );
  const replacements = new Map(beyond.map((each, place) => [each, first + place]));
  return stamps.map((each) => replacements.get(each) ?? each);
}

/** A device's clock: near the hub's time, after everything it has seen, never backwards. */
export class HybridClock {
  private readonly wall: () => number;
  private offset = 0;
  private latest: number;
  private latestSeen: number;

  /** `last`: the highest stamp made before a restart; `seen`: the highest known to be with the hub. */
  constructor(wall: Surroundings["now"], last = 0, seen = 0) {
    this.wall = wall;
    this.latest = Math.max(last, seen);
    this.latestSeen = seen;
  }

  /** Go on after stamps that were made elsewhere: before a restart, in another page of this device. */
  resume(last: number, seen = 0): void {
    this.latestSeen = Math.max(this.latestSeen, seen);
    this.latest = Math.max(this.latest, last, seen);
  }

  /** The highest stamp made or seen. */
  get last(): number {
    return this.latest;
  }

  /** The highest stamp known to be with the hub. */
  get seen(): number {
    return this.latestSeen;
  }

  /** The hub's time as far as the device can tell, in ms. */
  now(): number {
    return Math.floor(this.wall() + this.offset);
  }

  /** Take the hub's `now` (ms), just received, for the present time. */
  setNow(hubNow: number): void {
    this.offset = hubNow - this.wall();
  }

  /** A new stamp, later than every one made or seen. */
  stamp(): number {
    this.latest = Math.min(Math.max(hlcOf(this.now()), this.latest + 1), MAX_HLC);
    return this.latest;
  }

  /** Note a stamp that the hub holds (relayed, or acknowledged): the next one comes after it. */
  observe(hlc: number): void {
    this.latestSeen = Math.max(this.latestSeen, hlc);
    this.latest = Math.max(this.latest, hlc);
  }

  /**
   * Set the clock and lower all unsent stamps (see `lowered`). Every stamp this clock made is either among them or seen:
   * where it ran ahead it forgets that, and the next stamp follows the lowered ones and what was seen.
   */
  lower(stamps: readonly number[], hubNow: number): number[] {
    this.setNow(hubNow);
    const unsent = lowered(stamps, hubNow);
    const ranAhead = this.latest >= hlcOf(hubNow + 1);
    this.latest = unsent.reduce(
      (most, each) => Math.max(most, each),
      Math.max(this.latestSeen, ranAhead ? 0 : this.latest),
    );
    return unsent;
  }
}
