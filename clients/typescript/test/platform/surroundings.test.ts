import { afterEach, expect, it, vi } from "vitest";
import { steady, systemSurroundings } from "../../src/platform/surroundings.js";

afterEach(() => void vi.useRealTimers());

const surroundings = () => systemSurroundings({ random: (bytes) => new Uint8Array(bytes) });

it("runs once after a delay, also one longer than a platform's timers take", () => {
  vi.useFakeTimers();
  const day = 86_400_000;
  const ran = vi.fn();
  surroundings().after(100 * day, ran);
  vi.advanceTimersByTime(100 * day - 1);
  expect(ran).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ran).toHaveBeenCalledTimes(1);
});

it("does not run what was called off, at whichever of a long delay's timers", () => {
  vi.useFakeTimers();
  const day = 86_400_000;
  const ran = vi.fn();
  const stops = [
    surroundings().after(5, ran),
    surroundings().after(60 * day, ran),
    surroundings().after(-1, vi.fn()),
  ];
  vi.advanceTimersByTime(2);
  stops[0]?.();
  vi.advanceTimersByTime(30 * day);
  stops[1]?.();
  vi.advanceTimersByTime(90 * day);
  expect(ran).not.toHaveBeenCalled();
});

it("has a clock that stands still while the wall clock is set back", () => {
  const times = [1_000, 1_010, 500, 520];
  const clock = steady(() => times.shift() ?? 520);
  expect([clock(), clock(), clock()]).toEqual([10, 10, 30]);
});
