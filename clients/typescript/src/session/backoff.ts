/** How long to wait before coming back: exponential, with full jitter. */
import type { Surroundings } from "../ports.js";

const FIRST = 500;
const MOST = 60_000;

/** The wait after so many tries, in ms: a random time up to 0.5 s, 1 s, 2 s … 60 s. */
export function jitter(random: Surroundings["random"], tries: number): number {
  return Math.round(chance(random) * Math.min(MOST, FIRST * 2 ** tries));
}

/** A number from 0 up to, and without, 1. */
export function chance(random: Surroundings["random"]): number {
  const [high, low] = random(2) as unknown as readonly [number, number];
  return (high * 256 + low) / 65_536;
}
