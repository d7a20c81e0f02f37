import type { Surroundings } from "../ports.js";

/** A platform's `setTimeout` takes no longer delay: 2³¹ − 1 ms. */
const LONGEST_TIMER = 2_147_483_647;

/** What `systemSurroundings` can't know by itself. */
export interface Chance {
  /** Fills from a cryptographic source where there is one. */
  random(bytes: number): Uint8Array;
  /** ms that never run backwards; absent: reckoned from the wall clock. */
  monotonic?(): number;
}

/** Time by `Date` and `setTimeout`, which every JavaScript platform has. */
export function systemSurroundings(chance: Chance): Surroundings {
  return {
    now: () => Date.now(),
    monotonic: chance.monotonic ?? steady(() => Date.now()),
    after: startTimer,
    random: chance.random,
  };
}

/** A clock that stands still while the one it follows is set back. */
export function steady(wall: () => number): () => number {
  let last = wall();
  let elapsed = 0;
  return () => {
    const now = wall();
    elapsed += Math.max(0, now - last);
    last = now;
    return elapsed;
  };
}

function startTimer(delay: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const start = (left: number): void => {
    const next = left > LONGEST_TIMER ? () => start(left - LONGEST_TIMER) : run;
    timer = setTimeout(next, Math.min(Math.max(left, 0), LONGEST_TIMER));
  };
  start(delay);
  return () => clearTimeout(timer);
}
