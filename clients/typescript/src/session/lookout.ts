/** Whether the page that leads still answers: one that the system suspended holds its lock and does nothing. */
import type { Surroundings } from "../ports.js";
import { chance } from "./backoff.js";

/** Least ms, half as much again at most, that an answer may take before it is asked for, and once more until it is given up. */
const ANSWER = 2_000;
/** Least ms after which a silent leader is asked. */
const BEAT = 20_000;

export interface Lookout {
  /** Something was posted that is answered. */
  expect(): void;
  ask(): void;
  /** The page that leads said something. */
  heard(): void;
  stop(): void;
}

/** `hi`: posts what a leader answers. `deserted`: it did not. A page that itself slept asks anew before it believes that. */
export function createLookout(surroundings: Surroundings, hi: () => void, deserted: () => void): Lookout {
  let asking = false;
  let callOff = (): void => undefined;

  function wait(least: number, run: () => void): void {
    callOff();
    callOff = surroundings.after(least * (1 + chance(surroundings.random) / 2), run);
  }

  function expect(): void {
    if (asking) return;
    asking = true;
    wait(ANSWER, () => {
      hi();
      wait(ANSWER, deserted);
    });
  }

  function ask(): void {
    hi();
    expect();
  }

  return {
    expect,
    ask,
    heard() {
      asking = false;
      wait(BEAT, ask);
    },
    stop() {
      asking = true;
      callOff();
    },
  };
}
