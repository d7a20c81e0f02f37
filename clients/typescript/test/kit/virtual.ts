/** Time and chance that a test moves by hand. */
import type { Surroundings } from "../../src/ports.js";

export interface VirtualTime extends Surroundings {
  /** Lets time pass: timers fire in order, and what they begin settles. */
  advance(ms: number): Promise<void>;
  /** The machine sleeps: the wall clock goes on, nothing else does; timers fire late. */
  sleep(ms: number): void;
  /** The wall clock is set. */
  setWall(ms: number): void;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export const NOON = 1_800_000_000_000;

export function virtualTime(seed = 1): VirtualTime {
  let steady = 0;
  let wall = NOON;
  let state = seed;
  const timers = new Set<Timer>();
  const nextTimer = (upto: number): Timer | undefined =>
    [...timers].filter((timer) => timer.at <= upto).sort((one, other) => one.at - other.at)[0];

  return {
    now: () => Math.floor(wall + steady),
    monotonic: () => steady,
    after(delay, run) {
      const timer = { at: steady + delay, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    random(bytes) {
      return Uint8Array.from({ length: bytes }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 16;
      });
    },
    async advance(ms) {
      const end = steady + ms;
      await settle();
      for (let timer = nextTimer(end); timer !== undefined; timer = nextTimer(end)) {
        steady = Math.max(steady, timer.at);
        timers.delete(timer);
        timer.run();
        await settle();
      }
      steady = end;
      await settle();
    },
    sleep(ms) {
      wall += ms;
    },
    setWall(ms) {
      wall = ms - steady;
    },
  };
}

/** Until everything that waits for nothing outside has run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
